/**
 * How a sensor hands over its events: the words of `PUBLISH` and of its answer. Pure; for both ends.
 *
 * ```text
 * PUBLISH version=0.1.0 count=2 bytes=2048 journal=<id> after=10 upto=40 missing=0 last=77
 * <event 12 as a line of JSON, ended by LF>
 * <event 40 as a line of JSON, ended by LF>
 * +OK 40 stored=2 known=0
 * ```
 *
 * The lines are everything that the sensor wants to send of the sequences above `after`, up to `upto`,
 * so what a filter leaves out makes no gap.
 * @module
 */
import { RequestError } from "./frames.ts";

/** Most events of one request. */
export const MAX_PUBLISH_EVENTS = 2000;
/** Most bytes of one request, line ends included. */
export const MAX_PUBLISH_BYTES = 4 * 1_048_576;

/** Which part of a sensor's journal a request covers. */
export interface PublishedRange {
  /** Id of the journal, 32 hex digits. */
  readonly journal: string;
  /** Sequence up to which the sensor knows that everything is here. */
  readonly after: number;
  /** Sequence up to which everything is here with this request. */
  readonly upTo: number;
  /** Events of the range that the sensor has lost. */
  readonly missing: number;
}

/** What stands in the request's line. */
export interface PublishFrame {
  /** Version of the sensor's program. */
  readonly version: string;
  /** How many events follow. */
  readonly count: number;
  /** Their length in bytes, line ends included. */
  readonly bytes: number;
  /** Absent in a sign of life, and for an event that is in no journal. */
  readonly range?: PublishedRange;
  /** Sequence of the sensor's newest event. */
  readonly newest?: number;
}

/** What stands in the answer. */
export interface PublishAnswer {
  /** Sequence up to which everything is here; 0 when the request named no range. */
  readonly upTo: number;
  /** Events that are new. */
  readonly stored: number;
  /** Events that were here already. */
  readonly known: number;
  /** Events that are no events, or not this sensor's, by their index. */
  readonly refused: readonly { readonly index: number; readonly reason: string }[];
}

/**
 * Formats the request's line.
 * @param frame what it says.
 * @returns the line without its end.
 */
export function formatPublish(frame: PublishFrame): string {
  const { version, count, bytes, range, newest } = frame;
  const words = ["PUBLISH", `version=${version}`, `count=${count}`, `bytes=${bytes}`];
  if (range !== undefined) {
    words.push(`journal=${range.journal}`, `after=${range.after}`, `upto=${range.upTo}`);
    if (range.missing > 0) words.push(`missing=${range.missing}`);
  }
  if (newest !== undefined) words.push(`last=${newest}`);
  return words.join(" ");
}

/** The form of each option's value. */
const OPTIONS: Readonly<Record<string, RegExp>> = {
  version: /^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/,
  count: /^\d{1,4}$/,
  bytes: /^\d{1,8}$/,
  journal: /^[0-9a-f]{32}$/,
  after: /^\d{1,15}$/,
  upto: /^\d{1,15}$/,
  missing: /^\d{1,15}$/,
  last: /^\d{1,15}$/,
};

/**
 * Reads the words of a request.
 * @param words what follows `PUBLISH`.
 * @throws {RequestError} naming what would be right; where the request ends is then unknown.
 */
export function parsePublish(words: readonly string[]): PublishFrame {
  const options = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    const [key, value] = [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
    if (!Object.hasOwn(OPTIONS, key) || !OPTIONS[key]!.test(value) || options.has(key)) {
      throw refuse(
        `${JSON.stringify(word.slice(0, 60))} is no option, must be one each of ` +
          Object.keys(OPTIONS).map((name) => `${name}=`).join(" "),
      );
    }
    options.set(key, value);
  }
  const number = (key: string) => Number(options.get(key) ?? NaN);
  const [version, count, bytes] = [options.get("version"), number("count"), number("bytes")];
  if (version === undefined || !(count <= MAX_PUBLISH_EVENTS) || !(bytes <= MAX_PUBLISH_BYTES)) {
    throw refuse(
      `version=, count= up to ${MAX_PUBLISH_EVENTS} and bytes= up to ${MAX_PUBLISH_BYTES} ` +
        "must be there",
    );
  }
  const range = parseRange(options);
  const newest = options.has("last") ? { newest: number("last") } : {};
  return { version, count, bytes, ...(range === undefined ? {} : { range }), ...newest };
}

function parseRange(options: ReadonlyMap<string, string>): PublishedRange | undefined {
  const journal = options.get("journal");
  const [after, upTo] = [options.get("after"), options.get("upto")].map(Number);
  const missing = Number(options.get("missing") ?? 0);
  if (journal === undefined && !["after", "upto", "missing"].some((key) => options.has(key))) {
    return undefined;
  }
  if (journal === undefined || !(after! <= upTo!) || missing > upTo! - after!) {
    throw refuse("journal=, after= and upto= go together, from the lower to the higher");
  }
  return { journal, after: after!, upTo: upTo!, missing };
}

/**
 * Formats the answer.
 * @param answer what it says.
 * @returns what follows `+OK`.
 */
export function formatPublishAnswer({ upTo, stored, known, refused }: PublishAnswer): string {
  const list = refused.map(({ index, reason }) => `${index}:${reason}`).join(",");
  return `${upTo} stored=${stored} known=${known}${list === "" ? "" : ` refused=${list}`}`;
}

/**
 * Reads an answer.
 * @param text what follows `+OK`.
 * @returns `undefined` when it is none.
 */
export function parsePublishAnswer(text: string): PublishAnswer | undefined {
  const match = /^(\d{1,15}) stored=(\d{1,4}) known=(\d{1,4})(?: refused=(\S+))?$/.exec(text);
  if (match === null) return undefined;
  const refused = (match[4]?.split(",") ?? []).map((entry) => {
    const [, index, reason] = /^(\d{1,4}):([a-zA-Z0-9@_.-]{1,64})$/.exec(entry) ?? [];
    return reason === undefined ? undefined : { index: Number(index), reason };
  });
  if (refused.includes(undefined)) return undefined;
  return {
    upTo: Number(match[1]),
    stored: Number(match[2]),
    known: Number(match[3]),
    refused: refused as PublishAnswer["refused"],
  };
}

/**
 * Formats what a gap is answered.
 * @param expected the `after` that would leave none.
 * @returns what follows `-ERR gap`.
 */
export function formatGap(expected: number): string {
  return `expected=${expected}`;
}

/**
 * Reads what a gap is answered.
 * @param text what follows `-ERR gap`.
 * @returns the `after` that is expected; `undefined` when it says none.
 */
export function parseGap(text: string): number | undefined {
  const match = /^expected=(\d{1,15})$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

function refuse(message: string): RequestError {
  return new RequestError("bad-request", message);
}
