import { assert, assertEquals } from "@std/assert";
import { Emitter } from "../../lib/events/emitter.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { type ForeignEvent, readForeignEvent, type Refusal } from "../../lib/events/foreign.ts";
import { testScope } from "../support/events.ts";

const NOW_MS = Date.parse("2030-01-01T00:00:00.000Z");
const ARRIVAL = { sensor: "edge-1", nowMs: NOW_MS };

/** An event as a sensor of this program makes it. */
function madeEvent(username = "root"): SensorEvent {
  const events: SensorEvent[] = [];
  const store = { nextSequence: () => 7, append: (event: SensorEvent) => void events.push(event) };
  const sensor = { name: "edge-1", version: "0.1.0", secrets: "plain", salt: "" } as const;
  new Emitter(store, sensor).emit(testScope(), "auth.attempt", {
    method: "password",
    username,
    secret: "x",
  });
  return events[0]!;
}

/** Reads a genuine event after a change. */
// deno-lint-ignore no-explicit-any -- changes whatever a test is about
function readChanged(change: (event: any) => void): ForeignEvent | Refusal {
  const event = JSON.parse(madeEvent().json);
  change(event);
  return readForeignEvent(JSON.stringify(event), ARRIVAL);
}

function taken(result: ForeignEvent | Refusal): ForeignEvent {
  assert("json" in result, JSON.stringify(result));
  return result;
}

Deno.test("readForeignEvent() takes the columns from the event, and adds only event.ingested", () => {
  const made = madeEvent('r"oo\\\\t ü \\x1b');
  for (const line of [made.json, new TextEncoder().encode(made.json)]) {
    const event = taken(readForeignEvent(line, ARRIVAL));
    const { id, sensor, version, json, ...columns } = event;
    const { sequence: _sequence, json: _json, ...own } = made;
    assertEquals(columns, own);
    assertEquals([sensor, version], ["edge-1", "0.1.0"]);
    const parsed = JSON.parse(json);
    assertEquals(parsed.event.ingested, "2030-01-01T00:00:00.000Z");
    assertEquals(parsed.event.id, id);
    delete parsed.event.ingested;
    assertEquals(parsed, JSON.parse(made.json));
  }
});

Deno.test("readForeignEvent() refuses an event that another sensor is to have made", () => {
  assertEquals(readChanged((e) => e.observer.name = "edge-2"), { refusal: "field-observer.name" });
  // A second name beside the first: whoever reads the text must not find another one than we did.
  const twice = madeEvent().json.replace('"observer":{', '"observer":{"name":"edge-2",');
  const event = taken(readForeignEvent(twice, ARRIVAL));
  assertEquals(event.json.match(/"name":"edge-\d"/g), ['"name":"edge-1"']);
});

Deno.test("readForeignEvent() refuses what is no event, and names the field", () => {
  const refuse = (line: string | Uint8Array, refusal: string) =>
    assertEquals(readForeignEvent(line, ARRIVAL), { refusal });
  refuse("", "no-json");
  refuse("[1]", "no-json");
  refuse("null", "no-json");
  refuse('{"a":', "no-json");
  refuse(new Uint8Array([0x22, 0xff, 0x22]), "no-json");
  refuse("[".repeat(60_000), "no-json");
  refuse("{}", "field-@timestamp");
  refuse(`{"message":"${"x".repeat(70_000)}"}`, "too-long");
  refuse('{"__proto__":{"polluted":1}}', "field-name");
  const changes: [(event: Record<string, Record<string, unknown>>) => void, string][] = [
    [(e) => delete e["@timestamp"], "@timestamp"],
    [(e) => (e as Record<string, unknown>)["@timestamp"] = "yesterday", "@timestamp"],
    [
      (e) => (e as Record<string, unknown>)["@timestamp"] = "2026-13-41T25:00:00.000Z",
      "@timestamp",
    ],
    [(e) => e.event!.id = "x", "event.id"],
    [(e) => e.event!.sequence = "7", "event.sequence"],
    [(e) => e.event!.sequence = -1, "event.sequence"],
    [(e) => e.event!.severity = 101, "event.severity"],
    [(e) => e.event!.severity = 1.5, "event.severity"],
    [(e) => e.event!.action = "Drop Table", "event.action"],
    [(e) => e.event!.category = "network", "event.category"],
    [(e) => e.event!.provider = "../x", "event.provider"],
    [(e) => e.source!.ip = "203.0.113.7'; --", "source.ip"],
    [(e) => e.source!.ip = "999.0.0.1", "source.ip"],
    [(e) => e.source = "203.0.113.7" as never, "source"],
    [(e) => e.duckblind!.session = { id: "short" }, "duckblind.session.id"],
    [(e) => e.related!.ip = [1], "related.ip"],
    [(e) => e.observer!.version = "\u001b[2J", "observer.version"],
    [(e) => e.message = { deep: 1 } as never, "message"],
    [(e) => e.duckblind!["\u001b]0;x"] = 1, "duckblind"],
  ];
  for (const [change, field] of changes) {
    assertEquals(readChanged(change), { refusal: `field-${field}` });
  }
});

Deno.test("readForeignEvent() makes visible what would act on a terminal", () => {
  const event = taken(readChanged((e) => {
    e.message = "\u001b[2J\u202eroot\n";
    e.duckblind.later = { note: ["\u0007"], more: 1 };
  }));
  const parsed = JSON.parse(event.json);
  assertEquals(parsed.message, "\\x1b[2J\\xe2\\x80\\xaeroot\\x0a");
  assertEquals(parsed.duckblind.later, { note: ["\\x07"], more: 1 });
  assertEquals(/\p{Cc}|\u202e/u.test(event.json), false);
});

Deno.test("readForeignEvent() takes fields that this version does not know, but bounds them", () => {
  taken(readChanged((e) => e.duckblind.later = { a: { b: [{ c: null }] } }));
  let deep: unknown = 1;
  for (let i = 0; i < 20; i++) deep = i % 2 ? [deep] : { a: deep };
  assert("refusal" in readChanged((e) => e.duckblind.later = deep));
  // Nothing but hidden characters grows fivefold when it is made visible.
  assertEquals(readChanged((e) => e.message = "\u202e".repeat(21_000)), {
    refusal: "field-message",
  });
});

Deno.test("readForeignEvent() lets no event happen after it came", () => {
  const event = taken(readChanged((e) => e["@timestamp"] = "2099-01-01T00:00:00.000Z"));
  assertEquals(event.timeMs, NOW_MS);
  assertEquals(JSON.parse(event.json)["@timestamp"], "2099-01-01T00:00:00.000Z");
});
