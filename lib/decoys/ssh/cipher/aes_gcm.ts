/**
 * aes128-gcm@openssh.com and aes256-gcm@openssh.com: RFC 5647 §7 with the negotiation of OpenSSH's
 * PROTOCOL §1.6.
 *
 * The length stands in clear and is authenticated as associated data; the nonce is 4 fixed bytes and
 * a counter of 8, which counts packets from where the key exchange began it.
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Opener, Sealer } from "./packet_cipher.ts";
import { decodeUint32, LENGTH_BYTES } from "./uint32.ts";

/** Nonce: 4 fixed bytes, 8 of invocation counter (RFC 5647 §7.1). */
export const AES_GCM_IV_BYTES = 12;

const SHAPE = { blockBytes: 16, tagBytes: 16, isLengthApart: true } as const;

/**
 * Protects what we send.
 * @param key 16 or 32 bytes.
 * @param iv the first nonce: 12 bytes.
 */
export function sealAesGcm(key: Uint8Array, iv: Uint8Array): Sealer {
  const name = nameOf(key);
  const secret = new Uint8Array(key);
  const nonce = new Uint8Array(iv);
  return {
    ...SHAPE,
    seal(packet) {
      const cipher = createCipheriv(name, secret, nonce);
      cipher.setAAD(packet.subarray(0, LENGTH_BYTES));
      const sealed = new Uint8Array(packet.length + SHAPE.tagBytes);
      sealed.set(packet.subarray(0, LENGTH_BYTES));
      sealed.set(cipher.update(packet.subarray(LENGTH_BYTES)), LENGTH_BYTES);
      cipher.final();
      sealed.set(cipher.getAuthTag(), packet.length);
      increment(nonce);
      return sealed;
    },
  };
}

/**
 * Opens what arrives.
 * @param key 16 or 32 bytes.
 * @param iv the first nonce: 12 bytes.
 */
export function openAesGcm(key: Uint8Array, iv: Uint8Array): Opener {
  const name = nameOf(key);
  const secret = new Uint8Array(key);
  const nonce = new Uint8Array(iv);
  return {
    ...SHAPE,
    headBytes: LENGTH_BYTES,
    openLength: decodeUint32,
    open(sealed) {
      const end = sealed.length - SHAPE.tagBytes;
      const cipher = createDecipheriv(name, secret, nonce);
      increment(nonce);
      cipher.setAAD(sealed.subarray(0, LENGTH_BYTES));
      cipher.setAuthTag(sealed.subarray(end));
      const packet = new Uint8Array(end);
      packet.set(sealed.subarray(0, LENGTH_BYTES));
      packet.set(cipher.update(sealed.subarray(LENGTH_BYTES, end)), LENGTH_BYTES);
      try {
        cipher.final();
      } catch {
        return null; // all that it can throw for is a wrong tag
      }
      return packet;
    },
  };
}

/** The cipher's name in `node:crypto`, by the size of its key. */
function nameOf(key: Uint8Array): "aes-128-gcm" | "aes-256-gcm" {
  return key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
}

/** Counts a packet: the last 8 bytes, big-endian, back to 0 after the last (RFC 5647 §7.1). */
function increment(nonce: Uint8Array): void {
  for (let i = nonce.length - 1; i >= 4; i--) {
    const byte = (nonce[i]! + 1) & 0xff;
    nonce[i] = byte;
    if (byte !== 0) return;
  }
}
