/**
 * UMAC-64 and UMAC-128 (RFC 4418), the MACs `umac-64@openssh.com` and `umac-128@openssh.com`.
 *
 * A tag is a hash of the message in three layers, XORed with a pad that the nonce decides: NH over
 * each 1,024 bytes, a polynomial over what NH gave when there is more than one, and an inner product
 * that makes 4 bytes of it. A longer tag runs more streams, with other keys, side by side.
 * @module
 */
import { Aes128 } from "./aes128.ts";
import { Poly64 } from "./umac_poly.ts";

/** Bytes of a nonce. */
export const UMAC_NONCE_BYTES = 8;

/** Longest message: beyond, RFC 4418 §5.3 takes a wider polynomial, which OpenSSH does not have. */
const MAX_MESSAGE_BYTES = 2 ** 24;
/** What NH takes at a time: RFC 4418 §5.1. */
const CHUNK_BYTES = 1024;
const CHUNK_WORDS = CHUNK_BYTES / 4;
/** NH takes words by eight: RFC 4418 §5.2.2. */
const GROUP_BYTES = 32;
/** Words after which NH's sums of products of 32 by 16 bits are near 2^53. */
const EXACT_WORDS = 64;
/** Between one stream's key for NH and the next one's. */
const STREAM_SHIFT_WORDS = 4;
/** The prime of the third layer: RFC 4418 §3.2. */
const PRIME_36 = 2 ** 36 - 5;

// What key derivation is asked for: RFC 4418 §4.1.1, §5.1.
const PAD_KEY = 0;
const NH_KEY = 1;
const POLY_KEY = 2;
const PRODUCT_KEY = 3;
const FINAL_KEY = 4;

// One call works at a time, and none waits while it does: all share their room.
const chunk = new Uint8Array(CHUNK_BYTES);
/** The runtime's machines are little-endian, as NH's words are. */
const chunkWords = new Uint32Array(chunk.buffer);
const limbs = new Uint16Array(4);
/** NH's result: upper word, lower word. */
const sum = new Uint32Array(2);

/** What one stream of 4 tag bytes has of its own. */
interface Stream {
  readonly poly: Poly64;
  /** Four numbers below `PRIME_36`; of eight, those for the half that is not zero. */
  readonly factors: Float64Array;
  readonly final: number;
}

/** Makes tags with one key. */
export class Umac {
  readonly #nhKey: Uint32Array;
  readonly #streams: readonly Stream[];
  readonly #padCipher: Aes128;
  /** The pad of `#padNonce`: 16 bytes. */
  readonly #pad = new Int32Array(4);
  readonly #padNonce = new Int32Array(2);
  #hasPad = false;
  readonly #tagBytes: 8 | 16;

  /**
   * Derives all keys; a tenth of a millisecond.
   * @param key 16 bytes.
   * @param tagBytes 8 for UMAC-64, 16 for UMAC-128.
   */
  constructor(key: Uint8Array, tagBytes: 8 | 16) {
    const cipher = new Aes128(key);
    const count = tagBytes / 4;
    const padKey = new DataView(new ArrayBuffer(16));
    derive(cipher, PAD_KEY, 4).forEach((word, i) => padKey.setUint32(4 * i, word));
    this.#padCipher = new Aes128(new Uint8Array(padKey.buffer));
    this.#nhKey = derive(cipher, NH_KEY, CHUNK_WORDS + STREAM_SHIFT_WORDS * (count - 1));
    const polyKeys = derive(cipher, POLY_KEY, 6 * count);
    const productKeys = derive(cipher, PRODUCT_KEY, 16 * count);
    const finals = derive(cipher, FINAL_KEY, count);
    this.#streams = Array.from({ length: count }, (_, i) => ({
      // The other 16 bytes of the 24 are for longer messages.
      poly: new Poly64(polyKeys[6 * i]!, polyKeys[6 * i + 1]!),
      factors: Float64Array.from({ length: 4 }, (_, j) => {
        const at = 16 * i + 8 + 2 * j;
        // 2^36 is 5 modulo the prime.
        const high = productKeys[at]!;
        return ((high >>> 4) * 5 + (high & 15) * 2 ** 32 + productKeys[at + 1]!) % PRIME_36;
      }),
      final: finals[i]!,
    }));
    this.#tagBytes = tagBytes;
  }

  /**
   * The tag of a message.
   * @param message up to 16 MiB.
   * @param nonce 8 bytes; SSH's are the packet's sequence number.
   * @returns as many bytes as the constructor was told.
   * @throws {RangeError} when the message is longer.
   */
  tag(message: Uint8Array, nonce: Uint8Array): Uint8Array {
    if (message.length > MAX_MESSAGE_BYTES) {
      throw new RangeError(
        `Cannot make a tag: message has ${message.length} bytes, must be at most ${MAX_MESSAGE_BYTES}`,
      );
    }
    const tag = new Uint8Array(this.#tagBytes);
    const view = new DataView(tag.buffer);
    const padAt = this.#preparePad(nonce);
    const isShort = message.length <= CHUNK_BYTES;
    if (!isShort) this.#hashLong(message);
    else loadChunk(message, 0);
    this.#streams.forEach((stream, i) => {
      if (isShort) {
        nh(message.length, this.#nhKey, i * STREAM_SHIFT_WORDS);
        limbs[0] = sum[0]! >>> 16;
        limbs[1] = sum[0]!;
        limbs[2] = sum[1]! >>> 16;
        limbs[3] = sum[1]!;
      } else stream.poly.finish(limbs);
      view.setInt32(4 * i, multiplyInner(stream) ^ this.#pad[padAt + i]!);
    });
    return tag;
  }

  /** RFC 4418 §5.2 and §5.3: NH of each chunk into the streams' polynomials. */
  #hashLong(message: Uint8Array): void {
    for (const { poly } of this.#streams) poly.reset();
    for (let at = 0; at < message.length; at += CHUNK_BYTES) {
      const length = loadChunk(message, at);
      for (let i = 0; i < this.#streams.length; i++) {
        nh(length, this.#nhKey, i * STREAM_SHIFT_WORDS);
        this.#streams[i]!.poly.add(sum[0]!, sum[1]!);
      }
    }
  }

  /**
   * RFC 4418 §4.2: two nonces that differ in their last bit share a block when a tag is half of one.
   * @returns where the tag's pad begins, in words.
   */
  #preparePad(nonce: Uint8Array): number {
    const view = new DataView(nonce.buffer, nonce.byteOffset, UMAC_NONCE_BYTES);
    const half = this.#tagBytes === 8 ? view.getInt32(4) & 1 : 0;
    const high = view.getInt32(0);
    const low = view.getInt32(4) ^ half;
    if (!this.#hasPad || high !== this.#padNonce[0] || low !== this.#padNonce[1]) {
      this.#hasPad = true;
      this.#pad[0] = this.#padNonce[0] = high;
      this.#pad[1] = this.#padNonce[1] = low;
      this.#pad[2] = this.#pad[3] = 0;
      this.#padCipher.encrypt(this.#pad);
    }
    return 2 * half;
  }
}

