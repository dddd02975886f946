/**
 * The one way by which a peer's bytes become text.
 *
 * Printable UTF-8 stays; controls, invalid bytes, bidirectional and zero-width characters become
 * `\xNN` for each of their bytes; a backslash becomes `\\`. Reversible, so nothing is lost, and
 * nothing that a peer sends reaches a terminal raw.
 * @module
 */
import { Buffer } from "node:buffer";

/** Bytes that are themselves in the escaped form: printable ASCII but for the backslash. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? 1 : 0
);
const HEX = Array.from({ length: 256 }, (_, byte) => "\\x" + byte.toString(16).padStart(2, "0"));

/** What Unicode has that is not shown, or changes how its neighbours are shown. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc]/u;

const encoder = new TextEncoder();

/**
 * Escapes bytes.
 * @param bytes what a peer sent, of any length.
 * @returns printable text from which `unescapeBytes` makes the same bytes.
 * @example
 * ```ts
 * import { escapeBytes } from "./escape.ts";
 * console.assert(escapeBytes(new Uint8Array([0x61, 0xff, 0x0a])) === "a\\xff\\x0a");
 * ```
 */
export function escapeBytes(bytes: Uint8Array): string {
  const { length } = bytes;
  let at = 0;
  while (at < length && PLAIN[bytes[at]!] === 1) at++;
  if (at === length) return latin1(bytes, 0, length);
  let text = "";
  let start = 0;
  while (at < length) {
    const byte = bytes[at]!;
    if (PLAIN[byte] === 1) {
      at++;
      continue;
    }
    text += latin1(bytes, start, at);
    if (byte === 0x5c) {
      text += "\\\\";
      at++;
    } else {
      const size = sequenceLength(bytes, at);
      const character = size === 0 ? "" : decodeSequence(bytes, at, size);
      if (size > 0 && !HIDDEN.test(character)) text += character;
      else for (let i = 0; i < Math.max(size, 1); i++) text += HEX[bytes[at + i]!];
      at += Math.max(size, 1);
    }
    start = at;
  }
  return text + latin1(bytes, start, length);
}

/**
 * Escapes text that a peer chose, as `escapeBytes` does its UTF-8 form.
 * @param text the text; a lone surrogate becomes U+FFFD, as UTF-8 has no form for it.
 * @returns printable text.
 */
export function escapeText(text: string): string {
  return escapeBytes(encoder.encode(text));
}

/**
 * Makes visible what is hidden in a text that should be escaped already: `\xNN` for each byte of a
 * control, bidirectional or zero-width character. Everything else stays, backslashes too.
 * @param text from another program.
 * @returns printable text; a lone surrogate becomes U+FFFD.
 */
export function escapeHidden(text: string): string {
  if (!HIDDEN.test(text)) return text;
  let shown = "";
  for (const character of text.toWellFormed()) {
    if (!HIDDEN.test(character)) shown += character;
    else for (const byte of encoder.encode(character)) shown += HEX[byte]!;
  }
  return shown;
}

/**
 * Undoes `escapeBytes`.
 * @param text what `escapeBytes` returned.
 * @returns the bytes.
 * @throws {SyntaxError} on a backslash that begins neither `\\` nor `\xNN`.
 * @example
 * ```ts
 * import { unescapeBytes } from "./escape.ts";
 * console.assert(unescapeBytes("a\\xff")[1] === 0xff);
 * ```
 */
export function unescapeBytes(text: string): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\\", at);
    const end = next < 0 ? text.length : next;
    for (const byte of encoder.encode(text.slice(at, end))) out.push(byte);
    if (next < 0) break;
    if (text[next + 1] === "\\") {
      out.push(0x5c);
      at = next + 2;
    } else if (/^x[0-9a-f]{2}$/.test(text.slice(next + 1, next + 4))) {
      out.push(parseInt(text.slice(next + 2, next + 4), 16));
      at = next + 4;
    } else {
      throw new SyntaxError(
        `Cannot unescape text: backslash at ${next} begins ` +
          `${JSON.stringify(text.slice(next, next + 4))}, must be \\\\ or \\xNN`,
      );
    }
  }
  return new Uint8Array(out);
}

/** Printable ASCII from `start` up to `end`; the runtime's own decoding is many times faster. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return "";
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** Length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7); 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at]!, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  const tail = (byte: number) => byte >= 0x80 && byte <= 0xbf;
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return tail(b) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const low = a === 0xe0 ? 0xa0 : 0x80;
    const high = a === 0xed ? 0x9f : 0xbf;
    return b >= low && b <= high && tail(c) ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    const low = a === 0xf0 ? 0x90 : 0x80;
    const high = a === 0xf4 ? 0x8f : 0xbf;
    return b >= low && b <= high && tail(c) && tail(d) ? 4 : 0;
  }
  return 0;
}

/** The character of a well-formed UTF-8 sequence of `size` bytes at `at`. */
function decodeSequence(bytes: Uint8Array, at: number, size: number): string {
  let code = size === 1 ? bytes[at]! : bytes[at]! & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return String.fromCodePoint(code);
}
