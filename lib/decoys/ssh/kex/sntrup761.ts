/**
 * Streamlined NTRU Prime 761, the key encapsulation of `sntrup761x25519-sha512`
 * (draft-josefsson-ntruprime-streamlined-00; the submission "NTRU Prime: round 3", 2020-10-07).
 *
 * Only encapsulation: a server does no more. Times depend on secrets here, unlike in the reference: a
 * decoy has nothing to protect.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { RadixCodec } from "./sntrup761_codec.ts";

/** Coefficients of a polynomial; the ring is Z/q[x] / (x^p - x - 1). */
export const P = 761;
/** Modulus of the coefficients. */
export const Q = 4591;
/** Coefficients that are not 0 in a short polynomial. */
export const WEIGHT = 286;
/** Bytes of a public key. */
export const PUBLIC_KEY_BYTES = 1158;
/** Bytes of a ciphertext: the rounded polynomial and its confirmation. */
export const CIPHERTEXT_BYTES = 1039;
/** Bytes of a polynomial with coefficients -1, 0 and 1. */
export const SMALL_BYTES = (P + 3) >> 2;

const ROUNDED_BYTES = 1007;
const HASH_BYTES = 32;
/** What makes coefficients of -HALF to HALF numbers from 0 on. */
const HALF = (Q - 1) / 2;
/** Pairs of coefficients: the upper one is worth `LANE`. */
const PAIRS = (P + 1) / 2;
const LANE = 2 ** 24;

/** Polynomials with any coefficients: public keys. */
export const QUOTIENT_CODEC = new RadixCodec(P, Q);
/** Polynomials whose coefficients are multiples of 3: ciphertexts. */
export const ROUNDED_CODEC = new RadixCodec(P, (Q + 2) / 3);

// One call works at a time, and none waits while it does: all share their room.
const numbers = new Uint16Array(P);
const coefficients = new Int16Array(P);
const evenPairs = new Float64Array(PAIRS);
const oddPairs = new Float64Array(PAIRS);
const pairSums = new Float64Array(P);
const product = new Int32Array(2 * P);

/** Where random bytes come from. */
export type RandomBytes = (count: number) => Uint8Array;

/** What encapsulation yields. */
export interface Encapsulation {
  /** For the owner of the key, `CIPHERTEXT_BYTES` bytes. */
  readonly ciphertext: Uint8Array;
  /** The secret, 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * Makes a secret, and the ciphertext which only the owner of a public key can get it from.
 * @param publicKey `PUBLIC_KEY_BYTES` bytes; no such bytes are wrong.
 * @param random asked once, for 4 bytes a coefficient.
 * @throws {RangeError} when the key has another length.
 */
export function encapsulate(
  publicKey: Uint8Array,
  random: RandomBytes = randomBytes,
): Encapsulation {
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new RangeError(
      `Cannot encapsulate: key has ${publicKey.length} bytes, must be ${PUBLIC_KEY_BYTES}`,
    );
  }
  const short = makeShort(random);
  const ciphertext = encrypt(short, publicKey);
  return { ciphertext, secret: deriveSecret(1, encodeSmall(short), ciphertext) };
}

/**
 * A random polynomial with `WEIGHT` coefficients of -1 or 1, the others 0.
 * @param random asked once, for 4 bytes a coefficient.
 */
export function makeShort(random: RandomBytes): Int8Array {
  const bytes = random(4 * P);
  const list = new Uint32Array(P);
  for (let i = 0; i < P; i++) {
    const number = bytes[4 * i]! | (bytes[4 * i + 1]! << 8) | (bytes[4 * i + 2]! << 16) |
      (bytes[4 * i + 3]! << 24);
    // The lowest two bits are the coefficient plus 1; sorting by the others puts it anywhere.
    list[i] = i < WEIGHT ? number & ~1 : (number & ~3) | 1;
  }
  list.sort();
  const short = new Int8Array(P);
  for (let i = 0; i < P; i++) short[i] = (list[i]! & 3) - 1;
  return short;
}

/**
 * Encrypts a short polynomial to a key, and confirms it.
 * @param short as of `makeShort`.
 * @param publicKey `PUBLIC_KEY_BYTES` bytes.
 * @returns the ciphertext.
 */
