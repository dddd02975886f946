import { assertEquals, assertRejects } from "@std/assert";
import { gather } from "../../../lib/collect/nats/gathering.ts";

/** Items that come when a test says so. */
class Source implements AsyncIterable<number> {
  /** How many were asked for. */
  asked = 0;
  isStopped = false;
  #queue: number[] = [];
  #error: unknown;
  #onNews = () => {};

  push(...items: number[]): void {
    this.#queue.push(...items);
    this.#onNews();
  }

  stop(error?: unknown): void {
    this.isStopped = true;
    this.#error = error;
    this.#onNews();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (;;) {
      this.asked++;
      while (this.#queue.length === 0 && !this.isStopped) {
        await new Promise<void>((resolve) => this.#onNews = resolve);
      }
      const item = this.#queue.shift();
      if (item !== undefined) yield item;
      else if (this.#error !== undefined) throw this.#error;
      else return;
    }
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("gather() takes together what is there, and at most so many", async () => {
  const source = new Source();
  const batches: number[][] = [];
  const stored = Promise.withResolvers<void>();
  source.push(1, 2, 3, 4, 5);
  const gathering = gather(source, {
    most: 3,
    store: (batch) => {
      batches.push([...batch]);
      if (batches.length === 2) stored.resolve();
      return Promise.resolve();
    },
    stop: () => source.stop(),
  });
  await stored.promise;
  assertEquals(batches, [[1, 2, 3], [4, 5]]);
  source.push(6);
  source.stop();
  await gathering;
  assertEquals(batches, [[1, 2, 3], [4, 5], [6]]);
});

Deno.test("gather() asks for no more than one while a batch is being stored", async () => {
  const source = new Source();
  const storing = Promise.withResolvers<void>();
  const batches: number[][] = [];
  source.push(1, 2, 3, 4, 5, 6);
  const gathering = gather(source, {
    most: 2,
    store: async (batch) => {
      batches.push([...batch]);
      if (batches.length === 1) await storing.promise;
    },
    stop: () => source.stop(),
  });
  for (let n = 0; n < 5; n++) await turn();
  assertEquals([batches, source.asked], [[[1, 2]], 3]);
  storing.resolve();
  source.stop();
  await gathering;
  assertEquals(batches, [[1, 2], [3, 4], [5, 6]]);
});

Deno.test("gather() stores what came before an error, and throws it", async () => {
  const source = new Source();
  const batches: number[][] = [];
  source.push(1, 2);
  source.stop(new Error("the consumer is gone"));
  await assertRejects(
    () =>
      gather(source, {
        most: 10,
        store: (batch) => Promise.resolve(void batches.push([...batch])),
        stop: () => source.stop(),
      }),
    Error,
    "the consumer is gone",
  );
  assertEquals(batches, [[1, 2]]);
});

Deno.test("gather() stores nothing behind what could not be stored, and ends though nothing comes", async () => {
  const source = new Source();
  const batches: number[][] = [];
  source.push(1, 2, 3);
  await assertRejects(
    () =>
      gather(source, {
        most: 2,
        store: (batch) => {
          batches.push([...batch]);
          return Promise.reject(new Error("the disk is full"));
        },
        stop: () => source.stop(),
      }),
    Error,
    "the disk is full",
  );
  assertEquals([batches, source.isStopped], [[[1, 2]], true]);
  const silent = new Source();
  silent.push(1);
  await assertRejects(
    () =>
      gather(silent, {
        most: 2,
        store: () => Promise.reject(new Error("the disk is full")),
        stop: () => silent.stop(),
      }),
    Error,
    "the disk is full",
  );
});
