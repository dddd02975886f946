/**
 * The order in which Redis's hash tables show what they hold: by a keyed hash and the table's size.
 * @module
 */

/**
 * A hash that differs from server to server.
 * @param text what is hashed.
 * @param seed of this server.
 * @returns 32 bits.
 */
export function keyedHash(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Least buckets of a table. */
const MIN_BUCKETS = 4;

/** Buckets of a table with so many entries. */
export function bucketsFor(count: number): number {
  let buckets = MIN_BUCKETS;
  while (buckets < count) buckets *= 2;
  return buckets;
}

/**
 * Entries in the order of their buckets, the newest of a bucket first.
 * @param names in the order in which they came.
 * @param seed of this server.
 */
export function inTableOrder(names: Iterable<string>, seed: number): string[] {
  return tableOf([...names], seed).flat();
}

function tableOf(names: readonly string[], seed: number): string[][] {
  const table: string[][] = Array.from({ length: bucketsFor(names.length) }, () => []);
  const mask = table.length - 1;
  for (const name of names) table[keyedHash(name, seed) & mask]!.unshift(name);
  return table;
}

/**
 * One step of a scan: whole buckets, whose numbers are counted from the highest bit down, so that a
 * table that grows between two steps shows nothing twice.
 * @param names everything in the table, in the order in which it came.
 * @param seed of this server.
 * @param from cursor and least count of entries wanted.
 * @returns the entries, and the next cursor: 0 at the end.
 */
export function scanTable(
  names: readonly string[],
  seed: number,
  { cursor, count }: { cursor: bigint; count: number },
): { names: string[]; cursor: bigint } {
  const table = tableOf(names, seed);
  const bits = Math.log2(table.length);
  const found: string[] = [];
  let at = Number(cursor & BigInt(table.length - 1));
  // As many buckets as ten times the count, as Redis gives up on an empty table.
  for (let steps = count * 10; steps > 0; steps--) {
    found.push(...table[at]!);
    at = reverse((reverse(at, bits) + 1) % table.length, bits);
    if (at === 0 || found.length >= count) break;
  }
  return { names: found, cursor: BigInt(at) };
}

/** The lowest `bits` bits in the other order. */
function reverse(value: number, bits: number): number {
  let result = 0;
  for (let i = 0; i < bits; i++) result = (result << 1) | ((value >>> i) & 1);
  return result >>> 0;
}
