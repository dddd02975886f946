import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin } from "../../lib/net/settles_within.ts";

Deno.test("settlesWithin() tells what was in time from what was late, and leaves no timer", async () => {
  assertEquals(await settlesWithin(Promise.resolve(), 60_000), true);
  assertEquals(await settlesWithin(new Promise(() => {}), 1), false);
});

Deno.test("settlesWithin() passes on what goes wrong in time", async () => {
  await assertRejects(
    () => settlesWithin(Promise.reject(new RangeError("no")), 60_000),
    RangeError,
  );
});
