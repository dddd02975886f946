import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ForeignStore, Intake } from "../../lib/collect/intake.ts";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import type { ForeignEvent } from "../../lib/events/foreign.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { allEvents, TEST_SENSOR, testScope } from "../support/events.ts";
import { withTempFolder } from "../support/temp_folder.ts";

function makeEvents(count: number, sensor: string): SensorEvent[] {
  const events: SensorEvent[] = [];
  const emitter = new Emitter({
    nextSequence: () => events.length + 1,
    append: (event) => void events.push(event),
  }, { ...TEST_SENSOR, name: sensor });
  for (let n = 0; n < count; n++) {
    emitter.emit(testScope(), "auth.attempt", { method: "plain", username: "u", secret: `${n}` });
  }
  return events;
}

const arrival = (event: SensorEvent, sensor: string | undefined) => ({
  body: new TextEncoder().encode(event.json),
  sensor,
});

Deno.test("Intake stores events of other sensors in one commit, and knows what comes again", async () => {
  await withTempFolder(async (folder) => {
    const journal = new Journal(`${folder}/journal.db`);
    try {
      const commits: number[] = [];
      const store: ForeignStore = {
        ingest: (events, options) => {
          commits.push(events.length);
          return journal.ingest(events, options);
        },
      };
      const intake = new Intake(store, "nats");
      const [a, b] = [makeEvents(150, "edge-a"), makeEvents(2, "edge-b")];
      const arrivals = [
        ...a.map((event) => arrival(event, "edge-a")),
        ...b.map((event) => arrival(event, "edge-b")),
      ];
      const verdicts = await intake.take(arrivals, "collector");
      assertEquals(verdicts, arrivals.map(() => true));
      assertEquals(await intake.take(arrivals.slice(100), "collector"), Array(52).fill(true));
      assertEquals(commits, [152, 52]);
      assertEquals(intake.counts, { received: 152, duplicates: 52, refused: 0 });
      assertEquals(allEvents(journal).length, 152);
    } finally {
      journal.close();
    }
  });
});

Deno.test("Intake refuses what is no event, or not of the sensor that the place vouches for", async () => {
  const stored: ForeignEvent[] = [];
  const store: ForeignStore = {
    ingest: (events) => {
      stored.push(...events);
      return { stored: events.length, known: 0 };
    },
  };
  const intake = new Intake(store, "nats");
  const [good, forged, nameless] = makeEvents(3, "edge-a");
  const verdicts = await intake.take([
    { body: new TextEncoder().encode("{"), sensor: "edge-a" },
    { body: new Uint8Array([0xff, 0xfe]), sensor: "edge-a" },
    arrival(forged!, "edge-b"),
    arrival(nameless!, undefined),
    arrival(good!, "edge-a"),
  ], "collector");
  assertEquals(verdicts, [false, false, false, false, true]);
  assertEquals(stored.map(({ sensor }) => sensor), ["edge-a"]);
  assertEquals(intake.counts, { received: 1, duplicates: 0, refused: 4 });
});

Deno.test("Intake does not store this sensor's own events again", async () => {
  const intake = new Intake({ ingest: () => ({ stored: 99, known: 0 }) }, "nats");
  const [event] = makeEvents(1, "collector");
  assertEquals(await intake.take([arrival(event!, "collector")], "collector"), [true]);
  assertEquals(intake.counts, { received: 0, duplicates: 1, refused: 0 });
});

Deno.test("Intake counts nothing of what could not be stored", async () => {
  const store: ForeignStore = {
    ingest: () => {
      throw new Error("disk is full");
    },
  };
  const intake = new Intake(store, "nats");
  const events = makeEvents(2, "edge-a").map((event) => arrival(event, "edge-a"));
  await assertRejects(() => intake.take([...events, { body: new Uint8Array(), sensor: "x" }], "c"));
  assertEquals(intake.counts, { received: 0, duplicates: 0, refused: 0 });
});

Deno.test("Intake takes no more in a second than retention can remove", async () => {
  const intake = new Intake({ ingest: (events) => ({ stored: events.length, known: 0 }) }, "nats");
  const nothing = Array.from({ length: 500 }, () => ({ body: new Uint8Array(), sensor: "a" }));
  const from = performance.now();
  for (let n = 0; n < 12; n++) await intake.take(nothing, "collector");
  // 6,000 at 12,000 a second, less what may come at once.
  const tookMs = performance.now() - from;
  assert(tookMs >= 240 && intake.counts.refused === 6000, `${tookMs} ms`);
});
