import { assert, assertEquals } from "@std/assert";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { matchesFilter } from "../../lib/journal/query.ts";
import { type EventReader, readPage, STEP_EVENTS } from "../../lib/service/pages.ts";

/** A journal of made-up events; each step looks at no more than `stepRows` sequence numbers. */
function journalOf(sequences: readonly number[], stepRows = 2000): EventReader & { steps: number } {
  const events = sequences.map((sequence): SensorEvent => ({
    sequence,
    timeMs: sequence * 1000,
    action: sequence % 10 === 0 ? "payload" : "command",
    decoy: "ftp",
    source: "203.0.113.7",
    session: "",
    severity: 30,
    json: `{"event":{"sequence":${sequence}}}`,
  }));
  return {
    steps: 0,
    readableSequence: sequences.at(-1) ?? 0,
    firstSequence: () => sequences[0] ?? 0,
    read(after, filter, limit) {
      this.steps++;
      assert(limit <= STEP_EVENTS);
      const first = events.find((event) => event.sequence > after)?.sequence;
      if (first === undefined) {
        return { events: [], scannedTo: Math.max(after, this.readableSequence) };
      }
      const upTo = Math.min(this.readableSequence, first + stepRows - 1);
      const found = events.filter((event) =>
        event.sequence > after && event.sequence <= upTo && matchesFilter(event, filter)
      ).slice(0, limit);
      return { events: found, scannedTo: found.length === limit ? found.at(-1)!.sequence : upTo };
    },
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const sequencesOf = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line).event.sequence);
const WIDE = { maxUnits: 1e9, isOver: () => false };

Deno.test("readPage() gives the oldest behind a cursor, the newest without one", async () => {
  const journal = journalOf(range(1, 5000), 300);
  const after = await readPage(journal, { filter: {}, since: 4000, limit: 500 }, WIDE);
  assertEquals(sequencesOf(after.lines), range(4001, 4500));
  const newest = await readPage(journal, { filter: {}, limit: 3 }, WIDE);
  assertEquals(sequencesOf(newest.lines), [4998, 4999, 5000]);
  const rare = await readPage(journal, { filter: { actions: ["payload"] }, limit: 400 }, WIDE);
  assertEquals(sequencesOf(rare.lines), range(101, 500).map((n) => n * 10));
  const all = await readPage(journal, { filter: {}, limit: 10_000 }, WIDE);
  assertEquals(all.lines.length, 5000);
  assertEquals(all.next, undefined);
});

Deno.test("readPage() gets by with retention, an empty journal and a cursor beyond the end", async () => {
  const kept = journalOf([...range(9001, 9100), ...range(9500, 9510)]);
  assertEquals(sequencesOf((await readPage(kept, { filter: {}, limit: 12 }, WIDE)).lines), [
    9100,
    ...range(9500, 9510),
  ]);
  assert(kept.steps < 10, `${kept.steps} steps`);
  const behind = await readPage(kept, { filter: {}, since: 5, limit: 2 }, WIDE);
  assertEquals(sequencesOf(behind.lines), [9001, 9002]);
  assertEquals((await readPage(journalOf([]), { filter: {} }, WIDE)).lines, []);
  assertEquals((await readPage(kept, { filter: {}, since: 99_999 }, WIDE)).lines, []);
});

Deno.test("readPage() bounds a page and says where to go on", async () => {
  const journal = journalOf(range(1, 1000));
  const found: number[] = [];
  let pages = 0;
  for (let since: number | undefined = 0; since !== undefined; pages++) {
    const page = await readPage(journal, { filter: {}, since, limit: 10_000 }, {
      ...WIDE,
      maxUnits: 3000,
    });
    assert(page.lines.join("").length <= 3000);
    found.push(...sequencesOf(page.lines));
    since = page.next;
  }
  assertEquals(found, range(1, 1000));
  assert(pages > 5);
  const tiny = await readPage(journal, { filter: {}, since: 0 }, { ...WIDE, maxUnits: 1 });
  assertEquals(tiny.lines.length, 1);
});

Deno.test("readPage() stops when nobody waits any more", async () => {
  const journal = journalOf(range(1, 100_000));
  let looks = 0;
  await readPage(journal, { filter: { actions: ["none"] }, since: 0 }, {
    ...WIDE,
    isOver: () => ++looks > 3,
  });
  assert(journal.steps <= 4, `${journal.steps} steps`);
});
