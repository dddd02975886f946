/**
 * Bytes as text of one character (up to U+00FF) a byte: keys and values are compared, cut and kept so,
 * and nothing of them is lost.
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * Text of bytes.
 * @param bytes of any length.
 */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/**
 * Undoes `latin1`.
 * @param text characters up to U+00FF.
 */
export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/**
 * Lower case of ASCII letters alone, as C's tolower has it in the server's locale.
 * @param text from `latin1`.
 */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Upper case of ASCII letters alone.
 * @param text from `latin1`.
 */
export function upper(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
