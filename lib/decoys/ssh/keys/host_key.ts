/**
 * A key that the host signs exchanges with: RFC 4253 §6.6, RFC 8332 §3, RFC 5656 §3.1.2, RFC 8709 §6.
 *
 * Ed25519 (40 µs) and ECDSA (1 ms) sign at once; RSA (13 ms for 3072 bits) by WebCrypto, off the
 * thread that serves sessions.
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { WireWriter } from "../wire.ts";
import { encodeNumber, inverseModulo } from "./big_number.ts";
import { DER, DerReader } from "./der.ts";
import {
  CURVES,
  type EcdsaPrivateKey,
  type Ed25519PrivateKey,
  type PrivateKey,
  publicBlob,
  type RsaPrivateKey,
} from "./private_key.ts";

/** One host key. */
export interface HostKey {
  /** Type of the key, as at the front of its blob. */
  readonly type: PrivateKey["type"];
  /** The public key: RFC 4253 §6.6. */
  readonly blob: Uint8Array;
  /** Names of the host key algorithms that it serves. */
  readonly algorithms: readonly string[];
  /**
   * Signs.
   * @param algorithm one of `algorithms`.
   * @param data what to sign, whole; hashed here.
   * @returns `string algorithm ‖ string signature`.
   * @throws {TypeError} for another algorithm.
   */
  sign(algorithm: string, data: Uint8Array): Promise<Uint8Array>;
}

/** Hashes of RSA signatures, as WebCrypto calls them: RFC 8332 §3, RFC 4253 §6.6. */
const RSA_HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-512": "SHA-512",
  "rsa-sha2-256": "SHA-256",
  "ssh-rsa": "SHA-1",
};

/** The algorithms that an RSA key serves. */
export const RSA_ALGORITHMS: readonly string[] = Object.keys(RSA_HASHES);

/**
 * Makes a key ready to sign.
 * @param key read from a file, or made.
 */
export function makeHostKey(key: PrivateKey): HostKey {
  const blob = publicBlob(key);
  const { type } = key;
  const algorithms = type === "ssh-rsa" ? RSA_ALGORITHMS : [type];
  const signRaw = type === "ssh-rsa"
    ? rsaSigner(key)
    : type === "ssh-ed25519"
    ? ed25519Signer(key)
    : ecdsaSigner(key);
  return {
    type,
    blob,
    algorithms,
    async sign(algorithm, data) {
      if (!algorithms.includes(algorithm)) {
        throw new TypeError(`Cannot sign by ${algorithm} with a key of type ${type}`);
      }
      const signature = await signRaw(data, algorithm);
      return new WireWriter(signature.length + 64).string(algorithm).string(signature).bytes();
    },
  };
}

type Signer = (data: Uint8Array, algorithm: string) => Uint8Array | Promise<Uint8Array>;

function ed25519Signer({ seed, publicKey }: Ed25519PrivateKey): Signer {
  const key = importJwk({
    kty: "OKP",
    crv: "Ed25519",
    d: base64url(seed),
    x: base64url(publicKey),
  });
  return (data) => sign(null, data, key);
}

function ecdsaSigner({ curve, point, scalar }: EcdsaPrivateKey): Signer {
  const { bytes, joseName, hash } = CURVES[curve];
  const key = importJwk({
    kty: "EC",
    crv: joseName,
    d: base64url(scalar),
    x: base64url(point.subarray(1, 1 + bytes)),
    y: base64url(point.subarray(1 + bytes)),
  });
  return (data) => {
    // Deno 2.4 knows no `dsaEncoding`: always DER. Its INTEGER has the very bytes of an mpint.
    const numbers = new DerReader(sign(hash, data, key)).readParts();
    return new WireWriter(144).string(numbers.read(DER.integer)).string(numbers.read(DER.integer))
      .bytes();
  };
}

function rsaSigner({ n, e, d, p, q }: RsaPrivateKey): Signer {
  const numbers = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverseModulo(q, p)! };
  const fields = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, base64url(encodeNumber(value))]),
  );
  const keys = new Map<string, Promise<CryptoKey>>();
  const keyFor = (hash: string) => {
    let key = keys.get(hash);
    if (key === undefined) {
      const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
      key = crypto.subtle.importKey("jwk", { kty: "RSA", ...fields }, algorithm, false, ["sign"]);
      keys.set(hash, key);
    }
    return key;
  };
  return async (data, algorithm) => {
    const key = await keyFor(RSA_HASHES[algorithm]!);
    return new Uint8Array(await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, new Uint8Array(data)));
  };
}

function importJwk(key: Record<string, string>): KeyObject {
  return createPrivateKey({ key, format: "jwk" });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
