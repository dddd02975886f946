import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { Journal } from "../../lib/journal/journal.ts";
import { allEvents, parseEvents, testEmitter, testScope } from "../support/events.ts";
import { tempFolder } from "../support/temp_folder.ts";

Deno.test("Journal keeps events over a restart, and numbers go on without a gap", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  for (let run = 0; run < 3; run++) {
    const journal = new Journal(path);
    const emitter = testEmitter(journal);
    for (let i = 0; i < 20; i++) emitter.emit(testScope(), "session.open", {});
    journal.close();
  }
  const journal = new Journal(path);
  const events = allEvents(journal);
  journal.close();
  assertEquals(events.map((event) => event.sequence), Array.from({ length: 60 }, (_, i) => i + 1));
  assertEquals(parseEvents(events).map((event) => event.event.sequence).at(-1), 60);
});

Deno.test("Journal is readable for its owner only", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path);
  testEmitter(journal).emit(testScope(), "session.open", {});
  journal.flush();
  for (const suffix of ["", "-wal", "-shm"]) {
    assertEquals(Deno.statSync(path + suffix).mode! & 0o777, 0o600, suffix);
  }
  journal.close();
});

Deno.test("Journal commits by itself within 10 ms", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const advanced = new Promise<void>((resolve) => journal.onAdvance(resolve));
  const startMs = performance.now();
  testEmitter(journal).emit(testScope(), "session.open", {});
  assertEquals(journal.status().committedSequence, 0);
  await advanced;
  const tookMs = performance.now() - startMs;
  assertEquals(journal.status().committedSequence, 1);
  journal.close();
  // Half of it is the timer; the rest is left to a busy machine.
  assert(tookMs < 250, `took ${tookMs} ms`);
});

Deno.test("Journal.read() filters, pages and says how far it looked", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 5000; i++) {
    const scope = testScope(i % 1000 === 7 ? "198.51.100.1" : "203.0.113.7");
    if (i % 1000 === 7) emitter.emit(scope, "auth.attempt", { method: "plain", username: "a" });
    else emitter.emit(scope, "session.open", {});
  }
  journal.flush();
  const first = journal.read(0, {}, 10);
  assertEquals(first.events.map((event) => event.sequence), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals(first.scannedTo, 10);
  const found: number[] = [];
  let steps = 0;
  for (let after = 0; after < 5000; steps++) {
    const page = journal.read(after, { source: "198.51.100.1", minSeverity: 50 }, 2);
    assert(page.scannedTo > after);
    found.push(...page.events.map((event) => event.sequence));
    after = page.scannedTo;
  }
  assertEquals(found, [8, 1008, 2008, 3008, 4008]);
  assert(steps >= 3, "a long search is made of several steps");
  const none = journal.read(5000, {}, 10);
  assertEquals(none, { events: [], scannedTo: 5000 });
  journal.close();
});

Deno.test("Journal adds up its sources", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (const decoy of ["ftp", "http", "ftp"]) {
    emitter.emit(testScope("198.51.100.1", { decoy }), "session.open", {});
    emitter.emit(testScope("198.51.100.1", { decoy }), "auth.attempt", {
      method: "password",
      username: "a",
    });
    emitter.emit(testScope("198.51.100.1", { decoy }), "auth.attempt", {
      method: "none",
      username: "a",
    });
    journal.flush();
  }
  emitter.emit({ provider: "sensor", kind: "sensor" }, "sensor.degraded", {
    component: "x",
    detail: "y",
  });
  const sources = journal.sources(10);
  journal.close();
  assertEquals(sources.map(({ firstSeenMs: _first, lastSeenMs: _last, ...rest }) => rest), [{
    ip: "198.51.100.1",
    sessions: 3,
    credentials: 3,
    maxSeverity: 50,
    decoys: ["ftp", "http"],
  }]);
});

Deno.test("Journal counts its sources right after a hard end too", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const killed = new Journal(path);
  const emitter = testEmitter(killed);
  for (let i = 0; i < 30; i++) {
    emitter.emit(testScope("198.51.100.1"), "session.open", {});
    for (const method of ["none", "password"] as const) {
      emitter.emit(testScope("198.51.100.1"), "auth.attempt", { method, username: "a" });
    }
    killed.flush();
  }
  // What a killed process leaves: the file as it is, nothing brought up to date.
  for (const suffix of ["", "-wal"]) {
    Deno.copyFileSync(path + suffix, `${folder.path}/copy.db${suffix}`);
  }
  killed.close();
  const again = new Journal(`${folder.path}/copy.db`);
  assertEquals(
    again.sources(10).map(({ ip, sessions, credentials }) => [ip, sessions, credentials]),
    [["198.51.100.1", 30, 30]],
  );
  again.close();
});

