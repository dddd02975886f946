/**
 * Bytes as text of one character a byte, so that parsing by text loses nothing.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "./escape.ts";
import { shortLived } from "./slab.ts";

const encoder = new TextEncoder();

/**
 * Bytes as text, one character up to U+00FF a byte.
 * @param bytes of any length.
 * @example
 * ```ts
 * import { latin1 } from "./latin1.ts";
 * console.assert(latin1(new Uint8Array([0x61, 0xff])) === "a\xff");
 * ```
 */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/**
 * Undoes `latin1`.
 * @param text characters up to U+00FF.
 * @example
 * ```ts
 * import { latin1Bytes } from "./latin1.ts";
 * console.assert(latin1Bytes("a\xff")[1] === 0xff);
 * ```
 */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return fill(new Uint8Array(text.length), text);
}

/**
 * As `latin1Bytes`, for what is sent or told at once and then forgotten: see `shortLived`.
 * @param text characters up to U+00FF.
 * @example
 * ```ts
 * import { outgoing } from "./latin1.ts";
 * console.assert(outgoing("a\xff")[1] === 0xff);
 * ```
 */
export function outgoing(text: string): Uint8Array<ArrayBuffer> {
  return fill(shortLived(text.length), text);
}

/** Puts a text into an array of its length. */
function fill(bytes: Uint8Array<ArrayBuffer>, text: string): Uint8Array<ArrayBuffer> {
  // ASCII, as most is: the runtime's own encoder is many times faster, and stops short of all else.
  if (encoder.encodeInto(text, bytes).read === text.length) return bytes;
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Upper case of ASCII letters alone, as C's toupper does in the servers' locale.
 * @param text from `latin1`.
 * @example
 * ```ts
 * import { upperAscii } from "./latin1.ts";
 * console.assert(upperAscii("quit\xe4") === "QUIT\xe4");
 * ```
 */
export function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** What stands in an event as it is. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/**
 * A text from `latin1` as events have it.
 * @param text characters up to U+00FF.
 * @example
 * ```ts
 * import { escapeOctets } from "./latin1.ts";
 * console.assert(escapeOctets("a\xff") === "a\\xff");
 * ```
 */
export function escapeOctets(text: string): string {
  return PLAIN.test(text) ? text : escapeBytes(latin1Bytes(text));
}
