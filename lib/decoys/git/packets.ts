/**
 * pkt-lines: gitprotocol-common(5), as pkt-line.c reads and writes them.
 *
 * ```text
 * 0..3  length of all, four hex digits; 0000 flush, 0001 delimiter, 0002 end of a response
 * 4..   text; an LF at its end does not count
 * ```
 * @module
 */
import { latin1, latin1Bytes } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";

/** Longest pkt-line that is sent, its length included: LARGE_PACKET_MAX of pkt-line.h. */
export const MAX_PACKET_BYTES = 65_520;
/** Longest pkt-line with side-band in place of side-band-64k: DEFAULT_PACKET_MAX of pkt-line.h. */
export const SMALL_PACKET_BYTES = 1000;
/** Longest rest of a pkt-line that is taken: one less than the buffer. */
const MAX_REST_BYTES = 65_519;
/** `0003` is no pkt-line, and less than this is no text. */
const HEAD_BYTES = 4;

/** What ends a list of lines. */
export const FLUSH = "0000";
/** What ends a section of one. */
export const DELIMITER = "0001";

/** A pkt-line that was read. */
export type Packet =
  | { readonly kind: "flush" | "delimiter" | "response-end" }
  | { readonly kind: "line"; readonly text: string; readonly hidden: string | undefined };

/**
 * The value of a pkt-line's first four bytes.
 * @param head one character a byte.
 * @returns `undefined` when it is no length of a pkt-line that fits.
 */
export function parseLength(head: string): number | undefined {
  if (!/^[0-9A-Fa-f]{4}$/.test(head)) return undefined;
  const length = parseInt(head, 16);
  return length === 3 || length - HEAD_BYTES > MAX_REST_BYTES ? undefined : length;
}

/**
 * Exactly so many bytes, taken in the portions in which git's programs take them.
 * @param session whose they are.
 * @param count how many.
 * @returns `null` when the peer ends before that.
 */
export async function take(session: Session, count: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const part = await session.readAtMost(count - at);
    if (part === null) return null;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const KINDS = ["flush", "delimiter", "response-end"] as const;

/** Reads pkt-lines of one session. */
export class PacketReader {
  readonly #session: Session;
  readonly #beforeWait: () => void;

  /**
   * @param session read by nobody else meanwhile.
   * @param beforeWait called before each pkt-line.
   */
  constructor(session: Session, beforeWait: () => void = () => {}) {
    this.#session = session;
    this.#beforeWait = beforeWait;
  }

  /**
   * The next pkt-line: its text up to a NUL, and what is behind that.
   * @returns `null` when the peer ended, or when what came ends a genuine program: then the talk is
   * over, and there is nothing to be said.
   */
  async next(): Promise<Packet | null> {
    this.#beforeWait();
    const head = await take(this.#session, HEAD_BYTES);
    if (head === null) return null;
    const length = parseLength(latin1(head));
    if (length === undefined) {
      this.#session.emit("protocol.error", {
        offset: 0,
        expected: "four hex digits, the length of a pkt-line",
        firstBytes: head,
      });
      return null;
    }
    if (length < HEAD_BYTES) return { kind: KINDS[length]! };
    const rest = await take(this.#session, length - HEAD_BYTES);
    if (rest === null) return null;
    const whole = latin1(rest).replace(/\n$/, "");
    if (whole.startsWith("ERR ")) return null;
    const end = whole.indexOf("\0");
    return end < 0
      ? { kind: "line", text: whole, hidden: undefined }
      : { kind: "line", text: whole.slice(0, end), hidden: whole.slice(end + 1) };
  }
}

/**
 * Writes a pkt-line.
 * @param text one character a byte; with its LF, where it has one.
 */
export function packet(text: string): string {
  return (text.length + HEAD_BYTES).toString(16).padStart(4, "0") + text;
}

/**
 * Writes an error, which ends the talk.
 * @param text what is wrong.
 */
export function errorPacket(text: string): string {
  return packet(`ERR ${text}`);
}

/**
 * Writes data into a band of a side-band, in as many pkt-lines as it takes.
 * @param band 1 for data, 2 for progress.
 * @param data bytes.
 * @param maxPacketBytes longest pkt-line.
 */
export function sideBand(band: number, data: Uint8Array, maxPacketBytes: number): Uint8Array {
  const most = maxPacketBytes - HEAD_BYTES - 1;
  const parts = new Uint8Array(data.length + Math.ceil(data.length / most) * (HEAD_BYTES + 1));
  let at = 0;
  for (let start = 0; start < data.length; start += most) {
    const part = data.subarray(start, start + most);
    const length = part.length + HEAD_BYTES + 1;
    parts.set(latin1Bytes(length.toString(16).padStart(4, "0") + String.fromCharCode(band)), at);
    parts.set(part, at + HEAD_BYTES + 1);
    at += length;
  }
  return parts;
}
