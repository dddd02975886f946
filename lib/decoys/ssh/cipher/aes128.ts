/**
 * AES-128, one block at a time (FIPS 197), for UMAC.
 *
 * The runtime's ciphers want an object to be made and finished for blocks that are not one stream; a
 * block here costs a tenth of that. The time depends on the data, by the tables: a decoy has nothing
 * to protect. A block is four big-endian words.
 * @module
 */

/** Bytes of a key. */
export const AES128_KEY_BYTES = 16;

const ROUNDS = 10;
const SUBSTITUTES = makeSubstitutes();
/** Substitution and column mixing of a byte in each of the four places of a word. */
const MIXED = [24, 16, 8, 0].map((shift) => Int32Array.from(SUBSTITUTES, (s) => mix(s, shift)));

/** A key, ready to encrypt. */
export class Aes128 {
  readonly #roundKeys = new Int32Array(4 * (ROUNDS + 1));

  /**
   * Expands the key: FIPS 197 §5.2.
   * @param key 16 bytes.
   */
  constructor(key: Uint8Array) {
    const keys = this.#roundKeys;
    const view = new DataView(key.buffer, key.byteOffset, AES128_KEY_BYTES);
    for (let i = 0; i < 4; i++) keys[i] = view.getInt32(4 * i);
    let constant = 1;
    for (let i = 4; i < keys.length; i++) {
      let word = keys[i - 1]!;
      if (i % 4 === 0) {
        word = substitute((word << 8) | (word >>> 24)) ^ (constant << 24);
        constant = double(constant);
      }
      keys[i] = keys[i - 4]! ^ word;
    }
  }

  /**
   * Encrypts a block in its place.
   * @param block four words.
   */
  encrypt(block: Int32Array): void {
    const keys = this.#roundKeys;
    const [m0, m1, m2, m3] = MIXED as [Int32Array, Int32Array, Int32Array, Int32Array];
    let a = block[0]! ^ keys[0]!;
    let b = block[1]! ^ keys[1]!;
    let c = block[2]! ^ keys[2]!;
    let d = block[3]! ^ keys[3]!;
    let k = 4;
    for (; k < 4 * ROUNDS; k += 4) {
      const w = m0[a >>> 24]! ^ m1[(b >>> 16) & 255]! ^ m2[(c >>> 8) & 255]! ^ m3[d & 255]!;
      const x = m0[b >>> 24]! ^ m1[(c >>> 16) & 255]! ^ m2[(d >>> 8) & 255]! ^ m3[a & 255]!;
      const y = m0[c >>> 24]! ^ m1[(d >>> 16) & 255]! ^ m2[(a >>> 8) & 255]! ^ m3[b & 255]!;
      const z = m0[d >>> 24]! ^ m1[(a >>> 16) & 255]! ^ m2[(b >>> 8) & 255]! ^ m3[c & 255]!;
      a = w ^ keys[k]!;
      b = x ^ keys[k + 1]!;
      c = y ^ keys[k + 2]!;
      d = z ^ keys[k + 3]!;
    }
    block[0] = substitute(shifted(a, b, c, d)) ^ keys[k]!;
    block[1] = substitute(shifted(b, c, d, a)) ^ keys[k + 1]!;
    block[2] = substitute(shifted(c, d, a, b)) ^ keys[k + 2]!;
    block[3] = substitute(shifted(d, a, b, c)) ^ keys[k + 3]!;
  }
}

/** A word of the block after the shift of its rows. */
function shifted(a: number, b: number, c: number, d: number): number {
  return (a & 0xff000000) | (b & 0xff0000) | (c & 0xff00) | (d & 0xff);
}

function substitute(word: number): number {
  return (SUBSTITUTES[word >>> 24]! << 24) | (SUBSTITUTES[(word >>> 16) & 255]! << 16) |
    (SUBSTITUTES[(word >>> 8) & 255]! << 8) | SUBSTITUTES[word & 255]!;
}

/** FIPS 197 §5.1.3: a substituted byte's part of a column, for a byte at `shift`. */
function mix(byte: number, shift: number): number {
  const column = (double(byte) << 24) | (byte << 16) | (byte << 8) | (double(byte) ^ byte);
  return shift === 24 ? column : (column >>> (24 - shift)) | (column << (8 + shift));
}

/** Times x in the field of AES: FIPS 197 §4.2.1. */
function double(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 255;
}

/** FIPS 197 §5.1.1: the inverse, then an affine map; found by walking the powers of x + 1. */
function makeSubstitutes(): Uint8Array {
  const powers = new Uint8Array(255);
  for (let i = 0, power = 1; i < 255; i++, power ^= double(power)) powers[i] = power;
  const substitutes = new Uint8Array(256).fill(0x63);
  for (let i = 0; i < 255; i++) {
    const inverse = powers[(255 - i) % 255]!;
    const twice = inverse | (inverse << 8);
    substitutes[powers[i]!] = inverse ^ (twice >>> 7) ^ (twice >>> 6) ^ (twice >>> 5) ^
      (twice >>> 4) ^ 0x63;
  }
  return substitutes;
}
