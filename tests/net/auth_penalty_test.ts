import { assertEquals } from "@std/assert";
import { AuthPenalty, authPenaltyOf, failureDelayMs } from "../../lib/net/auth_penalty.ts";

const NOW_MS = 1_800_000_000_000;

Deno.test("AuthPenalty lets an address wait twice as long after each failure, up to 15 s", () => {
  const penalty = new AuthPenalty();
  const waits = ["a", "b", "c", "d", "e"].map((tried) => {
    const waitMs = penalty.waitMs("192.0.2.1", NOW_MS);
    penalty.failed("192.0.2.1", NOW_MS, tried);
    return waitMs;
  });
  assertEquals(waits, [0, 4000, 8000, 15_000, 15_000]);
  assertEquals(penalty.waitMs("192.0.2.2", NOW_MS), 0, "another address");
});

Deno.test("AuthPenalty counts a try that was made before only once, and forgives after 15 s", () => {
  const penalty = new AuthPenalty();
  for (let i = 0; i < 3; i++) penalty.failed("192.0.2.1", NOW_MS + i * 5000, "a");
  assertEquals(penalty.waitMs("192.0.2.1", NOW_MS + 14_999), 4000);
  assertEquals(penalty.waitMs("192.0.2.1", NOW_MS + 15_000), 0);
  penalty.failed("192.0.2.1", NOW_MS + 16_000, undefined);
  penalty.failed("192.0.2.1", NOW_MS + 16_000, undefined);
  assertEquals(penalty.waitMs("192.0.2.1", NOW_MS + 16_000), 8000, "no password to compare");
});

Deno.test("AuthPenalty takes IPv6 addresses of one /48 for one", () => {
  const penalty = new AuthPenalty();
  penalty.failed("2001:db8:1:2::3", NOW_MS, "a");
  assertEquals(penalty.waitMs("2001:db8:1:ffff::", NOW_MS), 4000);
  assertEquals(penalty.waitMs("2001:db8:2::1", NOW_MS), 0);
});

Deno.test("AuthPenalty remembers at most 10000 addresses, the latest", () => {
  const penalty = new AuthPenalty();
  for (let i = 0; i <= 10_000; i++) penalty.failed(`10.0.${i >> 8}.${i & 255}`, NOW_MS, "a");
  assertEquals(penalty.size, 10_000);
  assertEquals(penalty.waitMs("10.0.0.0", NOW_MS), 0);
  assertEquals(penalty.waitMs("10.0.39.16", NOW_MS), 4000);
});

Deno.test("authPenaltyOf() gives all decoys of a sensor one table", () => {
  const [one, other] = [{}, {}];
  assertEquals(authPenaltyOf(one) === authPenaltyOf(one), true);
  assertEquals(authPenaltyOf(one) === authPenaltyOf(other), false);
});

Deno.test("failureDelayMs() waits until the clock's seconds have moved on by two", () => {
  assertEquals([0, 499, 500, 999].map((ms) => failureDelayMs(NOW_MS + ms)), [
    2000,
    2000,
    1500,
    1500,
  ]);
});
