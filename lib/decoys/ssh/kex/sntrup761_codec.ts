/**
 * How Streamlined NTRU Prime writes lists of numbers below a modulus as bytes: pair after pair is
 * joined to one number below the product of their moduli, bytes leave it from the bottom until the
 * modulus is below 2^14, and the halved list goes the same way, until one number is left (the
 * submission "NTRU Prime: round 3", 2020-10-07, `Encode` and `Decode`).
 * @module
 */

/** A number with this modulus or a greater one gives bytes away. */
const MODULUS_LIMIT = 16384;

/** The pairs of one level: what is fixed by their moduli. */
interface Level {
  /** Numbers in the list. */
  readonly length: number;
  readonly moduli: Uint16Array;
  /** For each pair: bytes that leave it, 0 to 2. */
  readonly byteCounts: Uint8Array;
}

/** Writes and reads lists of one length, all numbers below one modulus. */
export class RadixCodec {
  /** Bytes of an encoded list. */
  readonly byteLength: number;
  readonly #levels: readonly Level[];
  /** Bytes of the number that is left at the end. */
  readonly #lastBytes: number;
  readonly #lastModulus: number;
  /** The pairs' bottoms while decoding, level after level. */
  readonly #bottoms: Uint16Array;

  /**
   * Works out how many bytes leave each pair.
   * @param length numbers in a list, at least 1.
   * @param modulus 2 to 16383: all numbers are below.
   */
  constructor(length: number, modulus: number) {
    const levels: Level[] = [];
    let moduli = new Uint16Array(length).fill(modulus);
    let byteLength = 0;
    let pairCount = 0;
    while (moduli.length > 1) {
      const pairs = moduli.length >> 1;
      const joined = new Uint16Array((moduli.length + 1) >> 1);
      const byteCounts = new Uint8Array(pairs);
      for (let i = 0; i < pairs; i++) {
        let product = moduli[2 * i]! * moduli[2 * i + 1]!;
        for (; product >= MODULUS_LIMIT; byteCounts[i]!++) product = (product + 255) >>> 8;
        joined[i] = product;
        byteLength += byteCounts[i]!;
      }
      if (moduli.length & 1) joined[pairs] = moduli[moduli.length - 1]!;
      levels.push({ length: moduli.length, moduli, byteCounts });
      pairCount += pairs;
      moduli = joined;
    }
    this.#lastModulus = moduli[0]!;
    this.#lastBytes = this.#lastModulus > 256 ? 2 : 1;
    this.#levels = levels;
    this.#bottoms = new Uint16Array(pairCount);
    this.byteLength = byteLength + this.#lastBytes;
  }

  /**
   * Writes a list.
   * @param numbers all below the modulus; overwritten.
   * @param out gets `byteLength` bytes from its start.
   */
  encode(numbers: Uint16Array, out: Uint8Array): void {
    let at = 0;
    for (const { length, moduli, byteCounts } of this.#levels) {
      const pairs = length >> 1;
      for (let i = 0; i < pairs; i++) {
        let number = numbers[2 * i]! + numbers[2 * i + 1]! * moduli[2 * i]!;
        for (let left = byteCounts[i]!; left > 0; left--) {
          out[at++] = number;
          number >>>= 8;
        }
        numbers[i] = number;
      }
      if (length & 1) numbers[pairs] = numbers[length - 1]!;
    }
    out[at++] = numbers[0]!;
    if (this.#lastBytes === 2) out[at] = numbers[0]! >>> 8;
  }

  /**
   * Reads a list. No bytes are wrong: where no list is written so, numbers are reduced by their moduli,
   * as the reference does.
   * @param bytes `byteLength` bytes.
   * @param out gets the numbers.
   */
  decode(bytes: Uint8Array, out: Uint16Array): void {
    const bottoms = this.#bottoms;
    let at = 0;
    let pair = 0;
    for (const { byteCounts } of this.#levels) {
      for (let i = 0; i < byteCounts.length; i++) {
        let bottom = 0;
        if (byteCounts[i]! > 0) bottom = bytes[at++]!;
        if (byteCounts[i]! > 1) bottom |= bytes[at++]! << 8;
        bottoms[pair++] = bottom;
      }
    }
    const last = this.#lastBytes === 2 ? bytes[at]! | (bytes[at + 1]! << 8) : bytes[at]!;
    out[0] = last % this.#lastModulus;
    for (let l = this.#levels.length - 1; l >= 0; l--) {
      const { length, moduli, byteCounts } = this.#levels[l]!;
      const pairs = length >> 1;
      pair -= pairs;
      if (length & 1) out[length - 1] = out[pairs]!;
      // From the back, since two numbers take the place of one.
      for (let i = pairs - 1; i >= 0; i--) {
        // Below 2^14 * 2^16: an int32.
        const number = (out[i]! << (byteCounts[i]! << 3)) | bottoms[pair + i]!;
        const modulus = moduli[2 * i]!;
        const high = (number / modulus) | 0;
        out[2 * i] = number - high * modulus;
        out[2 * i + 1] = high % moduli[2 * i + 1]!;
      }
    }
  }
}
