import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { ConfigError, SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { syslogSink } from "../../lib/sinks/syslog.ts";
import { madeEvents } from "../support/made_events.ts";
import { hang, readExactly, readToEnd, Receiver, type Treatment } from "../support/receiver.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";

function open(options: Record<string, unknown>): Promise<Sink> {
  return syslogSink.open(
    v.parse(syslogSink.options, { protocol: "tcp", ...options }),
    TEST_CONTEXT,
  );
}

/** Writes as the delivery does. */
async function put(sink: Sink, events: readonly SensorEvent[], withinMs = 10_000): Promise<void> {
  await sink.write(batchOf(events), AbortSignal.timeout(withinMs));
}

/** Takes octet-counted frames apart: RFC 6587 §3.4.1. */
function framesOf(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(new TextDecoder().decode(bytes.subarray(at, space)));
    assert(length > 0 && space + length < bytes.length, `frame of ${length} at ${at}`);
    frames.push(new TextDecoder().decode(bytes.subarray(space + 1, space + 1 + length)));
    at = space + 1 + length;
  }
  return frames;
}

/** The events in what a receiver got. */
function eventsIn(text: string): unknown[] {
  return framesOf(text).map((frame) => JSON.parse(frame.slice(frame.indexOf("] {") + 2)));
}

const parsed = (events: readonly SensorEvent[]) => events.map(({ json }) => JSON.parse(json));

/** Waits for data to arrive, reads none of it, and closes: the system then resets the connection. */
const resetUnread: Treatment = async (conn) => {
  await readExactly(conn, 1);
};

Deno.test("syslog sink sends octet-counted messages, and each batch on a connection of its own", async () => {
  await using receiver = await Receiver.start();
  await using sink = await open({ address: receiver.address });
  const events = madeEvents(250);
  await put(sink, events.slice(0, 200));
  await put(sink, events.slice(200));
  assertEquals(eventsIn(receiver.text), parsed(events));
  // The third one is there for the next batch.
  assertEquals(receiver.connections.slice(0, 2).map(({ isEnded }) => isEnded), [true, true]);
  assert(receiver.connections.length <= 3);
});

Deno.test("syslog sink ends messages with LF when told to", async () => {
  await using receiver = await Receiver.start();
  await using sink = await open({ address: receiver.address, framing: "newline", format: "text" });
  await put(sink, madeEvents(3));
  assertEquals(receiver.text.match(/^<134>1 .*$/gm)?.length, 3);
  assert(receiver.text.endsWith("\n"));
});

Deno.test("syslog sink speaks TLS with an authority of the operator's own, and with no other", async () => {
  using folder = tempFolder();
  const ca = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(ca, (await testKeys()).ca);
  await using receiver = await Receiver.start(readToEnd, { tls: true });
  const events = madeEvents(3);
  {
    const options = { address: `localhost:${receiver.port}`, protocol: "tls", ca };
    await using sink = await open(options);
    await put(sink, events);
  }
  assertEquals(eventsIn(receiver.text), parsed(events));
  await using stranger = await open({ address: `localhost:${receiver.port}`, protocol: "tls" });
  const error = await assertRejects(() => put(stranger, events), SinkError);
  assert(
    error.retryable && /^Cannot connect to syslog receiver localhost:\d+: /.test(error.message),
  );
});

Deno.test("syslog sink says which file of TLS is missing, and that a certificate needs its key", async () => {
  const options = { address: "127.0.0.1:1", protocol: "tls" };
  await using noFile = await open({ ...options, ca: "/nowhere/ca.pem" });
  const missing = await assertRejects(() => put(noFile, madeEvents(1)), SinkError);
  assert(missing.message.startsWith('Cannot read ca "/nowhere/ca.pem": '), missing.message);
  await using noKey = await open({ ...options, cert: "/nowhere/cert.pem" });
  const error = await assertRejects(() => put(noKey, madeEvents(1)), SinkError);
  assertEquals(error.message, "Cannot use a certificate of ours: must have both cert and key");
});