Deno.test("Journal goes on in memory on a full disk, counts what is lost, and recovers", () => {
  using folder = tempFolder();
  const told: string[] = [];
  const journal = new Journal(`${folder.path}/journal.db`, {
    maxPages: 40,
    ringEvents: 300,
    onDegraded: (detail) => told.push(`degraded ${detail}`),
    onRecovered: (_detail, lost) => told.push(`recovered ${lost}`),
  });
  const emitter = testEmitter(journal);
  for (let i = 0; i < 150; i++) {
    emitter.emit(testScope(), "session.open", {});
    journal.flush();
    if (told.length > 0) break;
  }
  assertEquals(told, ["degraded database or disk is full"]);
  const stored = journal.status().committedSequence;
  assert(stored > 10);
  for (let i = 0; i < 1000; i++) emitter.emit(testScope(), "session.open", {});
  const during = journal.status();
  assertEquals(during.waiting, 300);
  assertEquals(during.lost, 1000 - 299);
  assertEquals(during.trouble, "database or disk is full");
  // Readers see what waits, in order.
  assertEquals(allEvents(journal).map((e) => e.sequence).at(-1), stored + 300);
  assertEquals(journal.flush(), false);
  assertEquals(told.length, 1, "told once");

  journal.withDatabase((db) => db.exec("PRAGMA max_page_count = 100000"));
  assertEquals(journal.flush(), true);
  assertEquals(told, ["degraded database or disk is full", "recovered 701"]);
  const sequences = allEvents(journal).map((event) => event.sequence);
  assertEquals(sequences, Array.from({ length: stored + 300 }, (_, i) => i + 1), "no gap");
  journal.close();
});

