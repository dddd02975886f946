import { assert, assertEquals } from "@std/assert";
import type { SensorEvent } from "../../../lib/events/emitter.ts";
import { encodeAs, ENCODINGS, toObject } from "../../../lib/events/encoders/encoder.ts";
import { FIELDS, MAX_EVENT_BYTES } from "../../../lib/events/fields.ts";
import { escapeBytes } from "../../../lib/net/escape.ts";
import { Random } from "../../fuzz/random.ts";
import { parseCef } from "./cef_parser.ts";
import { everyAction, makeEvent, SENSOR, transcriptEvents } from "./corpus.ts";

const encoder = new TextEncoder();
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Fails unless all forms of an event are one bounded line that their readers take. */
function assertLines(event: SensorEvent): void {
  for (const name of ENCODINGS) {
    const line = encodeAs(name, event);
    assertEquals(/[\r\n]/.test(line), false, name);
    if (name === "ecs") continue; // is what the journal holds
    const size = encoder.encode(line).length;
    assert(size <= MAX_EVENT_BYTES, `${name} has ${size} bytes`);
    assertEquals(HIDDEN.exec(line)?.index, undefined, name);
    if (name === "cef") parseCef(line);
    else {
      const value = JSON.parse(line);
      assertEquals([typeof value, Array.isArray(value)], ["object", false], name);
    }
  }
}

/** An event of another sensor. */
function foreign(json: string): SensorEvent {
  return {
    ...{ sequence: 1, timeMs: 1e12, action: "command", decoy: "ftp", source: "192.0.2.9" },
    ...{ session: "01J", severity: 30, json },
  };
}

Deno.test("encodeAs() ecs is the event as it is", () => {
  for (const { event } of [...everyAction(), ...transcriptEvents()]) {
    assertEquals(encodeAs("ecs", event), event.json);
  }
});

Deno.test("encodeAs() makes one line of every event, within its bound", () => {
  for (const { event } of [...everyAction(), ...transcriptEvents()]) assertLines(event);
});

Deno.test("encodeAs() makes one bounded line of the largest events that there are", () => {
  const odd = escapeBytes(new Uint8Array(300_000).fill(0x5c));
  const wide = "\u{1f986}".repeat(30_000);
  for (const text of [odd, wide, '"'.repeat(30_000), "=".repeat(30_000)]) {
    const bytes = new Uint8Array(100_000).fill(0x3d);
    const headers = Array.from({ length: 500 }, () => [text, text] as const);
    for (
      const event of [
        makeEvent("http", "http.request", {
          ...{ method: text, target: text, version: "1.1", body: bytes, bodyBytes: 1e9 },
          headers: [["User-Agent", text], ["Host", text], ["Referer", text], ...headers],
          status: 200,
        }),
        makeEvent("ftp", "command", { verb: text, argument: text }),
        makeEvent("smtp", "payload", { name: text, mimeType: text, bytes, size: 1e6, sha256: "f" }),
        makeEvent("ssh", "auth.attempt", {
          ...{ method: "password", username: text, secret: text, newSecret: text, domain: text },
          ...{ responses: Array(100).fill(text), hash: text, service: text },
        }),
      ]
    ) {
      assertLines(event);
      assertEquals(JSON.parse(encodeAs("ocsf", event)).metadata.uid, "01J00000000000000000000001");
    }
  }
});

Deno.test("encodeAs() ocsf says when it left out what did not fit", () => {
  const name = "\\\\".repeat(4000);
  const event = foreign(JSON.stringify({
    event: { action: "command", severity: 30, id: "01J" },
    process: { command_line: name.repeat(8) },
    duckblind: { decoy: { kind: "ftp" }, command: { name: "X", args: [name], reply_code: "530" } },
  }));
  const { metadata, unmapped, codes } = JSON.parse(encodeAs("ocsf", event));
  assertEquals([metadata.is_truncated, codes], [true, [530]]);
  assertEquals(unmapped.duckblind.command.args, [name.slice(0, 512)]);
  assertEquals(metadata.untruncated_size, Math.ceil(event.json.length / 1024));
});

Deno.test("encodeAs() escapes what only a config can bring into an event", () => {
  const sensor = { ...SENSOR, name: "edge\u007f\u202e\u{e0001}\r\n1" };
  const event = makeEvent("ftp", "session.open", {}, sensor);
  assertLines(event);
  assertEquals(JSON.parse(encodeAs("opencanary", event)).node_id, sensor.name);
});

