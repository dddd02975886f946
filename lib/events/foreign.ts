/**
 * Events of other sensors: what came over a network as an event becomes one of ours, or is refused.
 *
 * A sensor may be in the wrong hands, so nothing that it says is believed which the collector knows
 * better: whose event it is comes from the credential it was brought with, when it came from our clock.
 * The columns of the journal are taken from the event itself; the text is written anew, so that a name
 * that stands twice in it, or a character that moves a terminal's cursor, goes no further. Nearly every
 * event is written already as it would be written anew: `canonical.ts` sees that without parsing it.
 * @module
 */
import { parseIp } from "../net/address.ts";
import { escapeHidden } from "../net/escape.ts";
import { type CanonicalEvent, type Columns, readCanonical } from "./canonical.ts";
import type { SensorEvent } from "./emitter.ts";
import { FIELD_TREE, type FieldNode } from "./field_tree.ts";
import { type FieldType, MAX_EVENT_BYTES, REQUIRED_FIELDS } from "./fields.ts";
import { formatTime } from "./time.ts";

/** An event that came from another sensor, for a journal that gives it a number of its own. */
export interface ForeignEvent extends Omit<SensorEvent, "sequence"> {
  /** Its `event.id`: the same event that comes twice is known by it. */
  readonly id: string;
  /** Name of the sensor: its `observer.name`. */
  readonly sensor: string;
  /** Version of the sensor's program: its `observer.version`. */
  readonly version: string;
}

/** Why an event is not taken: a word of lower-case letters, such as `sensor`, and of which field. */
export interface Refusal {
  readonly refusal: string;
}

/** What is known of an event besides what it says. */
export interface Arrival {
  /** The sensor that sent it, as its credential says. */
  readonly sensor: string;
  /** Our clock, in ms since 1970. */
  readonly nowMs: number;
}

/** Longest event taken, in bytes of UTF-8: some room for collectors that it came through. */
const MAX_BYTES = MAX_EVENT_BYTES + 1024;
/** Longest text written; only what is nothing but hidden characters grows so much. */
const MAX_UNITS = 2 * MAX_BYTES;
/** Objects within objects; our own events have five. */
const MAX_DEPTH = 10;

