/**
 * Entity tags and byte ranges: RFC 9110 §8.8.3 and §14, with the products' own readings.
 * @module
 */

/** A stretch of a body, from `start` up to but not including `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Whether a list of entity tags names one.
 * @param list a header's value.
 * @param tag with its quotes, without `W/`.
 * @param isWeak whether `W/` before a tag is of no account.
 */
export function listHasTag(list: string, tag: string, isWeak: boolean): boolean {
  if (list === "*") return true;
  return list.split(",").some((part) => {
    const entry = part.trim();
    return entry === tag || (isWeak && entry === "W/" + tag);
  });
}

/**
 * Ranges as nginx reads them.
 * @param value of the header.
 * @param size the body's, in bytes.
 * @returns the ranges; `"all"` when the header is of no account; none when none can be met.
 */
export function parseNginxRanges(value: string, size: number): ByteRange[] | "all" {
  if (value.length < 7 || value.slice(0, 6).toLowerCase() !== "bytes=") return "all";
  const ranges: ByteRange[] = [];
  let total = 0;
  for (const part of value.slice(6).split(",")) {
    const match = /^ *(\d*) *- *(\d*) *$/.exec(part);
    if (match === null) return [];
    const [, first, last] = match as unknown as [string, string, string];
    if (first === "" && last === "") return [];
    // Numbers that do not fit 63 bits are refused.
    if (tooLong(first) || tooLong(last)) return [];
    let start = Number(first);
    let end = last === "" ? size : Math.min(Number(last) + 1, size);
    if (first === "") {
      start = Math.max(0, size - Number(last));
      end = size;
    } else if (last !== "" && start > Number(last)) return [];
    if (start >= end) {
      if (start === 0) return "all"; // an empty body
      continue;
    }
    ranges.push({ start, end });
    total += end - start;
  }
  return total > size ? "all" : ranges;
}

/**
 * Ranges as Apache reads them: any error makes the header of no account, neighbours are joined.
 * @param value of the header.
 * @param size the body's, in bytes.
 * @returns as `parseNginxRanges`.
 */
export function parseApacheRanges(value: string, size: number): ByteRange[] | "all" {
  if (!/^bytes=/i.test(value) || value.length === 6) return "all";
  const ranges: ByteRange[] = [];
  let isMet = false;
  for (const part of value.slice(6).split(",")) {
    const match = /^(\d*)-(\d*)$/.exec(part.trim());
    if (match === null || part.startsWith(" ") || part.endsWith(" ")) return "all";
    const [, first, last] = match as unknown as [string, string, string];
    if ((first === "" && last === "") || tooLong(first) || tooLong(last)) return "all";
    if (first === "" && Number(last) === 0) return "all";
    if (first !== "" && last !== "" && Number(first) > Number(last)) return "all";
    const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === "" || last === "" ? size : Math.min(Number(last) + 1, size);
    if (start >= size) continue;
    isMet = true;
    const before = ranges.at(-1);
    const touches = before !== undefined && start <= before.end && end >= before.start;
    if (touches) {
      ranges[ranges.length - 1] = {
        start: Math.min(start, before.start),
        end: Math.max(end, before.end),
      };
    } else ranges.push({ start, end });
  }
  return isMet ? ranges : [];
}

/** Whether a number does not fit 63 bits. */
function tooLong(digits: string): boolean {
  return digits.length > 18 && BigInt(digits) > 0x7fffffffffffffffn;
}
