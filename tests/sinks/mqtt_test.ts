import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { mqttSink } from "../../lib/sinks/mqtt.ts";
import type { Outcome, Sink } from "../../lib/sinks/sink.ts";
import { FakeBroker } from "../support/fake_broker.ts";
import { loginEvent, madeEvents } from "../support/made_events.ts";
import { hang, Receiver } from "../support/receiver.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";

function open(options: Record<string, unknown>): Promise<Sink> {
  return mqttSink.open(v.parse(mqttSink.options, { tls: false, ...options }), TEST_CONTEXT);
}

/** Writes as the delivery does. */
async function put(
  sink: Sink,
  events: readonly SensorEvent[],
  withinMs = 10_000,
): Promise<Outcome> {
  return await sink.write(batchOf(events), AbortSignal.timeout(withinMs)) ?? {};
}

/** What comes of a batch of which everything was acknowledged. */
function all(count: number): Outcome {
  return { reply: `${count} of ${count} acknowledged`, rejected: [], postponed: [] };
}

for (const version of ["3.1.1", "5"]) {
  Deno.test(`mqtt sink publishes each event with QoS 1 by MQTT ${version}, on one connection`, async () => {
    await using broker = await FakeBroker.start();
    await using sink = await open({ address: broker.address, version });
    const events = madeEvents(150);
    assertEquals(await put(sink, events.slice(0, 100)), all(100));
    assertEquals(await put(sink, events.slice(100)), all(50));
    assertEquals(broker.published.map(({ payload }) => payload), events.map(({ json }) => json));
    assertEquals(new Set(broker.published.map(({ first }) => first)), new Set([0x32]));
    assertEquals(broker.published[0]!.topic, "duckblind/test/connection-opened");
    assertEquals(broker.connects.length, 1);
    const { name, level, flags, clientId, keepAliveS } = broker.connects[0]!;
    assertEquals([name, level, flags, keepAliveS], ["MQTT", version === "5" ? 5 : 4, 2, 60]);
    assertMatch(clientId, /^duckblind[0-9a-f]{12}$/);
  });
}

Deno.test("mqtt sink logs in by references, with the client id and topic of the config", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(`${folder.path}/user`, "sensor-1\n");
  await Deno.writeTextFile(`${folder.path}/password`, "s\u00e9cret\n");
  await using broker = await FakeBroker.start();
  const options = {
    address: broker.address,
    username: `file:${folder.path}/user`,
    password: `file:${folder.path}/password`,
    client_id: "plant 7",
    topic: "plant/{decoy}/{kind}/{severity}",
    format: "cef",
  };
  await using sink = await open(options);
  await put(sink, [loginEvent("root", "x")]);
  const { clientId, username, password } = broker.connects[0]!;
  assertEquals([clientId, username, password], ["plant 7", "sensor-1", "s\u00e9cret"]);
  assertEquals(broker.published[0]!.topic, "plant/ftp/ftp/50");
  assert(broker.published[0]!.payload.startsWith("CEF:0|"));
  await Deno.writeTextFile(`${folder.path}/password`, "renewed");
  broker.drop();
  await broker.untilClosed();
  await put(sink, madeEvents(1)).catch(() => put(sink, madeEvents(1)));
  assertEquals(broker.connects.at(-1)!.password, "renewed");
});

Deno.test("mqtt sink says goodbye when it is closed", async () => {
  await using broker = await FakeBroker.start();
  {
    await using sink = await open({ address: broker.address });
    await put(sink, madeEvents(1));
  }
  await broker.untilClosed();
  assertEquals(broker.goodbyes, 1);
});

Deno.test("mqtt sink speaks TLS with an authority of the operator's own, and with no other", async () => {
  using folder = tempFolder();
  const ca = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(ca, (await testKeys()).ca);
  await using broker = await FakeBroker.start({ tls: true });
  const address = `localhost:${broker.port}`;
  await using sink = await open({ address, tls: true, ca });
  await put(sink, madeEvents(3));
  assertEquals(broker.published.length, 3);
  await using stranger = await open({ address, tls: true });
  const error = await assertRejects(() => put(stranger, madeEvents(1)), SinkError);
  assertMatch(error.message, /^Cannot connect to MQTT broker localhost:\d+: .*UnknownIssuer/);
});

Deno.test("mqtt sink never has more in flight than the config and the broker allow", async () => {
  for (const [in_flight, receiveMaximum, most] of [[5, 65_535, 5], [20, 3, 3]] as const) {
    await using broker = await FakeBroker.start({ receiveMaximum, holdAcks: true });
    await using sink = await open({ address: broker.address, in_flight, version: "5" });
    const events = madeEvents(40);
    await put(sink, events);
    assertEquals([broker.mostHeld, broker.published.length], [most, 40]);
  }
});

