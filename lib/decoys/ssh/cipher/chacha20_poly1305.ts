/**
 * chacha20-poly1305@openssh.com, as OpenSSH's PROTOCOL.chacha20poly1305 and
 * draft-ietf-sshm-chacha20-poly1305 have it: what every OpenSSH client chooses.
 *
 * ChaCha20 in its first form, with a 64-bit nonce (the sequence number, big-endian) and a 64-bit
 * counter. One key hides the length, so that a packet's end shows without a check of its tag; the
 * other makes the Poly1305 key (block 0) and hides the rest (from block 1 on). The tag covers both,
 * encrypted.
 * @module
 */
import { Poly1305 } from "@noble/ciphers/_poly1305.js";
import { chacha20orig } from "@noble/ciphers/chacha.js";
import type { Opener, Sealer } from "./packet_cipher.ts";
import { isSameTag } from "./tag.ts";
import { decodeUint32, encodeUint32, LENGTH_BYTES } from "./uint32.ts";

/** Key material of a direction: K_2, then K_1. */
export const CHACHA20_POLY1305_KEY_BYTES = 64;

const SHAPE = { blockBytes: 8, tagBytes: 16, isLengthApart: true } as const;
/** A block of the key stream; of block 0, half is the Poly1305 key and half is for nothing. */
const BLOCK_BYTES = 64;
const POLY1305_KEY_BYTES = 32;

/** The two ciphers and the nonce of a direction. */
class Streams {
  readonly #main: Uint8Array;
  readonly #header: Uint8Array;
  readonly #nonce = new Uint8Array(8);

  constructor(key: Uint8Array) {
    if (key.length !== CHACHA20_POLY1305_KEY_BYTES) {
      throw new RangeError(
        `Cannot make a cipher: key has ${key.length} bytes, must have ${CHACHA20_POLY1305_KEY_BYTES}`,
      );
    }
    this.#main = new Uint8Array(key.subarray(0, 32));
    this.#header = new Uint8Array(key.subarray(32));
  }

  /** Encrypts or decrypts a length. */
  length(field: Uint8Array, sequence: number): Uint8Array {
    return chacha20orig(this.#header, this.#nonceOf(sequence), field);
  }

  /**
   * Encrypts or decrypts what follows the length, and makes the Poly1305 key by the same run.
   * @param packet with its length, which is left out, and without tag.
   * @param spareBytes room behind it.
   * @returns block 0 of the key stream, then the result: the length's place is the end of block 0, so
   * that the whole packet can be returned as a view.
   */
  body(packet: Uint8Array, sequence: number, spareBytes: number): Uint8Array {
    const length = BLOCK_BYTES + packet.length - LENGTH_BYTES;
    const work = new Uint8Array(length + spareBytes);
    work.set(packet.subarray(LENGTH_BYTES), BLOCK_BYTES);
    const part = work.subarray(0, length);
    chacha20orig(this.#main, this.#nonceOf(sequence), part, part);
    return work;
  }

  #nonceOf(sequence: number): Uint8Array {
    encodeUint32(this.#nonce, sequence);
    return this.#nonce;
  }
}

/**
 * Protects what we send.
 * @param key 64 bytes.
 */
export function sealChacha20Poly1305(key: Uint8Array): Sealer {
  const streams = new Streams(key);
  return {
    ...SHAPE,
    seal(packet, sequence) {
      const work = streams.body(packet, sequence, SHAPE.tagBytes);
      const start = BLOCK_BYTES - LENGTH_BYTES;
      work.set(streams.length(packet.subarray(0, LENGTH_BYTES), sequence), start);
      const end = start + packet.length;
      new Poly1305(work.subarray(0, POLY1305_KEY_BYTES))
        .update(work.subarray(start, end))
        .digestInto(work.subarray(end));
      return work.subarray(start);
    },
  };
}

/**
 * Opens what arrives.
 * @param key 64 bytes.
 */
export function openChacha20Poly1305(key: Uint8Array): Opener {
  const streams = new Streams(key);
  const tag = new Uint8Array(SHAPE.tagBytes);
  let length: Uint8Array = new Uint8Array(LENGTH_BYTES);
  return {
    ...SHAPE,
    headBytes: LENGTH_BYTES,
    openLength(head, sequence) {
      length = streams.length(head, sequence);
      return decodeUint32(length);
    },
    open(sealed, sequence) {
      const end = sealed.length - SHAPE.tagBytes;
      const packet = sealed.subarray(0, end);
      // Decrypted before the check, since the run that makes the tag's key does it on the way.
      const work = streams.body(packet, sequence, 0);
      new Poly1305(work.subarray(0, POLY1305_KEY_BYTES)).update(packet).digestInto(tag);
      if (!isSameTag(tag, sealed.subarray(end))) return null;
      work.set(length, BLOCK_BYTES - LENGTH_BYTES);
      return work.subarray(BLOCK_BYTES - LENGTH_BYTES);
    },
  };
}
