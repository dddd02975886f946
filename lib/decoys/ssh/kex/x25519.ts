/**
 * X25519 (RFC 7748 §5) with keys as they stand on the wire.
 *
 * By the runtime's own code; its keys come and go in DER, which is the fastest way.
 * @module
 */
import { Buffer } from "node:buffer";
import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { KexValueError } from "./method.ts";

/** Bytes of a public key, and of a shared secret. */
export const X25519_BYTES = 32;

/** What stands before the key in a SubjectPublicKeyInfo: RFC 8410 §4. */
const DER_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

/** A key pair for one exchange. */
export interface X25519KeyPair {
  /** What the peer gets, 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * The secret shared with the owner of a key.
   * @param peer the public key, untrusted.
   * @returns 32 bytes.
   * @throws {KexValueError} when the key has another length, or makes a secret of zeros only, which
   * OpenSSH refuses (RFC 8731 §3).
   */
  agree(peer: Uint8Array): Uint8Array;
}

/** A new key pair. */
export function x25519KeyPair(): X25519KeyPair {
  const pair = generateKeyPairSync("x25519");
  const der = pair.publicKey.export({ type: "spki", format: "der" });
  return {
    publicKey: der.subarray(DER_PREFIX.length),
    agree(peer) {
      if (peer.length !== X25519_BYTES) {
        throw new KexValueError(
          `X25519 key has ${peer.length} bytes, must be ${X25519_BYTES}`,
        );
      }
      const key = Buffer.concat([DER_PREFIX, peer]);
      const publicKey = createPublicKey({ key, type: "spki", format: "der" });
      let secret: Uint8Array;
      try {
        secret = diffieHellman({ privateKey: pair.privateKey, publicKey });
      } catch (cause) {
        // Newer Deno throws where older Deno returns zeros.
        throw new KexValueError("X25519 secret is zero", { cause });
      }
      if (secret.every((byte) => byte === 0)) throw new KexValueError("X25519 secret is zero");
      return secret;
    },
  };
}
