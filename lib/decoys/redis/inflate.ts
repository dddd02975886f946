/**
 * Unpacks the tables, which are kept deflated.
 * @module
 */
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";

/**
 * Text of a table.
 * @param base64 its deflated bytes; white space is passed over.
 * @returns one character a byte.
 */
export function inflate(base64: string): string {
  return inflateRawSync(Buffer.from(base64, "base64")).toString("latin1");
}
