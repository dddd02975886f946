/**
 * A quick look at events that stand exactly as this program writes them, which is nearly every event that
 * a sensor sends: no object is made of them.
 *
 * It knows one form of each value, and says yes only to what `JSON.parse` and `JSON.stringify` would give
 * back as it is: printable ASCII, known names, each once, no space between them, whole numbers of at most
 * 15 digits. To all else, right or wrong, it says nothing: who asks looks properly then. So whatever is
 * refused, and the word for it, is not decided here.
 * @module
 */
import { Buffer } from "node:buffer";
import { parseIp } from "../net/address.ts";
import { FIELD_TREE, type FieldNode } from "./field_tree.ts";
import { type FieldType, REQUIRED_FIELDS } from "./fields.ts";

/** Digits of a number that surely is a safe integer. */
const MAX_DIGITS = 15;
/** Longest text of an address. */
const MAX_IP_BYTES = 45;

/** What may stand in a text as it is: printable ASCII but for the quote and the backslash. */
const PLAIN = byteSet((byte) => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c);
const BASE64 = byteSet((byte) => /[A-Za-z0-9+/]/.test(String.fromCharCode(byte)));
const IP = byteSet((byte) => /[0-9a-f.:]/.test(String.fromCharCode(byte)));
/** Where it has a 0, any digit may stand. */
const DATE = ascii('"0000-00-00T00:00:00.000Z"');
const TRUE = ascii("true");
const FALSE = ascii("false");
const PAIR_NAME = ascii('{"name":');
const PAIR_VALUE = ascii(',"value":');

const [QUOTE, BACKSLASH, COMMA, MINUS, EQUALS, ZERO] = [0x22, 0x5c, 0x2c, 0x2d, 0x3d, 0x30];
const DOT = 0x2e;
const [BRACE, END_BRACE, BRACKET, END_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** A known name, and where it stands in the line that is looked at. */
interface Place {
  /** The name as it stands after its first quote: with the other one, and the colon. */
  readonly key: Uint8Array;
  /** Absent for an object. */
  readonly type: FieldType | undefined;
  readonly places: readonly Place[];
  /** Number of the last line that has it; what follows is of that line. */
  seenIn: number;
  /** Where its value begins and ends, quotes included. */
  start: number;
  end: number;
}

/** Places by their dotted names. */
const PLACES = new Map<string, Place>();
const ROOT = makePlace(FIELD_TREE);
const REQUIRED = REQUIRED_FIELDS.map(place);
const [EVENT, INGESTED] = [place("event"), place("event.ingested")];
const [ID, ACTION, PROVIDER] = [place("event.id"), place("event.action"), place("event.provider")];
const [SENSOR, VERSION] = [place("observer.name"), place("observer.version")];
const [TIME, SOURCE] = [place("@timestamp"), place("source.ip")];
const [SEVERITY, SEQUENCE] = [place("event.severity"), place("event.sequence")];
const SESSION = place("duckblind.session.id");

/** Number of the line that is looked at: what a place has of another one is old. */
let lineNumber = 0;

/** What is wanted of an event besides its text; each has its field's type, and that is all. */
export interface Columns {
  readonly id: string;
  readonly sensor: string;
  readonly version: string;
  /** `@timestamp`. */
  readonly time: string;
  readonly action: string;
  /** `event.provider`. */
  readonly decoy: string;
  /** Empty when it is not there, as the next. */
  readonly source: string;
  readonly session: string;
  readonly severity: number;
  readonly sequence: number;
}

/** An event, read. */
export interface CanonicalEvent {
  readonly columns: Columns;
  /** Its text, with `event.ingested`. */
  readonly json: string;
}

/**
 * Reads an event if it is as this program writes it.
 * @param bytes its JSON as it came.
 * @param ingested time that its `event.ingested` is to be; RFC 3339.
 * @returns `undefined` for whatever is not known to be right and written as `JSON.stringify` writes it.
 * Then nothing is said about it: it may still be an event.
 */
export function readCanonical(bytes: Uint8Array, ingested: string): CanonicalEvent | undefined {
  lineNumber++;
  if (skipObject(bytes, 0, ROOT) !== bytes.length) return undefined;
  for (const required of REQUIRED) if (required.seenIn !== lineNumber) return undefined;
  // All of it is ASCII: what a byte is in the line, a unit is in the text.
  const text = latin1(bytes, 0, bytes.length);
  const value = ({ seenIn, start, end }: Place) =>
    seenIn === lineNumber ? text.slice(start + 1, end - 1) : "";
  const columns = {
    id: value(ID),
    sensor: value(SENSOR),
    version: value(VERSION),
    time: value(TIME),
    action: value(ACTION),
    decoy: value(PROVIDER),
    source: value(SOURCE),
    session: value(SESSION),
    severity: Number(text.slice(SEVERITY.start, SEVERITY.end)),
    sequence: Number(text.slice(SEQUENCE.start, SEQUENCE.end)),
  };
  // An escape would have to be undone before it is compared; none of the others may hold one.
  if (columns.sensor.includes("\\")) return undefined;
  // In the place of the old one, or last in its object, which is not empty: the id is required.
  const isThere = INGESTED.seenIn === lineNumber;
  const start = isThere ? INGESTED.start : EVENT.end - 1;
  const end = isThere ? INGESTED.end : start;
  const member = isThere ? `"${ingested}"` : `,"ingested":"${ingested}"`;
  return { columns, json: text.slice(0, start) + member + text.slice(end) };
}

// Each of what follows takes where something begins, and returns where it ends; -1 if it is anything else.

function skipObject(bytes: Uint8Array, start: number, { places }: Place): number {
  if (bytes[start] !== BRACE) return -1;
  let at = start + 1;
  if (bytes[at] === END_BRACE) return at + 1;
  // Names come in the order of the table, mostly: the next one is looked for from the last one on.
  for (let next = 0;;) {
    if (bytes[at++] !== QUOTE) return -1;
    let tries = places.length;
    while (tries > 0 && !hasAt(bytes, at, places[next]!.key)) {
      next = next + 1 === places.length ? 0 : next + 1;
      tries--;
    }
    if (tries === 0) return -1;
    const found = places[next]!;
    if (found.seenIn === lineNumber) return -1; // stands there twice
    at += found.key.length;
    found.seenIn = lineNumber;
    found.start = at;
    at = found.type === undefined ? skipObject(bytes, at, found) : skipValue(bytes, at, found.type);
    if (at < 0) return -1;
    found.end = at;
    if (bytes[at] === END_BRACE) return at + 1;
    if (bytes[at++] !== COMMA) return -1;
  }
}

function skipValue(bytes: Uint8Array, at: number, type: FieldType): number {
  switch (type) {
    case "text":
      return skipText(bytes, at);
    case "long":
      return skipLong(bytes, at);
    case "boolean":
      if (hasAt(bytes, at, TRUE)) return at + TRUE.length;
      return hasAt(bytes, at, FALSE) ? at + FALSE.length : -1;
    case "date":
      return skipDate(bytes, at);
    case "ip":
      return skipIp(bytes, at);
    case "base64":
      return skipBase64(bytes, at);
    case "text[]":
      return skipList(bytes, at, skipText);
    case "ip[]":
      return skipList(bytes, at, skipIp);
    case "pairs":
      return skipList(bytes, at, skipPair);
  }
}

function skipText(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return -1;
  for (let at = start + 1;; at += 2) {
    while (PLAIN[bytes[at]!] === 1) at++;
    if (bytes[at] === QUOTE) return at + 1;
    // Other escapes are of what is hidden, or could have been written plainly.
    if (bytes[at] !== BACKSLASH) return -1;
    if (bytes[at + 1] !== QUOTE && bytes[at + 1] !== BACKSLASH) return -1;
  }
}

function skipLong(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = first;
  while (isDigit(bytes[at])) at++;
  const digits = at - first;
  if (digits === 0 || digits > MAX_DIGITS) return -1;
  // 0 has no sign, and nothing else begins with it.
  return bytes[first] === ZERO && at - start > 1 ? -1 : at;
}

function skipDate(bytes: Uint8Array, start: number): number {
  for (let i = 0; i < DATE.length; i++) {
    const byte = bytes[start + i];
    if (DATE[i] === ZERO ? !isDigit(byte) : byte !== DATE[i]) return -1;
  }
  return start + DATE.length;
}

function skipIp(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return -1;
  const end = skipIpv4(bytes, start + 1);
  if (end > 0 && bytes[end] === QUOTE) return end + 1;
  let at = start + 1;
  while (IP[bytes[at]!] === 1) at++;
  if (bytes[at] !== QUOTE || at - start - 1 > MAX_IP_BYTES) return -1;
  return parseIp(latin1(bytes, start + 1, at)) === undefined ? -1 : at + 1;
}

/** As `parseIp` takes them; most addresses are of this kind, and each event has four. */
function skipIpv4(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[at++] !== DOT) return -1;
    const first = at;
    let value = 0;
    while (isDigit(bytes[at]) && value < 256) value = value * 10 + bytes[at++]! - ZERO;
    if (at === first || value > 255 || (bytes[first] === ZERO && at - first > 1)) return -1;
  }
  return at;
}

