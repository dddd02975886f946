import { assertEquals } from "@std/assert";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { Grouping } from "../../lib/sinks/grouping.ts";
import type { Notice } from "../../lib/sinks/sink.ts";

function event(sequence: number, options: Partial<SensorEvent> = {}): SensorEvent {
  return {
    sequence,
    timeMs: 1000 * sequence,
    action: "command",
    decoy: "ftp",
    source: "192.0.2.1",
    session: "S",
    severity: 30,
    json: "{}",
    ...options,
  };
}

const brief = (notices: readonly Notice[]) =>
  notices.map(({ reason, count, group, event }) => [reason, count, group, event.sequence]);

Deno.test("Grouping tells a group's first at once, and the worst of the rest in the digest", () => {
  const grouping = new Grouping({ groupBy: "source", windowS: 60, maxPerHour: 0 });
  assertEquals(brief(grouping.add(event(1), 0)), [["first", 1, "192.0.2.1", 1]]);
  assertEquals(grouping.add(event(2), 10), []);
  assertEquals(grouping.add(event(3, { severity: 90, action: "payload" }), 20), []);
  assertEquals(grouping.add(event(4), 30), []);
  assertEquals(grouping.due(59_999), []);
  assertEquals(grouping.nextDueMs(40), 60_000);
  const [digest] = grouping.due(60_000);
  assertEquals(brief([digest!]), [["digest", 3, "192.0.2.1", 3]]);
  assertEquals(digest!.actions, { command: 2, payload: 1 });
  assertEquals([digest!.fromMs, digest!.toMs], [2000, 4000]);
  assertEquals(grouping.nextDueMs(60_000), undefined);
  assertEquals(brief(grouping.add(event(5), 60_001)), [["first", 1, "192.0.2.1", 5]]);
});

Deno.test("Grouping says nothing more of a group that stayed alone", () => {
  const grouping = new Grouping({ groupBy: "session", windowS: 60, maxPerHour: 0 });
  grouping.add(event(1), 0);
  assertEquals(grouping.due(60_000), []);
});

Deno.test("Grouping knows sessions, and sources at a decoy, and leaves what has none alone", () => {
  const by = (groupBy: "session" | "source+decoy") =>
    new Grouping({ groupBy, windowS: 60, maxPerHour: 0 });
  const places = by("source+decoy");
  places.add(event(1), 0);
  assertEquals(brief(places.add(event(2, { decoy: "ssh" }), 1)), [
    ["first", 1, "192.0.2.1 at ssh", 2],
  ]);
  const sessions = by("session");
  sessions.add(event(1), 0);
  assertEquals(sessions.add(event(2), 1), []);
  assertEquals(brief(sessions.add(event(3, { session: "" }), 2)), [["event", 1, "", 3]]);
});

Deno.test("Grouping caps messages, tells when it begins to, and how many it held back", () => {
  const grouping = new Grouping({ groupBy: "none", windowS: 60, maxPerHour: 3 });
  const told = [1, 2, 3, 4, 5, 6].flatMap((n) => grouping.add(event(n), n));
  assertEquals(brief(told), [
    ["event", 1, "", 1],
    ["event", 1, "", 2],
    ["event", 1, "", 3],
    ["capped", 1, "", 4],
  ]);
  assertEquals(grouping.nextDueMs(6), 3_600_001);
  assertEquals(grouping.due(3_600_000), []);
  assertEquals(brief(grouping.due(3_600_001)), [["capped", 3, "", 4]]);
  assertEquals(brief(grouping.add(event(7), 3_700_000)), [["event", 1, "", 7]]);
});

Deno.test("Grouping holds a bounded number of groups, and loses none of their events", () => {
  const grouping = new Grouping({ groupBy: "source", windowS: 3600, maxPerHour: 0 });
  const told: Notice[] = [];
  for (let n = 0; n < 1000; n++) {
    const source = `2001:db8::${n.toString(16)}`;
    told.push(
      ...grouping.add(event(2 * n, { source }), n),
      ...grouping.add(event(2 * n + 1, { source }), n),
    );
  }
  told.push(...grouping.due(10_000_000));
  assertEquals(told.reduce((sum, { count }) => sum + count, 0), 2000);
  assertEquals(told.filter(({ reason }) => reason === "digest").length, 1000);
});

Deno.test("Grouping goes on after a restart where it was stored", () => {
  const plan = { groupBy: "source", windowS: 60, maxPerHour: 2 } as const;
  const events = new Map([1, 2, 3, 4].map((n) => [n, event(n)]));
  const before = new Grouping(plan);
  before.add(events.get(1)!, 0);
  before.add(events.get(2)!, 1);
  const after = new Grouping(plan);
  after.restore(before.store(), (sequence) => events.get(sequence));
  assertEquals(after.add(events.get(3)!, 2), []);
  assertEquals(brief(after.due(60_000)), [["digest", 2, "192.0.2.1", 2]]);
  assertEquals(brief(after.add(event(4, { source: "192.0.2.9" }), 60_001)), [
    ["capped", 1, "", 4],
  ]);
  const empty = new Grouping(plan);
  for (const nonsense of ["", "{", "[]", "null", '{"groups":1}']) {
    empty.restore(nonsense, () => undefined);
  }
  assertEquals(empty.store(), "");
});
