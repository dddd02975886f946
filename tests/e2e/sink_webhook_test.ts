/**
 * The webhook sink with a receiver that others wrote: Debian's `webhook`, which checks the signature
 * of each call and answers when its command has stored it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeKeys, type TestKeys } from "../support/test_tls.ts";
import { Receiver } from "../support/webhook_receiver.ts";
import { takePorts, testWith } from "./support/machine.ts";
import { Peer, poll } from "./support/peer.ts";
import { Running } from "./support/process.ts";
import { Program } from "./support/program.ts";
import type { WireEvent } from "./support/wire_event.ts";

const NEEDS = { programs: ["webhook"] };

/** What is delivered: all but what the sensor says of the sink itself, which would never end. */
const TYPES = ["connection-opened", "credential-attempt", "connection-closed"];

/** A sensor with an FTP decoy and one sink. */
function configWith(sink: string): string {
  return `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"], pause_min_ms: 0, pause_max_ms: 0}
sinks:
  - {kind: console}
  - kind: webhook
    name: hook
    types: [${TYPES.join(", ")}]
    retry_min_ms: 20
    retry_max_ms: 200
${sink.replaceAll(/^/gm, "    ")}
`;
}

/** A folder, a port and a certificate for Debian's receiver. */
class HookServer implements AsyncDisposable {
  readonly port = takePorts(1)[0]!;
  readonly folder = Deno.makeTempDirSync({ prefix: "duckblind-hook-" });
  readonly keys: TestKeys;
  #running: Running | undefined;

  constructor(keys: TestKeys, hmacKey: string) {
    this.keys = keys;
    Deno.writeTextFileSync(`${this.folder}/cert.pem`, keys.cert);
    Deno.writeTextFileSync(`${this.folder}/key.pem`, keys.key);
    // One line in one write: what is there when the receiver is killed is whole.
    Deno.writeTextFileSync(`${this.folder}/store`, '#!/bin/sh\nprintf "%s\\n" "$1" >> calls\n');
    Deno.chmodSync(`${this.folder}/store`, 0o755);
    Deno.writeTextFileSync(`${this.folder}/calls`, "");
    this.#writeHooks(hmacKey);
  }

  /** Every event stored, in the order in which they came. */
  get events(): WireEvent[] {
    return Deno.readTextFileSync(`${this.folder}/calls`).split("\n").slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  async start(): Promise<void> {
    this.#running = new Running("webhook", [
      ...["-ip", "127.0.0.1", "-port", String(this.port), "-verbose", "-secure"],
      ...["-cert", "cert.pem", "-key", "key.pem", "-hooks", "hooks.json"],
    ], { cwd: this.folder });
    await poll(() => isListening(this.port), (isOpen) => isOpen);
  }

  async kill(): Promise<void> {
    this.#running!.signal("SIGKILL");
    await this.#running!.exit();
    this.#running = undefined;
  }

  /** What it says of calls. */
  get log(): string {
    return this.#running?.stderr.text ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }

  #writeHooks(hmacKey: string): void {
    const header = { source: "header", name: "X-Duckblind-Signature" };
    const hook = {
      "id": "duckblind",
      "execute-command": `${this.folder}/store`,
      "command-working-directory": this.folder,
      "pass-arguments-to-command": [{ source: "entire-payload" }],
      // Or else it answers before the command has run.
      "include-command-output-in-response": true,
      "http-methods": ["POST"],
      "trigger-rule": {
        match: { type: "payload-hmac-sha256", secret: hmacKey, parameter: header },
      },
    };
    Deno.writeTextFileSync(`${this.folder}/hooks.json`, JSON.stringify([hook]));
  }
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false; // not yet
  }
}

/** One failed login, from the greeting to the end. */
async function login(port: number, user: string): Promise<void> {
  using peer = await Peer.connect(port);
  await peer.until("220 ");
  await peer.send(`USER ${user}\r\n`);
  await peer.until("331 ");
  await peer.send("PASS hunter2\r\n");
  await peer.until("530 ");
  await peer.send("QUIT\r\n");
  await peer.end();
}

/** The sequences, each once, in the order in which they came first. */
function firsts(events: readonly WireEvent[]): number[] {
  return [...new Set(events.map(({ event }) => event.sequence))];
}

async function wanted(program: Program): Promise<WireEvent[]> {
  const { events } = await program.journal();
  return events.filter(({ event }) => TYPES.includes(event.action));
}

/** Waits until the receiver has all of the journal, and compares. */
async function assertAllArrive(program: Program, server: HookServer): Promise<void> {
  const expected = await wanted(program);
  await poll(() => new Set(firsts(server.events)).size, (count) => count >= expected.length);
  assertEquals(firsts(server.events), expected.map(({ event }) => event.sequence));
  const byId = new Map(server.events.map((event) => [event.event.id, event]));
  for (const event of expected) assertEquals(byId.get(event.event.id), event);
}