const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const SESSION = /^(?:[0-9A-HJKMNP-TV-Z]{26})?$/;
const ACTION = /^[a-z][a-z0-9-]{0,63}$/;
const PROVIDER = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/;
const KEY = /^@?[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const PLAIN = /^[\x20-\x7e]*$/;

/** Names of the required fields, in parts. */
const REQUIRED = REQUIRED_FIELDS.map((path) => path.split("."));
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads an event of another sensor.
 * @param line its JSON as it came: any bytes, without a line end.
 * @param arrival who sent it, and when.
 * @returns the event, whose `json` has `event.ingested`; or why it is refused. Never throws.
 */
export function readForeignEvent(
  line: Uint8Array | string,
  { sensor, nowMs }: Arrival,
): ForeignEvent | Refusal {
  if (line.length > MAX_BYTES) return { refusal: "too-long" };
  const ingested = formatTime(nowMs);
  const quick = typeof line === "string" ? undefined : readCanonical(line, ingested);
  if (quick !== undefined) return describe(quick, { sensor, nowMs });
  let value: Json;
  try {
    value = JSON.parse(typeof line === "string" ? line : decoder.decode(line));
  } catch {
    return { refusal: "no-json" }; // nor, then, UTF-8
  }
  if (!isObject(value)) return { refusal: "no-json" };
  try {
    checkObject(value, FIELD_TREE);
    const missing = REQUIRED.find((names) => at(value, names) === undefined);
    if (missing !== undefined) throw new Unfit(missing.join("."));
  } catch (error) {
    if (error instanceof Unfit) return { refusal: `field-${error.path}` };
    throw error;
  }
  const columns = readColumns(value);
  (value.event as JsonObject).ingested = ingested;
  return describe({ columns, json: JSON.stringify(value) }, { sensor, nowMs });
}

/** Takes the columns from an event that has all required fields, and all with the right types. */
function readColumns(event: JsonObject): Columns {
  const text = (path: string) => at(event, path.split(".")) as string | undefined ?? "";
  const long = (path: string) => at(event, path.split(".")) as number;
  return {
    id: text("event.id"),
    sensor: text("observer.name"),
    version: text("observer.version"),
    time: text("@timestamp"),
    action: text("event.action"),
    decoy: text("event.provider"),
    source: text("source.ip"),
    session: text("duckblind.session.id"),
    severity: long("event.severity"),
    sequence: long("event.sequence"),
  };
}

/** Makes of an event what is stored, unless a value cannot be that of an event of this sensor. */
function describe(
  { columns, json }: CanonicalEvent,
  { sensor, nowMs }: Arrival,
): ForeignEvent | Refusal {
  const { id, version, time, action, decoy, source, session, severity, sequence } = columns;
  const madeMs = Date.parse(time);
  if (columns.sensor !== sensor) return { refusal: "field-observer.name" };
  if (!ID.test(id)) return { refusal: "field-event.id" };
  if (!ACTION.test(action)) return { refusal: "field-event.action" };
  if (!PROVIDER.test(decoy)) return { refusal: "field-event.provider" };
  if (!SESSION.test(session)) return { refusal: "field-duckblind.session.id" };
  if (!VERSION.test(version)) return { refusal: "field-observer.version" };
  if (Number.isNaN(madeMs)) return { refusal: "field-@timestamp" };
  if (severity < 0 || severity > 100) return { refusal: "field-event.severity" };
  // 0 is that of an event that `test-sink` makes.
  if (sequence < 0) return { refusal: "field-event.sequence" };
  if (json.length > MAX_UNITS) return { refusal: "field-message" };
  // Nothing happens after it is told; a clock that is fast must not keep an event for ever.
  const timeMs = Math.min(madeMs, nowMs);
  return Object.freeze({
    id,
    sensor,
    version,
    timeMs,
    action,
    decoy,
    source,
    session,
    severity,
    json,
  });
}

type Json = string | number | boolean | null | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

/** A field is missing or has not the type or form that it must have. Never leaves this module. */
class Unfit extends Error {
  readonly path: string;

  constructor(path: string) {
    super(path);
    // Of names that the sensor made up, no more than can stand in a reply.
    this.path = path.split(".").slice(0, 4).join(".").slice(0, 60);
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a name in parts. */
function at(event: JsonObject, names: readonly string[]): Json | undefined {
  let value: Json | undefined = event;
  for (const name of names) {
    if (value === undefined || !isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Checks an object that has a known name, and makes hidden characters in it visible. */
function checkObject(object: JsonObject, known: FieldNode): void {
  for (const name of Object.keys(object)) {
    const value = object[name]!;
    const next = known.names.get(name);
    if (next === undefined) {
      checkName(name, known.path);
      object[name] = checkUnknown(value, known.path === "" ? name : `${known.path}.${name}`, 0);
    } else if (next.type !== undefined) {
      const checked = checkKnown(value, next.type, next.path);
      if (checked !== value) object[name] = checked;
    } else if (isObject(value)) {
      checkObject(value, next);
    } else {
      throw new Unfit(next.path);
    }
  }
}

/** A name that this version does not know; refused with the name of the object that it is in. */
function checkName(name: string, path: string): void {
  if (!KEY.test(name)) throw new Unfit(path === "" ? "name" : path);
}

/** A field that this version does not know, of a newer sensor: anything that is small and visible. */
function checkUnknown(value: Json, path: string, depth: number): Json {
  if (typeof value === "string") return visible(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new Unfit(path);
  if (Array.isArray(value)) return value.map((item) => checkUnknown(item, path, depth + 1));
  for (const name of Object.keys(value)) {
    checkName(name, path);
    value[name] = checkUnknown(value[name]!, path, depth + 1);
  }
  return value;
}

function checkKnown(value: Json, type: FieldType, path: string): Json {
  if (type === "text") {
    if (typeof value === "string") return visible(value);
  } else if (type === "long") {
    if (Number.isSafeInteger(value)) return value;
  } else if (type === "boolean") {
    if (typeof value === "boolean") return value;
  } else if (type === "date" || type === "base64" || type === "ip") {
    if (typeof value === "string" && hasForm(value, type)) return value;
  } else if (Array.isArray(value)) {
    return value.map((item) => {
      if (type === "pairs") return checkPair(item, path);
      if (typeof item !== "string" || (type === "ip[]" && !hasForm(item, "ip"))) {
        throw new Unfit(path);
      }
      return visible(item);
    });
  }
  throw new Unfit(path);
}

function hasForm(value: string, type: "date" | "base64" | "ip"): boolean {
  if (type === "date") return DATE.test(value);
  if (type === "base64") return BASE64.test(value);
  return /^[0-9a-f.:]{2,45}$/.test(value) && parseIp(value) !== undefined;
}

function checkPair(item: Json, path: string): Json {
  if (!isObject(item) || typeof item.name !== "string" || typeof item.value !== "string") {
    throw new Unfit(path);
  }
  return { name: visible(item.name), value: visible(item.value) };
}

function visible(text: string): string {
  return PLAIN.test(text) ? text : escapeHidden(text);
}