Deno.test("mqtt sink fails while nobody listens, and delivers when somebody does", async () => {
  const port = await freePort();
  await using sink = await open({ address: `127.0.0.1:${port}` });
  const error = await assertRejects(() => put(sink, madeEvents(2)), SinkError);
  assert(error.retryable);
  assert(error.message.startsWith(`Cannot connect to MQTT broker 127.0.0.1:${port}: `));
  await using broker = await FakeBroker.start({ port });
  assertEquals(await put(sink, madeEvents(2)), all(2));
  assertEquals(broker.published.length, 2);
});

Deno.test("mqtt sink tells how many were acknowledged when the broker ends in the middle", async () => {
  await using broker = await FakeBroker.start({ dropAfter: 25 });
  await using sink = await open({ address: broker.address, in_flight: 10 });
  const events = madeEvents(60);
  const error = await assertRejects(() => put(sink, events), SinkError);
  assertEquals([error.retryable, error.done], [true, 25]);
  assertMatch(error.message, /^Cannot publish to MQTT broker 127\.0\.0\.1:\d+: /);
  await put(sink, events.slice(error.done));
  const got = new Set(broker.published.map(({ payload }) => payload));
  assertEquals(events.every(({ json }) => got.has(json)), true);
});

Deno.test("mqtt sink ends its waits at the deadline: for the login, for acknowledgements, for room", async () => {
  await using silent = await Receiver.start(hang);
  await using first = await open({ address: silent.address });
  const noLogin = await assertRejects(() => put(first, madeEvents(1), 200), SinkError);
  assertMatch(noLogin.message, /^Cannot connect to .*: no answer within the deadline$/);

  await using deaf = await FakeBroker.start({ ackUpTo: 3 });
  await using second = await open({ address: deaf.address });
  const noAck = await assertRejects(() => put(second, madeEvents(10), 300), SinkError);
  assertMatch(noAck.message, /^Cannot publish to .*: no answer within the deadline$/);
  assertEquals(noAck.done, 3);

  await using full = await FakeBroker.start({ stopReading: true });
  await using third = await open({ address: full.address, in_flight: 1000 });
  const big = madeEvents(1000).map((event) => ({
    ...event,
    json: event.json.replace("}", `,"x":"${"x".repeat(9000)}"}`),
  }));
  const noRoom = await assertRejects(() => put(third, big, 1000), SinkError);
  assertMatch(noRoom.message, /^Cannot publish to .*: no answer within the deadline$/);
});

Deno.test("mqtt sink says what the broker refused, and what to look at, without the password", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(`${folder.path}/password`, "hunter2");
  const password = `file:${folder.path}/password`;
  const cases = [
    ["3.1.1", { connackCode: 5 }, "code 5, not authorized; check username and password"],
    ["3.1.1", { connackCode: 1 }, "code 1, protocol version not accepted; try version: 5"],
    ["3.1.1", { connackCode: 77 }, "it refused the login with code 77"],
    ["5", { connackCode: 0x8a, reason: "no\x1b[2J" }, 'code 138, banned: "no\\x1b[2J"'],
  ] as const;
  for (const [version, options, words] of cases) {
    await using broker = await FakeBroker.start(options);
    await using sink = await open({ address: broker.address, version, username: "u", password });
    const error = await assertRejects(() => put(sink, madeEvents(1)), SinkError);
    assert(error.retryable && error.message.endsWith(words), error.message);
    assert(!error.message.includes("hunter2"));
  }
  await using sink = await open({ address: "127.0.0.1:1", password });
  const alone = await assertRejects(() => put(sink, madeEvents(1)), SinkError);
  assertEquals(alone.message, "Cannot log in with a password alone: must have username too");
});

Deno.test("mqtt sink with MQTT 5 parks what is refused for good and postpones the rest", async () => {
  await using broker = await FakeBroker.start({ refusals: { 2: 0x90, 4: 0x97, 5: 0x10 } });
  await using sink = await open({ address: broker.address, version: "5" });
  assertEquals(await put(sink, madeEvents(6)), {
    reply: "4 of 6 acknowledged",
    rejected: [{ index: 1, reason: "code 144, topic name not valid" }],
    postponed: [{ index: 3, reason: "code 151, quota exceeded" }],
  });
});

Deno.test("mqtt sink with MQTT 5 sends nothing that is longer than the broker takes", async () => {
  await using broker = await FakeBroker.start({ maxPacketBytes: 2000 });
  await using sink = await open({ address: broker.address, version: "5" });
  const events = [madeEvents(1)[0]!, loginEvent("u".repeat(3000), "x"), madeEvents(1)[0]!];
  assertEquals(await put(sink, events), {
    reply: "2 of 3 acknowledged",
    rejected: [{ index: 1, reason: "the broker takes 2000 bytes at most" }],
    postponed: [],
  });
  assertEquals(broker.published.length, 2);
});