testWith(
  "webhook: a genuine receiver that is down at first, killed and back has every event, signed",
  NEEDS,
  async () => {
    const keys = await makeKeys();
    await using server = new HookServer(keys, "signing-key-42");
    Deno.writeTextFileSync(`${server.folder}/hmac`, "signing-key-42\n");
    Deno.writeTextFileSync(`${server.folder}/ca.pem`, keys.ca);
    await using program = await Program.source(configWith(`
url: https://127.0.0.1:${server.port}/hooks/duckblind
ca: ${server.folder}/ca.pem
hmac_secret: file:${server.folder}/hmac`));
    await using sensor = await program.startSensor();
    const { ftp } = program.ports;
    for (let i = 0; i < 5; i++) await login(ftp, `down-${i}`);
    assertEquals(server.events, []);

    await server.start();
    await poll(() => server.events.length, (count) => count >= 3);
    for (let i = 0; i < 5; i++) await login(ftp, `up-${i}`);
    // In the middle of what came while it was down, or shortly after: wherever that is.
    await server.kill();
    for (let i = 0; i < 5; i++) await login(ftp, `killed-${i}`);
    await server.start();
    for (let i = 0; i < 5; i++) await login(ftp, `back-${i}`);
    await assertAllArrive(program, server);
    assertEquals((await sensor.stop()).code, 0);
    assertEquals((await wanted(program)).length, 60);
  },
);

testWith(
  "webhook: a receiver that refuses the signature gets all when the key has been changed",
  NEEDS,
  async () => {
    const keys = await makeKeys();
    await using server = new HookServer(keys, "the-new-key");
    await server.start();
    const secret = `${server.folder}/hmac`;
    Deno.writeTextFileSync(secret, "the-old-key");
    Deno.writeTextFileSync(`${server.folder}/ca.pem`, keys.ca);
    await using program = await Program.source(configWith(`
url: https://127.0.0.1:${server.port}/hooks/duckblind
ca: ${server.folder}/ca.pem
hmac_secret: file:${secret}`));
    await using sensor = await program.startSensor();
    await login(program.ports.ftp, "early");
    await poll(() => server.log, (log) => log.includes("invalid payload signatures"));
    assertEquals(server.events, []);
    Deno.writeTextFileSync(secret, "the-new-key");
    await assertAllArrive(program, server);
    const tried = await program.run(["test-sink", "hook"]);
    assertMatch(tried.stdout, /^Sink hook took the test event in \d+ ms: 200/, tried.stderr);
    assertEquals(server.events.at(-1)?.event.action, "sink-test");
    Deno.writeTextFileSync(secret, "the-old-key");
    const refused = await program.run(["test-sink", "hook"]);
    assertMatch(refused.stderr, /Cannot deliver to sink hook: .* answered 500 Error occurred/);
    assertEquals(refused.code, 1);
    const letters = await program.run(["dead-letters", "--json"]);
    assertEquals(letters.stdout.trim(), "", letters.stderr);
    const { stderr, stdout } = sensor.process;
    for (const text of [stderr.text, stdout.text, tried.stdout, refused.stderr]) {
      assert(!/the-(?:old|new)-key/.test(text));
    }
  },
);

Deno.test("webhook: a receiver that takes two seconds for each of five events delays no banner", async () => {
  await using receiver = new Receiver({
    answer: async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return new Response("ok");
    },
  });
  await using program = await Program.source(configWith(`url: ${receiver.url}/slow`));
  await using sensor = await program.startSensor();
  const { ftp } = program.ports;
  const called = receiver.called();
  await login(ftp, "first");
  await login(ftp, "second");
  await called;
  const delays: number[] = [];
  while (receiver.calls.length < 5) {
    const start = performance.now();
    using peer = await Peer.connect(ftp);
    await peer.until("220 ");
    delays.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  // One may be late for the machine's own reasons; a sink that held the loop would make all late.
  const late = delays.filter((ms) => ms >= 100);
  assert(delays.length >= 20 && late.length <= 1, delays.join(" "));
  const events = receiver.json as WireEvent[];
  const expected = (await wanted(program)).slice(0, events.length);
  assertEquals(firsts(events), expected.map(({ event }) => event.sequence));
  await sensor.stop("SIGKILL");
});

Deno.test("webhook: repeats of a source become one digest in a service's words", async () => {
  await using receiver = new Receiver();
  const folder = Deno.makeTempDirSync({ prefix: "duckblind-hook-" });
  try {
    Deno.writeTextFileSync(`${folder}/url`, `${receiver.url}/services/T0/B0/xyz`);
    await using program = await Program.source(configWith(`
preset: slack
url: file:${folder}/url
host: 127.0.0.1:${receiver.port}
group_by: source
window_s: 2`));
    await using sensor = await program.startSensor();
    for (let i = 0; i < 10; i++) await login(program.ports.ftp, `user-${i}`);
    await poll(() => receiver.calls.length, (count) => count >= 2);
    const [first, digest] = receiver.json;
    assertEquals(first.blocks[0].text.text, "Duckblind: connection opened on ftp, severity 10");
    assertEquals(
      digest.blocks[0].text.text,
      "Duckblind: 29 more of 127.0.0.1, up to severity 50",
    );
    assertEquals((await sensor.stop()).code, 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
