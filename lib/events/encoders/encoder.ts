/**
 * The forms in which an event can leave the sensor: the wire form as it is, and those of other products
 * that read honeypots' events, made from it.
 *
 * Every encoder takes any event, those of other sensors among them, throws nothing, and makes one line
 * of at most `MAX_EVENT_BYTES` with no control character in it.
 * @module
 */
import { Buffer } from "node:buffer";
import type { SensorEvent } from "../emitter.ts";
import { MAX_EVENT_BYTES } from "../fields.ts";
import { encodeCef } from "./cef.ts";
import { encodeOcsf } from "./ocsf.ts";
import { encodeOpencanary } from "./opencanary.ts";
import { type JsonObject, WireEvent } from "./wire_event.ts";

/** Name of a form, as the config has it. */
export type EncodingName = "ecs" | "opencanary" | "ocsf" | "cef";

/** Name of a form that is a JSON object. */
export type JsonEncodingName = Exclude<EncodingName, "cef">;

/** Every form; the first is the default. */
export const ENCODINGS: readonly EncodingName[] = ["ecs", "opencanary", "ocsf", "cef"];

/** Controls and invisible characters, which JSON allows in a text and nobody wants in a log. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What has none of them, as nearly all events: found much faster. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Makes one form of an event.
 * @param name the form.
 * @param event any event; of one whose wire form cannot be read, the journal's columns are told.
 * @returns one line without its end.
 * @example
 * ```ts
 * import { encodeAs } from "./encoder.ts";
 * const event = {
 *   sequence: 1,
 *   timeMs: 0,
 *   action: "command",
 *   decoy: "ftp",
 *   source: "192.0.2.7",
 *   session: "",
 *   severity: 30,
 *   json: '{"message":"FTP command \\"SYST\\" from 192.0.2.7","event":{"action":"command"}}',
 * };
 * console.assert(encodeAs("cef", event).startsWith("CEF:0|Duckblind|Duckblind||command|Command|3|"));
 * ```
 */
export function encodeAs(name: EncodingName, event: SensorEvent): string {
  if (name === "ecs") return event.json.replace(/[\r\n]/g, " "); // between tokens, if anywhere
  return encodeWithin(event, LINE_ENCODERS[name]);
}

/**
 * Makes one form of an event as an object, for what sends many of them in one text.
 * @param name the form.
 * @param event as for `encodeAs`.
 * @returns a JSON object.
 */
export function toObject(name: JsonEncodingName, event: SensorEvent): Record<string, unknown> {
  if (name !== "ecs") return JSON.parse(encodeAs(name, event)) as JsonObject;
  const wire = new WireEvent(event);
  return Object.keys(wire.root).length > 0 ? wire.root : columnsAsEcs(wire);
}

const LINE_ENCODERS: Record<Exclude<EncodingName, "ecs">, (event: WireEvent) => string> = {
  opencanary: (event) => formatJson(encodeOpencanary(event)),
  ocsf: (event) => formatJson(encodeOcsf(event)),
  cef: encodeCef,
};

/** The whole event if that is possible, else a short form of it, else what the journal's columns say. */
function encodeWithin(event: SensorEvent, encode: (event: WireEvent) => string): string {
  for (const options of [{}, { isBrief: true }]) {
    try {
      const line = encode(new WireEvent(event, options));
      if (Buffer.byteLength(line) <= MAX_EVENT_BYTES) return line;
    } catch {
      // Another sensor's event that is nested deeper than JSON can be written: the next form is flat.
    }
  }
  return encode(new WireEvent(event, { isBrief: true, isBare: true }));
}

/** What of the wire form the journal's columns know. */
function columnsAsEcs(event: WireEvent): JsonObject {
  const { action, provider, severity, source = "", session = "" } = event;
  return {
    "@timestamp": new Date(event.timeMs).toISOString(),
    message: event.message,
    event: { sequence: event.columns.sequence, action, provider, severity },
    ...(source === "" ? {} : { source: { ip: source } }),
    ...(session === "" ? {} : { duckblind: { session: { id: session } } }),
  };
}

function formatJson(value: JsonObject): string {
  const json = JSON.stringify(value);
  return PLAIN.test(json) ? json : json.replace(HIDDEN, escapeUnits);
}

/** A character as JSON escapes it: each of its UTF-16 units. */
function escapeUnits(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) {
    text += "\\u" + character.charCodeAt(at).toString(16).padStart(4, "0");
  }
  return text;
}
