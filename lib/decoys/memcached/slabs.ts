/**
 * Slab classes: which sizes the server's memory is cut into, with its default factor.
 * @module
 */

/** Largest item, in bytes: `item_size_max`; also a page. */
export const MAX_ITEM_BYTES = 1_048_576;
/** Numbers of slab classes go up to this. */
export const MAX_CLASSES = 64;
/** Header of an item, and the id for compare-and-swap behind it, in bytes. */
const HEADER_BYTES = 48 + 8;
const SMALLEST_CHUNK = 96;
/** Largest item that is one piece of memory, in bytes. */
export const LARGEST_CHUNK = 524_288;
const FACTOR = 1.25;

/** Chunk size of each class, by its number; class 0 is not used. */
export const CHUNK_SIZES: readonly number[] = makeSizes();

/**
 * Memory that an item takes, in bytes.
 * @param keyBytes length of its key.
 * @param valueBytes length of its value.
 * @param flags a stored 0 takes no room.
 */
export function itemBytes(keyBytes: number, valueBytes: number, flags: number): number {
  return HEADER_BYTES + keyBytes + 1 + (flags === 0 ? 0 : 4) + valueBytes + 2;
}

/**
 * Class of an item.
 * @param bytes from `itemBytes`, `MAX_ITEM_BYTES` at most.
 */
export function classOf(bytes: number): number {
  const found = CHUNK_SIZES.findIndex((size, id) => id > 0 && bytes <= size);
  return found < 0 ? CHUNK_SIZES.length - 1 : found;
}

/** How many chunks of a class are in a page. */
export function chunksPerPage(id: number): number {
  return Math.floor(MAX_ITEM_BYTES / CHUNK_SIZES[id]!);
}

function makeSizes(): number[] {
  const sizes = [0];
  for (let size = SMALLEST_CHUNK; size < LARGEST_CHUNK / FACTOR; size = Math.floor(size * FACTOR)) {
    size = Math.ceil(size / 8) * 8;
    sizes.push(size);
  }
  sizes.push(LARGEST_CHUNK);
  return sizes;
}