/** RFC 4418 §3.2.2: words of the blocks that AES makes of an index and a counter. */
function derive(cipher: Aes128, index: number, count: number): Uint32Array {
  const words = new Uint32Array(4 * Math.ceil(count / 4));
  const block = new Int32Array(4);
  for (let i = 0; i < words.length; i += 4) {
    block[0] = block[2] = 0;
    block[1] = index;
    block[3] = i / 4 + 1;
    cipher.encrypt(block);
    words.set(block, i);
  }
  return words;
}

/** Copies a chunk to where NH reads it, padded with zeros. Returns its length. */
function loadChunk(message: Uint8Array, at: number): number {
  const part = message.subarray(at, at + CHUNK_BYTES);
  chunk.set(part);
  chunk.fill(0, part.length, paddedLength(part.length));
  return part.length;
}

/** Also an empty message is a group: RFC 4418 §5.2.1. */
function paddedLength(length: number): number {
  return Math.max(GROUP_BYTES, Math.ceil(length / GROUP_BYTES) * GROUP_BYTES);
}

/** RFC 4418 §5.2: NH of the loaded chunk, plus its length in bits; into `sum`. */
function nh(length: number, key: Uint32Array, keyAt: number): void {
  const words = chunkWords;
  const count = paddedLength(length) / 4;
  let upper = 0;
  let lower = 8 * length;
  for (let i = 0; i < count;) {
    // Products of 32 by 32 bits in two parts, each exact.
    let low = 0;
    let high = 0;
    const end = Math.min(count, i + EXACT_WORDS);
    for (; i < end; i += 8) {
      const k = keyAt + i;
      for (let j = 0; j < 4; j++) {
        const a = (words[i + j]! + key[k + j]!) >>> 0;
        const b = (words[i + j + 4]! + key[k + j + 4]!) >>> 0;
        low += a * (b & 0xffff);
        high += a * (b >>> 16);
      }
    }
    // low + high * 2^16, modulo 2^64.
    const highLow = high % 0x10000;
    lower += low % 2 ** 32 + highLow * 0x10000;
    upper += Math.floor(low / 2 ** 32) + (high - highLow) / 0x10000;
  }
  sum[0] = (upper + Math.floor(lower / 2 ** 32)) % 2 ** 32;
  sum[1] = lower % 2 ** 32;
}

/** RFC 4418 §5.4: what `limbs` has, as 4 bytes. Two products at a time stay exact. */
function multiplyInner({ factors, final }: Stream): number {
  const left = (limbs[0]! * factors[0]! + limbs[1]! * factors[1]!) % PRIME_36;
  const right = (limbs[2]! * factors[2]! + limbs[3]! * factors[3]!) % PRIME_36;
  return (((left + right) % PRIME_36) % 2 ** 32) ^ final;
}
