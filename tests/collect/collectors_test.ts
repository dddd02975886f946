import { assert, assertEquals, assertMatch } from "@std/assert";
import { Collectors, type CollectorStatus } from "../../lib/collect/collectors.ts";
import type { ForeignStore } from "../../lib/collect/intake.ts";
import { natsCollector } from "../../lib/collect/nats.ts";
import type { CollectorConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import type { ForeignEvent } from "../../lib/events/foreign.ts";
import { eventSubject } from "../../lib/nats/subject.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";
import { NatsPeer, type NatsPeerConnection, type Published } from "../support/nats_peer.ts";

const SOON_MS = 10_000;

function makeEvents(count: number, sensor: string): SensorEvent[] {
  const events: SensorEvent[] = [];
  const emitter = new Emitter({
    nextSequence: () => events.length + 1,
    append: (event) => void events.push(event),
  }, { ...TEST_SENSOR, name: sensor });
  for (let n = 0; n < count; n++) {
    emitter.emit(testScope(), "auth.attempt", { method: "plain", username: "u", secret: `${n}` });
  }
  return events;
}

/** A stream with a consumer, as far as a collector asks for it. */
class StreamPeer implements AsyncDisposable {
  readonly peer: NatsPeer;
  readonly messages: { subject: string; body: string }[];
  hasStream = true;
  /** Largest message of the stream, in bytes. */
  maxMessageBytes = -1;
  hasConsumer = false;
  readonly #pulled = Promise.withResolvers<{ batch: number }>();
  #sent = 0;

  constructor(
    messages: { subject: string; body: string }[],
    options: { port?: number; info?: Record<string, unknown> } = {},
  ) {
    this.messages = messages;
    const { info = {}, ...address } = options;
    this.peer = new NatsPeer({
      info,
      answer: (message, connection) => this.#answer(message, connection),
    }, address);
  }

  /** The first request for messages. */
  get pulled(): Promise<{ batch: number }> {
    return this.#pulled.promise;
  }

  /** What was said of each message, by its number in the stream: `+ACK`, `-NAK`, `+TERM`. */
  get verdicts(): Record<string, string> {
    return Object.fromEntries(
      this.peer.published.filter(({ subject }) => subject.startsWith("$JS.ACK.")).map((
        { subject, body },
      ) => [subject.split(".")[5]!, body]),
    );
  }

  /** Delivers from the first message on again. */
  rewind(): void {
    this.#sent = 0;
  }

  /** What the consumer was made with. */
  get created(): Record<string, unknown> | undefined {
    const request = this.peer.published.find(({ subject }) =>
      subject.includes(".CONSUMER.") &&
      subject.includes("CREATE")
    );
    return request && JSON.parse(request.body).config;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
  }

  async #answer(message: Published, connection: NatsPeerConnection): Promise<string | undefined> {
    const [, , api, verb] = message.subject.split(".");
    const info = JSON.stringify({
      stream_name: "DUCKBLIND",
      name: "duckblind",
      config: { durable_name: "duckblind", ack_policy: "explicit" },
      num_pending: this.messages.length,
    });
    if (api === "STREAM") {
      return JSON.stringify({ config: { max_msg_size: this.maxMessageBytes }, state: {} });
    }
    if (api !== "CONSUMER") return JSON.stringify({ memory: 0, storage: 0 });
    if (!this.hasStream) return failed(404, 10059, "stream not found");
    if (verb === "INFO") return this.hasConsumer ? info : failed(404, 10014, "consumer not found");
    if (verb === "MSG") {
      this.#pulled.resolve(JSON.parse(message.body));
      for (let { batch } = JSON.parse(message.body); batch > 0; batch--) {
        const next = this.messages[this.#sent];
        if (next === undefined) break;
        const { subject, body } = next;
        const n = ++this.#sent;
        const left = this.messages.length - n;
        const reply = `$JS.ACK.DUCKBLIND.duckblind.1.${n}.${n}.1700000000000000000.${left}`;
        const size = new TextEncoder().encode(body).length;
        await connection.send(`MSG ${subject} 2 ${reply} ${size}\r\n${body}\r\n`);
      }
      return undefined;
    }
    this.hasConsumer = true;
    return info;
  }
}

const failed = (code: number, err_code: number, description: string) =>
  JSON.stringify({ error: { code, err_code, description } });

class MemoryStore implements ForeignStore {
  readonly events: ForeignEvent[] = [];
  isFull = false;

  ingest(events: readonly ForeignEvent[]): { stored: number; known: number } {
    if (this.isFull) throw new Error("Cannot take events: disk is full");
    const known = new Set(this.events.map(({ id }) => id));
    const fresh = events.filter(({ id }) => !known.has(id));
    this.events.push(...fresh);
    return { stored: fresh.length, known: events.length - fresh.length };
  }
}

function configOf(port: number, options: Record<string, unknown> = {}): CollectorConfig {
  const parsed = v.parse(natsCollector.options, { servers: [`127.0.0.1:${port}`], ...options });
  return { kind: "nats", name: "nats", options: parsed };
}

function messagesOf(events: readonly SensorEvent[], sensor: string) {
  return events.map(({ json, action }) => ({
    subject: eventSubject("duckblind", sensor, action),
    body: json,
  }));
}

/** Waits for a state of the one collector. */
async function until(
  collectors: Collectors,
  isSo: (status: CollectorStatus) => boolean,
): Promise<CollectorStatus> {
  const endAt = performance.now() + SOON_MS;
  for (;;) {
    const [status] = collectors.status();
    if (status !== undefined && isSo(status)) return status;
    if (performance.now() > endAt) throw new Error(`still ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("Collectors make the consumer, store events in order, and acknowledge after the commit", async () => {
  const events = makeEvents(700, "edge.a");
  await using stream = new StreamPeer(messagesOf(events, "edge.a"));
  const store = new MemoryStore();
  const collectors = new Collectors(store, { sensor: () => "collector" });
  collectors.start([configOf(stream.peer.port, { ack_wait_s: 7, max_ack_pending: 9 })]);
  const status = await until(collectors, ({ received }) => received === 700);
  assertEquals(status, {
    name: "nats",
    kind: "nats",
    received: 700,
    duplicates: 0,
    refused: 0,
    pending: 0,
  });
  await collectors.stop();
  assertEquals(
    store.events.map(({ json }) => JSON.parse(json).event.sequence),
    events.map((e) => e.sequence),
  );
  assertEquals(Object.values(stream.verdicts), Array(700).fill("+ACK"));
  const { durable_name, ack_policy, ack_wait, max_ack_pending, filter_subject } = stream.created!;
  assertEquals({ durable_name, ack_policy, ack_wait, max_ack_pending, filter_subject }, {
    durable_name: "duckblind",
    ack_policy: "explicit",
    ack_wait: 7_000_000_000,
    max_ack_pending: 9,
    filter_subject: "duckblind.>",
  });
  assertEquals(collectors.status(), []);
});

Deno.test("Collectors ask for no more messages at a time than they can hold if all are large", async () => {
  const largest = [[-1, 1_048_576, 128], [131_072, 1_048_576, 500], [-1, 8_388_608, 16]] as const;
  for (const [maxMessageBytes, max_payload, asked] of largest) {
    await using stream = new StreamPeer([], { info: { max_payload } });
    stream.maxMessageBytes = maxMessageBytes;
    const collectors = new Collectors(new MemoryStore(), { sensor: () => "collector" });
    collectors.start([configOf(stream.peer.port)]);
    const pull = await stream.pulled;
    assertEquals(pull.batch, asked);
    await collectors.stop();
  }
});

Deno.test("Collectors send away for good what is no event of the sensor in its subject", async () => {
  const [a, b] = makeEvents(2, "edge-a");
  await using stream = new StreamPeer([
    ...messagesOf([a!], "edge-a"),
    ...messagesOf([b!], "edge-b"),
    { subject: "duckblind.edge-a.command", body: "\u001b[2Jno event" },
    { subject: "duckblind.edge-a", body: a!.json },
  ]);
  const store = new MemoryStore();
  const collectors = new Collectors(store, { sensor: () => "collector" });
  collectors.start([configOf(stream.peer.port)]);
  await until(collectors, ({ refused }) => refused === 3);
  await collectors.stop();
  assertEquals(store.events.map(({ sensor }) => sensor), ["edge-a"]);
  assertEquals(stream.verdicts, { "1": "+ACK", "2": "+TERM", "3": "+TERM", "4": "+TERM" });
});

Deno.test("Collectors give back what the journal cannot take, tell it, and take it when it can", async () => {
  await using stream = new StreamPeer(messagesOf(makeEvents(3, "edge-a"), "edge-a"));
  const store = new MemoryStore();
  store.isFull = true;
  const collectors = new Collectors(store, { sensor: () => "collector" });
  collectors.start([configOf(stream.peer.port)]);
  const { trouble } = await until(collectors, ({ trouble }) => trouble !== undefined);
  assertMatch(
    trouble!,
    /^Cannot collect from NATS at 127\.0\.0\.1:\d+: Cannot take events: disk is full$/,
  );
  assertEquals(Object.values(stream.verdicts)[0], "-NAK");
  store.isFull = false;
  stream.rewind();
  const status = await until(collectors, ({ received }) => received === 3);
  assertEquals(status.trouble, undefined);
  await collectors.stop();
  assertEquals(Object.values(stream.verdicts), ["+ACK", "+ACK", "+ACK"]);
});

Deno.test("Collectors say what is missing: the server, the stream, the consumer", async () => {
  let port: number;
  {
    await using gone = new NatsPeer();
    port = gone.port;
  }
  const collectors = new Collectors(new MemoryStore(), { sensor: () => "collector" });
  const troubleOf = async (pattern: RegExp) => {
    await until(collectors, ({ trouble }) => pattern.test(trouble ?? ""));
  };
  collectors.start([configOf(port, { create_consumer: false })]);
  await troubleOf(/^Cannot connect to NATS: 127\.0\.0\.1:\d+: connection refused$/);
  await using stream = new StreamPeer(messagesOf(makeEvents(1, "edge-a"), "edge-a"), { port });
  stream.hasStream = false;
  await troubleOf(/there is no stream "DUCKBLIND", must be one to which sensors publish$/);
  stream.hasStream = true;
  await troubleOf(
    /stream "DUCKBLIND" has no consumer "duckblind", must have it \(or create_consumer/,
  );
  stream.hasConsumer = true;
  await until(collectors, ({ received }) => received === 1);
  await collectors.stop();
});

Deno.test("Collectors tell once that one has not worked for a while, and that it works again", async () => {
  let port: number;
  {
    await using gone = new NatsPeer();
    port = gone.port;
  }
  const told: string[] = [];
  const failing = Promise.withResolvers<void>();
  const collectors = new Collectors(new MemoryStore(), {
    sensor: () => "collector",
    tellAfterMs: 100,
    onFailing: (name, trouble) => {
      told.push(`${name} fails: ${trouble}`);
      failing.resolve();
    },
    onRecovered: (name, trouble) => void told.push(`${name} recovered: ${trouble}`),
  });
  collectors.start([configOf(port)]);
  await failing.promise;
  await using _stream = new StreamPeer(messagesOf(makeEvents(1, "edge-a"), "edge-a"), { port });
  await until(collectors, ({ received }) => received === 1);
  await collectors.stop();
  const trouble = `Cannot connect to NATS: 127.0.0.1:${port}: connection refused`;
  assertEquals(told, [`nats fails: ${trouble}`, `nats recovered: ${trouble}`]);
});

Deno.test("Collectors change with the config: what is the same goes on, what is gone is stopped", async () => {
  await using first = new StreamPeer(messagesOf(makeEvents(1, "edge-a"), "edge-a"));
  await using second = new StreamPeer(messagesOf(makeEvents(2, "edge-b"), "edge-b"));
  const store = new MemoryStore();
  const collectors = new Collectors(store, { sensor: () => "collector" });
  collectors.start([configOf(first.peer.port)]);
  await until(collectors, ({ received }) => received === 1);
  await collectors.reload([configOf(first.peer.port)]);
  assertEquals(first.peer.connections, 1);
  await collectors.reload([configOf(second.peer.port)]);
  await until(collectors, ({ received }) => received === 2);
  assertEquals(collectors.status().length, 1);
  await collectors.stop();
  assertEquals(store.events.map(({ sensor }) => sensor), ["edge-a", "edge-b", "edge-b"]);
});

Deno.test("Collectors stop at once while a server does not answer", async () => {
  await using silent = new NatsPeer({ greeting: new Uint8Array() });
  const collectors = new Collectors(new MemoryStore(), { sensor: () => "collector" });
  collectors.start([configOf(silent.port)]);
  const endAt = performance.now() + SOON_MS;
  while (silent.connections === 0) {
    assert(performance.now() < endAt);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const from = performance.now();
  await collectors.stop();
  assert(performance.now() - from < 1500);
});
