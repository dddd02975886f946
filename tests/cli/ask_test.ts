import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { follow } from "../../lib/cli/watch.ts";
import { formatHostPort } from "../../lib/net/address.ts";
import { issueCertificates } from "../../lib/net/certificates.ts";
import { writeOperatorToken } from "../../lib/service/tokens.ts";
import { startService } from "../../lib/service/server.ts";
import { type ServiceFixture, startFixture, VIEW } from "../service/fixture.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";

/** Runs a command line. */
async function run(...argv: string[]): Promise<{ code: number; lines: string[]; err: string }> {
  const terminal = new FakeTerminal();
  const code = await main(argv, terminal);
  return { code, lines: terminal.stdout.split("\n").slice(0, -1), err: terminal.stderr };
}

/** Options that name a fixture's service. */
async function remote(f: ServiceFixture): Promise<string[]> {
  await writeOperatorToken(`${f.dir}/op.token`, "op", f.token);
  const address = formatHostPort(f.address);
  return ["--remote", address, "--ca", `${f.dir}/ca.pem`, "--token-file", `${f.dir}/op.token`];
}

Deno.test("status, decoys and sources show what the service says, for people and as JSON", async () => {
  await using f = await startFixture();
  f.record("root");
  const where = await remote(f);
  const status = await run("status", ...where);
  assertEquals(status.code, 0);
  assertStringIncludes(status.lines.join("\n"), "Sensor    edge-1, version 0.1.0");
  assertEquals(JSON.parse((await run("status", ...where, "--json")).lines[0]!).sensor, "edge-1");
  const decoys = await run("decoys", ...where);
  assertEquals(decoys.lines, [
    "DECOY  KIND  OPEN  ACCEPTED  REFUSED  EVENTS  ADDRESS         STATE",
    "ftp    ftp      0         3        0       7  127.0.0.1:2121  open",
  ]);
  const sources = await run("sources", ...where, "--limit", "5");
  assert(sources.lines.some((line) => /^203\.0\.113\.7 .* 1 +50 +ftp$/.test(line)));
});

Deno.test("events shows the newest, what a filter wants, or all", async () => {
  await using f = await startFixture();
  for (let i = 0; i < 150; i++) f.record(`user${i}`, i % 2 ? "ftp" : "web");
  const where = await remote(f);
  const newest = await run("events", ...where, "--type", "credential-attempt", "--limit", "2");
  assertMatch(newest.lines[0]!, /^\d{4}-\d\d-\d\d \(UTC\)$/);
  assertMatch(newest.lines[2]!, / 50 ftp {8}FTP login as "user149" with "x" from 203\.0\.113\.7$/);
  assertEquals(newest.lines.length, 3);
  const all = await run("events", ...where, "--all", "--json", "--decoy", "ftp,web");
  assertEquals(all.lines.length, 150);
  assertEquals(JSON.parse(all.lines[0]!).user.name, "user0");
  const since = await run("events", ...where, "--since", "10", "--limit", "1", "--ids");
  assertMatch(since.lines[1]!, /^ {6}11 01JDZZZZZZZZZZZZZZZZZZZZZZ /);
  assertEquals((await run("events", ...where, "--from", "1h", "--json")).lines.length, 100);
  assertEquals((await run("events", ...where, "--to", "2020-01-01", "--json")).lines.length, 0);
  const session = await run("session", "01jdzzzzzzzzzzzzzzzzzzzzzz", ...where, "--json");
  assertEquals(session.lines.length, 150);
  const none = await run("session", "01JDZZZZZZZZZZZZZZZZZZZZZY", ...where);
  assertEquals([none.code, none.lines.length], [1, 0]);
  assertMatch(none.err, /Cannot find session/);
});

Deno.test("events --journal reads the file, also while it is written", async () => {
  await using f = await startFixture();
  for (let i = 0; i < 30; i++) f.record(`user${i}`);
  f.journal.flush();
  const file = `${f.dir}/journal.db`;
  const first = await run("events", "--journal", file, "--json", "--limit", "3");
  assertEquals(first.lines.map((line) => JSON.parse(line).user.name), [
    "user27",
    "user28",
    "user29",
  ]);
  f.record("late");
  f.journal.flush();
  const all = await run("events", "--journal", file, "--json", "--all");
  assertEquals(all.lines.length, 31);
  assertEquals(
    (await run("events", "--journal", file, "--min-severity", "51", "--json")).lines.length,
    0,
  );
  await Deno.writeTextFile(`${f.dir}/other.db`, "no journal at all, but a file".repeat(40));
  for (const path of [`${f.dir}/none.db`, `${f.dir}/other.db`]) {
    const { code, err } = await run("events", "--journal", path);
    assertEquals(code, 1);
    assertMatch(err, /^Cannot read journal/);
  }
});

