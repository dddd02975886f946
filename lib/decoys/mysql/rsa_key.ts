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
  publicEncrypt,
} from "node:crypto";
import type { DecoyContext } from "../decoy.ts";
import type { RsaKey } from "./talk.ts";

/** As MySQL makes it at its first start. */
const BITS = 2048;
const BLOCK_BYTES = BITS / 8;
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" } as const;
const NAME = "mysql_private_key.pem";

/**
 * The sensor's key. The first time that takes up to a second, beside everything else.
 * @param store where it is kept.
 */
export async function rsaKey(store: DecoyContext["store"]): Promise<RsaKey> {
  const pem = await readOrMake(store);
  const parsed = createPrivateKey(pem);
  const publicKey = Buffer.from(createPublicKey(parsed).export({ type: "spki", format: "pem" }));
  // Deno 2.4 decrypts by no parsed key; in later releases that is ten times as fast.
  const probe = publicEncrypt({ key: publicKey.toString(), ...OAEP }, Buffer.alloc(1));
  const key = decrypt(parsed, probe) === undefined ? pem : parsed;
  return {
    publicKey,
    decrypt: (bytes) => bytes.length === BLOCK_BYTES ? decrypt(key, bytes) : undefined,
  };
}

function decrypt(key: KeyObject | string, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return privateDecrypt({ key, ...OAEP }, bytes);
  } catch {
    return undefined; // encrypted for another key, or not at all
  }
}

/** PEM. */
async function readOrMake(store: DecoyContext["store"]): Promise<string> {
  const kept = await store.read(NAME);
  if (kept !== undefined) return Buffer.from(kept).toString("latin1");
  const pem = await new Promise<string>((resolve, reject) => {
    generateKeyPair("rsa", {
      modulusLength: BITS,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    }, (error, _publicKey, privateKey) => error ? reject(error) : resolve(privateKey));
  });
  await store.write(NAME, Buffer.from(pem));
  return pem;
}