Deno.test("mqtt sink takes why a broker of MQTT 5 ends the connection into its message", async () => {
  await using broker = await FakeBroker.start({ dropAfter: 1, disconnectCode: 0x8b });
  await using sink = await open({ address: broker.address, version: "5" });
  const error = await assertRejects(() => put(sink, madeEvents(30)), SinkError);
  assert(error.message.endsWith("it ended the connection with code 139, server shutting down"));
});

Deno.test("mqtt sink believes no broker that breaks the protocol", async () => {
  const cases = [
    ["\x20\x82\x00", "it ended the connection instead of answering the login"],
    ["HTTP/1.1 400 Bad", "it ended the connection instead of answering the login"],
    ["\x90\x03\x00\x01\x00", "it sent a packet of type 9 instead of CONNACK"],
    ["\x20\xff\xff\xff\xff\x7f", "it sent a length of more than four bytes"],
    ["\x20\xff\xff\x7f", "it sent a packet of 2097151 bytes"],
    ["\x20\x01\x00", "it sent a packet that is too short"],
    ["\x20\x02\x00\x00\x40\x02\x00\x63", "it sent PUBACK of 99, which is not awaited"],
    [
      "\x20\x02\x00\x00\x30\x03\x00\x01x",
      "it sent a packet of type 3, which is not for a publisher",
    ],
  ] as const;
  for (const [bytes, words] of cases) {
    await using receiver = await Receiver.start(async (conn) => {
      await conn.read(new Uint8Array(100));
      await conn.write(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
      await conn.closeWrite();
      await conn.read(new Uint8Array(100));
    });
    await using sink = await open({ address: receiver.address });
    const error = await assertRejects(() => put(sink, madeEvents(1), 3000), SinkError);
    assert(error.message.includes(words), `${error.message} for ${words}`);
  }
});

Deno.test("mqtt sink that is closed while it waits ends the wait, and keeps no connection", async () => {
  await using broker = await FakeBroker.start({ ackUpTo: 0 });
  const sink = await open({ address: broker.address });
  const writing = assertRejects(() => put(sink, madeEvents(3)), SinkError);
  while (broker.published.length < 3) await new Promise((go) => setTimeout(go, 5));
  await sink[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  assert((await writing).message.endsWith("the connection was closed"));
  await broker.untilClosed();
  const late = await assertRejects(() => put(sink, madeEvents(3)), SinkError);
  assert(late.message.endsWith("the sink was closed"), late.message);
});

Deno.test("mqtt sink connects anew when the broker ended an idle connection", async () => {
  await using broker = await FakeBroker.start();
  await using sink = await open({ address: broker.address });
  await put(sink, madeEvents(1));
  broker.drop();
  await broker.untilClosed();
  await new Promise((go) => setTimeout(go, 200));
  await put(sink, madeEvents(1));
  assertEquals([broker.connects.length, broker.published.length], [2, 2]);
});

Deno.test("mqtt sink asks a silent broker whether it is there, and believes no silence", async () => {
  await using broker = await FakeBroker.start({ serverKeepAliveS: 1 });
  await using sink = await open({ address: broker.address, version: "5" });
  await put(sink, madeEvents(1));
  await broker.untilPinged(2);
  broker.ignorePings = true;
  await broker.untilPinged(3);
  await new Promise((go) => setTimeout(go, 1500));
  await put(sink, madeEvents(1));
  assertEquals(broker.connects.length, 2, "the one that did not answer was given up");
});

Deno.test("mqtt sink's topic may have placeholders that there are, and no wildcard", () => {
  const isTaken = (topic: string) =>
    v.safeParse(mqttSink.options, { address: "broker.example:1883", topic }).success;
  for (const topic of ["a", "a/{sensor}", "{action}", "a b/{severity}/c"]) assert(isTaken(topic));
  for (const topic of ["", "a/#", "+/a", "$SYS/a", "{user}", "a{", "a}", "a\n", "x".repeat(257)]) {
    assertEquals(isTaken(topic), false, JSON.stringify(topic));
  }
});

Deno.test("mqtt sink lists what it dials and the files that it reads", () => {
  const address = "broker.example:8883";
  const options = v.parse(mqttSink.options, { address, ca: "ca.pem" });
  assertEquals([mqttSink.hosts!(options), mqttSink.reads!(options)], [[address], ["ca.pem"]]);
  assertEquals(mqttSink.reads!({ ...options, tls: false }), []);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  await using receiver = await Receiver.start();
  return receiver.port;
}
