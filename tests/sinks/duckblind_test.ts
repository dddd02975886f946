import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import { Emitter } from "../../lib/events/emitter.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { formatHostPort } from "../../lib/net/address.ts";
import { Delivery } from "../../lib/sinks/delivery.ts";
import { type DuckblindOptions, duckblindSink } from "../../lib/sinks/duckblind.ts";
import type { Sink, SinkContext } from "../../lib/sinks/sink.ts";
import { resolveSecret } from "../../lib/sinks/secrets.ts";
import { type ServiceFixture, startFixture } from "../service/fixture.ts";
import { allEvents, testScope } from "../support/events.ts";
import { hang, readExactly, Receiver, type Treatment } from "../support/receiver.ts";
import { batchOf, sinkConfig } from "../support/sinks.ts";
import { testKeys } from "../support/test_tls.ts";

/** A sensor with a journal, enrolled at a collector. */
class TestSensor implements Disposable {
  journal: Journal;
  readonly emitter: Emitter;
  readonly options: DuckblindOptions;
  context: SinkContext;
  readonly #folder: string;

  private constructor(folder: string, address: string, name: string) {
    this.#folder = folder;
    this.journal = new Journal(`${folder}/journal.db`);
    const sensor = { name, version: "0.1.0" };
    this.emitter = new Emitter(this.journal, { ...sensor, secrets: "plain", salt: "" });
    this.options = v.parse(duckblindSink.options, {
      address,
      ca: `${folder}/ca.pem`,
      token: `file:${folder}/token`,
    });
    this.context = {
      name: "collector",
      sensor,
      secret: resolveSecret,
      journal: this.journal,
      isFiltered: false,
    };
  }

  static async enrolled(f: ServiceFixture, name = "edge-2"): Promise<TestSensor> {
    const token = await f.tokens.add(name, "sensor");
    return await TestSensor.at(formatHostPort(f.address), { ca: f.ca, token, name });
  }

  static async at(
    address: string,
    { ca, token = "x".repeat(43), name = "edge-2" }: { ca: string; token?: string; name?: string },
  ): Promise<TestSensor> {
    const folder = await Deno.makeTempDir({ prefix: "duckblind-test-" });
    await Deno.writeTextFile(`${folder}/ca.pem`, ca);
    await Deno.writeTextFile(`${folder}/token`, `${name} ${token}\n`);
    return new TestSensor(folder, address, name);
  }

  open(context: Partial<SinkContext> = {}): Promise<Sink> {
    return duckblindSink.open(this.options, { ...this.context, ...context });
  }

  /** Makes events and commits them. */
  record(count: number): void {
    for (let i = 0; i < count; i++) {
      this.emitter.emit(testScope(), "auth.attempt", {
        method: "password",
        username: `user${this.journal.lastSequence + 1}`,
        secret: "x",
      });
    }
    this.journal.flush();
  }

  /** Loses events while it does not run, as to a retention that may. */
  lose(upTo: number): void {
    this.journal.close();
    this.journal = new Journal(`${this.#folder}/journal.db`);
    this.journal.withDatabase((db) => db.exec(`DELETE FROM events WHERE sequence <= ${upTo}`));
    this.context = { ...this.context, journal: this.journal };
  }

  /** Feeds the sink from the journal, as the sensor does. */
  deliver(keys: Record<string, unknown> = {}): Delivery {
    const config = sinkConfig({ batch_events: 1000, timeout_ms: 30_000, ...keys });
    return new Delivery({
      journal: this.journal,
      config,
      isDurable: true,
      startAfter: 0,
      opensAtOnce: true,
      open: () => this.open(),
    });
  }

