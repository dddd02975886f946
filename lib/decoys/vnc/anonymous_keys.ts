/**
 * Keys of TLS 1.2 with SHA-256: RFC 5246 §5, §6.3, §8.1; RFC 7627.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { RecordKeys } from "./anonymous_records.ts";

const MASTER_BYTES = 48;
const MAC_KEY_BYTES = 20;
const VERIFY_BYTES = 12;

/** What both sides of a connection have said of themselves. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/**
 * The secret that all keys come of.
 * @param premaster what the key exchange gave.
 * @param sessionHash of all messages up to the key exchange, where both sides want it in.
 * @param randoms of both sides.
 */
export function masterSecret(
  premaster: Uint8Array,
  sessionHash: Uint8Array | undefined,
  randoms: Randoms,
): Uint8Array {
  return sessionHash === undefined
    ? expand(premaster, "master secret", [randoms.client, randoms.server], MASTER_BYTES)
    : expand(premaster, "extended master secret", [sessionHash], MASTER_BYTES);
}

/**
 * Keys of both directions.
 * @param master secret.
 * @param randoms of both sides.
 * @param keyBytes length of a key of the cipher.
 */
export function recordKeys(
  master: Uint8Array,
  randoms: Randoms,
  keyBytes: number,
): { client: RecordKeys; server: RecordKeys } {
  const total = 2 * (MAC_KEY_BYTES + keyBytes);
  const block = expand(master, "key expansion", [randoms.server, randoms.client], total);
  const macs = 2 * MAC_KEY_BYTES;
  return {
    client: {
      mac: block.subarray(0, MAC_KEY_BYTES),
      key: block.subarray(macs, macs + keyBytes),
    },
    server: { mac: block.subarray(MAC_KEY_BYTES, macs), key: block.subarray(macs + keyBytes) },
  };
}

/**
 * What a side proves with that it has the keys.
 * @param master secret.
 * @param side whose proof.
 * @param messagesHash of all messages before it.
 */
export function verifyData(
  master: Uint8Array,
  side: "client" | "server",
  messagesHash: Uint8Array,
): Uint8Array {
  return expand(master, `${side} finished`, [messagesHash], VERIFY_BYTES);
}

/** PRF of RFC 5246 §5. */
function expand(
  secret: Uint8Array,
  label: string,
  parts: readonly Uint8Array[],
  bytes: number,
): Uint8Array {
  const seed = Buffer.concat([Buffer.from(label), ...parts]);
  const hmac = (...data: Uint8Array[]) => {
    const mac = createHmac("sha256", secret);
    for (const piece of data) mac.update(piece);
    return mac.digest();
  };
  const blocks: Buffer[] = [];
  let chain: Buffer = seed;
  for (let length = 0; length < bytes; length += 32) {
    chain = hmac(chain);
    blocks.push(hmac(chain, seed));
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}
