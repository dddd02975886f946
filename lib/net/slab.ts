/**
 * Small arrays that do not outlive a session, cut from larger ones.
 *
 * The runtime takes about a microsecond to make an array, of whatever size, and as much again to free
 * it; a view of an array that is there already costs a tenth of that.
 * @module
 */

/**
 * Size of the arrays that are cut up, in bytes. Whoever holds on to a small one holds all of it, so that
 * a session that stays open while its neighbours end costs this much at most.
 */
const SLAB_BYTES = 4096;
/** Longest array that is cut from a larger one, in bytes. */
const MAX_CUT_BYTES = 512;
/** Longest array to read into that is kept for the next read, in bytes, and how many of each length. */
const MAX_SPARE_BYTES = 16_384;
const MAX_SPARE = 16;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/**
 * An array of zeros that nobody else has, though its `buffer` is shared: only for what is read, sent or
 * told soon, not for what is stored, as it may keep 4 KiB from being freed.
 * @param count its length, in bytes.
 * @example
 * ```ts
 * import { shortLived } from "./slab.ts";
 * console.assert(shortLived(3).length === 3);
 * ```
 */
export function shortLived(count: number): Uint8Array<ArrayBuffer> {
  if (count > MAX_CUT_BYTES) return new Uint8Array(count);
  if (used + count > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  return slab.subarray(used, used += count);
}

/** Arrays to read into that nobody holds, by their length. */
const spare = new Map<number, Uint8Array<ArrayBuffer>[]>();

/**
 * An array to read into, of which little may be filled; it may hold what others have read.
 * @param count its length, in bytes.
 */
export function readBuffer(count: number): Uint8Array<ArrayBuffer> {
  return count <= MAX_CUT_BYTES
    ? shortLived(count)
    : spare.get(count)?.pop() ?? new Uint8Array(count);
}

/**
 * Takes what was read, so that the array can be used again.
 * @param buffer from `readBuffer`; no read is under way, and the caller lets go of it.
 * @param count how much of it was filled, in bytes.
 * @returns the bytes, nobody else's.
 */
export function takeRead(buffer: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer> {
  const { length } = buffer;
  // Few lengths are asked for again and again: powers of two.
  const isKept = length <= MAX_SPARE_BYTES && (length & (length - 1)) === 0;
  if (length <= MAX_CUT_BYTES || count > MAX_CUT_BYTES || !isKept) return buffer.subarray(0, count);
  const bytes = shortLived(count);
  bytes.set(buffer.subarray(0, count));
  const kept = spare.get(length);
  if (kept === undefined) spare.set(length, [buffer]);
  else if (kept.length < MAX_SPARE) kept.push(buffer);
  return bytes;
}