  [Symbol.dispose](): void {
    this.journal.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Sequences, on the sensor, of the events that a collector has of it. */
function collected(journal: Journal, sensor = "edge-2"): number[] {
  return allEvents(journal).filter((event) => event.sensor === sensor)
    .map(({ json }) => JSON.parse(json).event.sequence);
}

/** Waits until a journal's events are as many of another sensor. */
function untilCollected(journal: Journal, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { n } = journal.withDatabase((db) =>
        db.prepare("SELECT count(*) AS n FROM events WHERE sensor <> ''").get() as { n: number }
      )!;
      if (n < count) return;
      takeBack();
      resolve();
    };
    const takeBack = journal.onAdvance(() => queueMicrotask(look));
    look();
  });
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

Deno.test("duckblind sink hands over batches on one connection, and says what became of them", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(2500);
  await using sink = await sensor.open();
  const events = allEvents(sensor.journal);
  const first = await sink.write(batchOf(events.slice(0, 2400)), AbortSignal.timeout(20_000));
  assertEquals(first, { reply: "stored 2400, known before 0, refused 0", rejected: [] });
  await sink.write(batchOf(events.slice(2400)), AbortSignal.timeout(20_000));
  assertEquals(collected(f.journal), numbers(1, 2500));
  assertEquals(f.service.status().accepted, 1);
  assertEquals(f.events("service-login").length, 1);
  using operator = await f.login();
  const row = JSON.parse((await operator.list("SENSORS"))[1]!);
  assertEquals([row.position, row.lag, row.missing], [2500, 0, 0]);
  const [, status] = await operator.list("STATUS");
  assertEquals(JSON.parse(status!).service.sensors, { known: 1, connected: 1, silent: 0 });
});

Deno.test("duckblind sink makes no gaps of what its filter leaves out, also after a restart", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  const only = { types: ["credential-attempt"] };
  const other = (count: number) => {
    for (let i = 0; i < count; i++) sensor.emitter.emit(testScope(), "session.open", {});
    sensor.journal.flush();
  };
  const began = sensor.deliver(only);
  sensor.record(3);
  await untilCollected(f.journal, 3);
  other(2500);
  sensor.record(2);
  await untilCollected(f.journal, 5);
  await began.stop(2000);
  other(3000);
  const again = sensor.deliver(only);
  sensor.record(1);
  await untilCollected(f.journal, 6);
  await again.stop(2000);
  assertEquals(collected(f.journal), [1, 2, 3, 2504, 2505, 5506]);
  assertEquals(again.status().failures, 0);
});

Deno.test("duckblind sink goes back to where the collector is, and nothing is missing there", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(1500);
  const delivery = sensor.deliver();
  await untilCollected(f.journal, 1500);
  // The collector loses the end of its journal, as with the power.
  f.journal.withDatabase((db) => {
    db.exec(
      "DELETE FROM events WHERE sensor <> '' AND json_extract(json, '$.event.sequence') > 700",
    );
    db.exec("UPDATE sensors SET position = 700");
  });
  sensor.record(1200); // several requests are on their way when the first is refused
  await untilCollected(f.journal, 2700);
  await delivery.stop(2000);
  assertEquals(collected(f.journal), numbers(1, 2700));
});

Deno.test("duckblind sink tells how many events were lost before they could be sent", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(100);
  sensor.lose(60);
  const delivery = sensor.deliver();
  await untilCollected(f.journal, 40);
  await delivery.stop(2000);
  using operator = await f.login();
  const row = JSON.parse((await operator.list("SENSORS"))[1]!);
  assertEquals([row.events, row.missing, row.position], [40, 60, 100]);
});

Deno.test("duckblind sink sends no events of other sensors, and makes no gap of them", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(1);
  const [own] = allEvents(sensor.journal);
  const { sequence: _sequence, ...rest } = own!;
  const foreign = { ...rest, sensor: "edge-9", version: "0.1.0", id: "01TEST00000000000000000009" };
  sensor.journal.ingest([foreign], { nowMs: Date.now() });
  sensor.record(1);
  const delivery = sensor.deliver();
  await untilCollected(f.journal, 2);
  await delivery.stop(2000);
  assertEquals(collected(f.journal), [1, 3]);
  using operator = await f.login();
  const row = JSON.parse((await operator.list("SENSORS"))[1]!);
  assertEquals([row.missing, row.refused, row.position], [0, 0, 3]);
});

