import { assert, assertEquals, assertMatch } from "@std/assert";
import { UlidMaker } from "../../lib/events/ulid.ts";

Deno.test("UlidMaker makes ids that rise, also within a millisecond and when the clock goes back", () => {
  const ulids = new UlidMaker();
  let last = "";
  for (const time of [5, 5, 5, 1_795_296_000_123, 1_795_296_000_123, 1, 1_795_296_000_124]) {
    const id = ulids.next(time);
    assertMatch(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert(id > last, `${id} is not greater than ${last}`);
    last = id;
  }
});

Deno.test("UlidMaker writes the time in the first ten characters", () => {
  // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
  assertEquals(new UlidMaker().next(1_469_918_176_385).slice(0, 10), "01ARYZ6S41");
});
