import { assert, assertEquals } from "@std/assert";
import { Emitter } from "../../lib/events/emitter.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { type ForeignEvent, readForeignEvent, type Refusal } from "../../lib/events/foreign.ts";
import { Random } from "../fuzz/random.ts";
import { changeJson } from "../support/changed_json.ts";
import { testScope } from "../support/events.ts";
import { everyAction } from "./encoders/corpus.ts";

const NOW_MS = Date.parse("2030-01-01T00:00:00.000Z");
const ARRIVAL = { sensor: "edge-1", nowMs: NOW_MS };
/** What a changed event is tried with: enough for every kind of change, in a second or two. */
const CHANGED_EVENTS = 4000;
const encoder = new TextEncoder();

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
  return readBoth(JSON.stringify(event));
}

/** Reads a line as bytes, which may be read quickly, and in the way in which any line can be read. */
function readBoth(line: string): ForeignEvent | Refusal {
  const result = readForeignEvent(encoder.encode(line), ARRIVAL);
  assertEquals(result, readForeignEvent(line, ARRIVAL), line);
  return result;
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

Deno.test("readForeignEvent() writes anew what JSON can say in several ways", () => {
  const { json } = madeEvent();
  const time = "2030-01-01T00:00:00.000Z";
  const own = taken(readBoth(json)).json;
  assertEquals(own, json.replace(/("severity":\d+[^}]*)\}/, `$1,"ingested":"${time}"}`));
  const message = /"message":"(?:[^"\\]|\\.)*"/;
  const alike: Record<string, [line: string, expected: string]> = {
    "space": [` ${json.replaceAll('":', '"\t: ')}\r\n`, own],
    "a byte order mark": [`\ufeff${json}`, own],
    "an older time": [own.replace(time, "2029-01-01T00:00:00.000Z"), own],
    "a name twice": [json.replace('"module"', '"module":"x","module"'), own],
    "an object twice": [
      json.replace('"observer":{', '"observer":{"name":"edge-2","type":"x"},"observer":{'),
      own,
    ],
    "a name in escapes": [json.replace('"message"', '"m\\u0065ssage"'), own],
    "a text in escapes": [json.replace('"edge-1"', '"\\u0065dge-1"'), own],
    "a slash": [json.replace(message, '"message":"\\/"'), own.replace(message, '"message":"/"')],
    "a fraction of 0": [json.replace('"port":21', '"port":21.0'), own],
    "an exponent": [json.replace('"port":21', '"port":2.1e1'), own],
    "less than 0, by nothing": [
      json.replace('"port":21', '"port":-0'),
      own.replace('"port":21', '"port":0'),
    ],
    "an escape of a control character": [
      json.replace(message, '"message":"\\u001b[2J\\n"'),
      own.replace(message, '"message":"\\\\x1b[2J\\\\x0a"'),
    ],
    "half a pair of surrogates": [
      json.replace(message, '"message":"\\ud83d"'),
      own.replace(message, '"message":"\ufffd"'),
    ],
    "letters beyond ASCII": [
      json.replace(message, '"message":"\u00fc\u{1f600}\\ud83d\\ude00"'),
      own.replace(message, '"message":"\u00fc\u{1f600}\u{1f600}"'),
    ],
    "a name that nobody knows": [
      json.replace('"event":{', '"event":{"later":1,'),
      own.replace('"event":{', '"event":{"later":1,'),
    ],
  };
  for (const [what, [line, expected]] of Object.entries(alike)) {
    assert(line !== json, what);
    // A text has no byte order mark: it belongs to the bytes.
    const bytes = encoder.encode(line);
    assertEquals(taken(readForeignEvent(bytes, ARRIVAL)).json, expected, what);
  }
});

Deno.test("readForeignEvent() refuses what JSON can say and an event cannot", () => {
  const { json } = madeEvent();
  const port = (value: string) => json.replace('"port":21', `"port":${value}`);
  const unfit: Record<string, [line: string, refusal: string]> = {
    "a number beyond all": [port("1e400"), "field-destination.port"],
    "a number that is not exact": [port("9007199254740993"), "field-destination.port"],
    "a fraction": [port("2.5"), "field-destination.port"],
    "a number that is none": [port("021"), "no-json"],
    "__proto__": [json.replace('"event":{', '"event":{"__proto__":{},'), "field-event"],
    "__proto__ above all": [json.replace("{", '{"__proto__":{"a":1},'), "field-name"],
    "a name in place of an array's": [
      json.replace('"related":{', '"related":{"0":1,'),
      "field-related",
    ],
    "another sensor, the second time": [
      json.replace('"event":{', '"observer":{"name":"edge-1"},"event":{').replace(
        '"name":"edge-1","type"',
        '"name":"edge-2","type"',
      ),
      "field-observer.name",
    ],
    "another sensor, in escapes": [
      json.replace('"edge-1"', '"edge-\\u0032"'),
      "field-observer.name",
    ],
    "an object that takes the place of a whole one": [
      json.replace(/\}$/, ',"event":{}}'),
      "field-event.id",
    ],
    "a line end in a text": [json.replace('"message":"', '"message":"\n'), "no-json"],
    "two events": [`${json}${json}`, "no-json"],
    "a comma too many": [json.replace(/\}$/, ",}"), "no-json"],
  };
  for (const [what, [line, refusal]] of Object.entries(unfit)) {
    assert(line !== json, what);
    assertEquals(readBoth(line), { refusal }, what);
  }
  const latin1 = encoder.encode(json.replace('"message":"', '"message":"@'));
  latin1[latin1.indexOf(0x40, 5)] = 0xfc;
  assertEquals(readForeignEvent(latin1, ARRIVAL), { refusal: "no-json" });
});

Deno.test("readForeignEvent() compares a sensor's name as it is, not as JSON writes it", () => {
  // In JSON the one's name has two backslashes, as the other's has without JSON.
  const json = madeEvent().json.replace('"edge-1"', '"edge\\\\1"');
  const read = (sensor: string) => readForeignEvent(encoder.encode(json), { ...ARRIVAL, sensor });
  assertEquals(read("edge\\\\1"), { refusal: "field-observer.name" });
  assertEquals(taken(read("edge\\1")).sensor, "edge\\1");
});

Deno.test("readForeignEvent() decides about changed events as if it had parsed each", () => {
  const seeds = everyAction().map(({ event }) => event.json);
  const random = new Random("changed events");
  const counts = { taken: 0, refused: new Set<string>() };
  for (let n = 0; n < CHANGED_EVENTS; n++) {
    const line = changeJson(random.pick(seeds), random);
    const result = readForeignEvent(encoder.encode(line), ARRIVAL);
    // What JSON has room for behind it is not what a quick look takes.
    assertEquals(result, readForeignEvent(encoder.encode(`${line} `), ARRIVAL), line);
    if ("refusal" in result) counts.refused.add(result.refusal);
    else counts.taken++;
  }
  assert(counts.taken > CHANGED_EVENTS / 8, `${counts.taken} were taken`);
  assert(counts.refused.size > 50, `${counts.refused.size} reasons`);
});
