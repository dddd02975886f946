import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { loadConfig } from "../../lib/cli/load_config.ts";
import { formatHostPort } from "../../lib/net/address.ts";
import { writeOperatorToken } from "../../lib/service/tokens.ts";
import { type ServiceFixture, startFixture } from "../service/fixture.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";

async function run(input: string, ...argv: string[]) {
  const terminal = new FakeTerminal({ input });
  const code = await main(argv, terminal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

/** Config of a collector and of a sensor, which share a machine. */
async function configs(f: ServiceFixture) {
  const collector = `${f.dir}/collector.yaml`;
  await Deno.writeTextFile(
    collector,
    `sensor: {id: hub, data: "${f.dir}"}\nservice:\n  listen: ["${formatHostPort(f.address)}"]\n` +
      `  cert: "${f.dir}/server.pem"\n  key: "${f.dir}/server.key"\n  ca: "${f.dir}/ca.pem"\n`,
  );
  const sensor = `${f.dir}/sensor.yaml`;
  await Deno.writeTextFile(
    sensor,
    `# a sensor\nsensor:\n  data: "${f.dir}/sensor-data"\nsinks:\n  - kind: console # for people\n`,
  );
  return { collector, sensor };
}

Deno.test("enroll and join make a config by which the sink gets through; both twice", async () => {
  await using f = await startFixture();
  const { collector, sensor } = await configs(f);
  const address = formatHostPort(f.address);
  const enrolled = await run("", "enroll", "edge-7", "--address", address, "-c", collector);
  assertEquals(enrolled.code, 0, enrolled.err);
  assertEquals(enrolled.out.trim().split("\n").length, 1);
  const fingerprint = /SHA-256 ([0-9A-F:]{95})/.exec(enrolled.err)![1]!;
  const line = enrolled.out.trim();

  const shown = await run("", "join", line, "-c", sensor);
  assertEquals(shown.code, 0, shown.err);
  assertStringIncludes(shown.err, fingerprint);
  assertStringIncludes(shown.err, "The collector knows the token");
  assertMatch(shown.out, /^sensor:\n {2}id: edge-7\n\nsinks:\n {2}- kind: duckblind\n/);

  for (const message of ["has the entry now", "has the entry already"]) {
    const joined = await run(enrolled.out, "join", "-", "-c", sensor, "--write");
    assertEquals(joined.code, 0, joined.err);
    assertEquals(joined.out, "");
    assertStringIncludes(joined.err, message);
  }
  const text = await Deno.readTextFile(sensor);
  for (const kept of ["# a sensor", "- kind: console # for people"]) {
    assertStringIncludes(text, kept);
  }
  const config = await loadConfig(sensor);
  assertEquals(config.sensor.id, "edge-7");
  assertEquals(config.sinks.map(({ name }) => name), ["collector", "console"]);
  const token = `${f.dir}/sensor-data/collector.token`;
  for (const path of [token, `${f.dir}/sensor-data/collector-ca.pem`]) {
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }
  const secret = (await Deno.readTextFile(token)).trim().split(" ")[1]!;
  for (const { out, err } of [shown, enrolled]) {
    assertEquals(out.includes(secret) || err.includes(secret), false, "no token in the open");
  }
  const tested = await run("", "test-sink", "collector", "-c", sensor);
  assertEquals(tested.code, 0, tested.err);
  assertMatch(tested.out, /took the test event in \d+ ms: stored 1, known before 0, refused 0/);
});

Deno.test("sensors lists who sends events, and events --sensor shows theirs only", async () => {
  await using f = await startFixture();
  f.record("own");
  const { collector, sensor } = await configs(f);
  const address = formatHostPort(f.address);
  const { out } = await run("", "enroll", "edge-7", "--address", address, "-c", collector);
  assertEquals((await run(out, "join", "-", "-c", sensor, "--write")).code, 0);
  assertEquals((await run("", "test-sink", "collector", "-c", sensor)).code, 0);
  await writeOperatorToken(`${f.dir}/op.token`, "op", f.token);
  const remote = [
    ...["--remote", address, "--ca", `${f.dir}/ca.pem`, "--token-file", `${f.dir}/op.token`],
  ];
  assertMatch(
    (await run("", "status", ...remote)).out,
    /^Sensors +1 known, \d connected, 0 silent/m,
  );
  const listed = await run("", "sensors", ...remote);
  assertEquals(listed.code, 0, listed.err);
  const [heading, row] = listed.out.split("\n");
  assertMatch(heading!, /^SENSOR +STATE +VERSION +EVENTS +LAG +MISSING +REFUSED +LAST SEEN$/);
  assertMatch(row!, /^edge-7 +(connected|away) +\d+\.\d+\.\d+ +1 +0 +0 +\d{4}-/);
  const json = JSON.parse((await run("", "sensors", "--json", ...remote)).out);
  assertEquals([json.name, json.events], ["edge-7", 1]);
  const events = await run("", "events", "--sensor", "edge-7", ...remote);
  assertMatch(events.out, /^\d{4}-\d\d-\d\d \(UTC\)\n.* \[edge-7\] Test of sink collector/);
  const file = ["events", "--journal", `${f.dir}/journal.db`, "--json", "--sensor"];
  f.journal.flush();
  assertEquals((await run("", ...file, "edge-7")).out.trim().split("\n").length, 1);
  const own = (await run("", ...file, "edge-1")).out;
  assert(own.includes('"own"') && !own.includes('edge-7","type'), own);
});

Deno.test("enroll and join say what is wrong, and change nothing then", async () => {
  await using f = await startFixture();
  const { collector, sensor } = await configs(f);
  const address = formatHostPort(f.address);
  const fails = async (message: RegExp, code: number, ...argv: string[]) => {
    const result = await run("", ...argv);
    assertMatch(result.err, message);
    assertEquals([result.code, result.out], [code, ""]);
  };
  await fails(/name of this collector itself/, 1, "enroll", "hub", "-c", collector);
  await fails(/must be 1 to 64 letters/, 2, "enroll", "a b", "-c", collector);
  await fails(/must be host:port/, 2, "enroll", "edge-7", "--address", "x", "-c", collector);
  await fails(
    /not for other\.example, but for .*duckblind certs --host other\.example --renew/,
    1,
    ...["enroll", "edge-7", "--address", "other.example:9443", "-c", collector],
  );
  assertEquals((await f.tokens.list()).map(({ name }) => name), ["op"]);
  const { out } = await run("", "enroll", "edge-7", "--address", address, "-c", collector);
  const line = out.trim();
  await fails(/revoke it first/, 1, "enroll", "edge-7", "--address", address, "-c", collector);
  await fails(/cut or changed/, 1, "join", line.slice(0, -3), "-c", sensor);
  await fails(/must stand with --config/, 2, "join", line, "--write");
  await Deno.writeTextFile(`${f.dir}/other.yaml`, "sensor: {id: edge-8}\n");
  await fails(/sensor\.id is "edge-8".* for edge-7/, 1, "join", line, "-c", `${f.dir}/other.yaml`);
  await f.tokens.revoke("edge-7");
  await fails(/name or token is wrong/, 1, "join", line, "-c", sensor);
  await assertMissing(`${f.dir}/sensor-data`);
});

async function assertMissing(path: string): Promise<void> {
  const found = await Deno.stat(path).then(() => true, () => false);
  assertEquals(found, false, path);
}
