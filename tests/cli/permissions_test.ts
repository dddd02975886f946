import { assert, assertEquals } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { permissionFlags, shellQuote } from "../../lib/cli/permission_flags.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { KNOWN_KINDS } from "../../lib/cli/load_config.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";

/** The flags for a config's text, by name; the path of the config is `c.yaml`. */
function flagsOf(text: string): Record<string, string[]> {
  const flags = permissionFlags(parseConfig(text, KNOWN_KINDS), "c.yaml");
  return Object.fromEntries(
    flags.map((flag) => {
      const [name = "", list] = flag.split("=");
      return [name, list?.split(",") ?? []];
    }),
  );
}

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new FakeTerminal();
  const code = await main(["permissions", ...argv], terminal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

const ONE_DECOY = `
decoys: [{kind: tcp, listen: ["192.0.2.1:99", "[2001:db8::1]:99"]}]
service: {enabled: false}
`;

Deno.test("permissions of one decoy are its addresses, the data folder, and no more", () => {
  assertEquals(flagsOf(ONE_DECOY), {
    "--no-prompt": [],
    "--allow-net": ["192.0.2.1:99", "[2001:db8::1]:99"],
    "--allow-read": ["data", "c.yaml"],
    "--allow-write": ["data"],
    "--allow-sys": ["hostname"],
    "--allow-env": ["NO_COLOR"],
  });
});

Deno.test("permissions never hold the right to run programs or load libraries", () => {
  const flags = Object.keys(flagsOf(ONE_DECOY)).concat(
    permissionFlags(parseConfig("", KNOWN_KINDS)),
  );
  assertEquals(flags.filter((flag) => /run|ffi|all$|import|^-A/.test(flag)), []);
});

Deno.test("permissions of a config without listeners have no --allow-net at all", () => {
  // An empty list would mean every host.
  assertEquals(Object.hasOwn(flagsOf("service: {enabled: false}"), "--allow-net"), false);
});

Deno.test("permissions of the service have its address, its loopback and its certificates", () => {
  const flags = flagsOf('service: {listen: ["0.0.0.0:943", "[::]:943"]}');
  assertEquals(flags["--allow-net"], [
    "0.0.0.0:943",
    "[::]:943",
    "127.0.0.1:9442", // where the service's TLS ends
    "127.0.0.1:943",
    "[::1]:943",
  ]);
  assertEquals(flags["--allow-read"], ["data", "certs", "c.yaml"]);
  assertEquals(flags["--allow-write"], ["data", "certs"]);
});

Deno.test("permissions let certificates elsewhere be read but not written", () => {
  const flags = flagsOf("service: {cert: /etc/x/a.pem, key: /etc/x/a.key, ca: /etc/x/ca.pem}");
  assertEquals(flags["--allow-write"], ["data"]);
  assertEquals(flags["--allow-read"], [
    "data",
    "c.yaml",
    "/etc/x/a.pem",
    "/etc/x/a.key",
    "/etc/x/ca.pem",
    "/etc/x/ca.key",
  ]);
});

Deno.test("permissions let a file sink write its file and the old ones, and no others", () => {
  const sinks = (path: string) =>
    flagsOf(
      `service: {enabled: false}\nsinks: [{kind: file, path: ${path}, max_files: 3}]`,
    )["--allow-write"];
  const files = (path: string) => ["data", path, `${path}.1`, `${path}.2`];
  assertEquals(sinks("/var/log/duckblind/events.jsonl"), files("/var/log/duckblind/events.jsonl"));
  assertEquals(sinks("./data//events.jsonl"), ["data"]);
  assertEquals(sinks("events.jsonl"), files("events.jsonl"));
  assertEquals(sinks("../events.jsonl"), files("../events.jsonl"));
});

Deno.test("permissions name a path once, and none that lies in another", () => {
  const flags = flagsOf("sensor: {data: .}\nservice: {enabled: false}");
  assertEquals(flags["--allow-read"], ["."]);
  assertEquals(flags["--allow-write"], ["."]);
});

Deno.test("permissions of the compiled-in config let init write its file and run read it", () => {
  const flags = permissionFlags(parseConfig("service: {enabled: false}", KNOWN_KINDS));
  assert(flags.includes("--allow-read=data,duckblind.yaml"), flags.join(" "));
  assert(flags.includes("--allow-write=data,duckblind.yaml"), flags.join(" "));
});

Deno.test("permissions let NATS be dialled where the config names it, and its secrets be read", () => {
  const place = (port: number, secret: string) =>
    `{kind: nats, servers: ["n.example.org:${port}"], tls: true, ca: ca-${port}.pem, token: "${secret}"}`;
  const config = parseConfig(
    `service: {enabled: false}\nsinks: [${place(4222, "env:SEND")}]\n` +
      `collect: [${place(4223, "file:take.token")}]`,
    KNOWN_KINDS,
  );
  assertEquals(permissionFlags(config, "c.yaml"), [
    "--no-prompt",
    "--allow-net=n.example.org:4222,n.example.org:4223",
    "--allow-read=data,c.yaml,ca-4222.pem,ca-4223.pem,take.token",
    "--allow-write=data",
    "--allow-sys=hostname",
    "--allow-env=NO_COLOR,SEND",
  ]);
});

Deno.test("permissions double a comma in a path, as Deno wants it", () => {
  const config = parseConfig("sensor: {data: 'a,b'}\nservice: {enabled: false}", KNOWN_KINDS);
  assert(permissionFlags(config, "c.yaml").includes("--allow-write=a,,b"));
});

Deno.test("permissions prints a flag a line, and --compile the whole command", async () => {
  const plain = await cli();
  assertEquals(plain.code, 0, plain.err);
  const lines = plain.out.trimEnd().split("\n");
  assertEquals(lines[0], "--no-prompt");
  const whole = await cli("--compile");
  assertEquals(
    whole.out.trimEnd().split(" \\\n  "),
    ["deno compile", ...lines, "--output dist/duckblind", "main.ts"],
  );
});

Deno.test("permissions --remote are those of a copy that only asks", async () => {
  const { code, out } = await cli("--remote", "sensor.example.org:9443", "--ca", "x/ca.pem");
  assertEquals(code, 0);
  assertEquals(out.trimEnd().split("\n"), [
    "--no-prompt",
    "--allow-net=sensor.example.org:9443",
    "--allow-read=x/ca.pem,operator.token",
    "--allow-env=NO_COLOR",
  ]);
});

Deno.test("permissions refuses options that contradict each other", async () => {
  assertEquals((await cli("--remote", "nowhere")).code, 2);
  assertEquals((await cli("--remote", "h:1", "-c", "x")).code, 2);
  assertEquals((await cli("--ca", "x")).code, 2);
});

Deno.test("shellQuote() leaves plain words alone and quotes everything else", () => {
  assertEquals(shellQuote("--allow-net=0.0.0.0:80"), "--allow-net=0.0.0.0:80");
  assertEquals(shellQuote("[::]:80"), "'[::]:80'");
  assertEquals(shellQuote("it's"), "'it'\\''s'");
  assertEquals(shellQuote(""), "''");
});

Deno.test("permissions of sinks are exactly their hosts, files and variables", () => {
  const flags = flagsOf(`
service: {enabled: false}
sinks:
  - {kind: webhook, url: "https://hook.example/a?b=c", headers: {Authorization: "env:HOOK"}}
  - {kind: webhook, name: chat, preset: slack, url: "env:SLACK"}
  - {kind: webhook, name: team, preset: mattermost, url: "file:chat.url", host: "chat.example:8443"}
  - {kind: email, host: mail.example, ca: mail-ca.pem, username: u, password: "env:MAIL", from: a@example.org, to: [b@example.org]}
  - {kind: elastic, urls: ["https://es-1.example:9200", "https://es-2.example:9200"]}
  - {kind: splunk, url: "https://splunk.example:8088", token: "file:hec.token"}
  - {kind: otlp, url: "https://otel.example:4318/v1/logs"}
  - {kind: syslog, address: "log.example:6514", protocol: tls, ca: log-ca.pem}
  - {kind: mqtt, address: "broker.example:8883", username: env:MQTT_USER, password: "env:MQTT"}
  - {kind: hpfeeds, address: "feeds.example:10000", ident: i, secret: "env:FEED", channel: c}
  - {kind: nats, servers: ["nats.example:4222"], token: "env:NATS"}
  - {kind: duckblind, address: "hub.example:9443", ca: hub.pem, token: "file:hub.token"}
`);
  assertEquals(flags["--allow-net"], [
    "hook.example:443",
    "hooks.slack.com:443",
    "chat.example:8443",
    "mail.example:587",
    "es-1.example:9200",
    "es-2.example:9200",
    "splunk.example:8088",
    "otel.example:4318",
    "log.example:6514",
    "broker.example:8883",
    "feeds.example:10000",
    "nats.example:4222",
    "hub.example:9443",
  ]);
  assertEquals(flags["--allow-env"]!.sort(), [
    "FEED",
    "HOOK",
    "MAIL",
    "MQTT",
    "MQTT_USER",
    "NATS",
    "NO_COLOR",
    "SLACK",
  ]);
  assertEquals(flags["--allow-read"]!.sort(), [
    "c.yaml",
    "chat.url",
    "data",
    "hec.token",
    "hub.pem",
    "hub.token",
    "log-ca.pem",
    "mail-ca.pem",
  ]);
  assertEquals(flags["--allow-write"], ["data"]);
  assertEquals(flags["--allow-sys"], ["hostname"]);
  assertEquals(Object.keys(flags).sort(), [
    "--allow-env",
    "--allow-net",
    "--allow-read",
    "--allow-sys",
    "--allow-write",
    "--no-prompt",
  ]);
});
