/**
 * The groups of the Diffie-Hellman methods: those of RFC 3526 under their SSH names (RFC 8268 §3),
 * and what a group is at all.
 * @module
 */
import { Buffer } from "node:buffer";
import { getDiffieHellman } from "node:crypto";

/** A group of the integers modulo a prime. */
export interface Group {
  /** The prime. */
  readonly p: bigint;
  /** The generator: a small number. */
  readonly g: bigint;
  /** Size of `p`, in bits. */
  readonly bits: number;
}

/** The groups of RFC 3526 that SSH has names for. */
export type GroupNumber = 14 | 16 | 18;

const groups = new Map<GroupNumber, Group>();

/**
 * A group of RFC 3526. Made when it is first asked for.
 * @param number as in `diffie-hellman-group14-sha256`.
 */
export function fixedGroup(number: GroupNumber): Group {
  let group = groups.get(number);
  if (group === undefined) {
    const prime = getDiffieHellman(`modp${number}`).getPrime();
    group = { p: bytesToNumber(prime), g: 2n, bits: prime.length * 8 };
    groups.set(number, group);
  }
  return group;
}

/**
 * Reads a number.
 * @param bytes big-endian; none is 0.
 */
export function bytesToNumber(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt(
    `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`,
  );
}

/**
 * Writes a number.
 * @param value not negative.
 * @param length of the result, in bytes; the number has to fit.
 * @returns big-endian, with zeros in front.
 */
export function numberToBytes(value: bigint, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}
