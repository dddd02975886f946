import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../lib/sinks/pace.ts";

/** A program that takes all of a core, as far as its CPU time tells. */
const busy = () => performance.now();
const idle = () => 0;
/** Enough events to look for. */
const MANY = 1000;
/** What has just happened. */
const news = () => ({ oldestMs: Date.now(), waiting: MANY });

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How long a delivery rests after a call of so many ms, when it has looked before. */
async function restAfter(pace: Pace, ms: number, who: object = {}): Promise<number> {
  await pace.clear(MANY);
  await pace.work(who, sleep(ms));
  return pace.restMs(who, news());
}

Deno.test("a delivery rests nineteen times as long as it worked while the decoys are busy", async () => {
  const rest = await restAfter(new Pace(busy), 20);
  assert(rest >= 19 * 19 && rest <= 950, `${rest}`);
  assertEquals(await restAfter(new Pace(idle), 20), 0);
});

Deno.test("a destination that takes its time does not make its delivery rest for as long", async () => {
  assertEquals(await restAfter(new Pace(busy), 100), 950);
});

Deno.test("deliveries that work at the same time share the part that is left to them", async () => {
  const pace = new Pace(busy);
  const alone = await restAfter(pace, 60);
  assertEquals([alone, await restAfter(pace, 60)], [950, 1900]);
});

Deno.test("events that have waited for a minute, or are too many, are not held back", async () => {
  const pace = new Pace(busy);
  const who = {};
  await restAfter(pace, 20, who);
  assertEquals(pace.restMs(who, { oldestMs: Date.now() - 61_000, waiting: MANY }), 0);
  assert(pace.restMs(who, { oldestMs: Date.now() - 50_000, waiting: 500_000 }) > 0);
  assertEquals(pace.restMs(who, { oldestMs: Date.now(), waiting: 500_001 }), 0);
});

Deno.test("nobody looks for the sake of a few events, but after much work of them", async () => {
  const pace = new Pace(busy);
  const who = {};
  assertEquals(pace.clear(1), undefined);
  for (let i = 0; i < 4; i++) await pace.work(who, sleep(55));
  assertEquals(pace.clear(1), undefined);
  assertEquals(pace.restMs(who, news()), 0);
  await pace.work(who, sleep(60));
  await pace.clear(1);
  assert(pace.restMs(who, news()) > 0);
});

Deno.test("how busy the decoys are is found out again and again", async () => {
  let load = 1;
  const pace = new Pace(() => load * performance.now());
  assert(await restAfter(pace, 5) > 0);
  load = 0;
  await sleep(110);
  assertEquals(await restAfter(pace, 5), 0);
});

Deno.test("a look waits for calls that are under way, but not for one that hangs", async () => {
  let looks = 0;
  let isUnderWay = true;
  const pace = new Pace(() => {
    if (looks++ === 0) assertEquals(isUnderWay, false);
    return performance.now();
  });
  const call = pace.work({}, sleep(20).then(() => void (isUnderWay = false)));
  const first = pace.clear(MANY);
  assertEquals(pace.clear(MANY), first); // whoever comes meanwhile waits for the same
  await Promise.all([call, first]);
  assertEquals(looks, 2);
  assertEquals(pace.clear(MANY), undefined); // it counts for a while
  await sleep(110);
  const hanging = Promise.withResolvers<void>();
  const hangs = pace.work({}, hanging.promise);
  await pace.clear(MANY);
  assertEquals(looks, 4);
  hanging.resolve();
  await hangs;
});
