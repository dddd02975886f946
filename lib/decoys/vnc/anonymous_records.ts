/**
 * Records of TLS 1.2 with AES in CBC mode and HMAC-SHA1, the MAC around the encrypted bytes: RFC 5246
 * §6.2.3.2, RFC 7366.
 * ```text
 * 0 type   1..2 version (0303)   3..4 length   IV (16), encrypted bytes, MAC (20)
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

/** Types of records. */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
/** Length of a record's head, in bytes. */
export const HEAD_BYTES = 5;
/** Longest body of an encrypted record, in bytes. */
export const MAX_BODY_BYTES = 16_384 + 2048;

const BLOCK_BYTES = 16;
const MAC_BYTES = 20;
const VERSION = [3, 3] as const;

/** Keys of one direction. */
export interface RecordKeys {
  readonly mac: Uint8Array;
  /** 16 bytes or 32. */
  readonly key: Uint8Array;
}

/**
 * A record in clear.
 * @param type of the record.
 * @param body at most 2^14 bytes.
 */
export function clearRecord(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([head(type, body.length), body]);
}

/** One direction of a connection: each record has the next number. */
export class RecordCipher {
  readonly #keys: RecordKeys;
  #records = 0;

  /** @param keys of this direction. */
  constructor(keys: RecordKeys) {
    this.#keys = keys;
  }

  /**
   * An encrypted record.
   * @param type of the record.
   * @param plain at most 2^14 bytes.
   */
  seal(type: number, plain: Uint8Array): Buffer {
    const padding = BLOCK_BYTES - plain.length % BLOCK_BYTES;
    const iv = randomBytes(BLOCK_BYTES);
    const cipher = createCipheriv(this.#algorithm, this.#keys.key, iv).setAutoPadding(false);
    const padded = Buffer.concat([plain, Buffer.alloc(padding, padding - 1)]);
    const body = Buffer.concat([iv, cipher.update(padded), cipher.final()]);
    const mac = this.#mac(type, body);
    return Buffer.concat([head(type, body.length + MAC_BYTES), body, mac]);
  }

  /**
   * What is in an encrypted record.
   * @param type of the record.
   * @param body what follows its head.
   * @returns `undefined` when it was not made with these keys.
   */
  open(type: number, body: Uint8Array): Uint8Array | undefined {
    const encrypted = body.subarray(0, -MAC_BYTES);
    const blocks = encrypted.length / BLOCK_BYTES;
    if (body.length < MAC_BYTES || blocks < 2 || !Number.isInteger(blocks)) return undefined;
    if (!this.#mac(type, encrypted).equals(body.subarray(-MAC_BYTES))) return undefined;
    const iv = encrypted.subarray(0, BLOCK_BYTES);
    const decipher = createDecipheriv(this.#algorithm, this.#keys.key, iv).setAutoPadding(false);
    const padded = Buffer.concat([
      decipher.update(encrypted.subarray(BLOCK_BYTES)),
      decipher.final(),
    ]);
    const padding = padded.at(-1)! + 1;
    return padding > padded.length ? undefined : padded.subarray(0, -padding);
  }

  get #algorithm(): string {
    return this.#keys.key.length === 32 ? "aes-256-cbc" : "aes-128-cbc";
  }

  #mac(type: number, body: Uint8Array): Buffer {
    const number = Buffer.alloc(8);
    number.writeUInt32BE(this.#records++, 4);
    return createHmac("sha1", this.#keys.mac).update(number).update(head(type, body.length))
      .update(body).digest();
  }
}

function head(type: number, length: number): Buffer {
  return Buffer.from([type, ...VERSION, length >> 8, length & 255]);
}
