/**
 * Counting up and down.
 * @module
 */
import { latin1, latin1Bytes } from "../../net/latin1.ts";
import { parseUint64 } from "./numbers.ts";
import { LARGEST_CHUNK } from "./slabs.ts";
import type { Item, Store } from "./store.ts";

/** What came of it. */
export type DeltaResult =
  | { readonly kind: "done"; readonly value: bigint; readonly item: Item }
  | { readonly kind: "missing" | "not-numeric" | "changed" };

/**
 * Adds to a value that is a number, or subtracts from it.
 * @param store whose item it is.
 * @param key from `latin1`.
 * @param how by how much; upwards it wraps at 64 bits, downwards it stops at 0.
 */
export function addDelta(
  store: Store,
  key: string,
  { delta, isIncrement, cas = 0n }: { delta: bigint; isIncrement: boolean; cas?: bigint },
): DeltaResult {
  const item = store.peek(key);
  const name = isIncrement ? "incr" : "decr";
  if (item === undefined) {
    store.counters[`${name}_misses`]!++;
    return { kind: "missing" };
  }
  if (cas !== 0n && cas !== item.cas) return { kind: "changed" };
  const { value } = item;
  const isPlain = value.length > 0 && item.bytes <= LARGEST_CHUNK;
  const number = isPlain ? parseUint64(`${latin1(value)}\r\n`) : undefined;
  if (number === undefined) return { kind: "not-numeric" };
  const sum = isIncrement
    ? BigInt.asUintN(64, number + delta)
    : number > delta
    ? number - delta
    : 0n;
  store.counters[`${name}_hits`]!++;
  store.countSlab(item.slab, `${name}_hits`);
  const digits = String(sum);
  if (digits.length <= value.length) {
    // A shorter number takes the old one's room, and spaces stand for what is missing.
    store.rewrite(item, latin1Bytes(digits.padEnd(value.length)));
    return { kind: "done", value: sum, item };
  }
  const { flags, exptime } = item;
  return {
    kind: "done",
    value: sum,
    item: store.link(key, { value: latin1Bytes(digits), flags, exptime }),
  };
}
