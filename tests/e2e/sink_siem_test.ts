/**
 * The elastic, splunk and otlp sinks in a sensor: receivers that are down at first, go and come back,
 * and a sensor that is killed, lose no event. The receivers are ours, as Debian has none of these.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeCluster } from "../support/fake_elastic.ts";
import { FakeLogsReceiver } from "../support/fake_otlp.ts";
import { FakeCollector } from "../support/fake_splunk.ts";
import { type Answerer, HttpReceiver } from "../support/http_receiver.ts";
import { testKeys } from "../support/test_tls.ts";
import { takePorts } from "./support/machine.ts";
import { Peer, poll } from "./support/peer.ts";
import { Program } from "./support/program.ts";

/** What is delivered: what peers did. */
const TYPES = ["connection-opened", "credential-attempt", "connection-closed"];
const TOKEN = "11111111-2222-4333-8444-555555555555";

/** Receivers on ports of their own, which keep what they have over a restart. */
class Siem implements AsyncDisposable {
  readonly cluster = new FakeCluster({ authorization: `ApiKey ${btoa("id:sesame")}` });
  readonly collector = new FakeCollector({ token: TOKEN, hasAcknowledgement: true, questions: 2 });
  readonly logs = new FakeLogsReceiver();
  readonly ports = takePorts(3) as [number, number, number];
  readonly folder = Deno.makeTempDirSync({ prefix: "duckblind-siem-" });
  #receivers: HttpReceiver[] = [];

  /** Ids of the events that each has, in order. */
  ids(): string[][] {
    const indexed = this.collector.indexed.map(({ event }) => String(event.event.id));
    return [this.cluster.ids(), indexed, this.logs.ids()];
  }

  async start(): Promise<void> {
    const { cert, key } = await testKeys();
    const answers: Answerer[] = [this.cluster, this.collector, this.logs].map(({ answer }) =>
      answer
    );
    this.#receivers = answers.map((answer, i) =>
      new HttpReceiver(answer, { port: this.ports[i]!, tls: { cert, key } })
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#receivers.map((receiver) => receiver[Symbol.asyncDispose]()));
    this.#receivers = [];
  }

  /** The sinks, with secrets in files. */
  async config(): Promise<string> {
    const { ca } = await testKeys();
    const files = { "ca.pem": ca, "key": "id:sesame\n", "token": `${TOKEN}\n` };
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${this.folder}/${name}`, text);
    }
    const [elastic, splunk, otlp] = this.ports.map((port) => `https://127.0.0.1:${port}`);
    const common = `ca: ${this.folder}/ca.pem, types: [${TYPES.join(", ")}], ` +
      "retry_min_ms: 20, retry_max_ms: 200, batch_events: 7";
    return `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"], pause_min_ms: 0, pause_max_ms: 0}
sinks:
  - {kind: console}
  - {kind: elastic, urls: ["${elastic}"], api_key: "file:${this.folder}/key", ${common}}
  - {kind: splunk, url: "${splunk}", token: "file:${this.folder}/token", ${common}}
  - {kind: otlp, url: "${otlp}", ${common}}
`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Failed logins, one after the other. */
async function logIn(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    using peer = await Peer.connect(port);
    await peer.until("220 ");
    await peer.send(`USER u${i}\r\n`);
    await peer.until("331 ");
    await peer.send("PASS hunter2\r\n");
    await peer.until("530 ");
    await peer.send("QUIT\r\n");
    await peer.end();
  }
}

Deno.test("elastic, splunk and otlp have every event of a sensor, whoever of them went and came", async () => {
  await using siem = new Siem();
  await using program = await Program.source(await siem.config());
  const { ftp } = program.ports;
  {
    await using sensor = await program.startSensor();
    await logIn(ftp, 10);
    await siem.start();
    await poll(
      () => siem.ids().map(({ length }) => length),
      (counts) => counts.every((n) => n > 7),
    );
    await logIn(ftp, 10);
    await siem.stop();
    await logIn(ftp, 10);
    await sensor.stop("SIGKILL");
  }
  await siem.start();
  await using sensor = await program.startSensor();
  await logIn(ftp, 10);
  const stored = async () =>
    (await program.journal()).events.filter(({ event }) => TYPES.includes(event.action));
  // The last connection's end is told shortly after the peer saw it.
  const events = await poll(stored, (all) => all.at(-1)?.event.action === "connection-closed");
  const attempts = events.filter(({ event }) => event.action === "credential-attempt");
  assertEquals(attempts.length, 40); // the killed sensor may have had an end of a connection in hand
  const expected = events.map(({ event }) => event.id);
  const unique = () => siem.ids().map((ids) => [...new Set(ids)]);
  await poll(unique, (all) => all.every(({ length }) => length >= expected.length));
  assertEquals(unique(), [expected, expected, expected]);
  assertEquals(siem.cluster.ids(), expected); // by their ids, each once

  const tested = await program.run(["test-sink", "elastic"]);
  assertEquals(tested.code, 0, tested.stderr);
  assertStringIncludes(tested.stdout, "1 of 1 taken");
  const letters = await program.run(["dead-letters", "--json"]);
  assertEquals(letters.stdout.trim(), "", letters.stderr);
  assertEquals((await sensor.stop()).code, 0);
  for (const text of [sensor.process.stderr.text, sensor.process.stdout.text, tested.stdout]) {
    assert(!text.includes("sesame") && !text.includes(TOKEN));
  }
});
