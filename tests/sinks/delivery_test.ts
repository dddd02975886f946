import { assert, assertEquals } from "@std/assert";
import { SinkError } from "../../lib/errors.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { Retention } from "../../lib/journal/retention.ts";
import { Delivery, type DeliveryParts } from "../../lib/sinks/delivery.ts";
import type { SinkTrouble } from "../../lib/sinks/health.ts";
import { Pace } from "../../lib/sinks/pace.ts";
import type { Batch, Notice, Outcome, Sink } from "../../lib/sinks/sink.ts";
import { testEmitter, testScope } from "../support/events.ts";
import { sinkConfig } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";

/** What a sink does with one call: takes it all, or something else. */
type Behaviour = (batch: Batch, signal: AbortSignal) => Promise<Outcome | void>;

/** A sink that keeps what it gets, and may be told to behave otherwise for some calls. */
class KeepingSink implements Sink {
  readonly sequences: number[] = [];
  readonly notices: Notice[] = [];
  readonly calls: Batch[] = [];
  next: Behaviour[] = [];
  /** What it does when `next` is empty. */
  always: Behaviour | undefined;
  disposed = 0;
  #waiting: (() => void)[] = [];

  async write(batch: Batch, signal: AbortSignal): Promise<Outcome | void> {
    this.calls.push(batch);
    const behaviour = this.next.shift() ?? this.always;
    try {
      const outcome = await behaviour?.(batch, signal);
      if (outcome === undefined) this.take(batch);
      return outcome;
    } finally {
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  take({ events, notices }: Batch): void {
    this.sequences.push(...events.map((event) => event.sequence));
    this.notices.push(...notices);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  has(count: number): Promise<void> {
    return this.until(() => this.sequences.length >= count);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }
}

const fail = (message: string, retryable = true): Behaviour => () =>
  Promise.reject(new SinkError(message, retryable));

/** A journal with a delivery to a sink. */
class Bench implements AsyncDisposable {
  readonly folder = tempFolder();
  readonly path = `${this.folder.path}/journal.db`;
  journal = new Journal(this.path);
  sink = new KeepingSink();
  readonly failing: SinkTrouble[] = [];
  readonly recovered: SinkTrouble[] = [];
  delivery: Delivery | undefined;

  start(keys: Record<string, unknown> = {}, parts: Partial<DeliveryParts> = {}): Delivery {
    return this.delivery = new Delivery({
      journal: this.journal,
      config: sinkConfig(keys, { isForPeople: keys.group_by !== undefined }),
      isDurable: true,
      startAfter: 0,
      listener: {
        onFailing: (trouble) => this.failing.push(trouble),
        onRecovered: (trouble) => this.recovered.push(trouble),
      },
      open: () => Promise.resolve(this.sink),
      ...parts,
    });
  }

  emit(count: number, ip = "203.0.113.7"): void {
    const emitter = testEmitter(this.journal);
    for (let i = 0; i < count; i++) emitter.emit(testScope(ip), "session.open", {});
  }

  /** Ends the program hard: nothing is stored any more, but what is in the file stays. */
  async restart(): Promise<void> {
    await this.delivery?.stop(1000);
    this.journal.close();
    this.journal = new Journal(this.path);
    this.sink = new KeepingSink();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delivery?.stop(1000);
    this.journal.close();
    this.folder[Symbol.dispose]();
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Waits until something holds that no call of the sink announces. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

Deno.test("Delivery brings everything in order, what was there and what comes", async () => {
  await using bench = new Bench();
  bench.emit(1200);
  const delivery = bench.start();
  bench.emit(300);
  await bench.sink.has(1500);
  bench.emit(1);
  await bench.sink.has(1501);
  assertEquals(bench.sink.sequences, range(1, 1501));
  await until(() => delivery.status().cursor === 1501);
  assertEquals(delivery.status().delivered, 1501);
  await delivery.stop(1000);
  assertEquals(bench.sink.disposed, 1);
});

Deno.test("Delivery keeps batches within their events and bytes, and without gaps", async () => {
  await using bench = new Bench();
  bench.emit(100);
  bench.start({ batch_events: 30, batch_bytes: 10_000 });
  await bench.sink.has(100);
  assert(bench.sink.calls.length > 3);
  let end = 0;
  for (const { events, after, upTo } of bench.sink.calls) {
    assertEquals(after, end);
    end = upTo;
    assert(events.length <= 30);
    assert(events.length === 1 || events.reduce((n, { json }) => n + json.length, 0) <= 10_000);
  }
  assertEquals(end, 100);
});

Deno.test("Delivery lets a batch grow for a while, but not beyond its size", async () => {
  await using bench = new Bench();
  bench.start({ batch_ms: 60_000, batch_events: 50 });
  for (let i = 0; i < 50; i++) {
    bench.emit(1);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await bench.sink.has(50);
  assertEquals(bench.sink.calls.length, 1);
});

Deno.test("Delivery repeats what failed until it works, and tells both ends of the trouble", async () => {
  await using bench = new Bench();
  bench.sink.next = [
    fail("refused"),
    () => Promise.reject(new TypeError("surprise")),
    fail("refused again"),
  ];
  const delivery = bench.start();
  bench.emit(3);
  await bench.sink.has(3);
  assertEquals(bench.sink.sequences, [1, 2, 3]);
  await until(() => bench.recovered.length > 0);
  assertEquals(bench.failing, [{ detail: "surprise", failures: 2, lost: 0 }]);
  assertEquals(bench.recovered, [{ detail: "refused again", failures: 3, lost: 0 }]);
  const { failures, trouble, lastSuccessMs } = delivery.status();
  assertEquals([failures, trouble], [3, undefined]);
  assert(lastSuccessMs !== undefined && Date.now() - lastSuccessMs < 10_000);
});

Deno.test("Delivery does not tell of a single failure", async () => {
  await using bench = new Bench();
  bench.sink.next = [fail("idle connection")];
  bench.start();
  bench.emit(1);
  await bench.sink.has(1);
  assertEquals([bench.failing, bench.recovered], [[], []]);
});

Deno.test("Delivery does not send again what a failed call had delivered", async () => {
  await using bench = new Bench();
  const sink = bench.sink;
  sink.next = [(batch) => {
    sink.take({ ...batch, events: batch.events.slice(0, 4) });
    throw new SinkError("connection lost", true, { done: 4 });
  }];
  bench.emit(10);
  bench.start();
  await sink.has(10);
  assertEquals(sink.sequences, range(1, 10));
  assertEquals(sink.calls[1]!.after, 4);
});

Deno.test("Delivery finds the event that is refused, parks it, and delivers all others", async () => {
  await using bench = new Bench();
  const sink = bench.sink;
  sink.always = (batch) =>
    batch.events.some(({ sequence }) => sequence === 42)
      ? Promise.reject(new SinkError("400 no such field", false))
      : Promise.resolve();
  bench.emit(100);
  const delivery = bench.start();
  await sink.has(99);
  assertEquals(sink.sequences, range(1, 100).filter((n) => n !== 42));
  await until(() => delivery.status().cursor === 100);
  assertEquals(delivery.status().deadLetters, 1);
  sink.always = undefined;
  assertEquals(await delivery.replay(), { delivered: 1, left: 0 });
  assertEquals(sink.sequences.at(-1), 42);
  assertEquals(delivery.status().deadLetters, 0);
});

Deno.test("Delivery parks what an answer names, and sends again what was not taken", async () => {
  await using bench = new Bench();
  const sink = bench.sink;
  sink.next = [(batch) => {
    sink.take({ ...batch, events: batch.events.filter((_event, i) => i !== 2 && i !== 5) });
    return Promise.resolve({
      rejected: [{ index: 2, reason: "mapping" }],
      postponed: [{ index: 5, reason: "queue is full" }],
    });
  }];
  bench.emit(8);
  const delivery = bench.start();
  await sink.has(7);
  assertEquals(sink.sequences, [1, 2, 4, 5, 7, 8, 6]);
  await until(() => delivery.status().cursor === 8);
  assertEquals(delivery.status().deadLetters, 1);
});

Deno.test("Delivery goes on at once with what a call has left, and with its letters too", async () => {
  await using bench = new Bench();
  const sink = bench.sink;
  sink.always = (batch) => {
    sink.take({ ...batch, events: batch.events.slice(0, 3) });
    return Promise.resolve({ done: Math.min(3, batch.events.length) });
  };
  bench.emit(10);
  const delivery = bench.start();
  await sink.has(10);
  assertEquals(sink.sequences, range(1, 10));
  await until(() => delivery.status().cursor === 10);
  assertEquals([delivery.status().delivered, delivery.status().failures], [10, 0]);
  assertEquals(sink.calls.map(({ after }) => after), [0, 3, 6, 9]);
});

Deno.test("Delivery keeps dead letters whose replay fails, and says why", async () => {
  await using bench = new Bench();
  bench.sink.next = [fail("400", false)];
  bench.emit(1);
  const delivery = bench.start();
  await until(() => delivery.status().deadLetters === 1);
  bench.sink.next = [fail("still 400", false)];
  assertEquals(await delivery.replay(), { delivered: 0, left: 1, reason: "still 400" });
  await bench.restart();
  const again = bench.start();
  assertEquals(again.status().deadLetters, 1);
  assertEquals(again.discard(), 1);
  assertEquals(again.status().deadLetters, 0);
});

Deno.test("Delivery slows down when everything is refused, and says so", async () => {
  await using bench = new Bench();
  bench.sink.always = fail("404 gone", false);
  bench.emit(6);
  const delivery = bench.start();
  await until(() => delivery.status().deadLetters === 6);
  assert(delivery.status().failures >= 3);
  assertEquals(bench.failing.length, 1);
});

Deno.test("Delivery with a durable cursor goes on where it stopped", async () => {
  await using bench = new Bench();
  const seen: number[] = [];
  for (let run = 0; run < 3; run++) {
    bench.emit(10);
    bench.start();
    await bench.sink.has(10);
    seen.push(...bench.sink.sequences);
    await bench.restart();
  }
  assertEquals(seen, range(1, 30));
});

Deno.test("Delivery goes back where the destination wants everything again", async () => {
  await using bench = new Bench();
  const sink = bench.sink;
  bench.emit(10);
  bench.start();
  await sink.has(10);
  sink.next = [() => Promise.reject(new SinkError("gap", true, { rewindTo: 6 }))];
  bench.emit(2);
  await sink.has(16);
  assertEquals(sink.sequences, [...range(1, 10), ...range(7, 12)]);
});

Deno.test("Delivery filters by severity, action, decoy and source", async () => {
  await using bench = new Bench();
  const emitter = testEmitter(bench.journal);
  const attempt = { method: "password", username: "a", secret: "b" } as const;
  emitter.emit(testScope("192.0.2.1", { decoy: "ftp" }), "session.open", {});
  emitter.emit(testScope("192.0.2.1", { decoy: "ftp" }), "auth.attempt", attempt);
  emitter.emit(testScope("2001:db8::7", { decoy: "web" }), "auth.attempt", attempt);
  emitter.emit({ provider: "sensor", kind: "sensor" }, "sensor.stopped", {
    reason: "x",
    uptimeMs: 1,
  });
  const wanted: [Record<string, unknown>, number[]][] = [
    [{ min_severity: 50 }, [2, 3]],
    [{ types: ["connection-opened"] }, [1]],
    [{ exclude_types: ["connection-opened"] }, [2, 3, 4]],
    [{ decoys: ["web"] }, [3]],
    [{ exclude_decoys: ["web", "sensor"] }, [1, 2]],
    [{ sources: ["2001:db8::/32"] }, [3]],
    [{ exclude_sources: ["192.0.2.0/24"] }, [3, 4]],
  ];
  for (const [keys, expected] of wanted) {
    const sink = new KeepingSink();
    const delivery = bench.start(keys, { isDurable: false, open: () => Promise.resolve(sink) });
    await sink.has(expected.length);
    await until(() => delivery.status().cursor === 4);
    await delivery.stop(1000);
    assertEquals(sink.sequences, expected);
  }
});

Deno.test("Delivery to a sink that hangs opens another one, and does not delay the stop", async () => {
  await using bench = new Bench();
  const hanging: (() => void)[] = [];
  bench.sink.next = [() => new Promise((resolve) => hanging.push(resolve))];
  bench.start({ timeout_ms: 100 });
  bench.emit(1);
  await bench.sink.has(1);
  assertEquals(bench.sink.disposed, 1);
  bench.sink.always = () => new Promise((resolve) => hanging.push(resolve));
  bench.emit(1);
  await until(() => hanging.length === 2);
  const beganMs = performance.now();
  await bench.delivery!.stop(50);
  assert(performance.now() - beganMs < 3000);
  for (const release of hanging) release();
});

Deno.test("Delivery opens a sink again that could not be opened", async () => {
  await using bench = new Bench();
  let tries = 0;
  bench.emit(2);
  bench.start({}, {
    open: () =>
      ++tries < 3 ? Promise.reject(new SinkError("refused", true)) : Promise.resolve(bench.sink),
  });
  await bench.sink.has(2);
  assertEquals(bench.sink.sequences, [1, 2]);
});

Deno.test("Delivery waits as long as the destination asks", async () => {
  await using bench = new Bench();
  bench.sink.next = [() => Promise.reject(new SinkError("429", true, { retryAfterMs: 120 }))];
  const beganMs = performance.now();
  bench.emit(1);
  bench.start();
  await bench.sink.has(1);
  assert(performance.now() - beganMs >= 115);
});

Deno.test("Delivery gives up what is too old, counts it and tells it", async () => {
  await using bench = new Bench();
  const dayMs = 86_400_000;
  const real = Date.now;
  Date.now = () => real() - dayMs;
  bench.emit(3);
  Date.now = real;
  bench.emit(2);
  bench.sink.next = [fail("down")];
  const delivery = bench.start({ max_age_hours: 1 });
  await bench.sink.has(2);
  assertEquals(bench.sink.sequences, [4, 5]);
  assertEquals(delivery.status().dropped, 3);
  assertEquals(bench.failing.at(-1)?.lost, 3);
});

Deno.test("Retention leaves what a sink is owed, unless max_backlog says otherwise", async () => {
  await using bench = new Bench();
  bench.sink.always = fail("down");
  bench.emit(2000);
  bench.journal.flush();
  const unbound = bench.start();
  const limits = { maxAgeMs: 3_600_000, maxBytes: 1, maxSources: 10 };
  const held: string[] = [];
  const retention = new Retention(bench.journal, limits, {
    get releasedTo() {
      return bench.delivery!.releasedTo!;
    },
    abandon: (upTo) => bench.delivery!.abandon(upTo),
  });
  retention.onHeld = () => held.push("held");
  assertEquals(retention.step(Date.now()), false);
  assertEquals([bench.journal.status().firstSequence, held.length], [1, 1]);
  await unbound.stop(10);
  const bound = bench.start({ max_backlog: 800, batch_events: 100 });
  await until(() => bound.status().failures > 0);
  while (retention.step(Date.now()));
  assertEquals(bench.journal.status().firstSequence, 1201);
  assertEquals(bound.status().dropped, 1100); // the first 100 are in hand
  assertEquals(bound.status().cursor, 1200);
  bench.sink.always = undefined;
  await bench.sink.has(900);
  assertEquals(bench.sink.sequences, [...range(1, 100), ...range(1201, 2000)]);
});

Deno.test("Delivery to people tells the first of a source at once and the others in a digest", async () => {
  await using bench = new Bench();
  bench.start({ group_by: "source", window_s: 1 });
  bench.emit(1);
  await bench.sink.until(() => bench.sink.notices.length === 1);
  bench.emit(5);
  bench.emit(1, "198.51.100.9");
  await bench.sink.until(() => bench.sink.notices.length === 3);
  assertEquals(
    bench.sink.notices.map(({ reason, count, group }) => [reason, count, group]),
    [["first", 1, "203.0.113.7"], ["first", 1, "198.51.100.9"], ["digest", 5, "203.0.113.7"]],
  );
});

Deno.test("Delivery to people keeps open windows over a restart", async () => {
  await using bench = new Bench();
  bench.start({ group_by: "source", window_s: 2 });
  bench.emit(1);
  await bench.sink.until(() => bench.sink.notices.length === 1);
  bench.emit(3);
  await until(() => bench.delivery!.status().cursor === 4);
  await bench.restart();
  bench.start({ group_by: "source", window_s: 2 });
  bench.emit(1);
  await bench.sink.until(() => bench.sink.notices.length === 1);
  const [notice] = bench.sink.notices;
  assertEquals([notice!.reason, notice!.count, notice!.fromMs], [
    "digest",
    4,
    notice!.event.timeMs,
  ]);
});

Deno.test("Delivery brings what has happened before a file is opened anew, but waits for nobody", async () => {
  await using bench = new Bench();
  const reopened: number[] = [];
  const sink = Object.assign(bench.sink, {
    reopen: () => Promise.resolve(void reopened.push(bench.sink.sequences.length)),
  });
  bench.start({ batch_ms: 60_000 });
  bench.emit(2);
  bench.journal.flush();
  await bench.delivery!.reopen(); // the sink is not open yet
  await sink.has(2);
  bench.emit(1);
  bench.journal.flush();
  await bench.delivery!.reopen();
  assertEquals(reopened.at(-1), 3);
  sink.always = fail("down");
  bench.emit(1);
  bench.journal.flush();
  await bench.delivery!.reopen();
  assertEquals(reopened.at(-1), 3);
});

Deno.test("Delivery outlives a bug of ours", async () => {
  await using bench = new Bench();
  const { read } = bench.journal;
  let failures = 2;
  bench.journal.read = (...args) => {
    if (failures-- > 0) throw new TypeError("surprise");
    return read.apply(bench.journal, args);
  };
  bench.emit(2);
  bench.start();
  await bench.sink.has(2);
  assertEquals(bench.sink.sequences, [1, 2]);
});

Deno.test("Delivery waits for the hours of its schedule", async () => {
  await using bench = new Bench();
  const now = new Date(Date.now() + 3 * 3_600_000);
  const hour = (date: Date) => `${String(date.getUTCHours()).padStart(2, "0")}:00`;
  const later = new Date(now.getTime() + 3_600_000);
  const delivery = bench.start({ schedule: [`${hour(now)}-${hour(later)}`] });
  bench.emit(2);
  bench.journal.flush();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(bench.sink.calls.length, 0);
  assertEquals(delivery.status().cursor, 0);
  const reason = "its schedule is closed now";
  assertEquals(await delivery.replay(), { delivered: 0, left: 0, reason });
});

Deno.test("a backlog makes way for busy decoys, and a stop does not wait for that", async () => {
  await using bench = new Bench();
  bench.emit(400);
  bench.journal.flush();
  bench.sink.always = () => new Promise((resolve) => setTimeout(resolve, 20));
  const times: number[] = [];
  const began = performance.now();
  // CPU time that passes like time: one core is full.
  bench.start({ batch_events: 100 }, { pace: new Pace(() => performance.now()) });
  for (let calls = 1; calls <= 3; calls++) {
    await bench.sink.until(() => bench.sink.calls.length >= calls);
    times.push(performance.now());
  }
  assert(times[1]! - times[0]! >= 19 * 19 && times[2]! - times[1]! >= 19 * 19, `${times}`);
  await bench.delivery!.stop(2000);
  assertEquals(bench.sink.sequences, range(1, 400));
  assert(performance.now() - began < 5000);
});
