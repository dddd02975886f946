import { assert, assertEquals } from "@std/assert";
import { Journal } from "../../lib/journal/journal.ts";
import { Retention } from "../../lib/journal/retention.ts";
import { allEvents, testEmitter, testScope } from "../support/events.ts";
import { tempFolder } from "../support/temp_folder.ts";

const WIDE = { maxAgeMs: 1e12, maxBytes: 1e12, maxSources: 1e6 };

Deno.test("Retention removes what is too old, in small steps", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 1200; i++) emitter.emit(testScope(), "session.open", {});
  journal.flush();
  const retention = new Retention(journal, { ...WIDE, maxAgeMs: 1000 });
  assertEquals(retention.step(Date.now()), false, "nothing is too old yet");
  const later = Date.now() + 5000;
  assertEquals(retention.step(later), true);
  assertEquals(allEvents(journal).length, 700);
  while (retention.step(later));
  assertEquals(allEvents(journal).length, 0);
  emitter.emit(testScope(), "session.open", {});
  assertEquals(allEvents(journal).map((event) => event.sequence), [1201], "numbers go on");
  journal.close();
});

Deno.test("Retention keeps the file within its size, the newest events first", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 6000; i++) emitter.emit(testScope(), "session.open", {});
  journal.flush();
  const maxBytes = 2_000_000;
  assert(journal.status().bytes > maxBytes);
  const retention = new Retention(journal, { ...WIDE, maxBytes });
  while (retention.step(Date.now()));
  const status = journal.status();
  assert(status.bytes <= maxBytes, `${status.bytes} bytes`);
  assert(status.bytes > maxBytes / 2, "not more than needed is removed");
  assertEquals(allEvents(journal).at(-1)!.sequence, 6000);
  journal.close();
});

Deno.test("Retention forgets the sources that were seen longest ago", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < 250; i++) {
    emitter.emit(testScope(`10.0.${i >> 8}.${i & 255}`), "session.open", {});
  }
  journal.flush();
  const retention = new Retention(journal, { ...WIDE, maxSources: 100 });
  while (retention.step(Date.now()));
  assertEquals(journal.sources(1000).length, 100);
  journal.close();
});

Deno.test("Retention stops when told to", () => {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const retention = new Retention(journal, WIDE);
  retention.start();
  retention.stop();
  retention.stop();
  journal.close();
});
