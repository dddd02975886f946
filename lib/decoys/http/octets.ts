/**
 * Octet strings: text of which each character is one byte of the peer's, U+0000 to U+00FF.
 *
 * A request's head is turned into one once, without loss, and cut by string operations from there on.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";

const encoder = new TextEncoder();

/**
 * Text of ours as an octet string, in UTF-8.
 * @param text any.
 */
export function utf8Octets(text: string): string {
  return latin1(encoder.encode(text));
}

/**
 * Octet strings and bytes in one piece.
 * @param head an octet string.
 * @param body goes behind it.
 */
export function joinOctets(head: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(head.length + body.length);
  // Fast as long as it is ASCII; a redirect may repeat other bytes of the peer's.
  const { read, written } = encoder.encodeInto(head, joined);
  if (read !== head.length || written !== head.length) {
    for (let at = 0; at < head.length; at++) joined[at] = head.charCodeAt(at);
  }
  joined.set(body, head.length);
  return joined;
}

/**
 * Bytes in one piece.
 * @param parts in order.
 */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether a byte is an ASCII letter. */
export function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Whether a byte is an ASCII digit. */
export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Whether nginx takes a byte for one of a method. */
export function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte === 0x2d;
}
