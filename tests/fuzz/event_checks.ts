/**
 * What must hold of every event, whatever a peer sent.
 * @module
 */
import { encodeEvent, type Scope, type SensorIdentity } from "../../lib/events/ecs.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { encodeAs, ENCODINGS } from "../../lib/events/encoders/encoder.ts";
import { ACTIONS, type EventId, type EventMap } from "../../lib/events/event.ts";
import { MAX_EVENT_BYTES } from "../../lib/events/fields.ts";
import { eventJsonSchema } from "../../lib/events/json_schema.ts";
import { escapeBytes, unescapeBytes } from "../../lib/net/escape.ts";
import { findMistakes } from "../support/conformance.ts";
import { check } from "./target.ts";

const SCHEMA = eventJsonSchema();
const STAMP = { id: "01TRANSCRIPT00000000000001", sequence: 1, timeMs: 1_795_262_400_000 };
const SENSOR: SensorIdentity = { name: "test", version: "0", secrets: "plain", salt: "" };
const encoder = new TextEncoder();

/** Addresses of every fuzzed connection. */
export const ENDPOINTS = {
  peer: { ip: "203.0.113.7", port: 40000 },
  local: { ip: "192.0.2.1", port: 80 },
} as const;

/** The scope of a fuzzed connection. */
export function fuzzScope(kind: string): Scope {
  return { provider: kind, kind, sessionId: "01TRANSCRIPT00000000000000", ...ENDPOINTS };
}

/**
 * Checks one event.
 * @param scope of its connection.
 * @param id its kind.
 * @param data what it says.
 * @param options `isSample`: also against the schema, which takes longer than all the rest.
 * @returns length of its wire form, in bytes.
 */
export function checkEvent<K extends EventId>(
  scope: Scope,
  { id, data }: { id: K; data: EventMap[K] },
  options: { isSample: boolean },
): number {
  checkTexts(id, data, id);
  const { json, severity } = encodeEvent(STAMP, scope, { id, data, sensor: SENSOR });
  const size = encoder.encode(json).length;
  check(size <= MAX_EVENT_BYTES, "event size", () => `${id} has ${size} bytes`);
  // deno-lint-ignore no-control-regex -- that none is there is the point
  const control = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.exec(json);
  check(control === null, "no raw control in an event", () => `${id} at ${control?.index}`);
  check(!/\\u[0-9a-f]{4}/.test(json.replaceAll("\\\\", "")), "no half character", () => json);
  if (!options.isSample) return size;
  const mistakes = findMistakes(SCHEMA, JSON.parse(json));
  check(mistakes.length === 0, "event conforms", () => `${id}: ${mistakes.join("; ")}`);
  const { provider: decoy, sessionId: session = "", peer } = scope;
  const { sequence, timeMs } = STAMP;
  const common = { sequence, timeMs, decoy, session, source: peer?.ip ?? "", severity };
  checkEncodings({ ...common, action: ACTIONS[id], json });
  return size;
}

/** Every form of an event is one bounded line, without anything that is not shown. */
function checkEncodings(event: SensorEvent): void {
  for (const name of ENCODINGS) {
    const line = encodeAs(name, event);
    const size = encoder.encode(line).length;
    check(size <= MAX_EVENT_BYTES, "encoded size", () => `${event.action} as ${name}: ${size}`);
    const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(line);
    check(hidden === null, "no raw control when encoded", () => `${name} at ${hidden?.index}`);
    if (name !== "cef") JSON.parse(line);
  }
}

/** Every text of an event is what `escapeBytes` makes of some bytes, and nothing else. */
function checkTexts(id: string, value: unknown, path: string): void {
  if (typeof value === "string") {
    if (path === "auth.attempt.hash") {
      // A line for hashcat: no escapes, hence printable ASCII alone.
      check(/^[\x20-\x7e]*$/.test(value), "hash is printable", () => JSON.stringify(value));
      return;
    }
    let again: string | undefined;
    try {
      again = escapeBytes(unescapeBytes(value));
    } catch {
      // No escaped text: told below.
    }
    check(again === value, "text is escaped", () => `${path} is ${JSON.stringify(tail(value))}`);
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    for (const [key, entry] of Object.entries(value)) {
      checkTexts(id, entry, Array.isArray(value) ? `${path}[]` : `${path}.${key}`);
    }
  }
}

function tail(text: string): string {
  return text.length > 200 ? `${text.slice(0, 60)}...${text.slice(-100)}` : text;
}