Deno.test("encodeAs() takes an event that it cannot read for what the journal's columns say", () => {
  for (const json of ["", "{", "null", "[]", "5", '{"event":', "\n\n", "{}\n{}"]) {
    const event = foreign(json);
    assertLines(event);
    const record = JSON.parse(encodeAs("opencanary", event));
    assertEquals([record.logtype, record.src_host], [99001, "192.0.2.9"], json);
    const { class_uid, src_endpoint } = JSON.parse(encodeAs("ocsf", event));
    assertEquals([class_uid, src_endpoint.ip], [4008, "192.0.2.9"]);
    assertEquals(parseCef(encodeAs("cef", event)).extension.get("src"), "192.0.2.9");
    const ecs = toObject("ecs", event);
    assertEquals(ecs.source, { ip: "192.0.2.9" });
    assertEquals((ecs.event as Record<string, unknown>).action, "command");
  }
});

Deno.test("encodeAs() is not brought down by an event that is nested too deeply", () => {
  const depth = 30_000;
  const deep = `{"duckblind":${'{"lure":'.repeat(depth)}1${"}".repeat(depth + 1)}`;
  for (const json of [deep, `{"event":${"[".repeat(depth)}${"]".repeat(depth)}}`]) {
    const event = foreign(json);
    assertLines(event);
    for (const name of ["ecs", "opencanary", "ocsf"] as const) toObject(name, event);
  }
});

Deno.test("encodeAs() bears any value in any field, and times that no date can hold", () => {
  const random = new Random("encoders");
  const values = [
    null,
    true,
    -1,
    1e300,
    NaN,
    "",
    "\ud800",
    "a\r\nb",
    [],
    [[]],
    {},
    [null, 5, "x"],
    {
      name: 5,
      value: [],
    },
    [{ name: "Host", value: "x" }, 3, { name: "User-Agent" }],
    "99",
    "x=y|z\\",
  ];
  const paths = [
    ...Object.keys(FIELDS),
    "event",
    "source",
    "duckblind",
    "http",
    "__proto__",
    "tls",
  ];
  const actions = everyAction().map(({ event }) => event);
  for (let i = 0; i < 4000; i++) {
    const sample = random.pick(actions);
    const root = JSON.parse(sample.json);
    for (let n = 1 + random.below(6); n > 0; n--) {
      const path = random.pick(paths).split(".");
      let node = root;
      for (const name of path.slice(0, -1)) {
        if (typeof node[name] !== "object" || node[name] === null) node[name] = {};
        node = node[name];
      }
      Object.defineProperty(node, path.at(-1)!, {
        ...{
          value: structuredClone(random.pick(values)),
          enumerable: true,
          configurable: true,
          writable: true,
        },
      });
    }
    const timeMs = random.pick([sample.timeMs, 0, -1, 8.7e15, NaN, Infinity, 253_402_300_800_000]);
    const severity = random.pick([sample.severity, NaN, -5, 1e9]);
    assertLines({ ...sample, timeMs, severity, json: JSON.stringify(root) });
  }
});

Deno.test("toObject() is what encodeAs() writes", () => {
  for (const { event } of everyAction()) {
    for (const name of ["ecs", "opencanary", "ocsf"] as const) {
      assertEquals(toObject(name, event), JSON.parse(encodeAs(name, event)));
    }
  }
});

Deno.test("an action that the encoders do not know is told all the same", () => {
  const json = '{"event":{"action":"new-thing","severity":75},"user":{"name":"u"}}';
  const event = { ...foreign(json), action: "new-thing" };
  assertEquals(JSON.parse(encodeAs("opencanary", event)).logtype, 99009);
  const own = { ...event, source: "" };
  assertEquals(JSON.parse(encodeAs("opencanary", own)).logtype, 1001);
  const ocsf = JSON.parse(encodeAs("ocsf", event));
  assertEquals([ocsf.class_uid, ocsf.activity_id, ocsf.activity_name], [0, 99, "new-thing"]);
  assertEquals(ocsf.unmapped.user, { name: "u" });
  assertEquals(parseCef(encodeAs("cef", event)).header.slice(3), ["new-thing", "New thing", "8"]);
});
