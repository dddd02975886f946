import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { ForeignEvent } from "../../lib/events/foreign.ts";
import { readSensors, type SensorReport } from "../../lib/journal/ingest.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { Random } from "../fuzz/random.ts";
import { allEvents, testEmitter, testScope } from "../support/events.ts";
import { tempFolder } from "../support/temp_folder.ts";

const JOURNAL_ID = "0123456789abcdef0123456789abcdef";

/** An event of another sensor. */
function foreign(n: number, options: { sensor?: string; source?: string } = {}): ForeignEvent {
  const { sensor = "edge-1", source = "203.0.113.9" } = options;
  return {
    id: `01TEST${String(n).padStart(20, "0")}`,
    sensor,
    version: "0.1.0",
    timeMs: 1000 + n,
    action: "connection-opened",
    decoy: "ftp",
    source,
    session: "",
    severity: 10,
    json: `{"n":${n}}`,
  };
}

function report(upTo: number, more: Partial<SensorReport> = {}): SensorReport {
  const position = { journal: JOURNAL_ID, upTo };
  return { sensor: "edge-1", version: "0.1.0", position, ...more };
}

Deno.test("Journal.ingest() numbers foreign events among its own, in order", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  emitter.emit(testScope(), "session.open", {});
  let calls = 0;
  journal.onAdvance(() => calls++);
  const result = journal.ingest([foreign(1), foreign(2)], { nowMs: 5000 });
  assertEquals(result, { stored: 2, known: 0 });
  assert(calls > 0, "readers are told");
  emitter.emit(testScope(), "session.open", {});
  const events = allEvents(journal);
  assertEquals(events.map(({ sequence }) => sequence), [1, 2, 3, 4]);
  assertEquals(events.map(({ sensor }) => sensor ?? ""), ["", "edge-1", "edge-1", ""]);
  assertEquals(events[1]!.json, '{"n":1}');
  assertEquals(journal.read(0, { sensors: ["edge-1"] }, 10).events.length, 2);
  assertEquals(journal.read(0, { sensors: [""] }, 10).events.length, 2);
  assertEquals(journal.read(0, { sensors: ["edge-2"] }, 10).events.length, 0);
  assertEquals(journal.sources(10).map(({ ip }) => ip).sort(), ["203.0.113.7", "203.0.113.9"]);
  journal.close();
  const again = new Journal(`${folder.path}/journal.db`);
  assertEquals(again.lastSequence, 4);
  again.close();
});

Deno.test("Journal.ingest() passes over events that it has, of the same sensor only", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  journal.ingest([foreign(1), foreign(2)], { nowMs: 1 });
  assertEquals(
    journal.ingest([foreign(1), foreign(2), foreign(3), foreign(3)], { nowMs: 2 }),
    { stored: 1, known: 3 },
  );
  // Another one must not be able to keep out events by their ids.
  assertEquals(
    journal.ingest([foreign(3, { sensor: "edge-2" })], { nowMs: 3 }),
    { stored: 1, known: 0 },
  );
  assertEquals(allEvents(journal).map(({ sequence }) => sequence), [1, 2, 3, 4]);
  journal.close();
});

Deno.test("Journal.ingest() numbers what is new without gaps, wherever known events stand", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const random = new Random("known events");
  /** What must be in the journal, in order. */
  const expected: string[] = [];
  const seen = new Set<string>();
  const key = ({ sensor, id }: { sensor: string; id: string }) => `${sensor} ${id}`;
  let next = 0;
  for (let batch = 0; batch < 60; batch++) {
    const newShare = random.pick([0, 0.1, 0.9, 1]);
    const events = Array.from({ length: random.below(40) }, () => {
      const n = random.chance(newShare) ? next++ : random.below(next);
      return foreign(n, { sensor: random.chance(0.2) ? "edge-2" : "edge-1" });
    });
    if (random.chance(0.3)) events.push(...events); // the same ones twice in a batch
    const before = expected.length;
    for (const event of events) {
      if (seen.has(key(event))) continue;
      seen.add(key(event));
      expected.push(key(event));
    }
    const stored = expected.length - before;
    assertEquals(
      journal.ingest(events, { nowMs: batch }),
      { stored, known: events.length - stored },
    );
    assertEquals(journal.lastSequence, expected.length);
  }
  assert(expected.length > 300, `${expected.length} events`);
  const counts = journal.withDatabase(readSensors)!.map(({ name, events }) => [name, events]);
  const countOf = (name: string) => expected.filter((entry) => entry.startsWith(name)).length;
  assertEquals(counts, ["edge-1", "edge-2"].map((name) => [name, countOf(name)]));
  const rows = journal.withDatabase((db) =>
    db.prepare("SELECT sequence, sensor, origin AS id, json FROM events ORDER BY sequence").all()
  )!;
  journal.close();
  assertEquals(rows.map(({ sequence }) => sequence), expected.map((_, i) => i + 1));
  const stored = rows.map(({ sensor, id }) => key({ sensor: String(sensor), id: String(id) }));
  assertEquals(stored, expected);
  for (const { id, json } of rows) {
    assertEquals(JSON.parse(String(json)).n, Number(String(id).slice(6)), "rows are whole");
  }
});