Deno.test("Journal holds a bounded amount in memory, however large the events are", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`, { maxPages: 20 });
  const emitter = testEmitter(journal);
  const bytes = new Uint8Array(6144).fill(0x41);
  const payload = { bytes, size: bytes.length, sha256: "0".repeat(64) };
  for (let i = 0; i < 10_000; i++) emitter.emit(testScope(), "payload", payload);
  const { waiting, lost, committedSequence, lastSequence } = journal.status();
  assert(waiting < 9000 && waiting > 5000, `${waiting} events of 9 KB wait`);
  assertEquals(committedSequence + waiting, lastSequence);
  assert(lost > 0 && lost + lastSequence >= 10_000);
  journal.withDatabase((db) => db.exec("PRAGMA max_page_count = 100000"));
  assertEquals(journal.flush(), true);
  assertEquals(journal.status().waiting <= 1, true);
  emitter.emit(testScope(), "payload", payload);
  assertEquals(journal.status().lost, lost, "there is room again");
  journal.close();
});

Deno.test("Journal writes a backlog a batch at a time, and recovers when all is written", async () => {
  using folder = tempFolder();
  let recovered = 0;
  const journal = new Journal(`${folder.path}/journal.db`, {
    maxPages: 20,
    onRecovered: () => recovered++,
  });
  const emitter = testEmitter(journal);
  for (let i = 0; i < 3000; i++) emitter.emit(testScope(), "session.open", {});
  const before = journal.status();
  assert(before.trouble !== undefined && before.waiting > 2000);
  journal.withDatabase((db) => db.exec("PRAGMA max_page_count = 100000"));
  const seen: [waiting: number, isWell: boolean][] = [];
  await new Promise<void>((resolve) => {
    const takeBack = journal.onAdvance(() => {
      const { waiting, trouble } = journal.status();
      seen.push([waiting, trouble === undefined]);
      if (waiting > 0) return;
      takeBack();
      resolve();
    });
  });
  assert(seen.length >= 4, `${seen.length} steps`);
  assertEquals(seen.map(([, isWell]) => isWell), seen.map(([waiting]) => waiting === 0));
  assertEquals(recovered, 1);
  assertEquals(
    allEvents(journal).map((e) => e.sequence),
    Array.from({ length: 3000 }, (_, i) => i + 1),
  );
  journal.close();
});

Deno.test("Journal.read() passes over nothing that could not be read", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const before = new Journal(path);
  const emitter = testEmitter(before);
  for (let i = 0; i < 10; i++) emitter.emit(testScope(), "session.open", {});
  before.close();
  const journal = new Journal(path); // which has nothing in memory yet
  journal.withDatabase((db) => db.exec("ALTER TABLE events RENAME TO hidden"));
  assertEquals(journal.read(3, {}, 10), { events: [], scannedTo: 3 });
  journal.withDatabase((db) => db.exec("ALTER TABLE hidden RENAME TO events"));
  assertEquals(journal.read(3, {}, 10).events.map((e) => e.sequence), [4, 5, 6, 7, 8, 9, 10]);
  journal.close();
});

Deno.test("Journal replaces a file whose damage a reader meets", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  let recovered = 0;
  const journal = new Journal(path, { onRecovered: () => recovered++ });
  const emitter = testEmitter(journal);
  for (let i = 0; i < 2000; i++) emitter.emit(testScope(), "session.open", {});
  journal.flush();
  journal.withDatabase((db) => db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  const file = Deno.openSync(path, { write: true });
  file.seekSync(4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(4096 * 100).fill(0x5a));
  file.close();
  journal.withDatabase((db) => db.exec("PRAGMA shrink_memory"));
  assertEquals(journal.read(0, {}, 10), { events: [], scannedTo: 0 });
  assert([...Deno.readDirSync(folder.path)].some(({ name }) => name.includes(".damaged-")));
  assert(journal.status().trouble !== undefined);
  await new Promise<void>((resolve) => {
    const takeBack = journal.onAdvance(() => {
      takeBack();
      resolve();
    });
  });
  assertEquals([journal.status().trouble, recovered], [undefined, 1]);
  emitter.emit(testScope(), "session.open", {});
  assertEquals(allEvents(journal).map((event) => event.sequence), [2001]);
  journal.close();
});

Deno.test("Journal sets a damaged file aside and begins a new one", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  Deno.writeFileSync(path, new TextEncoder().encode("this is no database ".repeat(500)));
  const journal = new Journal(path);
  testEmitter(journal).emit(testScope(), "session.open", {});
  assertEquals(allEvents(journal).length, 1);
  journal.close();
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assertEquals(names.length, 2);
  assert(names[1]!.startsWith("journal.db.damaged-"));
});

Deno.test("Journal replaces a file that is damaged while it runs, and loses nothing that waits", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 2000; i++) emitter.emit(testScope(), "session.open", {});
  journal.flush();
  journal.withDatabase((db) => db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  const file = Deno.openSync(path, { write: true });
  for (let page = 1; page < 200; page++) {
    file.seekSync(page * 4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4096).fill(0x5a));
  }
  file.close();
  journal.withDatabase((db) => db.exec("PRAGMA shrink_memory"));
  for (let i = 0; i < 3; i++) {
    for (let k = 0; k < 100; k++) emitter.emit(testScope(), "session.open", {});
    journal.flush();
  }
  assertEquals(journal.flush(), true);
  const sequences = allEvents(journal).map((event) => event.sequence);
  journal.close();
  assertEquals(sequences.at(-1), 2300);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assert(names.some((name) => name.includes(".damaged-")), names.join());
});

Deno.test("Journal keeps a reader's cursor over a restart", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const journal = new Journal(path);
  assertEquals(journal.cursor("file"), undefined);
  journal.setCursor("file", { sequence: 41, state: "" });
  journal.setCursor("file", { sequence: 42, state: "x" });
  journal.close();
  const again = new Journal(path);
  assertEquals({ ...again.cursor("file") }, { sequence: 42, state: "x" });
  again.close();
});

Deno.test("Journal of version 1 becomes one of version 2, with everything in it", () => {
  using folder = tempFolder();
  const path = `${folder.path}/journal.db`;
  const old = new DatabaseSync(path);
  old.exec(`
    CREATE TABLE events (sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
      action TEXT NOT NULL, decoy TEXT NOT NULL, source TEXT NOT NULL, session TEXT NOT NULL,
      severity INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
    CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO events VALUES (7, 1, 'command', 'ftp', '', '', 30, '{}');
    INSERT INTO cursors VALUES ('file', 7);
    PRAGMA user_version = 1;`);
  old.close();
  for (const _round of ["migrated", "opened again"]) {
    const journal = new Journal(path);
    assertEquals(journal.lastSequence, 7);
    assertEquals(journal.read(0, {}, 10).events.map(({ sequence }) => sequence), [7]);
    assertEquals({ ...journal.cursor("file") }, { sequence: 7, state: "" });
    journal.close();
  }
});

Deno.test("Journal.committed() waits for the commit, shares it, and never waits in vain", async () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  assertEquals(journal.committed(0), undefined);
  emitter.emit(testScope(), "session.open", {});
  const first = journal.committed(1);
  emitter.emit(testScope(), "session.open", {});
  assert(first !== undefined && journal.committed(2) === first);
  await first;
  assertEquals(journal.status().committedSequence, 2);
  assertEquals(journal.committed(2), undefined);
  journal.close();
  const full = new Journal(`${folder.path}/full.db`, { maxPages: 30 });
  const flood = testEmitter(full);
  while (full.status().trouble === undefined) {
    flood.emit(testScope(), "command", { verb: "x".repeat(4000), argument: "" });
    await full.committed(full.lastSequence);
  }
  full.close();
});
