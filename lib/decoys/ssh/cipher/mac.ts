/**
 * The MACs of packets: HMAC (RFC 2104, with the names of RFC 4253 §6.4 and RFC 6668) and UMAC (RFC
 * 4418, as OpenSSH has it). Their encrypt-then-MAC forms compute the same over other bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { encodeUint32 } from "./uint32.ts";
import { Umac } from "./umac.ts";

/** A MAC with its key. */
export interface Mac {
  /** Its length, in bytes. */
  readonly tagBytes: number;
  /**
   * Computes it.
   * @param packet what it covers besides the sequence number.
   * @param sequence the packet's number, 0 to 2^32-1.
   */
  tag(packet: Uint8Array, sequence: number): Uint8Array;
}

/** A hash that HMAC is made of, by its name in `node:crypto`. */
export type HmacHash = "sha1" | "sha256" | "sha512";

/** What a hash takes at once (the size of HMAC's two pads) and gives, in bytes: FIPS 180-4 §1. */
const HASH_BYTES: Record<HmacHash, { block: number; digest: number }> = {
  sha1: { block: 64, digest: 20 },
  sha256: { block: 64, digest: 32 },
  sha512: { block: 128, digest: 64 },
};

/**
 * HMAC over sequence number and packet (RFC 4253 §6.4).
 *
 * The two hashes are kept as they stand after their first block, which depends on the key alone:
 * copying them costs half of what `createHmac` does.
 * @param hash which.
 * @param key at most a block of the hash; in SSH as long as its result (RFC 4253 §6.4, RFC 6668 §2).
 */
export function hmac(hash: HmacHash, key: Uint8Array): Mac {
  const inner = createHash(hash).update(pad(hash, key, 0x36));
  const outer = createHash(hash).update(pad(hash, key, 0x5c));
  const number = new Uint8Array(4);
  return {
    tagBytes: HASH_BYTES[hash].digest,
    tag(packet, sequence) {
      encodeUint32(number, sequence);
      const digest = inner.copy().update(number).update(packet).digest();
      return outer.copy().update(digest).digest();
    },
  };
}

/**
 * UMAC with the sequence number as nonce: 8 bytes, big-endian, as in OpenSSH.
 * @param key 16 bytes.
 * @param tagBytes 8 for UMAC-64, 16 for UMAC-128.
 */
export function umac(key: Uint8Array, tagBytes: 8 | 16): Mac {
  const state = new Umac(key, tagBytes);
  const nonce = new Uint8Array(8);
  return {
    tagBytes,
    tag(packet, sequence) {
      encodeUint32(nonce, sequence);
      return state.tag(packet, nonce);
    },
  };
}

/** HMAC's key with a pad over it: RFC 2104 §2, for keys that are no longer than a block. */
function pad(hash: HmacHash, key: Uint8Array, value: number): Uint8Array {
  const padded = new Uint8Array(HASH_BYTES[hash].block).fill(value);
  for (let i = 0; i < key.length; i++) padded[i]! ^= key[i]!;
  return padded;
}
