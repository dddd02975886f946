/**
 * Numbers of thousands of bits, as RSA and DSA reckon with them.
 *
 * Not in constant time: for public values, and for what is reckoned once when a key is read.
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * Reads a number that is not negative.
 * @param bytes big-endian, of any length.
 */
export function decodeNumber(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const { buffer, byteOffset, length } = bytes;
  return BigInt("0x" + Buffer.from(buffer, byteOffset, length).toString("hex"));
}

/**
 * Writes a number that is not negative.
 * @param value the number.
 * @param length bytes of the result; as few as possible without it.
 * @returns big-endian.
 */
export function encodeNumber(value: bigint, length = Math.ceil(bitLength(value) / 8)): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  return new Uint8Array(Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex"));
}

/**
 * Counts the bits of a number that is not negative.
 * @param value the number.
 * @returns 0 for 0.
 */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const digits = value.toString(16);
  return digits.length * 4 - Math.clz32(parseInt(digits[0]!, 16)) + 28;
}

/**
 * Raises to a power.
 * @param base not negative.
 * @param exponent not negative.
 * @param modulus at least 1.
 * @returns `base ** exponent % modulus`.
 */
export function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  const factor = base % modulus;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * factor % modulus;
  }
  return result;
}

/**
 * Finds the number that gives 1 when multiplied.
 * @param value not negative.
 * @param modulus at least 2.
 * @returns `undefined` when there is none.
 */
export function inverseModulo(value: bigint, modulus: bigint): bigint | undefined {
  let [rest, nextRest] = [modulus, value % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (nextRest !== 0n) {
    const quotient = rest / nextRest;
    [rest, nextRest] = [nextRest, rest - quotient * nextRest];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  if (rest !== 1n) return undefined;
  return factor < 0n ? factor + modulus : factor;
}
