import { assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { sinkKeys } from "../../lib/config/sink_keys.ts";
import { sinkConfig } from "../support/sinks.ts";

Deno.test("sinkKeys() has grouping for kinds that people read, and a kind's own defaults", () => {
  const kind = { kind: "mail", options: v.strictObject({}) };
  assertEquals("group_by" in sinkKeys(kind), false);
  const keys = sinkKeys({
    ...kind,
    isForPeople: true,
    defaults: { group_by: "source", window_s: 60, min_severity: 50 },
  });
  const entry = v.parse(v.strictObject(keys), {});
  assertEquals([entry.group_by, entry.window_s, entry.min_severity], ["source", 60, 50]);
});

Deno.test("takeSinkKeys() leaves the kind's own options, and keeps the pauses in order", () => {
  const { plan, wanted, options } = sinkConfig({
    retry_min_ms: 5000,
    retry_max_ms: 100,
    exclude_sources: ["192.0.2.0/24"],
  });
  assertEquals([plan.retryMinMs, plan.retryMaxMs], [5000, 5000]);
  assertEquals(wanted.excludeSources, ["192.0.2.0/24"]);
  assertEquals(options, {});
});

Deno.test("sinkKeys() refuses what makes no sense", () => {
  for (
    const keys of [
      { schedule: ["sometimes"] },
      { timezone: "Mars/Olympus" },
      { sources: ["everywhere"] },
      { group_by: "source" },
    ]
  ) assertThrows(() => sinkConfig(keys), Error);
});