Deno.test("duckblind sink reports what the collector refuses, also when the rest fails", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(1200);
  const events = allEvents(sensor.journal);
  events[7] = { ...events[7]!, json: events[7]!.json.replace('"edge-2"', '"edge-3"') };
  await using sink = await sensor.open();
  const outcome = await sink.write(batchOf(events.slice(0, 10)), AbortSignal.timeout(20_000));
  assertEquals(outcome?.rejected, [
    { index: 7, reason: "The collector refuses it: field-observer.name" },
  ]);
  // The second request fails: what the first one refused is told all the same.
  let requests = 0;
  const write = f.journal.ingest.bind(f.journal);
  f.journal.ingest = (...args) => {
    if (++requests === 2) throw new Error("disk full");
    return write(...args);
  };
  const partly = await sink.write(batchOf(events), AbortSignal.timeout(20_000));
  assertEquals(partly?.rejected?.map(({ index }) => index), [7]);
  assertEquals(partly?.postponed?.map(({ index }) => index), numbers(250, 1199));
  assertMatch(partly!.postponed![0]!.reason, /disk full/);
  // What was on its way behind it was not taken either: order stays.
  assertEquals(collected(f.journal), numbers(1, 250).filter((n) => n !== 8));
});

Deno.test("duckblind sink gives signs of life, and sends a test event without a journal", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  await using _sink = await sensor.open();
  await f.until("service-login", 1);
  using operator = await f.login();
  let rows: string[] = [];
  while (rows.length < 2) rows = await operator.list("SENSORS");
  const { name, state, events, lag } = JSON.parse(rows[1]!);
  assertEquals([name, state, events, lag], ["edge-2", "connected", 0, undefined]);
  sensor.record(1);
  const { journal: _journal, ...context } = sensor.context;
  await using single = await duckblindSink.open(sensor.options, context);
  const event = { ...allEvents(sensor.journal)[0]!, sequence: 0 };
  const batch = { events: [event], notices: [], after: 0, upTo: 0 };
  assertMatch((await single.write(batch, AbortSignal.timeout(20_000)))!.reply!, /^stored 1,/);
});

Deno.test("duckblind sink says what is wrong with token, authority or address", async () => {
  await using f = await startFixture();
  using sensor = await TestSensor.enrolled(f);
  sensor.record(1);
  const batch = batchOf(allEvents(sensor.journal));
  const fails = async (message: RegExp, change: () => unknown, options = {}) => {
    await change();
    await using sink = await duckblindSink.open({ ...sensor.options, ...options }, sensor.context);
    const error = await assertRejects(
      () => sink.write(batch, AbortSignal.timeout(20_000)),
      SinkError,
    );
    assertMatch(error.message, message);
    assertEquals(error.retryable, true, error.message);
  };
  const file = sensor.options.token.slice(5);
  const token = await Deno.readTextFile(file);
  await fails(/name or token is wrong/, () => f.tokens.revoke("edge-2"));
  await fails(/one line with name and token/, () => Deno.writeTextFile(file, "only"));
  await fails(
    /it is for the sensor edge-7, and sensor.id is "edge-2"/,
    () => Deno.writeTextFile(file, token.replace("edge-2", "edge-7")),
  );
  await fails(/Cannot read secret file:.*token/, () => Deno.remove(file));
  await Deno.writeTextFile(file, token);
  const { ca } = await testKeys();
  await fails(/not signed by the CA/, () => Deno.writeTextFile(sensor.options.ca, ca));
  await fails(/Cannot read ca ".*ca.pem"/, () => Deno.remove(sensor.options.ca));
  await Deno.writeTextFile(sensor.options.ca, f.ca);
  await fails(/not for "other.example"/, () => {}, { server_name: "other.example" });
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = formatHostPort(gone.addr as Deno.NetAddr);
  gone.close();
  await fails(/nobody listens there/, () => {}, { address });
});

