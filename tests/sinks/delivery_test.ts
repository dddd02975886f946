import { assertEquals } from "@std/assert";
import { SinkError } from "../../lib/errors.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { Delivery } from "../../lib/sinks/delivery.ts";
import type { Batch, Sink } from "../../lib/sinks/sink.ts";
import { testEmitter, testScope } from "../support/events.ts";
import { tempFolder } from "../support/temp_folder.ts";

/** A sink that keeps what it gets, and may be told to fail. */
class KeepingSink implements Sink {
  readonly sequences: number[] = [];
  failures: unknown[] = [];
  disposed = 0;
  #waiting: (() => void)[] = [];

  write({ events }: Batch): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.sequences.push(...events.map((event) => event.sequence));
    for (const wake of this.#waiting.splice(0)) wake();
    return Promise.resolve();
  }

  async until(count: number): Promise<void> {
    while (this.sequences.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }
}

const OPTIONS = { name: "test", filter: {}, isDurable: false, startAfter: 0 };

function emitMany(journal: Journal, count: number): void {
  const emitter = testEmitter(journal);
  for (let i = 0; i < count; i++) emitter.emit(testScope(), "session.open", {});
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

Deno.test("Delivery brings everything in order, what was there and what comes", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  emitMany(journal, 1200);
  const sink = new KeepingSink();
  const delivery = new Delivery(journal, sink, OPTIONS);
  emitMany(journal, 300);
  await sink.until(1500);
  emitMany(journal, 1);
  await sink.until(1501);
  assertEquals(sink.sequences, range(1, 1501));
  assertEquals(delivery.status().delivered, 1501);
  await delivery.stop(1000);
  assertEquals(sink.disposed, 1);
  journal.close();
});

Deno.test("Delivery repeats what failed, and gives up only what can never work", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const sink = new KeepingSink();
  sink.failures = [new SinkError("refused", true), new TypeError("surprise")];
  const delivery = new Delivery(journal, sink, OPTIONS);
  emitMany(journal, 3);
  await sink.until(3);
  assertEquals(sink.sequences, [1, 2, 3]);
  sink.failures = [new SinkError("never", false)];
  emitMany(journal, 2);
  await new Promise<void>((resolve) => {
    const look = () => delivery.status().dropped === 2 ? resolve() : setTimeout(look, 5);
    look();
  });
  emitMany(journal, 1);
  await sink.until(4);
  assertEquals(sink.sequences, [1, 2, 3, 6]);
  await delivery.stop(1000);
  journal.close();
});

Deno.test("Delivery with a durable cursor goes on where it stopped", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const seen: number[] = [];
  for (let run = 0; run < 3; run++) {
    const journal = new Journal(path);
    emitMany(journal, 10);
    const sink = new KeepingSink();
    const delivery = new Delivery(journal, sink, { ...OPTIONS, isDurable: true });
    await sink.until(10);
    await delivery.stop(1000);
    journal.close();
    seen.push(...sink.sequences);
  }
  assertEquals(seen, range(1, 30));
});

Deno.test("Delivery filters by severity, action and decoy", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  const attempt = { method: "password", username: "a", secret: "b" } as const;
  emitter.emit(testScope("192.0.2.1", { decoy: "ftp" }), "session.open", {});
  emitter.emit(testScope("192.0.2.1", { decoy: "ftp" }), "auth.attempt", attempt);
  emitter.emit(testScope("192.0.2.1", { decoy: "web" }), "auth.attempt", attempt);
  const filters = [
    [{ minSeverity: 50 }, [2, 3]],
    [{ actions: ["connection-opened"] }, [1]],
    [{ decoys: ["web"] }, [3]],
  ] as const;
  for (const [filter, expected] of filters) {
    const sink = new KeepingSink();
    const delivery = new Delivery(journal, sink, { ...OPTIONS, filter });
    await sink.until(expected.length);
    await delivery.stop(1000);
    assertEquals(sink.sequences, [...expected]);
  }
  journal.close();
});

Deno.test("Delivery to a sink that hangs does not delay the stop", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  let release = () => {};
  const sink: Sink = {
    write: () => new Promise<void>((resolve) => release = resolve),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const delivery = new Delivery(journal, sink, OPTIONS);
  emitMany(journal, 1);
  journal.flush();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await delivery.stop(50);
  release();
  journal.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
});
