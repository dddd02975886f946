import { assert, assertEquals, assertRejects } from "@std/assert";
import { LimitError } from "../../../../lib/errors.ts";
import { LongWork } from "../../../../lib/decoys/ssh/kex/long_work.ts";

const never = new AbortController().signal;

function yieldToLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function* steps<T>(count: number, result: T, log?: T[]): Generator<void, T> {
  for (let i = 1; i < count; i++) {
    log?.push(result);
    yield;
  }
  log?.push(result);
  return result;
}

Deno.test("run() returns what the computation returns", async () => {
  const work = new LongWork({ yieldToLoop });
  assertEquals(await work.turnFor("a", never).run(steps(5, 42)), 42);
  assertEquals([work.size, work.sources], [0, 0]);
});

Deno.test("run() lets sources take turns, and finishes one computation of a source first", async () => {
  const work = new LongWork({ yieldToLoop });
  const log: string[] = [];
  const a = work.turnFor("a", never);
  const done = [a.run(steps(3, "a1", log)), a.run(steps(2, "a2", log))];
  done.push(work.turnFor("b", never).run(steps(2, "b1", log)));
  await Promise.all(done);
  assertEquals(log, ["a1", "a1", "b1", "a1", "b1", "a2", "a2"]);
});

Deno.test("run() finishes one computation of a source among the first of 50 of another", async () => {
  const work = new LongWork({ yieldToLoop });
  const finished: string[] = [];
  const many = Array.from({ length: 50 }, async () => {
    await work.turnFor("flood", never).run(steps(4, 0));
    finished.push("flood");
  });
  const one = work.turnFor("other", never).run(steps(4, 0)).then(() => finished.push("other"));
  await Promise.all([...many, one]);
  assert(finished.indexOf("other") <= 2, `${finished.indexOf("other")}`);
  assertEquals([work.size, work.sources], [0, 0]);
});

Deno.test("run() serves the event loop after each slice", async () => {
  let rounds = 0;
  const work = new LongWork({
    yieldToLoop: async () => {
      rounds++;
      await yieldToLoop();
    },
  });
  let ticks = 0;
  const ticking = (function tick(): Promise<void> {
    return yieldToLoop().then(() => ++ticks < 10 ? tick() : undefined);
  })();
  await work.turnFor("a", never).run(steps(10, 0));
  assert(rounds === 10 && ticks >= 5, `${rounds} rounds, ${ticks} ticks`);
  await ticking;
});

Deno.test("run() refuses the computation after the last one that a source may have", async () => {
  const work = new LongWork({ yieldToLoop, maxPerSource: 2 });
  const turn = work.turnFor("a", never);
  const two = [turn.run(steps(2, 1)), turn.run(steps(2, 2))];
  const error = await assertRejects(() => turn.run(steps(1, 3)), LimitError);
  assertEquals([error.limit, error.max], ["ssh_computations_per_source", 2]);
  assertEquals(await work.turnFor("b", never).run(steps(1, 4)), 4);
  assertEquals(await Promise.all(two), [1, 2]);
  assertEquals(await turn.run(steps(1, 5)), 5);
});

Deno.test("run() refuses the computation after the last one that all may have", async () => {
  const work = new LongWork({ yieldToLoop, max: 2 });
  const two = ["a", "b"].map((source) => work.turnFor(source, never).run(steps(2, source)));
  const error = await assertRejects(() => work.turnFor("c", never).run(steps(1, 3)), LimitError);
  assertEquals([error.limit, error.max], ["ssh_computations", 2]);
  assertEquals([await Promise.all(two), work.sources], [["a", "b"], 0]);
});

Deno.test("run() rejects with the signal's reason, at once, and makes room", async () => {
  const work = new LongWork({ yieldToLoop, max: 2 });
  const session = new AbortController();
  const log: string[] = [];
  const first = work.turnFor("a", session.signal).run(steps(100, "first", log));
  const second = work.turnFor("a", session.signal).run(steps(100, "second", log));
  const reason = new Error("gone");
  session.abort(reason);
  assertEquals([work.size, work.sources], [0, 0]);
  const results = await Promise.allSettled([first, second]);
  assertEquals(results.map((result) => result.status === "rejected" && result.reason), [
    reason,
    reason,
  ]);
  await yieldToLoop();
  assertEquals(log, ["first"]);
  await assertRejects(() => work.turnFor("a", session.signal).run(steps(1, 0)), Error, "gone");
  assertEquals(await work.turnFor("a", never).run(steps(1, 7)), 7);
});

Deno.test("run() rejects with what the computation throws, and the others go on", async () => {
  const work = new LongWork({ yieldToLoop });
  const bad = work.turnFor("a", never).run((function* (): Generator<void, number> {
    yield;
    throw new RangeError("bad");
  })());
  const good = work.turnFor("a", never).run(steps(3, 1));
  await assertRejects(() => bad, RangeError, "bad");
  assertEquals([await good, work.size, work.sources], [1, 0, 0]);
});

Deno.test("run() rejects all that wait when the event loop cannot be served", async () => {
  let isBroken = true;
  const work = new LongWork({
    yieldToLoop: () => isBroken ? Promise.reject(new Error("no loop")) : Promise.resolve(),
  });
  const turn = work.turnFor("a", never);
  const results = await Promise.allSettled([turn.run(steps(2, 1)), turn.run(steps(2, 2))]);
  assertEquals(results.map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals([work.size, work.sources], [0, 0]);
  isBroken = false;
  assertEquals(await turn.run(steps(2, 3)), 3);
});
