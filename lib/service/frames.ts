/**
 * The service's language: what a request line says, and how answers are written. Pure.
 *
 * Requests are lines of words; options are `key=value`. Answers are one line, `+OK ...` or
 * `-ERR <code> <text>`; lists are `+OK <n>`, then n lines, then a line `.`. `README.md` has it all.
 * @module
 */
import { ACTIONS } from "../events/event.ts";
import type { EventFilter } from "../journal/query.ts";
import { parseIp } from "../net/address.ts";
import { escapeBytes } from "../net/escape.ts";

/** Longest line in either direction, its end included, in bytes. */
export const MAX_LINE_BYTES = 65_536;

/** The line that ends a list. */
export const END_OF_LIST = ".";

/** Begins a line in a feed that is no event: `# <cursor>`. */
export const HEARTBEAT_MARK = "# ";

/** Names given to what can be wrong with a request. */
export type ErrorCode =
  | "bad-request" // the request makes no sense
  | "unknown" // no such request
  | "login-required"
  | "login-failed"
  | "forbidden" // the role does not allow it
  | "too-long" // the line is longer than `MAX_LINE_BYTES`
  | "revoked" // the token was taken back
  | "gap" // a sensor goes on after events that are not here
  | "busy" // not now: the journal cannot be written
  | "failed"; // our fault

/** A request cannot be answered: the session writes it as `-ERR` and goes on. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What kind of thing is wrong. */
  readonly code: ErrorCode;

  /**
   * @param code what kind of thing is wrong.
   * @param message what is there and what would be right.
   */
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A request line. */
export interface Request {
  /** First word, in upper case. */
  readonly verb: string;
  /** The other words. */
  readonly words: readonly string[];
}

/** Which events a request wants. */
export interface Selection {
  readonly filter: EventFilter;
  /** Sequence after which to look. */
  readonly since?: number;
  readonly limit?: number;
  /** Pause after which a silent feed sends its cursor, in ms. */
  readonly heartbeatMs?: number;
  /** Name of a sink. */
  readonly sink?: string;
}

/** An answer's first line. */
export type Reply =
  | { readonly isOk: true; readonly text: string }
  | { readonly isOk: false; readonly code: string; readonly text: string };

/**
 * Reads a request line.
 * @param line without its end; any bytes. Words of a request are plain ASCII, so what is not stays
 * escaped and matches nothing.
 */
export function parseRequest(line: Uint8Array): Request {
  const [verb = "", ...words] = escapeBytes(line).split(" ").filter((word) => word !== "");
  return { verb: verb.toUpperCase(), words };
}

/** Reads one option of a request, or says what would be right. */
type OptionParser = (value: string) => Partial<Selection> | { filter: EventFilter };

/** The options by which events are chosen. */
const OPTIONS: Record<string, OptionParser> = {
  since: (value) => ({ since: parseWhole("since", value, Number.MAX_SAFE_INTEGER) }),
  limit: (value) => ({ limit: parseWhole("limit", value, 10_000, 1) }),
  heartbeat: (value) => ({ heartbeatMs: 1000 * parseWhole("heartbeat", value, 3600, 1) }),
  type: (value) => ({ filter: { actions: parseActions(value) } }),
  decoy: (value) => ({ filter: { decoys: parseNames(value) } }),
  source: (value) => ({ filter: { source: parseSource(value) } }),
  sink: (value) => ({ sink: value }),
  session: (value) => ({ filter: { session: value } }),
  sensor: (value) => ({ filter: { sensors: parseSensors(value) } }),
  min_severity: (value) => ({ filter: { minSeverity: parseWhole("min_severity", value, 100) } }),
  from: (value) => ({ filter: { fromMs: parseTime("from", value) } }),
  to: (value) => ({ filter: { toMs: parseTime("to", value) } }),
};

/**
 * Reads the options of a request.
 * @param words `key=value`, each key at most once.
 * @param allowed keys that the request knows.
 * @throws {RequestError} naming what would be right.
 */
export function parseSelection(words: readonly string[], allowed: readonly string[]): Selection {
  let selection: Selection = { filter: {} };
  const seen = new Set<string>();
  for (const word of words) {
    const at = word.indexOf("=");
    const key = at < 0 ? word : word.slice(0, at);
    const parse = allowed.includes(key) ? OPTIONS[key] : undefined;
    if (at < 0 || parse === undefined) {
      throw new RequestError(
        "bad-request",
        `${quote(word)} is no option, must be ${allowed.map((name) => `${name}=`).join(" ")}`,
      );
    }
    if (seen.has(key)) throw new RequestError("bad-request", `${key}= stands twice`);
    seen.add(key);
    const { filter, ...rest } = parse(word.slice(at + 1)) as Selection;
    selection = { ...selection, ...rest, filter: { ...selection.filter, ...filter } };
  }
  return selection;
}

