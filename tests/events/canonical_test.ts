import { assert, assertEquals } from "@std/assert";
import { readCanonical } from "../../lib/events/canonical.ts";
import { readForeignEvent } from "../../lib/events/foreign.ts";
import { FIELDS } from "../../lib/events/fields.ts";
import { ODD_VALUES } from "../support/changed_json.ts";
import { loginEvent } from "../support/made_events.ts";
import { everyAction, makeEvent, transcriptEvents } from "./encoders/corpus.ts";

const INGESTED = "2030-01-01T00:00:00.000Z";
const encoder = new TextEncoder();

function read(json: string) {
  return readCanonical(encoder.encode(json), INGESTED);
}

/** The event that JSON is, after it was taken in, as it would be written anew. */
function rewrite(json: string): string {
  const event = JSON.parse(json);
  event.event.ingested = INGESTED;
  return JSON.stringify(event);
}

Deno.test("readCanonical() takes every event that this program writes in ASCII", () => {
  const events = [...everyAction(), ...transcriptEvents()].map(({ event }) => event);
  const plain = events.filter(({ json }) => /^[\x20-\x7e]*$/.test(json));
  assert(plain.length > 0.9 * events.length, `${plain.length} of ${events.length}`);
  for (const { json, action, decoy, source, session, severity, sequence, timeMs } of plain) {
    const { id } = JSON.parse(json).event;
    const expected = {
      columns: {
        ...{ id, sensor: "edge-1", version: "1.2.3", time: new Date(timeMs).toISOString() },
        ...{ action, decoy, source, session, severity, sequence },
      },
      json: rewrite(json),
    };
    assertEquals(read(json), expected, json);
    // By way of another collector: the time stands where it stood.
    assertEquals(read(expected.json.replace(INGESTED, "2029-01-01T00:00:00.000Z")), expected);
  }
});

Deno.test("readCanonical() takes no value but as JSON.stringify writes it, and none that is refused", () => {
  const { json } = loginEvent("root", "x");
  let taken = 0;
  for (const path of Object.keys(FIELDS)) {
    const event = JSON.parse(json);
    const names = path.split(".");
    const last = names.pop()!;
    let object = event;
    for (const name of names) object = object[name] ??= {};
    object[last] = "@@";
    for (const value of ODD_VALUES) {
      const line = JSON.stringify(event).replace('"@@"', () => value);
      const arrival = { sensor: "test", nowMs: Date.parse(INGESTED) };
      // What has a space behind it is parsed, and checked field by field.
      const parsed = readForeignEvent(encoder.encode(`${line} `), arrival);
      assertEquals(readForeignEvent(encoder.encode(line), arrival), parsed, `${path} ${value}`);
      const found = read(line);
      if (found === undefined) continue;
      taken++;
      assertEquals(JSON.stringify(JSON.parse(line)), line, path);
      assertEquals(found.json, rewrite(line), path);
    }
  }
  assert(taken > 500, `${taken} were taken`);
});

Deno.test("readCanonical() says nothing of what is written otherwise, or incomplete", () => {
  const { json } = makeEvent("ftp", "session.open", {});
  assert(read(json) !== undefined);
  const others = {
    "a name twice": json.replace('"event":{', '"event":{"module":"x",'),
    "an object twice": json.replace('"event":{', '"ecs":{},"event":{'),
    "a name that is not known": json.replace('"event":{', '"event":{"later":1,'),
    "a name of another object": json.replace('"event":{', '"event":{"ip":"192.0.2.1",'),
    "a name in escapes": json.replace('"module"', '"modul\\u0065"'),
    "a name that begins like a known one": json.replace('"module"', '"modules"'),
    "__proto__": json.replace('"event":{', '"__proto__":{"a":1},"event":{'),
    "space before": ` ${json}`,
    "space behind": `${json} `,
    "space within": json.replace('"event":{', '"event": {'),
    "a line end": `${json}\n`,
    "a byte order mark": `\ufeff${json}`,
    "a comma too many": json.replace(/\}$/, ",}"),
    "a comma too few": json.replace('","', '""'),
    "more behind": `${json}{}`,
    "less": json.slice(0, -1),
    "half": json.slice(0, json.length / 2),
    "nothing": "",
    "no object": '"x"',
    "an empty object": "{}",
    "a letter beyond ASCII": json.replace('"message":"', '"message":"\u00fc'),
    "a hidden character": json.replace('"message":"', '"message":"\u202e'),
    "a control character": json.replace('"message":"', '"message":"\u001b'),
    "DEL": json.replace('"message":"', '"message":"\u007f'),
    "an escape that is not needed": json.replace('"message":"', '"message":"\\/'),
    "an escape of a control character": json.replace('"message":"', '"message":"\\n'),
    "a name of the sensor with an escape": json.replace('"edge-1"', '"edge\\\\1"'),
  };
  for (const [what, line] of Object.entries(others)) {
    assert(line !== json, what);
    assertEquals(read(line), undefined, what);
  }
  for (const name of ['"id":"', '"sequence":', '"@timestamp":"', '"version":"', '"message":"']) {
    const line = json.replace(new RegExp(`${name}[^,}]*,?`), "");
    assert(line !== json && JSON.parse(line) !== undefined, name);
    assertEquals(read(line), undefined, `without ${name}`);
  }
  // What was seen in one line is not there in the next.
  assertEquals(read('{"ecs":{}}'), undefined);
});