Deno.test("syslog sink fails while nobody listens, and delivers when somebody does", async () => {
  const { port } = await freePort();
  await using sink = await open({ address: `127.0.0.1:${port}` });
  const events = madeEvents(2);
  const error = await assertRejects(() => put(sink, events), SinkError);
  assert(error.retryable);
  assert(error.message.startsWith(`Cannot connect to syslog receiver 127.0.0.1:${port}: `));
  await using receiver = await Receiver.start(readToEnd, { port });
  await put(sink, events);
  assertEquals(eventsIn(receiver.text), parsed(events));
});

Deno.test("syslog sink does not believe a receiver that ends with the batch unread", async () => {
  await using receiver = await Receiver.start(resetUnread);
  await using sink = await open({ address: receiver.address });
  const error = await assertRejects(() => put(sink, madeEvents(500)), SinkError);
  assert(error.retryable);
  assert(
    /broke before everything|ended the connection before|reset|[Bb]roken pipe/.test(error.message),
  );
});

Deno.test("syslog sink does not believe a receiver that ends before we do", async () => {
  await using receiver = await Receiver.start(async (conn) => {
    await readExactly(conn, 10);
    await conn.closeWrite();
    await readToEnd(conn, { bytes: new Uint8Array(0), isEnded: false });
  });
  await using sink = await open({ address: receiver.address });
  await assertRejects(
    () => put(sink, madeEvents(3)),
    SinkError,
    "it ended the connection before everything was to be read",
  );
});

Deno.test("syslog sink does not believe a receiver that is gone as soon as it has read a batch", async () => {
  let receiver: Receiver | undefined;
  const { port } = await freePort();
  await using first = receiver = await Receiver.start(async (conn, received) => {
    await readToEnd(conn, received);
    receiver!.stopListening(); // as the system does for a process that is killed
  }, { port });
  await using sink = await open({ address: `127.0.0.1:${port}` });
  const events = madeEvents(3);
  const error = await assertRejects(() => put(sink, events), SinkError);
  assert(error.message.startsWith("Cannot connect to syslog receiver"), error.message);
  assertEquals(first.connections[0]!.isEnded, true);
  await using second = await Receiver.start(readToEnd, { port });
  await put(sink, events);
  assertEquals(eventsIn(second.text), parsed(events));
});

Deno.test("syslog sink ends its wait for a receiver that never ends at the deadline, and names the option", async () => {
  await using receiver = await Receiver.start(hang);
  await using sink = await open({ address: receiver.address });
  const error = await assertRejects(() => put(sink, madeEvents(3), 300), SinkError);
  assert(error.retryable && error.message.endsWith("there is confirm: none"), error.message);
});

Deno.test("syslog sink ends its wait for a receiver that reads nothing at the deadline", async () => {
  await using receiver = await Receiver.start(hang);
  await using sink = await open({ address: receiver.address });
  const many = madeEvents(20_000); // more than both systems hold
  const start = performance.now();
  const error = await assertRejects(() => put(sink, many, 2000), SinkError);
  assert(error.message.endsWith("no answer within the deadline"), error.message);
  assert(performance.now() - start < 8000);
  receiver.treat(readToEnd);
  await put(sink, many.slice(0, 3));
  assertEquals(receiver.connections.at(-1)!.bytes.length === 0, true);
});

