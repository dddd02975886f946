import { assert, assertEquals } from "@std/assert";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { RecentEvents } from "../../lib/journal/recent_events.ts";
import { testEmitter, testScope } from "../support/events.ts";
import { tempFolder } from "../support/temp_folder.ts";

function event(sequence: number, severity = 10, size = 2): SensorEvent {
  const json = "x".repeat(size);
  const rest = { action: "command", decoy: "ftp", source: "", session: "", json };
  return { sequence, timeMs: sequence, severity, sensor: "", ...rest } as SensorEvent;
}

const many = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => event(from + i, (from + i) % 2 === 0 ? 50 : 10));

Deno.test("RecentEvents.read() filters, pages, and says how far it looked", () => {
  const recent = new RecentEvents();
  assertEquals(recent.read(0, {}, 10), undefined);
  recent.add(many(5, 9));
  recent.add(many(10, 14));
  assertEquals(recent.read(3, {}, 10), undefined);
  assertEquals(recent.read(4, {}, 3)?.events.map(({ sequence }) => sequence), [5, 6, 7]);
  const page = recent.read(7, { minSeverity: 50 }, 2)!;
  assertEquals([page.events.map(({ sequence }) => sequence), page.scannedTo], [[8, 10], 10]);
  assertEquals(recent.read(12, { minSeverity: 90 }, 5), { events: [], scannedTo: 14 });
  assertEquals(recent.read(14, {}, 5), { events: [], scannedTo: 14 });
});

Deno.test("RecentEvents is bounded in number and size, and begins anew after a gap", () => {
  const recent = new RecentEvents();
  for (let n = 1; n <= 5000; n += 100) recent.add(many(n, n + 99));
  assertEquals(recent.read(3000, {}, 1), undefined);
  assertEquals(recent.read(4999, {}, 9)!.events.length, 1);
  recent.add([event(6000)]);
  assertEquals(recent.read(4999, {}, 1), undefined);
  for (let n = 6001; n < 6100; n++) recent.add([event(n, 10, 65_536)]);
  const held = Array.from({ length: 100 }, (_, i) => 6000 + i)
    .filter((after) => recent.read(after, {}, 1) !== undefined);
  assert(held.length > 10 && held.length <= 34, `${held.length}`);
});

Deno.test("Journal.read() says the same from memory as from the file", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 600; i++) {
    emitter.emit(testScope(`192.0.2.${i % 7}`), i % 3 === 0 ? "session.open" : "limit.hit", {
      limit: "x",
      max: 1,
      // deno-lint-ignore no-explicit-any -- one of two shapes
    } as any);
  }
  journal.flush();
  const read = (from: Journal, after: number) =>
    from.read(after, { actions: ["connection-opened"], source: "192.0.2.3" }, 7);
  const warm = Array.from({ length: 600 }, (_, after) => read(journal, after));
  journal.close();
  const again = new Journal(`${folder.path}/journal.db`);
  const cold = Array.from({ length: 600 }, (_, after) => read(again, after));
  again.close();
  assertEquals(warm.map(({ events }) => events), cold.map(({ events }) => events));
});
