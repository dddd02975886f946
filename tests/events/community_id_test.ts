import { assertEquals } from "@std/assert";
import { communityId } from "../../lib/events/community_id.ts";

// The examples that the Community ID specification publishes for TCP with seed 0.
Deno.test("communityId() makes the published ids, in either direction", () => {
  const cases = [
    ["128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
    ["2001:db8::1", 1234, "2001:db8::2", 80, undefined],
  ] as const;
  for (const [ip, port, otherIp, otherPort, expected] of cases) {
    const there = communityId({ ip, port }, { ip: otherIp, port: otherPort });
    const back = communityId({ ip: otherIp, port: otherPort }, { ip, port });
    assertEquals(there, back);
    if (expected !== undefined) assertEquals(there, expected);
  }
});
