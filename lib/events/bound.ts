/**
 * Cuts escaped text to the length that a field may have, without cutting an escape in half.
 * @module
 */
import { Buffer } from "node:buffer";
import { MAX_FIELD_BYTES } from "./fields.ts";

const encoder = new TextEncoder();

/** A text as it fits a field. */
export interface BoundText {
  readonly text: string;
  /** Full length in bytes of UTF-8, if it was cut. */
  readonly fullBytes?: number;
}

/**
 * Cuts a text if it is too long.
 * @param text escaped text.
 * @param maxBytes longest result, in bytes of UTF-8.
 * @returns the text or its start.
 */
export function boundText(text: string, maxBytes: number = MAX_FIELD_BYTES): BoundText {
  if (text.length * 3 <= maxBytes) return { text };
  const fullBytes = encoder.encode(text).length;
  if (fullBytes <= maxBytes) return { text };
  let at = 0;
  let used = 0;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    const isEscape = code === 0x5c;
    const units = isEscape ? (text[at + 1] === "\\" ? 2 : 4) : code > 0xffff ? 2 : 1;
    const bytes = isEscape ? units : code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (used + bytes > maxBytes) break;
    used += bytes;
    at += units;
  }
  return { text: text.slice(0, at), fullBytes };
}

/**
 * Bytes as base64, cut to the length that a field may have.
 * @param bytes any bytes.
 * @returns at most `MAX_FIELD_BYTES` characters, and whether bytes were left out.
 */
export function boundBase64(bytes: Uint8Array): { text: string; isCut: boolean } {
  const most = MAX_FIELD_BYTES / 4 * 3;
  const kept = bytes.subarray(0, most);
  const text = Buffer.from(kept.buffer, kept.byteOffset, kept.length).toString("base64");
  return { text, isCut: kept.length < bytes.length };
}
