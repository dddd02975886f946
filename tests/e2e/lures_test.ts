/** An intruder who reads lures with stock clients and tries what is in them, in clear and by its hash. */
import { assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `service: { listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner" }
tls: { inner: "127.0.0.1:@brokerinner" }
decoys:
  - { kind: ssh, fail_delay_ms: 0, listen: ["127.0.0.1:@ssh"] }
  - { kind: http, listen: ["127.0.0.1:@http"] }
  - { kind: redis, listen: ["127.0.0.1:@redisopen"] }
  - { kind: memcached, listen: ["127.0.0.1:@cacheopen"] }
  - { kind: mqtt, anonymous: true, listen: ["127.0.0.1:@brokeropen"] }
  - { kind: mysql, pause_min_ms: 0, pause_max_ms: 0, listen: ["127.0.0.1:@mariadb"] }
lures:
  - { kind: env }
  - { kind: backup }
  - { kind: server-status }
  - { kind: redis-key }
  - { kind: memcached-key }
  - { kind: mqtt-topic }
`;
const LURES = ["backup", "env", "memcached-key", "mqtt-topic", "redis-key", "server-status"];

async function said(command: string, args: string[], stdin?: string): Promise<string> {
  const done = await runToEnd(command, args, stdin === undefined ? {} : { stdin });
  assertEquals(done.code, 0, done.stderr);
  return done.stdout;
}

/** Takes each lure; gives the password that it holds. */
async function takeAll({ ports, folder }: Program): Promise<string[]> {
  const web = `http://127.0.0.1:${ports.http}`;
  const archive = `${folder}/taken.zip`;
  await said("curl", ["-sf", "-o", archive, `${web}/backup.zip`]);
  const texts = [
    await said("/usr/bin/python3", ["-c", UNPACK, archive]),
    await said("curl", ["-sf", "--compressed", `${web}/.env`]),
    await said(
      "nc",
      ["-q", "1", "127.0.0.1", `${ports.cacheopen}`],
      "get portal_config\r\nquit\r\n",
    ),
    await said("mosquitto_sub", ["-p", `${ports.brokeropen}`, "-t", "#", "-C", "1", "-W", "10"]),
    await said("redis-cli", ["-p", `${ports.redisopen}`, "get", "config:database"]),
    await said("curl", ["-sf", `${web}/server-status`]),
  ];
  return texts.map((text) => {
    const found = /(?:DB_PASSWORD=|"password":"|;key=)([A-Za-z2-9]{20})/.exec(text);
    return found?.[1] ?? `no password in ${text}`;
  });
}

const UNPACK = `
import sys, zipfile
packed = zipfile.ZipFile(sys.argv[1]); assert packed.testzip() is None
print(packed.read("backup/.env").decode())
`;

/** Tries a password at the SSH decoy in clear, and at the database by its hash. */
async function tryOut({ ports }: Program, password: string): Promise<void> {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
    .concat("PreferredAuthentications=password", "NumberOfPasswordPrompts=1")
    .flatMap((option) => ["-o", option]);
  const login = ["-p", password, "ssh", ...options, "-p", `${ports.ssh}`, "app@127.0.0.1"];
  assertMatch((await runToEnd("sshpass", login)).stderr, /Permission denied/);
  const to = ["--protocol=tcp", "--skip-ssl", "-h127.0.0.1", `-P${ports.mariadb}`];
  const ask = [...to, "-uapp", `-p${password}`, "-e", "select 1"];
  assertMatch((await runToEnd("mysql", ask)).stderr, /Access denied/);
}

const of = (events: WireEvent[], action: string) =>
  events.filter(({ event }) => event.action === action);
// deno-lint-ignore no-explicit-any -- only the parts that the test is about
const idOf = ({ duckblind }: any): string => duckblind.lure.id;

testWith(
  "who reads a lure is told, and who tries its password, by which session it was read",
  { programs: ["curl", "mosquitto_sub", "mysql", "nc", "redis-cli", "ssh", "sshpass"] },
  async () => {
    let passwords: string[] = [];
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      passwords = await takeAll(program);
      for (const password of passwords) await tryOut(program, password);
      await tryOut(program, passwords[0]!.toLowerCase());
      const listed = (await program.run(["lures"])).stdout;
      for (const id of LURES) assertMatch(listed, new RegExp(id));
    });
    assertEquals(new Set(passwords).size, LURES.length);
    const touched = of(events, "lure-touched");
    assertEquals(touched.map(idOf).sort(), LURES);
    const used = of(events, "breadcrumb-used");
    assertEquals(used.map(idOf).sort(), LURES.flatMap((id) => [id, id]));
    assertEquals([touched[0]!.event.severity, used[0]!.event.severity], [80, 95]);
    for (const event of used) {
      const reader = touched.find((read) => idOf(read) === idOf(event))!;
      assertEquals(event.message.includes("read before by 127.0.0.1"), true);
      assertMatch(JSON.stringify(event.duckblind), new RegExp(reader.duckblind.session.id));
    }
  },
);
