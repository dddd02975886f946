import { assertEquals } from "@std/assert";
import { Budget, Throttle } from "../../lib/service/throttle.ts";

Deno.test("Throttle.delay() lets one go at once, and the next when it is paid for", () => {
  const throttle = new Throttle({ bytesPerS: 1000, eventsPerS: 100 });
  assertEquals(throttle.isFree(0), true);
  assertEquals(throttle.delay(0, { bytes: 10, events: 50 }), 0);
  assertEquals(throttle.isFree(499), false);
  assertEquals(throttle.delay(100, { bytes: 2000, events: 1 }), 400);
  assertEquals(throttle.delay(100, { bytes: 0, events: 0 }), 2400);
  // Time in which nothing came is not saved up.
  assertEquals(throttle.delay(60_000, { bytes: 1000, events: 1 }), 0);
  assertEquals(throttle.delay(60_000, { bytes: 1, events: 1 }), 1000);
});

Deno.test("Throttle holds its rate over many turns", () => {
  const throttle = new Throttle({ bytesPerS: 1e9, eventsPerS: 8000 });
  let now = 0;
  let events = 0;
  for (; now < 10_000; events += 500) {
    now += throttle.delay(now, { bytes: 1, events: 500 }) + 1;
  }
  assertEquals(events <= 80_500, true, `${events} events`);
  assertEquals(events >= 75_000, true, `${events} events`);
});

Deno.test("Budget shares out what there is, first come, first served", async () => {
  const budget = new Budget(10);
  const order: string[] = [];
  const first = await budget.take(6);
  const large = budget.take(8).then((share) => {
    order.push("large");
    return share;
  });
  const small = budget.take(2).then((share) => {
    order.push("small");
    return share;
  });
  await Promise.resolve();
  assertEquals(order, [], "the small one fits, but is not let past");
  first[Symbol.dispose]();
  (await large)[Symbol.dispose]();
  (await small)[Symbol.dispose]();
  assertEquals(order, ["large", "small"]);
  (await budget.take(10))[Symbol.dispose]();
});