function skipBase64(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return -1;
  let at = start + 1;
  while (BASE64[bytes[at]!] === 1) at++;
  for (let padding = 0; padding < 2 && bytes[at] === EQUALS; padding++) at++;
  return bytes[at] === QUOTE ? at + 1 : -1;
}

function skipPair(bytes: Uint8Array, start: number): number {
  if (!hasAt(bytes, start, PAIR_NAME)) return -1;
  const name = skipText(bytes, start + PAIR_NAME.length);
  if (name < 0 || !hasAt(bytes, name, PAIR_VALUE)) return -1;
  const value = skipText(bytes, name + PAIR_VALUE.length);
  return value >= 0 && bytes[value] === END_BRACE ? value + 1 : -1;
}

function skipList(
  bytes: Uint8Array,
  start: number,
  skipItem: (bytes: Uint8Array, at: number) => number,
): number {
  if (bytes[start] !== BRACKET) return -1;
  let at = start + 1;
  if (bytes[at] === END_BRACKET) return at + 1;
  for (;;) {
    at = skipItem(bytes, at);
    if (at < 0) return -1;
    if (bytes[at] === END_BRACKET) return at + 1;
    if (bytes[at++] !== COMMA) return -1;
  }
}

function hasAt(bytes: Uint8Array, at: number, what: Uint8Array): boolean {
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function makePlace({ name, path, type, names }: FieldNode): Place {
  const key = ascii(`${name}":`);
  const places = Array.from(names.values(), makePlace);
  const made = { key, type, places, seenIn: 0, start: 0, end: 0 };
  PLACES.set(path, made);
  return made;
}

function place(path: string): Place {
  const found = PLACES.get(path);
  if (found === undefined) throw new Error(`No field ${JSON.stringify(path)}`);
  return found;
}

/** Which of all bytes are in a set, as 1. */
function byteSet(has: (byte: number) => boolean): Uint8Array {
  return new Uint8Array(256).map((_, byte) => has(byte) ? 1 : 0);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** ASCII from `start` up to `end`. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