export function encrypt(short: Int8Array, publicKey: Uint8Array): Uint8Array {
  QUOTIENT_CODEC.decode(publicKey, numbers);
  for (let i = 0; i < P; i++) coefficients[i] = numbers[i]! - HALF;
  multiplySmall(coefficients, short, coefficients);
  // (c + HALF) / 3, where c is the nearest multiple of 3.
  for (let i = 0; i < P; i++) numbers[i] = ((coefficients[i]! + HALF + 1) / 3) | 0;
  const ciphertext = new Uint8Array(CIPHERTEXT_BYTES);
  ROUNDED_CODEC.encode(numbers, ciphertext);
  ciphertext.set(
    hash(2, hash(3, encodeSmall(short)), hash(4, publicKey)),
    ROUNDED_BYTES,
  );
  return ciphertext;
}

/**
 * The secret that belongs to a ciphertext.
 * @param kind 1 for a good ciphertext, 0 for a wrong one.
 * @param encoded the short polynomial, or what stands for it.
 * @param ciphertext all of it.
 */
export function deriveSecret(
  kind: 0 | 1,
  encoded: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  return hash(kind, hash(3, encoded), ciphertext);
}

/**
 * Multiplies in the ring.
 * @param any coefficients of -2295 to 2295.
 * @param small coefficients of -1, 0 and 1.
 * @param out gets the product, coefficients as in `any`, which it may be.
 */
export function multiplySmall(any: Int16Array, small: Int8Array, out: Int16Array): void {
  // Two coefficients in a number halve the additions. A sum is at most 761 * 2295 in size, below half
  // of a lane, so sums of pairs are exact, and no sum reaches the other lane's bits for good.
  for (let j = 0; j < PAIRS; j++) {
    evenPairs[j] = any[2 * j]! + (2 * j + 1 < P ? any[2 * j + 1]! * LANE : 0);
    oddPairs[j] = (j > 0 ? any[2 * j - 1]! : 0) + any[2 * j]! * LANE;
  }
  pairSums.fill(0);
  for (let i = 0; i < P; i++) {
    const pairs = i & 1 ? oddPairs : evenPairs;
    const at = i >> 1;
    if (small[i] === 1) { for (let j = 0; j < PAIRS; j++) pairSums[at + j]! += pairs[j]!; }
    else if (small[i] === -1) { for (let j = 0; j < PAIRS; j++) pairSums[at + j]! -= pairs[j]!; }
  }
  for (let j = 0; j < P; j++) {
    const high = Math.round(pairSums[j]! / LANE);
    product[2 * j] = pairSums[j]! - high * LANE;
    product[2 * j + 1] = high;
  }
  // x^p = x + 1.
  for (let i = 2 * P - 2; i >= P; i--) {
    product[i - P]! += product[i]!;
    product[i - P + 1]! += product[i]!;
  }
  for (let i = 0; i < P; i++) out[i] = centre(product[i]!);
}

/**
 * Reduces by `Q`, to the middle.
 * @param number below 2^30 in size.
 * @returns -2295 to 2295.
 */
export function centre(number: number): number {
  const rest = (number + HALF) % Q;
  return (rest < 0 ? rest + Q : rest) - HALF;
}

/**
 * Writes a polynomial with coefficients of -1, 0 and 1: two bits each, from the bottom.
 * @param small the coefficients.
 * @returns `SMALL_BYTES` bytes.
 */
export function encodeSmall(small: Int8Array): Uint8Array {
  const bytes = new Uint8Array(SMALL_BYTES);
  for (let i = 0; i < P; i++) bytes[i >> 2]! |= (small[i]! + 1) << ((i & 3) << 1);
  return bytes;
}

/**
 * The hash of this scheme: the first half of SHA-512 over a number and the data.
 * @param prefix what the hash is for.
 */
export function hash(prefix: number, ...data: Uint8Array[]): Uint8Array {
  const sha512 = createHash("sha512").update(Uint8Array.of(prefix));
  for (const part of data) sha512.update(part);
  return sha512.digest().subarray(0, HASH_BYTES);
}
