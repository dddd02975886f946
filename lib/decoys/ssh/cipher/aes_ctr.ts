/**
 * aes128-ctr, aes192-ctr and aes256-ctr (RFC 4344 §4) with a MAC: over the packet in clear (RFC 4253
 * §6.4), or over what is sent (OpenSSH's PROTOCOL §1.5), which leaves the length in clear.
 *
 * The counter goes on from packet to packet, but no cipher object of the runtime does: one that is
 * never finished is never freed, and a session can end at any time. Instead the key stream is made some
 * packets ahead.
 * @module
 */
import { createCipheriv } from "node:crypto";
import type { Mac } from "./mac.ts";
import type { Opener, Sealer } from "./packet_cipher.ts";
import { isSameTag } from "./tag.ts";
import { decodeUint32, LENGTH_BYTES } from "./uint32.ts";

/** The counter's first value. */
export const AES_CTR_IV_BYTES = 16;

/** AES's block. */
const BLOCK_BYTES = 16;
/** Key stream that is made at once: some packets of a login, since making a cipher costs most. */
const AHEAD_BYTES = 512;
const NONE = new Uint8Array();

/** What sealing and opening need. */
export interface AesCtrKeys {
  /** 16, 24 or 32 bytes. */
  readonly key: Uint8Array;
  /** The counter's first value: 16 bytes. */
  readonly iv: Uint8Array;
  readonly mac: Mac;
  /** Whether the MAC covers what is sent, not what is meant. */
  readonly isEtm: boolean;
}

/** The key stream of a direction. */
class KeyStream {
  readonly #name: string;
  readonly #key: Uint8Array;
  readonly #counter: Uint8Array;
  /** What was made and not used yet. */
  #ahead: Uint8Array = NONE;

  constructor(key: Uint8Array, iv: Uint8Array) {
    this.#name = `aes-${key.length * 8}-ctr`;
    this.#key = new Uint8Array(key);
    this.#counter = new Uint8Array(iv);
  }

  /** Encrypts or decrypts the next bytes in place, and leaves the key stream where it is. */
  peek(bytes: Uint8Array): void {
    if (this.#ahead.length < bytes.length) this.#make(bytes.length);
    for (let i = 0; i < bytes.length; i++) bytes[i]! ^= this.#ahead[i]!;
  }

  /** Encrypts or decrypts the next bytes in place. */
  take(bytes: Uint8Array): void {
    this.peek(bytes);
    // A view of nothing would keep what was made for a long packet.
    this.#ahead = this.#ahead.length === bytes.length ? NONE : this.#ahead.subarray(bytes.length);
  }

  /** Makes at least so many bytes ready. */
  #make(count: number): void {
    const left = this.#ahead;
    const blocks = Math.ceil(Math.max(count - left.length, AHEAD_BYTES) / BLOCK_BYTES);
    const cipher = createCipheriv(this.#name, this.#key, this.#counter);
    const fresh = cipher.update(new Uint8Array(blocks * BLOCK_BYTES));
    cipher.final();
    this.#ahead = new Uint8Array(left.length + fresh.length);
    this.#ahead.set(left);
    this.#ahead.set(fresh, left.length);
    let carry = blocks;
    for (let i = BLOCK_BYTES - 1; i >= 0 && carry > 0; i--) {
      carry += this.#counter[i]!;
      this.#counter[i] = carry;
      carry = Math.floor(carry / 0x100);
    }
  }
}

/** Protects what we send. */
export function sealAesCtr({ key, iv, mac, isEtm }: AesCtrKeys): Sealer {
  const stream = new KeyStream(key, iv);
  const clearBytes = isEtm ? LENGTH_BYTES : 0;
  return {
    blockBytes: BLOCK_BYTES,
    tagBytes: mac.tagBytes,
    isLengthApart: isEtm,
    seal(packet, sequence) {
      const end = packet.length;
      const sealed = new Uint8Array(end + mac.tagBytes);
      sealed.set(packet);
      stream.take(sealed.subarray(clearBytes, end));
      sealed.set(mac.tag(isEtm ? sealed.subarray(0, end) : packet, sequence), end);
      return sealed;
    },
  };
}

/** Opens what arrives. */
export function openAesCtr({ key, iv, mac, isEtm }: AesCtrKeys): Opener {
  const stream = new KeyStream(key, iv);
  const clearBytes = isEtm ? LENGTH_BYTES : 0;
  return {
    blockBytes: BLOCK_BYTES,
    tagBytes: mac.tagBytes,
    isLengthApart: isEtm,
    headBytes: isEtm ? LENGTH_BYTES : BLOCK_BYTES,
    openLength(head) {
      if (isEtm) return decodeUint32(head);
      const length = new Uint8Array(head.subarray(0, LENGTH_BYTES));
      stream.peek(length);
      return decodeUint32(length);
    },
    open(sealed, sequence) {
      const end = sealed.length - mac.tagBytes;
      const body = sealed.subarray(0, end);
      const tag = sealed.subarray(end);
      if (isEtm && !isSameTag(mac.tag(body, sequence), tag)) return null;
      const packet = new Uint8Array(body);
      stream.take(packet.subarray(clearBytes));
      if (!isEtm && !isSameTag(mac.tag(packet, sequence), tag)) return null;
      return packet;
    },
  };
}
