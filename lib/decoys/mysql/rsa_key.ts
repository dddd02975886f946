/**
 * The RSA key by which MySQL's clients send passwords without TLS: made once, kept by the sensor.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
import type { DecoyContext } from "../decoy.ts";
import type { RsaKey } from "./talk.ts";

/** As MySQL makes it at its first start. */
const BITS = 2048;
const BLOCK_BYTES = BITS / 8;
const NAME = "mysql_private_key.pem";

/**
 * The sensor's key, made at first use.
 * @param store where it is kept.
 */
export function rsaKey(store: DecoyContext["store"]): RsaKey {
  let loading: Promise<KeyObject> | undefined;
  const load = () => loading ??= readOrMake(store);
  return {
    publicKey: async () => {
      const pem = createPublicKey(await load()).export({ type: "spki", format: "pem" });
      return Buffer.from(pem);
    },
    decrypt: async (bytes) => {
      if (bytes.length !== BLOCK_BYTES) return undefined;
      try {
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        return privateDecrypt({ key: await load(), padding, oaepHash: "sha1" }, bytes);
      } catch {
        return undefined; // encrypted for another key, or not at all
      }
    },
  };
}

async function readOrMake(store: DecoyContext["store"]): Promise<KeyObject> {
  const kept = await store.read(NAME);
  if (kept !== undefined) return createPrivateKey(Buffer.from(kept));
  const pem = await new Promise<string>((resolve, reject) => {
    generateKeyPair("rsa", {
      modulusLength: BITS,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    }, (error, _publicKey, privateKey) => error ? reject(error) : resolve(privateKey));
  });
  await store.write(NAME, Buffer.from(pem));
  return createPrivateKey(pem);
}
