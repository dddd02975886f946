import { assertEquals, assertRejects } from "@std/assert";
import { untilAborted } from "../../lib/net/until_aborted.ts";

Deno.test("untilAborted() gives what comes before the signal", async () => {
  const { signal } = new AbortController();
  assertEquals(await untilAborted(Promise.resolve(7), signal), 7);
  await assertRejects(
    () => untilAborted(Promise.reject(new Error("its own")), signal),
    Error,
    "own",
  );
});

Deno.test("untilAborted() ends with the signal's reason, also when it came before", async () => {
  const controller = new AbortController();
  const waiting = untilAborted(new Promise<never>(() => {}), controller.signal);
  controller.abort(new Error("the deadline"));
  await assertRejects(() => waiting, Error, "the deadline");
  const late = Promise.resolve().then(() => Promise.resolve());
  await assertRejects(() => untilAborted(late, controller.signal), Error, "the deadline");
});

Deno.test("untilAborted() lets nobody meet what fails after the signal", async () => {
  const controller = new AbortController();
  const work = Promise.withResolvers<void>();
  const waiting = untilAborted(work.promise, controller.signal);
  controller.abort(new Error("the deadline"));
  await assertRejects(() => waiting, Error, "the deadline");
  work.reject(new Error("too late")); // would end the process if it were not taken
  await new Promise((resolve) => setTimeout(resolve, 0));
});