/** Answers a login, and then does something else. */
function afterLogin(then: Treatment): Treatment {
  return async (conn, received, over) => {
    const write = (text: string) => conn.write(new TextEncoder().encode(text));
    await write("+OK hello\r\n");
    await readExactly(conn, `AUTH edge-2 ${"x".repeat(43)}\r\n`.length);
    await write("+OK Logged in\r\n");
    await then(conn, received, over);
  };
}

const answering = (text: string): Treatment => async (conn) => {
  await conn.read(new Uint8Array(65_536));
  await conn.write(new TextEncoder().encode(text));
  await conn.read(new Uint8Array(65_536));
};

const BAD_COLLECTORS: [string, Treatment, RegExp][] = [
  ["hangs before TLS", hang, /deadline|Stopped/],
  ["hangs after the login", afterLogin(hang), /within the deadline/],
  ["closes at once", () => Promise.resolve(), /Cannot reach|Lost the connection/],
  [
    "closes instead of an answer",
    afterLogin(async (conn) => {
      await conn.read(new Uint8Array(10));
    }),
    /Lost the connection/,
  ],
  ["speaks something else", afterLogin(answering("220 hello\r\n")), /no \+OK or -ERR/],
  ["answers another request", afterLogin(answering("+OK PONG\r\n")), /no PUBLISH/],
  [
    "is busy",
    afterLogin(answering("-ERR busy Cannot be written now: full\r\n")),
    /now: full \(busy\)/,
  ],
  [
    "is too old",
    afterLogin(answering("-ERR unknown No \x1b[2Jsuch\r\n")),
    /No \\x1b\[2Jsuch \(unknown\)/,
  ],
  [
    "refuses what was not sent",
    afterLogin(answering("+OK 1 stored=0 known=0 refused=99:x\r\n")),
    /makes no sense/,
  ],
];

for (const [what, treat, message] of BAD_COLLECTORS) {
  Deno.test(`duckblind sink fails within its deadline when the collector ${what}`, async () => {
    const { ca } = await testKeys();
    await using receiver = await Receiver.start(treat, { tls: what !== "hangs before TLS" });
    using sensor = await TestSensor.at(receiver.address, { ca });
    sensor.record(1);
    await using sink = await sensor.open();
    const began = performance.now();
    const error = await assertRejects(
      () => sink.write(batchOf(allEvents(sensor.journal)), AbortSignal.timeout(700)),
      SinkError,
    );
    assertMatch(error.message, message);
    assertEquals([error.retryable, error.done], [true, 0]);
    assertEquals(error.message.includes("x".repeat(43)), false, "no secret");
    assert(performance.now() - began < 3000);
  });
}

Deno.test("duckblind sink that is closed while a call hangs lets go of it", async () => {
  const { ca } = await testKeys();
  await using receiver = await Receiver.start(afterLogin(hang), { tls: true });
  using sensor = await TestSensor.at(receiver.address, { ca });
  sensor.record(1);
  const sink = await sensor.open();
  const call = sink.write(batchOf(allEvents(sensor.journal)), AbortSignal.timeout(20_000));
  call.catch(() => {});
  while (receiver.connections.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await sink[Symbol.asyncDispose]();
  await assertRejects(() => call, SinkError);
  await sink[Symbol.asyncDispose]();
});

Deno.test("duckblind sink's options are checked", () => {
  const good = { address: "192.0.2.1:9443", ca: "ca.pem", token: "file:token" };
  assertEquals(duckblindSink.hosts!(v.parse(duckblindSink.options, good)), ["192.0.2.1:9443"]);
  assertEquals(duckblindSink.reads!(v.parse(duckblindSink.options, good)), ["ca.pem"]);
  for (const bad of [{ token: "edge-2 secret" }, { ca: "" }, { address: "x" }, { other: 1 }]) {
    assertEquals(v.safeParse(duckblindSink.options, { ...good, ...bad }).success, false);
  }
});