/** Options of `EVENTS`. */
export const EVENTS_OPTIONS = [
  "since",
  "limit",
  "type",
  "decoy",
  "source",
  "session",
  "sensor",
  "min_severity",
  "from",
  "to",
] as const;

/** Options of `DEAD-LETTERS`. */
export const LETTERS_OPTIONS = ["sink", "since", "limit"] as const;

/** Options of `TAIL`. */
export const TAIL_OPTIONS = [
  "since",
  "type",
  "decoy",
  "source",
  "session",
  "sensor",
  "min_severity",
  "from",
  "to",
  "heartbeat",
] as const;

/**
 * Formats a good answer, or a list's first line.
 * @param text what follows `+OK`; no line end.
 */
export function formatOk(text: string): string {
  return `+OK ${text}\r\n`;
}

/**
 * Formats a bad answer.
 * @param code a word for programs.
 * @param text a sentence for people; no line end.
 */
export function formatError(code: ErrorCode, text: string): string {
  return `-ERR ${code} ${text}\r\n`;
}

/**
 * Formats the first line of a list.
 * @param count how many lines follow.
 * @param next cursor from which to ask for more; absent when that was all.
 */
export function formatListStart(count: number, next?: number): string {
  return formatOk(next === undefined ? String(count) : `${count} next=${next}`);
}

/**
 * Reads an answer's first line.
 * @param line without its end.
 * @returns `undefined` when it is none.
 */
export function parseReply(line: string): Reply | undefined {
  const ok = /^\+OK(?: (.*))?$/.exec(line);
  if (ok !== null) return { isOk: true, text: ok[1] ?? "" };
  const failed = /^-ERR (\S+)(?: (.*))?$/.exec(line);
  return failed === null ? undefined : { isOk: false, code: failed[1]!, text: failed[2] ?? "" };
}

/**
 * Reads what follows `+OK` at the start of a list.
 * @param text such as `100 next=4711`.
 * @returns `undefined` when it starts no list.
 */
export function parseListStart(text: string): { count: number; next?: number } | undefined {
  const match = /^(\d{1,9})(?: next=(\d{1,16}))?$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  return match[2] === undefined ? { count } : { count, next: Number(match[2]) };
}

function parseWhole(key: string, value: string, max: number, min = 0): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new RequestError(
    "bad-request",
    `${key} is ${quote(value)}, must be a whole number from ${min} to ${max}`,
  );
}

function parseActions(value: string): string[] {
  const known: readonly string[] = Object.values(ACTIONS);
  const words = value.split(",");
  const wrong = words.find((word) => !known.includes(word));
  if (wrong === undefined) return words;
  throw new RequestError(
    "bad-request",
    `type is ${quote(wrong)}, must be of ${known.join(", ")}`,
  );
}

function parseNames(value: string): string[] {
  const words = value.split(",");
  if (words.every((word) => /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(word))) return words;
  throw new RequestError("bad-request", `decoy is ${quote(value)}, must be names of decoys`);
}

function parseSensors(value: string): string[] {
  const words = value.split(",");
  if (words.every((word) => /^[\x21-\x7e]{1,128}$/.test(word))) return words;
  throw new RequestError("bad-request", `sensor is ${quote(value)}, must be names of sensors`);
}

/** An address as events have it, so that every way of writing it matches. */
function parseSource(value: string): string {
  const bytes = parseIp(value);
  if (bytes === undefined) {
    throw new RequestError("bad-request", `source is ${quote(value)}, must be an IP address`);
  }
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
  // The URL standard's serializer is the short form of RFC 5952.
  return isMapped
    ? bytes.subarray(12).join(".")
    : new URL(`http://[${value}]`).hostname.slice(1, -1);
}

/** RFC 3339 with a zone. */
function parseTime(key: string, value: string): number {
  const isForm = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(value);
  const ms = isForm ? Date.parse(value.toUpperCase()) : NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new RequestError(
    "bad-request",
    `${key} is ${quote(value)}, must be a time such as 2026-11-21T12:00:00Z`,
  );
}

/** Longest part of a request that an answer shows. */
const MAX_QUOTED = 60;

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? text.slice(0, MAX_QUOTED) + "..." : text);
}
