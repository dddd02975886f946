/**
 * The key exchange `curve25519-sha256`, also named `curve25519-sha256@libssh.org`: RFC 8731.
 * @module
 */
import { WireWriter } from "../wire.ts";
import type { KexAnswer, KexMethod } from "./method.ts";
import { x25519KeyPair } from "./x25519.ts";

/** The method; short, so that it does without its turn. */
export const curve25519: KexMethod = {
  hash: "sha256",
  values: "string",
  respond(clientPublic): Promise<KexAnswer> {
    return Promise.try(() => {
      const { publicKey, agree } = x25519KeyPair();
      // The 32 bytes of X25519, little-endian, are taken as a big-endian number: RFC 8731 §3.1.
      const secret = new WireWriter(40).mpint(agree(clientPublic)).bytes();
      return { serverPublic: publicKey, secret };
    });
  },
};
