/**
 * Reading the client's version line (RFC 4253 §4.2).
 *
 * The genuine servers read it byte by byte, so that what a peer sends behind a line they refuse stays
 * unread, and their system answers with RST. Here a line that begins as nearly all do is taken in one
 * go, and only the others byte by byte.
 * @module
 */
import type { Session } from "../decoy.ts";

const LF = 0x0a;
const CR = 0x0d;
/** How lines begin that no server refuses for what comes behind it. */
const USUAL_STARTS = ["SSH-2.0-", "SSH-1.99"];
const USUAL_BYTES = 8;
/** Up to where the first reads go, in bytes. */
const STEPS = [4, USUAL_BYTES];
/** How far an unusual line is read byte by byte; most are shorter, and each byte is a call. */
const MAX_SINGLE_BYTES = 256;

/** What a product does with the next byte of a line. */
export type LineVerdict = "more" | "last" | "end" | "refuse";

/** How a product reads lines; made anew for each line. */
export interface LineRules {
  /**
   * @param byte the next of the line.
   * @param length how many bytes were kept before it.
   * @returns whether the line goes on, is over with it, was over before it, or is refused at once.
   */
  judge(byte: number, length: number): LineVerdict;
  /** Whether a byte belongs to the line; the end never does. */
  keeps(byte: number): boolean;
}

/** A line that was read. */
export interface VersionLine {
  /** Without its end, and without what the product drops. */
  readonly bytes: Uint8Array;
  /** How many bytes were taken for it, its end included. */
  readonly taken: number;
  /** Whether the product refused it before its end. */
  readonly isRefused: boolean;
}

/**
 * Reads the line.
 * @param s nothing was read of it yet.
 * @param rules the product's.
 * @returns the line; rejects as a disconnect when the peer ends before that.
 */
export async function readVersionLine(s: Session, rules: LineRules): Promise<VersionLine> {
  const line: number[] = [];
  let taken = 0;
  const take = (byte: number): LineVerdict => {
    taken++;
    const verdict = rules.judge(byte, line.length);
    const isOfLine = verdict === "more" || verdict === "last";
    if (isOfLine && rules.keeps(byte)) line.push(byte);
    return verdict;
  };
  // Half of the usual start at a time, then all there is; byte by byte once it is not the usual one.
  let isUsual = true;
  for (;;) {
    const most: number = isUsual
      ? (STEPS.find((step) => step > taken) ?? Infinity) - taken
      : taken < MAX_SINGLE_BYTES
      ? 1
      : Infinity;
    const chunk: Uint8Array | null = most === Infinity ? await s.read() : await s.readAtMost(most);
    if (chunk === null) throw new VersionLineEnd();
    for (let i = 0; i < chunk.length; i++) {
      isUsual &&= taken >= USUAL_BYTES || isUsualAt(taken, chunk[i]!);
      const verdict = take(chunk[i]!);
      if (verdict === "more") continue;
      // A peer that writes its first bytes apart may have had some of them taken with the line's end.
      s.unread(chunk.subarray(i + 1));
      return { bytes: new Uint8Array(line), taken, isRefused: verdict === "refuse" };
    }
  }
}

/** Whether a byte is where it is in one of the usual starts. */
function isUsualAt(at: number, byte: number): boolean {
  return USUAL_STARTS.some((start) => start.charCodeAt(at) === byte);
}

/** The peer ended its side within the line. */
export class VersionLineEnd extends Error {
  override readonly name = "VersionLineEnd";
}

/**
 * OpenSSH's way: up to LF; a CR must stand before it, no NUL, 8192 bytes at most; and a first line
 * that does not begin with `SSH-` is refused.
 */
export function opensshLines(maxBytes: number): LineRules {
  let isAfterCr = false;
  return {
    judge(byte, length) {
      if (byte === LF) return "end";
      if (byte === CR) {
        isAfterCr = true;
        return "more";
      }
      return isAfterCr || byte === 0 || length >= maxBytes ? "refuse" : "more";
    },
    keeps: (byte) => byte !== CR,
  };
}

/** Dropbear's way: up to LF or so many bytes, whatever they are; CRs do not count. */
export function dropbearLines(maxBytes: number): LineRules {
  return {
    judge: (byte, length) =>
      byte === LF ? "end" : byte !== CR && length + 1 === maxBytes ? "last" : "more",
    keeps: (byte) => byte !== CR,
  };
}
