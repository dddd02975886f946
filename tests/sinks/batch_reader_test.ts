import { assert, assertEquals } from "@std/assert";
import type { EventFilter, Page } from "../../lib/journal/query.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { BatchReader } from "../../lib/sinks/batch_reader.ts";
import { testEmitter, testScope } from "../support/events.ts";
import { sinkConfig } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";

/** A journal that takes some ms for each read, as on a slow disk. */
class SlowJournal extends Journal {
  readMs = 0;

  override read(after: number, filter: EventFilter, limit: number): Page {
    for (const from = performance.now(); performance.now() - from < this.readMs;);
    return super.read(after, filter, limit);
  }
}

Deno.test("a batch that the clock cuts short does not wait for more: the next one has it", () => {
  using folder = tempFolder();
  const journal = new SlowJournal(`${folder.path}/journal.db`);
  try {
    const emitter = testEmitter(journal);
    for (let i = 0; i < 1000; i++) emitter.emit(testScope(), "session.open", {});
    journal.flush();
    journal.readMs = 6;
    const { wanted, plan } = sinkConfig({ batch_events: 1000, batch_ms: 60_000 });
    const reader = new BatchReader(journal, wanted, plan);
    const first = reader.read(0);
    assert(first.events.length >= 100 && first.events.length < 1000, `${first.events.length}`);
    assertEquals(reader.ripensInMs(first, false), 0);
    // What comes behind it is read ahead.
    reader.readAhead();
    journal.readMs = 0;
    assertEquals(reader.read(first.upTo).after, first.upTo);
    // Nothing is left behind the last one: more may come.
    const last = reader.read(990);
    assertEquals(last.events.length, 10);
    assert(reader.ripensInMs(last, false) > 50_000);
  } finally {
    journal.close();
  }
});
