import { assertEquals, assertRejects } from "@std/assert";
import { findUnreadable } from "../../lib/cli/check.ts";
import { loadConfig } from "../../lib/cli/load_config.ts";
import { main } from "../../lib/cli/main.ts";
import { ConfigError } from "../../lib/errors.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Runs `check` on a config's text; `FOLDER` in it stands for a folder that is there. */
async function check(text: string): Promise<{ code: number; out: string; err: string }> {
  return await withTempFolder(async (folder) => {
    const path = `${folder}/config.yaml`;
    await Deno.writeTextFile(path, text.replaceAll("FOLDER", folder));
    const terminal = new FakeTerminal();
    const code = await main(["check", "-c", path], terminal);
    const hide = (output: string) => output.replaceAll(folder, "FOLDER");
    return { code, out: hide(terminal.stdout), err: hide(terminal.stderr) };
  });
}

Deno.test("check says in a line what a sound config has", async () => {
  assertEquals(
    await check(`
decoys:
  - {kind: tcp, listen: ["127.0.0.1:15900", "[::1]:15900"]}
sinks: [{kind: console}]
service: {enabled: false}
`),
    {
      code: 0,
      out: "FOLDER/config.yaml is sound: 1 decoy on 2 addresses, 1 sink, encrypted service off\n",
      err: "",
    },
  );
});

Deno.test("check accepts the config that is compiled in", async () => {
  const terminal = new FakeTerminal();
  assertEquals(await main(["check"], terminal), 0, terminal.stderr);
});

Deno.test("check prints every problem with its path, exit 2", async () => {
  const { code, out, err } = await check(`
limits: {sessions: 1}
decoys:
  - {kind: tcp, listen: [":70000"], banner: 5}
  - {kind: tpc, listen: ["127.0.0.1:15900"]}
`);
  assertEquals([code, out], [2, ""]);
  const lines = err.trimEnd().split("\n");
  assertEquals(lines.slice(0, 2), [
    "Cannot read config: limits.sessions is 1, must be 8 to 1000000",
    'Cannot read config: decoys[0].listen[0] is ":70000", must be host:port with port 1 to 65535',
  ]);
  assertEquals(lines[2], "Cannot read config: decoys[0].banner is 5, must be a text");
  assertEquals(lines.length, 4);
  assertEquals(lines[3]!.startsWith('Cannot read config: decoys[1].kind is "tpc", must be'), true);
});

Deno.test("check finds names of decoys and event types that there are not", async () => {
  const { code, err } = await check(`
decoys:
  - {kind: tcp, name: jet, listen: ["127.0.0.1:15900"]}
sinks:
  - {kind: console, decoys: [jet, jte], types: [payload, credential-atempt]}
ignore:
  - {decoys: [tcp]}
`);
  assertEquals(code, 2);
  const paths = err.trimEnd().split("\n").map((line) => line.split(", must be one of ")[0]);
  assertEquals(paths, [
    'Cannot read config: sinks[0].types[1] is "credential-atempt"',
    'Cannot read config: sinks[0].decoys[1] is "jte"',
    'Cannot read config: ignore[0].decoys[0] is "tcp"',
  ]);
});

Deno.test("check finds files that are not there, but not those that the first start makes", async () => {
  assertEquals((await check("service: {cert: certs/server.pem, key: certs/server.key}")).code, 0);
  const { code, err } = await check("service: {cert: FOLDER/config.yaml, key: FOLDER/none.key}");
  assertEquals(code, 2);
  assertEquals(
    err,
    'Cannot read config: service.key is "FOLDER/none.key", must be readable: ' +
      "there is no such file\n",
  );
});

Deno.test("check accepts folders that can be read", async () => {
  await withTempFolder(async (folder) => {
    const config = await loadConfig(undefined);
    const service = { ...config.service, cert: folder, key: folder };
    assertEquals(await findUnreadable({ ...config, service, decoys: [] }), []);
  });
});

Deno.test("check does not look at the certificate of a service that is off", async () => {
  assertEquals((await check("service: {enabled: false, cert: FOLDER/none.pem}")).code, 0);
});

Deno.test("check tells that the config itself is not there, exit 2", async () => {
  const terminal = new FakeTerminal();
  assertEquals(await main(["check", "-c", "no/such.yaml"], terminal), 2);
  assertEquals(terminal.stderr, 'Cannot read config: file "no/such.yaml" does not exist\n');
});

Deno.test("loadConfig() refuses what is no YAML, with the line", async () => {
  await withTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/c.yaml`, "a: [1,\nb: {");
    const { problems } = await assertRejects(() => loadConfig(`${folder}/c.yaml`), ConfigError);
    assertEquals(problems.length, 1);
    assertEquals(problems[0]!.message.startsWith("is no YAML: "), true);
  });
});

Deno.test("check finds secrets and authorities of sinks that cannot be read", async () => {
  const { code, err } = await check(`
service: {enabled: false}
sinks:
  - {kind: webhook, url: "file:FOLDER/none.url", host: "hooks.example:443"}
  - {kind: email, host: mail.example, ca: FOLDER/none.pem, from: a@example.org, to: [b@example.org]}
`);
  assertEquals([code, err.trimEnd().split("\n")], [2, [
    'Cannot read config: sinks[0] is "FOLDER/none.url", must be readable: there is no such file',
    'Cannot read config: sinks[1].ca is "FOLDER/none.pem", must be readable: there is no such file',
  ]]);
});

Deno.test("check warns of a sink that tells people of everything", async () => {
  const { code, out } = await check(`
service: {enabled: false}
sinks:
  - {kind: email, host: mail.example, min_severity: 0, from: a@example.org, to: [b@example.org]}
  - {kind: email, name: calm, host: mail.example, from: a@example.org, to: [b@example.org]}
`);
  assertEquals(code, 0);
  assertEquals(out.trimEnd().split("\n").slice(1), [
    "Warning: sink email tells people of every connection: set min_severity or types",
  ]);
});