Deno.test("Journal.ingest() commits a sensor's position with its events", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path);
  const rows = () => journal.withDatabase(readSensors)!;
  journal.ingest([foreign(1)], { nowMs: 5000, report: report(10, { newest: 12, refused: 2 }) });
  journal.ingest([], { nowMs: 6000, report: report(8) });
  const row = {
    name: "edge-1",
    version: "0.1.0",
    journal: JOURNAL_ID,
    position: 10,
    firstSeenMs: 5000,
    lastSeenMs: 6000,
    events: 1,
    newest: 12,
    missing: 0,
    refused: 2,
    reports: true,
    isSilent: false,
  };
  assertEquals(rows(), [row]);
  // Another journal of the same sensor begins where it says.
  const position = { journal: "f".repeat(32), upTo: 3 };
  journal.ingest([], { nowMs: 7000, report: report(0, { position, missing: 1, newest: 3 }) });
  assertEquals(rows()[0], {
    ...row,
    journal: position.journal,
    position: 3,
    lastSeenMs: 7000,
    newest: 3,
    missing: 1,
  });
  journal.close();
});

Deno.test("Journal.ingest() knows sensors that only their events tell of", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  journal.ingest([foreign(1), foreign(2, { sensor: "a" }), foreign(3)], { nowMs: 9 });
  const rows = journal.withDatabase(readSensors)!;
  assertEquals(rows.map(({ name, events, reports }) => ({ name, events, reports })), [
    { name: "a", events: 1, reports: false },
    { name: "edge-1", events: 2, reports: false },
  ]);
  journal.close();
});

Deno.test("Journal.ingest() stores nothing of a batch that the disk has no room for", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path, { maxPages: 40 });
  const large = (n: number) => ({ ...foreign(n), json: JSON.stringify("x".repeat(3000)) });
  const batch = Array.from({ length: 200 }, (_, n) => large(n));
  assertThrows(() => journal.ingest(batch, { nowMs: 1, report: report(200) }), Error, "full");
  assertEquals(allEvents(journal), []);
  assertEquals(journal.withDatabase(readSensors), []);
  assertEquals(journal.ingest([large(1)], { nowMs: 1 }), { stored: 1, known: 0 });
  assertEquals(journal.lastSequence, 1);
  journal.close();
  assertThrows(() => journal.ingest([], { nowMs: 1 }), Error, "closed");
});

Deno.test("Journal.id stays over a restart, and is another one for a journal begun anew", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path);
  const { id } = journal;
  assert(/^[0-9a-f]{32}$/.test(id), id);
  journal.close();
  assertEquals(journal.id, id);
  const again = new Journal(path);
  assertEquals(again.id, id);
  again.close();
  Deno.writeTextFileSync(path, "x".repeat(10_000));
  const fresh = new Journal(path);
  assert(/^[0-9a-f]{32}$/.test(fresh.id) && fresh.id !== id, fresh.id);
  fresh.close();
});

Deno.test("Journal of version 1 gets an id when it becomes one of version 2", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const old = new DatabaseSync(path);
  old.exec(`
    CREATE TABLE events (sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
      action TEXT NOT NULL, decoy TEXT NOT NULL, source TEXT NOT NULL, session TEXT NOT NULL,
      severity INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
    CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;`);
  old.close();
  const journal = new Journal(path);
  assert(/^[0-9a-f]{32}$/.test(journal.id));
  assertEquals(journal.ingest([foreign(1)], { nowMs: 1 }).stored, 1);
  journal.close();
});
