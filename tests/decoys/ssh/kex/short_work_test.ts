import { assert, assertEquals, assertRejects } from "@std/assert";
import { ShortWork } from "../../../../lib/decoys/ssh/kex/short_work.ts";

/** A loop whose rounds the test turns. */
function loop() {
  let turns: (() => void)[] = [];
  return {
    yieldToLoop: () => new Promise<void>((resolve) => turns.push(resolve)),
    get isAwaited() {
      return turns.length > 0;
    },
    /** One round, and all that follows from it. */
    async turn() {
      const due = turns;
      turns = [];
      for (const resolve of due) resolve();
      await settle();
    },
  };
}

/** Lets promises that are resolved run on. */
async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function waiter(ip: string, signal = new AbortController().signal) {
  return { peer: { ip }, signal };
}

Deno.test("turn() lets the first pass at once, and the others in the rounds after", async () => {
  const rounds = loop();
  const gate = new ShortWork({ ...rounds, perRound: 2 });
  const passed: number[] = [];
  for (let i = 0; i < 5; i++) gate.turn(waiter("a")).then(() => passed.push(i));
  await settle();
  assertEquals(passed, [0, 1]);
  await rounds.turn();
  assertEquals(passed, [0, 1, 2, 3]);
  await rounds.turn();
  assertEquals(passed, [0, 1, 2, 3, 4]);
  assertEquals(gate.sources, 0);
});

Deno.test("turn() counts no more rounds when nobody comes, and begins anew", async () => {
  const rounds = loop();
  const gate = new ShortWork({ ...rounds, perRound: 1 });
  await gate.turn(waiter("a"));
  assert(rounds.isAwaited);
  await rounds.turn();
  assert(!rounds.isAwaited);
  await gate.turn(waiter("a"));
  assert(rounds.isAwaited);
});

Deno.test("turn() lets sources pass by turns", async () => {
  const rounds = loop();
  const gate = new ShortWork({ ...rounds, perRound: 1 });
  const passed: string[] = [];
  for (const ip of ["flood", "flood", "flood", "flood", "other"]) {
    gate.turn(waiter(ip)).then(() => passed.push(ip));
  }
  for (let i = 0; i < 5; i++) await rounds.turn();
  assertEquals(passed, ["flood", "flood", "other", "flood", "flood"]);
});

Deno.test("turn() rejects when the session is gone while it waits, and forgets it", async () => {
  const rounds = loop();
  const gate = new ShortWork({ ...rounds, perRound: 1 });
  const controller = new AbortController();
  await gate.turn(waiter("a"));
  const waits = assertRejects(() => gate.turn(waiter("b", controller.signal)), Error, "gone");
  const next = gate.turn(waiter("c"));
  await settle();
  assertEquals(gate.sources, 2);
  controller.abort(new Error("gone"));
  await waits;
  assertEquals(gate.sources, 1);
  await rounds.turn();
  await next;
});

Deno.test("turn() rejects when the loop cannot be served, and the gate can be used again", async () => {
  let fail: (reason: Error) => void = () => {};
  const gate = new ShortWork({
    yieldToLoop: () => new Promise((_, reject) => fail = reject),
    perRound: 1,
  });
  await gate.turn(waiter("a"));
  const waits = assertRejects(() => gate.turn(waiter("a")), Error, "no timer");
  await settle();
  fail(new Error("no timer"));
  await waits;
  assertEquals(gate.sources, 0);
  await gate.turn(waiter("a"));
});
