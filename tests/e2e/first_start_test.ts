/** The first start in an empty folder, the second one, and every command that asks. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Operator } from "./support/operator.ts";
import { Peer, poll } from "./support/peer.ts";
import type { Program } from "./support/program.ts";
import { waysToStart } from "./support/program.ts";
import type { WireEvent } from "./support/wire_event.ts";

/** Files that the first start makes, with their modes. */
const MADE: Record<string, number> = {
  "certs": 0o700,
  "certs/ca.key": 0o600,
  "certs/server.key": 0o600,
  "data": 0o700,
  "data/journal.db": 0o600,
  "data/operator.token": 0o600,
  "data/secret": 0o600,
  "data/tokens.json": 0o600,
};
/** Files that the second start leaves as they are. */
const KEPT = [
  ...["certs/ca.key", "certs/ca.pem", "certs/server.key", "certs/server.pem"],
  ...["data/operator.token", "data/secret", "data/tokens.json"],
];

/** Runs a command that must succeed and have nothing to complain about. */
async function ask(program: Program, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await program.run(args);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

for (const { way, open } of waysToStart()) {
  Deno.test(`A first start makes what it needs, and a second one keeps it (${way})`, async () => {
    await using program = await open();
    const read = (names: readonly string[]) =>
      Promise.all(names.map((name) => Deno.readTextFile(`${program.folder}/${name}`)));
    let table: string;
    let token: string;
    {
      await using sensor = await program.startSensor();
      await sensor.process.stdout.find(/Sensor started with 6 decoys on 12 addresses/);
      table = sensor.process.stdout.text;
      for (const name of ["ssh", "ftp", "telnet", "http", "router (http)", "jetdirect (tcp)"]) {
        const key = name.split(" ")[0] as "ftp";
        for (const host of ["0.0.0.0", "[::]"]) {
          const row = sensor.process.stdout.all.find((line) =>
            line.startsWith(`${name} `) && line.includes(` ${host}:${program.ports[key]} `)
          );
          assertMatch(row ?? `no row of ${name} on ${host}`, / open$/);
        }
      }
      ({ token } = await sensor.service());
      assertEquals(table.split(token).length, 2, "the token is shown once");
      assertMatch(table, /^Watch: +\S/m);
      for (const [name, mode] of Object.entries(MADE)) {
        const { mode: found } = await Deno.stat(`${program.folder}/${name}`);
        assertEquals((found! & 0o777).toString(8), mode.toString(8), name);
      }
      assertEquals(sensor.process.stderr.text, "");
      assertEquals((await sensor.stop()).code, 0);
    }
    const before = await read(KEPT);
    assert(before.every((text) => !/duckblind|honeypot/i.test(text)));
    {
      await using sensor = await program.startSensor();
      await sensor.process.stdout.find(/Sensor started with 6 decoys on 12 addresses/);
      assert(!sensor.process.stdout.text.includes(token), "the token is not shown again");
      using operator = await sensor.operator();
      assertEquals((await operator.events(0, "type=sensor-started")).length, 2);
      assertEquals((await sensor.stop()).code, 0);
    }
    assertEquals(await read(KEPT), before);
  });

  Deno.test(`Every command that asks is answered (${way})`, async () => {
    await using program = await open();
    await using sensor = await program.startSensor();
    {
      using peer = await Peer.connect(program.ports.jetdirect);
      await peer.send("@PJL INFO STATUS\r\n");
    }
    {
      using ftp = await Peer.connect(program.ports.ftp);
      await ftp.send("USER root\r\nPASS toor\r\n");
      await ftp.until("530 ");
    }
    using operator = await sensor.operator();
    const isDone = (events: WireEvent[]) =>
      events.filter(({ event }) => event.action === "connection-closed").length === 2;
    const events = await poll(() => operator.events(), isDone);

    const [status, decoys, listed, sources, newest] = await Promise.all([
      ask(program, "status"),
      ask(program, "decoys", "--json"),
      ask(program, "events", "--type", "credential-attempt,payload"),
      ask(program, "sources", "--json"),
      ask(program, "events", "--json", "--limit", "1", "--type", "payload"),
    ]);
    assertMatch(status, /^Decoys +6, on 12 addresses$/m);
    assertMatch(status, /^Sessions +0 open of \d+, 2 accepted, 0 refused$/m);
    const reports = decoys.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      reports.map(({ name, accepted }) => [name, accepted]),
      [["ssh", 0], ["ftp", 1], ["telnet", 0], ["http", 0], ["router", 0], ["jetdirect", 1]],
    );
    assertStringIncludes(listed, 'FTP login as "root" with "toor" from 127.0.0.1');
    assertStringIncludes(listed, "TCP payload of 18 bytes from 127.0.0.1");
    assertEquals(JSON.parse(newest).duckblind.payload.base64, btoa("@PJL INFO STATUS\r\n"));
    const source = JSON.parse(sources.trim());
    assertEquals(
      [source.ip, source.sessions, source.credentials, source.max_severity, source.decoys],
      ["127.0.0.1", 2, 1, 60, ["ftp", "jetdirect", "service"]],
    );

    const attempt = events.find(({ event }) => event.action === "credential-attempt")!;
    const session = await ask(program, "session", attempt.duckblind.session.id, "--json");
    const actions = session.trim().split("\n").map((line) => JSON.parse(line).event.action);
    assertEquals(actions, ["connection-opened", "credential-attempt", "connection-closed"]);
    const unknown = await program.run(["session", "0".repeat(26)]);
    assertEquals(unknown.code, 1);
    assertMatch(unknown.stderr, /Cannot find session 0+: the journal has no event of it/);

    // A token of one's own, and its end while a sensor runs.
    const added = await program.run(["token", "add", "colleague", "--role", "operator"]);
    const [, secret] = /^colleague ([A-Za-z0-9_-]{43})\n$/.exec(added.stdout) ?? [];
    assert(added.code === 0 && secret !== undefined, added.stdout + added.stderr);
    using colleague = await Operator.login({
      ...await sensor.service(),
      name: "colleague",
      token: secret,
    });
    assertEquals((await colleague.list("DECOYS")).length, 6);
    assertStringIncludes(await ask(program, "token", "list"), "colleague");
    assertEquals((await program.run(["token", "revoke", "colleague"])).code, 0);
    assert(!(await ask(program, "token", "list")).includes("colleague"));
    await colleague.send("STATUS");
    await colleague.lines.find(/^-ERR revoked /);

    // The same journal from its file, beside the sensor and without one.
    const beside = await program.journal();
    assertEquals(beside.events.slice(0, events.length), events);
    assertEquals((await sensor.stop()).code, 0);
    const without = await program.journal();
    assertEquals(without.lines.slice(0, beside.lines.length), beside.lines);
    const refused = await program.run(["status"]);
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertMatch(refused.stderr, /Cannot .*(refused|reach)/);
  });

  Deno.test(`A second sensor does not start in the folder of the first (${way})`, async () => {
    await using program = await open();
    await using sensor = await program.startSensor();
    const { code, stderr } = await program.run([]);
    assertEquals(code, 1);
    assertMatch(stderr, /data/);
    assert(!stderr.includes("    at "), stderr);
    using operator = await sensor.operator();
    assertEquals((await operator.status()).decoys.open, 12);
    assertEquals((await sensor.stop()).code, 0);
  });
}
