/**
 * Texts within the bounds and the markup of a service.
 * @module
 */

/** What stands where a text was cut. */
const ELLIPSIS = "…";
/** Room that it takes, in characters and in bytes of UTF-8. */
const ELLIPSIS_BYTES = 3;

/** How a text becomes what is sent. */
export interface FitOptions {
  /** What a character of the text becomes; itself without. */
  readonly escape?: (character: string) => string;
  /** Whether the bound counts bytes of UTF-8, not UTF-16 units. */
  readonly inBytes?: boolean;
}

/**
 * Escapes a text and cuts it to a length, never within a character or its escaped form.
 * @param text of any length.
 * @param max longest result, as escaped, in UTF-16 units or bytes.
 * @param options how.
 */
export function fit(text: string, max: number, options: FitOptions = {}): string {
  const { escape = (character: string) => character, inBytes = false } = options;
  const room = max - (inBytes ? ELLIPSIS_BYTES : ELLIPSIS.length);
  let whole = "";
  let size = 0;
  /** As much of the begin as leaves room for the mark. */
  let begin = "";
  for (const character of text) {
    const piece = escape(character);
    size += inBytes ? utf8Length(piece) : piece.length;
    if (size > max) return begin + ELLIPSIS;
    whole += piece;
    if (size <= room) begin = whole;
  }
  return whole;
}

/**
 * Escapes a text of a bounded length.
 * @param text to escape.
 * @param escape what a character becomes.
 */
export function escapeAll(text: string, escape: (character: string) => string): string {
  let all = "";
  for (const character of text) all += escape(character);
  return all;
}

/**
 * Makes an escape that puts something else in the place of some characters.
 * @param replacements by character.
 */
export function escapeBy(
  replacements: Readonly<Record<string, string>>,
): (character: string) => string {
  const map = new Map(Object.entries(replacements));
  return (character) => map.get(character) ?? character;
}

/** Bytes of a short text in UTF-8. */
function utf8Length(text: string): number {
  let size = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return size;
}
