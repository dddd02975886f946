import { assertEquals } from "@std/assert";
import { distance, nearest } from "../../lib/cli/suggest.ts";

Deno.test("distance() counts letters more, less, wrong and swapped, each as one", () => {
  assertEquals(distance("check", "check"), 0);
  assertEquals(distance("chck", "check"), 1);
  assertEquals(distance("checkk", "check"), 1);
  assertEquals(distance("chack", "check"), 1);
  assertEquals(distance("chekc", "check"), 1);
  assertEquals(distance("", "check"), 5);
  assertEquals(distance("ca", "abc"), 3); // a swapped pair is not edited again
});

Deno.test("nearest() finds the word with the fewest slips, the first of equal ones", () => {
  assertEquals(nearest("stats", ["run", "status", "events"]), "status");
  assertEquals(nearest("zz", ["ab", "cd"]), "ab");
});
