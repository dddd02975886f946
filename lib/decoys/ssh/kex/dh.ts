/**
 * Diffie-Hellman modulo a prime: RFC 4253 §8, RFC 8268, and the second half of RFC 4419.
 *
 * Both exponentiations are ours: the runtime's computes one in a single go of up to 40 ms, and a
 * `%` of V8 is about as quick as what it uses. They do not take the same time for every exponent:
 * each one is used once, and protects the password of whoever attacks a decoy.
 *
 * Left out: Dropbear's exponents of 2,047 bits. 512 are as safe, and nobody can see the difference.
 * @module
 */
import { randomBytes } from "node:crypto";
import { WireWriter } from "../wire.ts";
import { bytesToNumber, type Group, numberToBytes } from "./dh_groups.ts";
import {
  type KexAnswer,
  type KexHash,
  type KexMethod,
  KexValueError,
  type Turn,
} from "./method.ts";

/** Bits of our exponent: the least that OpenSSH's `dh_gen_key` takes, and so its usual. */
const EXPONENT_BITS = 512;
/** Bits of an exponent that one multiplication by a table's entry serves. */
const WINDOW_BITS = 5;
/** Work of a slice, as multiplications times the square of their bits: 1 to 2 ms. */
const SLICE_WORK = 500 * 2048 ** 2;
/** OpenSSH refuses a client's value with fewer bits set than this (`dh_pub_is_valid`). */
const MIN_BITS_SET = 4;

/** What the genuine servers do differently. */
export interface DhOptions {
  /** Fewest bits that a client's value has to have set; 4, as OpenSSH; Dropbear takes any: 1. */
  readonly minBitsSet?: number;
}

/**
 * The method with a group.
 * @param group known beforehand, or chosen by `chooseGroup`.
 * @param hash by which the method's name ends.
 */
export function dhMethod(group: Group, hash: KexHash, options: DhOptions = {}): KexMethod {
  return {
    hash,
    values: "dh",
    async respond(clientPublic: Uint8Array, turn: Turn): Promise<KexAnswer> {
      const value = readValue(clientPublic, group, options.minBitsSet ?? MIN_BITS_SET);
      return await turn.run(answer(value, group));
    },
  };
}

/** @throws {KexValueError} when the value is not in the group, or an easy one. */
function readValue(bytes: Uint8Array, group: Group, minBitsSet: number): bigint {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  // Before it becomes a number: a megabyte costs nothing.
  if ((bytes.length - start) * 8 > group.bits + 7) {
    throw new KexValueError("A public value below the prime");
  }
  const value = bytesToNumber(bytes.subarray(start));
  if (value <= 1n || value >= group.p - 1n) {
    throw new KexValueError("A public value between 1 and the prime less 1");
  }
  if (countBits(bytes) < minBitsSet) {
    throw new KexValueError(`A public value with ${minBitsSet} bits set`);
  }
  return value;
}

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}

function* answer(clientPublic: bigint, group: Group): Generator<void, KexAnswer> {
  const exponent = randomBytes(Math.min(EXPONENT_BITS, group.bits - 8) / 8);
  exponent[0]! |= 0x80;
  const length = Math.ceil(group.bits / 8);
  const own = yield* modularPower(group.g, exponent, group);
  yield;
  const shared = yield* modularPower(clientPublic, exponent, group);
  const secret = new WireWriter(length + 5).mpint(numberToBytes(shared, length)).bytes();
  return { serverPublic: numberToBytes(own, length), secret };
}

/**
 * Raises a number to a power, in slices of 1 to 2 ms.
 * @param base below the prime.
 * @param exponent big-endian.
 * @param group whose prime to use.
 */
export function* modularPower(
  base: bigint,
  exponent: Uint8Array,
  group: Group,
): Generator<void, bigint> {
  const { p, bits } = group;
  const perSlice = Math.max(1, Math.floor(SLICE_WORK / bits ** 2));
  // A generator's powers are so small that the next square's `%` reduces them along with it.
  const isSmall = base < 256n;
  const table = [1n];
  for (let i = 1; i < 1 << WINDOW_BITS; i++) {
    const power = table[i - 1]! * base;
    table.push(isSmall ? power : power % p);
  }
  let result = 1n;
  let done = table.length;
  for (let at = exponent.length * 8; at > 0;) {
    const width = at % WINDOW_BITS || WINDOW_BITS;
    at -= width;
    for (let i = 0; i < width; i++) result = result * result % p;
    const digit = bitsAt(exponent, at, width);
    if (digit > 0) result = isSmall ? result * table[digit]! : result * table[digit]! % p;
    done += width + 1;
    if (done >= perSlice) {
      done = 0;
      yield;
    }
  }
  return result % p;
}

/** The `width` bits (at most 8) that begin `at` bits above the lowest. */
function bitsAt(bytes: Uint8Array, at: number, width: number): number {
  const index = bytes.length - 1 - (at >> 3);
  const pair = ((bytes[index - 1] ?? 0) << 8) | bytes[index]!;
  return (pair >> (at & 7)) & ((1 << width) - 1);
}
