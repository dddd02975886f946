/**
 * Numbers of entries in streams.
 * @module
 */
import { Refusal } from "./refusal.ts";

/** Milliseconds and a number within them. */
export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

/** Greatest part of a number. */
export const MAX_PART = 2n ** 64n - 1n;
const INVALID = "ERR Invalid stream ID specified as stream command argument";

/** Which of two is later: positive for the first. */
export function compareIds(a: StreamId, b: StreamId): number {
  const [x, y] = a.ms === b.ms ? [a.seq, b.seq] : [a.ms, b.ms];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A number as text. */
export function formatId({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`;
}

/**
 * A number as an argument.
 * @param text `ms` or `ms-seq`; with `isRange`, `-` and `+` too.
 * @param missingSeq what stands for a second part that is not there.
 * @throws {Refusal} for anything else.
 */
export function idArgument(text: string, missingSeq: bigint, isRange = false): StreamId {
  if (isRange && text === "-") return { ms: 0n, seq: 0n };
  if (isRange && text === "+") return { ms: MAX_PART, seq: MAX_PART };
  const match = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  if (match === null) throw new Refusal(INVALID);
  const ms = BigInt(match[1]!);
  const seq = match[2] === undefined ? missingSeq : BigInt(match[2]);
  if (ms > MAX_PART || seq > MAX_PART) throw new Refusal(INVALID);
  return { ms, seq };
}

/** Start or end of a range, which `(` leaves out. */
export function boundArgument(text: string, isStart: boolean): StreamId {
  if (!text.startsWith("(")) return idArgument(text, isStart ? 0n : MAX_PART, true);
  const id = idArgument(text.slice(1), isStart ? 0n : MAX_PART);
  return isStart ? nextId(id) : previousId(id);
}

/** The number behind. */
export function nextId({ ms, seq }: StreamId): StreamId {
  if (seq < MAX_PART) return { ms, seq: seq + 1n };
  if (ms === MAX_PART) throw new Refusal("ERR invalid start ID for the interval");
  return { ms: ms + 1n, seq: 0n };
}

function previousId({ ms, seq }: StreamId): StreamId {
  if (seq > 0n) return { ms, seq: seq - 1n };
  if (ms === 0n) throw new Refusal("ERR invalid end ID for the interval");
  return { ms: ms - 1n, seq: MAX_PART };
}