Deno.test("wrong options are named with what would be right", async () => {
  for (
    const [argv, message] of [
      [["events", "--type", "nonsense"], /^Option --type is "nonsense", must be of/],
      [["events", "--min-severity", "high"], /^Option --min-severity is "high", must be a whole/],
      [["events", "--from", "soon"], /^Option --from is "soon", must be a time/],
      [["events", "--all", "--limit", "3"], /^Options --all and --limit stand together/],
      [["events", "--journal", "x", "--remote", "y:1"], /^Options --journal and --remote/],
      [["events", "--source", "a b"], /^Option --source is a b, must have no spaces/],
      [["watch", "--remote", "nowhere"], /^Option --remote is "nowhere", must be host:port/],
      [["session", "x"], /^The session is "X", must be an id of 26 characters/],
      [["token", "ad"], /^Unknown argument "ad", the nearest is add/],
      [["token", "add", "x"], /^Option --role is missing, must be operator or sensor/],
      [["token", "add", "a b", "--role", "operator"], /^The name is "a b", must be/],
    ] as const
  ) {
    const { code, err } = await run(...argv);
    assertEquals([code, err.split("\n")[0]!.match(message) !== null], [2, true], err);
  }
});

Deno.test("a service that cannot be asked is explained", async () => {
  await using f = await startFixture();
  const where = await remote(f);
  const fails = async (...argv: string[]) => {
    const { code, err } = await run("status", ...argv);
    assertEquals(code, 1);
    return err;
  };
  assertMatch(
    await fails(...where, "--server-name", "edge.example"),
    /its certificate is not for "edge\.example" but for .*duckblind certs --host edge\.example --renew/,
  );
  const other = `${f.dir}/other`;
  await Deno.mkdir(other);
  const paths = { cert: `${other}/s.pem`, key: `${other}/s.key`, ca: `${other}/ca.pem` };
  await issueCertificates(paths, { hostname: "srv" });
  assertMatch(await fails(...where, "--ca", paths.ca), /not signed by the CA that was given/);
  await writeOperatorToken(`${f.dir}/wrong.token`, "op", "x".repeat(43));
  assertMatch(
    await fails(...where, "--token-file", `${f.dir}/wrong.token`),
    /name or token is wrong, or the token was taken back/,
  );
  assertMatch(await fails(...where, "--token-file", `${f.dir}/none`), /Cannot read token file/);
  assertMatch(await fails(...where, "--remote", "192.0.2.1:9443"), /permissions --remote 192/);
  await f.service.stop(0);
  assertMatch(await fails(...where), /nobody listens there; is the sensor running/);
});

Deno.test("follow() goes on from where the connection broke off, and misses nothing", async () => {
  await using f = await startFixture();
  const { address } = f;
  const stop = new AbortController();
  const seen: number[] = [];
  const told: string[] = [];
  let wake: (() => void) | undefined;
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      wake = () => seen.length >= count && resolve();
      wake();
    });
  for (let i = 0; i < 5; i++) f.record("early");
  const following = follow([{
    address,
    ca: f.ca,
    serverName: "localhost",
    credentials: { name: "op", token: f.token },
    signal: stop.signal,
  }], {
    words: ["type=credential-attempt"],
    since: 0,
    printer: {
      print: (json) => {
        const { sequence } = JSON.parse(json).event;
        seen.push(sequence);
        wake?.();
        return sequence;
      },
    },
    terminal: { err: (line) => told.push(line) },
    signal: stop.signal,
  }).catch((error) => error);
  await until(5);
  await f.service.stop(100);
  for (let i = 0; i < 7; i++) f.record("meanwhile");
  const again = await startService({
    config: { ...f.config, listen: [address] },
    handshakeMs: 5000,
    journal: f.journal,
    emitter: f.emitter,
    view: VIEW,
    tokens: f.tokens,
  });
  await until(12);
  stop.abort();
  await following;
  await again.stop(100);
  assertEquals(seen.length, 12);
  assertEquals(new Set(seen).size, 12);
  assertMatch(told[0]!, /has stopped; trying again in 0\.5 s$/);
});

Deno.test("token add, list and revoke keep the file of the config's data folder", async () => {
  const dir = await Deno.makeTempDir({ prefix: "token-" });
  const config = `${dir}/c.yaml`;
  await Deno.writeTextFile(config, `sensor: {data: ${dir}/data}\n`);
  const added = await run("token", "add", "laptop", "--role", "operator", "-c", config);
  assertMatch(added.lines[0]!, /^laptop [A-Za-z0-9_-]{43}$/);
  assertEquals([added.code, added.lines.length], [0, 1]);
  const list = await run("token", "list", "-c", config);
  assertMatch(list.lines[1]!, /^laptop {2}operator {2}\d{4}-/);
  assert(!list.lines.join().includes(added.lines[0]!.split(" ")[1]!));
  assertEquals((await run("token", "add", "laptop", "--role", "sensor", "-c", config)).code, 1);
  assertEquals((await run("token", "revoke", "laptop", "-c", config)).code, 0);
  assertEquals((await run("token", "revoke", "laptop", "-c", config)).code, 1);
  await Deno.remove(dir, { recursive: true });
});
