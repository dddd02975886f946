/**
 * The hybrid key exchange `sntrup761x25519-sha512`, also named `sntrup761x25519-sha512@openssh.com`:
 * draft-ietf-sshm-ntruprime-ssh §3.
 *
 * The client sends its `sntrup761` and its X25519 public key in one string, the server its ciphertext
 * and its X25519 public key; the secret is the hash of both secrets, as a string.
 * @module
 */
import { createHash } from "node:crypto";
import { WireWriter } from "../wire.ts";
import { type KexAnswer, type KexMethod, KexValueError } from "./method.ts";
import { encapsulate, PUBLIC_KEY_BYTES } from "./sntrup761.ts";
import { X25519_BYTES, x25519KeyPair } from "./x25519.ts";

const CLIENT_PUBLIC_BYTES = PUBLIC_KEY_BYTES + X25519_BYTES;

/** The method; well below 1 ms, so that it does without its turn. */
export const sntrup761x25519: KexMethod = {
  hash: "sha512",
  values: "string",
  respond(clientPublic): Promise<KexAnswer> {
    return Promise.try(() => {
      if (clientPublic.length !== CLIENT_PUBLIC_BYTES) {
        throw new KexValueError(
          `Public value has ${clientPublic.length} bytes, must be ${CLIENT_PUBLIC_BYTES}`,
        );
      }
      // First the cheap half: it may refuse.
      const { publicKey, agree } = x25519KeyPair();
      const curveSecret = agree(clientPublic.subarray(PUBLIC_KEY_BYTES));
      const { ciphertext, secret } = encapsulate(clientPublic.subarray(0, PUBLIC_KEY_BYTES));
      const digest = createHash("sha512").update(secret).update(curveSecret).digest();
      return {
        serverPublic: new WireWriter(1071).raw(ciphertext).raw(publicKey).bytes(),
        secret: new WireWriter(68).string(digest).bytes(),
      };
    });
  },
};
