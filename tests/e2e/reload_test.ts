/** SIGHUP: a new config, new certificates, and files that someone else has rotated. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { Peer, poll } from "./support/peer.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";

const CONFIG = `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"], banner: "before"}
  - {kind: telnet, listen: ["127.0.0.1:@telnet"], pause_min_ms: 0, pause_max_ms: 0}
sinks:
  - {kind: console}
  - {kind: file, path: data/events.jsonl}
`;

/** The certificate that the service shows. */
async function shownCertificate(port: number): Promise<string> {
  const { stdout, stderr } = await runToEnd(
    "openssl",
    ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost"],
    { stdin: "QUIT\n" },
  );
  const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0];
  if (pem === undefined) throw new Error(`No certificate was shown: ${stdout}${stderr}`);
  return pem;
}

Deno.test("SIGHUP restarts what changed, and others keep their connections", async () => {
  await using program = await Program.source(CONFIG);
  const { ftp, telnet } = program.ports;
  await using sensor = await program.startSensor();
  using operator = await sensor.operator();
  await operator.tail();
  using shell = await Peer.connect(telnet);
  await shell.until("login: ");
  using old = await Peer.connect(ftp);
  await old.until("220 before\r\n");

  await program.writeConfig(CONFIG.replace("before", "after"));
  sensor.process.signal("SIGHUP");
  const reloaded = await operator.event(({ event }) => event.action === "config-reloaded");
  assertEquals(reloaded.message, "Config reloaded: 1 decoys started, 1 stopped, 1 kept");
  assertEquals(await old.end(), "", "the changed decoy ends its sessions");
  using fresh = await Peer.connect(ftp);
  await fresh.until("220 after\r\n");
  await shell.send("root\r\n");
  await shell.until("Password: ");
  await shell.send("hunter2\r\n");
  await shell.until("Login incorrect");
  await operator.event(isAttempt("root", "hunter2"));
  assertEquals((await sensor.stop()).code, 0);
});

Deno.test("A broken new config is refused, and the old one goes on", async () => {
  await using program = await Program.source(CONFIG);
  const { ftp } = program.ports;
  await using sensor = await program.startSensor();
  using old = await Peer.connect(ftp);
  await old.until("220 before\r\n");

  for (
    const [broken, reason] of [
      [CONFIG.replace("before", "after").replace("pause_min_ms: 0", "pause_min: 0"), "pause_min"],
      ["decoys: [", "Cannot read config"],
    ] as const
  ) {
    const from = sensor.process.stderr.all.length;
    await program.writeConfig(broken);
    sensor.process.signal("SIGHUP");
    const line = await sensor.process.stderr.find(/Cannot reload/, { from });
    assertMatch(line, /the old config goes on/);
    await sensor.process.stderr.find((line) => line.includes(reason), { from });
  }
  await old.send("USER x\r\n");
  await old.until("331 Please specify the password.\r\n");
  using another = await Peer.connect(ftp);
  await another.until("220 before\r\n");

  await program.writeConfig(CONFIG.replace("before", "after"));
  sensor.process.signal("SIGHUP");
  await sensor.process.stderr.find(/Reloaded "duckblind\.yaml"/);
  using fresh = await Peer.connect(ftp);
  await fresh.until("220 after\r\n");
  assertEquals((await sensor.stop()).code, 0);
  const { events } = await program.journal();
  const reloads = events.filter(({ event }) => event.action === "config-reloaded");
  assertEquals(reloads.length, 1, "a refused config is no reload");
});

testWith(
  "SIGHUP reads certificates again, and keeps connections and authority",
  { programs: ["openssl"] },
  async () => {
    await using program = await Program.source(CONFIG);
    const { service } = program.ports;
    await using sensor = await program.startSensor();
    using operator = await sensor.operator();
    const before = await shownCertificate(service);
    const renewed = await program.run(["certs", "--renew"]);
    assertEquals(renewed.code, 0, renewed.stderr);
    assertEquals(await shownCertificate(service), before, "nothing changes before the signal");

    sensor.process.signal("SIGHUP");
    await sensor.process.stderr.find(/uses the certificate that "certs\/server\.pem" holds now/);
    const after = await shownCertificate(service);
    assertNotEquals(after, before);
    assert((await Deno.readTextFile(`${program.folder}/certs/server.pem`)).includes(after));
    assertEquals((await operator.list("DECOYS")).length, 2, "the old connection goes on");
    using second = await sensor.operator();
    await second.status();
    assertEquals((await sensor.stop()).code, 0);
  },
);

Deno.test("SIGHUP opens a rotated file anew, and no event is missing or double", async () => {
  await using program = await Program.source(CONFIG);
  await using sensor = await program.startSensor();
  const path = `${program.folder}/data/events.jsonl`;
  const read = async (path: string): Promise<WireEvent[]> =>
    (await Deno.readTextFile(path)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const touch = async (name: string) => {
    using peer = await Peer.connect(program.ports.ftp);
    await peer.until("220 before\r\n");
    await peer.send(`SYST ${name}\r\nQUIT\r\n`);
    await peer.end();
    await sensor.process.stdout.find((line) => line.includes(`SYST ${name}`));
  };
  await touch("first");
  await poll(
    () => read(path).catch(() => []), // it is made by the first batch
    (events) => events.some(({ message }) => /SYST first/.test(message)),
  );
  await Deno.rename(path, `${path}.old`);
  await touch("between");
  sensor.process.signal("SIGHUP");
  await sensor.process.stderr.find(/Reloaded "duckblind\.yaml"/);
  await touch("last");
  assertEquals((await sensor.stop()).code, 0);
  const [old, fresh] = [await read(`${path}.old`), await read(path)];
  assert(old.some(({ message }) => message.includes("SYST between")), "the open file was followed");
  assert(fresh.some(({ message }) => message.includes("SYST last")));
  const sequences = [...old, ...fresh].map(({ event }) => event.sequence);
  assertEquals(sequences, sequences.map((_, i) => i + 1));
  assertEquals(sequences.length, (await program.journal()).events.length);
});