Deno.test("syslog sink that is closed while it waits ends the wait, and keeps no connection", async () => {
  const isThere = Promise.withResolvers<void>();
  await using receiver = await Receiver.start(async (conn, received, over) => {
    isThere.resolve();
    await hang(conn, received, over);
  });
  const sink = await open({ address: receiver.address });
  const writing = assertRejects(() => put(sink, madeEvents(3)), SinkError);
  await isThere.promise;
  await sink[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await writing;
  const late = await assertRejects(() => put(sink, madeEvents(3)), SinkError);
  assert(late.message.endsWith("the sink was closed"), late.message);
});

Deno.test("syslog sink waits for a receiver that reads slowly", async () => {
  await using receiver = await Receiver.start(async (conn, received) => {
    for (let i = 0; i < 20; i++) {
      const bytes = await readExactly(conn, 5000);
      received.bytes = new Uint8Array([...received.bytes, ...bytes]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const rest = { bytes: new Uint8Array(0), isEnded: false };
    await readToEnd(conn, rest);
    received.bytes = new Uint8Array([...received.bytes, ...rest.bytes]);
  });
  await using sink = await open({ address: receiver.address });
  const events = madeEvents(300);
  await put(sink, events);
  assertEquals(eventsIn(receiver.text), parsed(events));
});

Deno.test("syslog sink takes a new connection when the one in waiting was ended", async () => {
  let isIdle = false;
  await using receiver = await Receiver.start(async (conn, received) => {
    if (isIdle) return;
    await readToEnd(conn, received);
    isIdle = true;
  });
  await using sink = await open({ address: receiver.address });
  const events = madeEvents(4);
  await put(sink, events.slice(0, 2));
  // The second connection is ended by the receiver at once.
  while (receiver.connections.length < 2) await new Promise((go) => setTimeout(go, 5));
  await new Promise((go) => setTimeout(go, 20));
  isIdle = false;
  await put(sink, events.slice(2));
  assertEquals(eventsIn(receiver.text), parsed(events));
});

Deno.test("syslog sink with confirm none keeps its connection, and asks for what may be lost with it", async () => {
  const conns: Deno.Conn[] = [];
  await using receiver = await Receiver.start(async (conn, received) => {
    conns.push(conn);
    await readToEnd(conn, received);
  });
  await using sink = await open({ address: receiver.address, confirm: "none", resend_events: 4 });
  const events = madeEvents(8);
  for (let at = 0; at < 6; at += 2) await put(sink, events.slice(at, at + 2));
  assertEquals(receiver.connections.length, 1);
  await conns[0]!.closeWrite();
  await new Promise((go) => setTimeout(go, 200));
  // Two batches of two are what resend_events keeps: those after sequence 2.
  const error = await assertRejects(() => put(sink, events.slice(6)), SinkError);
  assertEquals([error.retryable, error.rewindTo], [true, 2]);
  assert(error.message.endsWith("what was sent last is sent again"), error.message);
  for (let at = 2; at < 8; at += 2) await put(sink, events.slice(at, at + 2));
  assertEquals(receiver.connections.length, 2);
  // What was sent twice is not asked for a third time.
  await conns[1]!.closeWrite();
  await new Promise((go) => setTimeout(go, 200));
  const again = await assertRejects(() => put(sink, events.slice(6)), SinkError);
  assertEquals(again.rewindTo, 6);
  await put(sink, events.slice(6));
});

Deno.test("syslog sink with confirm none forgets nothing when a receiver never reads", async () => {
  await using receiver = await Receiver.start(hang);
  await using sink = await open({ address: receiver.address, confirm: "none" });
  const events = madeEvents(20_002);
  await put(sink, events.slice(0, 2));
  const error = await assertRejects(() => put(sink, events.slice(2), 2000), SinkError);
  assertEquals(error.rewindTo, 0);
});

/** Datagrams as they come. */
class Datagrams implements AsyncDisposable {
  readonly texts: string[] = [];
  // deno-lint-ignore no-explicit-any -- Node's types are not loaded here
  readonly #socket: any;

  // deno-lint-ignore no-explicit-any -- as above
  constructor(socket: any) {
    this.#socket = socket;
    socket.on("message", (bytes: Uint8Array) => this.texts.push(new TextDecoder().decode(bytes)));
  }

  static async bind(address = "127.0.0.1"): Promise<Datagrams> {
    const { default: dgram } = await import("node:dgram");
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    await new Promise<void>((resolve) => socket.bind({ address, port: 0 }, resolve));
    return new Datagrams(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async until(count: number): Promise<void> {
    const end = performance.now() + 5000;
    while (this.texts.length < count && performance.now() < end) {
      await new Promise((go) => setTimeout(go, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

for (const host of ["127.0.0.1", "::1"]) {
  Deno.test(`syslog sink sends one message a datagram to ${host}`, async () => {
    await using receiver = await Datagrams.bind(host);
    const bracketed = host.includes(":") ? `[${host}]` : host;
    await using sink = await open({
      address: `${bracketed}:${receiver.port}`,
      protocol: "udp",
    });
    const events = madeEvents(60);
    for (let at = 0; at < 60; at += 30) {
      await put(sink, events.slice(at, at + 30));
      await receiver.until(at + 30);
    }
    const json = receiver.texts.map((text) => JSON.parse(text.slice(text.indexOf("] {") + 2)));
    assertEquals(json, parsed(events));
    assert(receiver.texts.every((text, i) => text.includes(`sequenceId="${i + 1}"`)));
  });
}

Deno.test("syslog sink paces datagrams, and tells how many were sent when the deadline comes", async () => {
  await using receiver = await Datagrams.bind();
  const address = `127.0.0.1:${receiver.port}`;
  await using sink = await open({ address, protocol: "udp", max_per_second: 10 });
  const error = await assertRejects(() => put(sink, madeEvents(200), 300), SinkError);
  assertEquals([error.retryable, error.done], [true, 20]);
  assert(error.message.endsWith("the deadline came after 20 of 200 messages"), error.message);
});

Deno.test("syslog sink cannot tell that nobody takes its datagrams", async () => {
  const { port } = await freePort();
  await using sink = await open({ address: `127.0.0.1:${port}`, protocol: "udp" });
  for (let i = 0; i < 3; i++) await put(sink, madeEvents(5));
});

Deno.test("syslog sink lists what it dials, what a datagram's socket is bound to, and its files", () => {
  const listed = (options: Record<string, unknown>) => {
    const parsed = v.parse(syslogSink.options, options);
    return [syslogSink.hosts!(parsed), syslogSink.reads!(parsed)];
  };
  const address = "syslog.example:601";
  assertEquals(listed({ address, protocol: "tcp", ca: "ca.pem" }), [[address], []]);
  assertEquals(listed({ address, ca: "ca.pem", cert: "c.pem" }), [[address], ["ca.pem", "c.pem"]]);
  const ipv4 = "192.0.2.1:514";
  assertEquals(listed({ address: ipv4, protocol: "udp" }), [[ipv4, "0.0.0.0:0"], []]);
  const ipv6 = "[2001:db8::1]:514";
  assertEquals(listed({ address: ipv6, protocol: "udp" }), [[ipv6, "[::]:0"], []]);
});

Deno.test("syslog sink's address must have a port", () => {
  for (const address of ["syslog.example", "syslog.example:0", "a b:1", ""]) {
    assertEquals(v.safeParse(syslogSink.options, { address }).success, false, address);
  }
});

Deno.test("syslog sink's address must be no name over UDP, which the config is told", () => {
  const configOf = (sink: string) =>
    parseConfig(`sinks: [{kind: syslog, ${sink}}]`, {
      decoys: [],
      sinks: [syslogSink],
      lures: [],
      collectors: [],
    });
  configOf("address: syslog.example:514");
  configOf('address: "192.0.2.1:514", protocol: udp');
  assertThrows(
    () => configOf("address: syslog.example:514, protocol: udp"),
    ConfigError,
    'sinks[0].address is "syslog.example:514", must have an IP address with protocol udp',
  );
});

/** A port that was free a moment ago. */
async function freePort(): Promise<{ port: number }> {
  await using receiver = await Receiver.start();
  return { port: receiver.port };
}
