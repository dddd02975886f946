/**
 * Makes texts fit a message, so that what is left can still be read.
 * @module
 */
import { Buffer } from "node:buffer";

/** Longest texts tried one after another, in characters. */
const TEXT_LENGTHS = [4096, 2048, 1024, 512, 256, 128, 64, 32];
/** A list keeps an entry for so many characters of a text. */
const CHARACTERS_PER_ENTRY = 16;
/** What `tags` then has. */
const TAG = "truncated";

/**
 * Shortens the texts and lists of a JSON object, no more than is needed.
 * @param json an object.
 * @param maxBytes longest result, in bytes of UTF-8.
 * @returns JSON that has `truncated` among its `tags`; a cut text if even the shortest is too long.
 */
export function fitJson(json: string, maxBytes: number): string {
  try {
    for (const length of TEXT_LENGTHS) {
      const value = JSON.parse(json, (_key, value) => shorten(value, length));
      const tags = Array.isArray(value.tags) ? value.tags : [];
      const shorter = JSON.stringify({ ...value, tags: [...tags, TAG] });
      if (Buffer.byteLength(shorter) <= maxBytes) return shorter;
    }
  } catch {
    // Another sensor's event that is no object, or nested deeper than can be walked.
  }
  return fitText(json, maxBytes);
}

/**
 * Cuts a text.
 * @param text any.
 * @param maxBytes longest result, in bytes of UTF-8.
 * @returns its begin, whole characters.
 */
export function fitText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

function shorten(value: unknown, length: number): unknown {
  if (typeof value === "string" && value.length > length) {
    return value.slice(0, length).toWellFormed();
  }
  const entries = Math.ceil(length / CHARACTERS_PER_ENTRY);
  return Array.isArray(value) && value.length > entries ? value.slice(0, entries) : value;
}
