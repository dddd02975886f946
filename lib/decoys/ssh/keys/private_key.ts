/**
 * What a host key is made of, and the public key blob that goes with it: RFC 4253 §6.6 (RSA), RFC 5656
 * §3.1 (ECDSA), RFC 8709 §4 (Ed25519).
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { WireWriter } from "../wire.ts";
import { bitLength, encodeNumber } from "./big_number.ts";
import { DER, encodeDer } from "./der.ts";

/** A key file that cannot be used; the message says why, to stand behind `Cannot use ...: `. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/** An RSA key: modulus, exponents, primes. */
export interface RsaPrivateKey {
  readonly type: "ssh-rsa";
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
}

/** The curves of RFC 5656 §10.1 that OpenSSH knows. */
export type CurveName = "nistp256" | "nistp384" | "nistp521";

/** An ECDSA key. */
export interface EcdsaPrivateKey {
  readonly type: `ecdsa-sha2-${CurveName}`;
  readonly curve: CurveName;
  /** The public point, uncompressed: `4, x, y`. */
  readonly point: Uint8Array;
  /** The private number, big-endian, of the curve's length. */
  readonly scalar: Uint8Array;
}

/** An Ed25519 key: RFC 8032 §5.1.5. */
export interface Ed25519PrivateKey {
  readonly type: "ssh-ed25519";
  readonly publicKey: Uint8Array;
  /** The 32 bytes that all is made of. */
  readonly seed: Uint8Array;
}

/** A key that a host may have. */
export type PrivateKey = RsaPrivateKey | EcdsaPrivateKey | Ed25519PrivateKey;

/** A curve by its other names: JOSE's, its hash (RFC 5656 §6.2.1), its object id. */
export interface Curve {
  readonly joseName: string;
  readonly hash: "sha256" | "sha384" | "sha512";
  /** Bytes of a coordinate. */
  readonly bytes: number;
  readonly bits: number;
  /** Object identifier, as in DER, in hex: RFC 5480 §2.1.1.1. */
  readonly objectId: string;
}

/** The curves. */
export const CURVES: Readonly<Record<CurveName, Curve>> = {
  nistp256: {
    joseName: "P-256",
    hash: "sha256",
    bytes: 32,
    bits: 256,
    objectId: "2a8648ce3d030107",
  },
  nistp384: {
    joseName: "P-384",
    hash: "sha384",
    bytes: 48,
    bits: 384,
    objectId: "2b81040022",
  },
  nistp521: {
    joseName: "P-521",
    hash: "sha512",
    bytes: 66,
    bits: 521,
    objectId: "2b81040023",
  },
};

/** PKCS #8 of an Ed25519 key, up to its seed: RFC 8410 §7. */
const ED25519_PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** PKCS #8 and SEC 1 of an ECDSA key begin with these: RFC 5958 §2, RFC 5915 §3; RFC 5480 §2.1.1. */
const VERSION_0 = Uint8Array.of(DER.integer, 1, 0);
const VERSION_1 = Uint8Array.of(DER.integer, 1, 1);
const EC_PUBLIC_KEY = Buffer.from("06072a8648ce3d0201", "hex");

/** Smallest modulus that OpenSSH takes, and the largest, in bits. */
const RSA_MIN_BITS = 1024;
const RSA_MAX_BITS = 16_384;

/**
 * Makes an RSA key of its numbers.
 * @throws {KeyFileError} when they do not belong together, or are too small.
 */
export function makeRsaKey(numbers: Omit<RsaPrivateKey, "type">): RsaPrivateKey {
  const { n, e, d, p, q } = numbers;
  const bits = bitLength(n);
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    throw new KeyFileError(`it has ${bits} bits, must have ${RSA_MIN_BITS} to ${RSA_MAX_BITS}`);
  }
  const isWhole = p > 2n && q > 2n && p * q === n && e * d % (p - 1n) === 1n &&
    e * d % (q - 1n) === 1n;
  if (!isWhole) throw new KeyFileError("its numbers do not belong together, it is damaged");
  return { type: "ssh-rsa", n, e, d, p, q };
}

/**
 * Makes an ECDSA key of its private number.
 * @param curve its curve.
 * @param scalar big-endian, with or without leading zeros.
 * @throws {KeyFileError} when the number is not of the curve, or the runtime does not know the curve.
 */
export function makeEcdsaKey(curve: CurveName, scalar: Uint8Array): EcdsaPrivateKey {
  const { bytes, objectId } = CURVES[curve];
  const id = Buffer.from(objectId, "hex");
  const trimmed = scalar.subarray(Math.max(0, scalar.findIndex((byte) => byte !== 0)));
  if (trimmed.length > bytes) throw new KeyFileError(`its number is not one of ${curve}`);
  const padded = new Uint8Array(bytes);
  padded.set(trimmed, bytes - trimmed.length);
  // PKCS #8 around SEC 1 (RFC 5915 §3) without the public point, which the runtime finds.
  const sec1 = encodeDer(DER.sequence, VERSION_1, encodeDer(DER.octetString, padded));
  const algorithm = encodeDer(DER.sequence, EC_PUBLIC_KEY, encodeDer(DER.objectIdentifier, id));
  const octets = encodeDer(DER.octetString, sec1);
  let info: Uint8Array;
  try {
    info = findPublic(encodeDer(DER.sequence, VERSION_0, algorithm, octets));
  } catch (cause) {
    throw new KeyFileError(`its number is not one of ${curve}, or this runtime lacks ${curve}`, {
      cause,
    });
  }
  const point = info.slice(-1 - 2 * bytes);
  return { type: `ecdsa-sha2-${curve}`, curve, point, scalar: padded };
}

/**
 * Makes an Ed25519 key of its seed.
 * @param seed 32 bytes.
 * @throws {KeyFileError} when it has another length.
 */
export function makeEd25519Key(seed: Uint8Array): Ed25519PrivateKey {
  if (seed.length !== 32) throw new KeyFileError(`it has ${seed.length} bytes, must have 32`);
  const publicKey = findPublic(Buffer.concat([ED25519_PKCS8_HEAD, seed])).slice(-32);
  return { type: "ssh-ed25519", publicKey, seed: new Uint8Array(seed) };
}

/**
 * The public key as it goes over the wire and into fingerprints.
 * @param key whose.
 */
export function publicBlob(key: PrivateKey): Uint8Array {
  const writer = new WireWriter(512).string(key.type);
  if (key.type === "ssh-rsa") writer.mpint(encodeNumber(key.e)).mpint(encodeNumber(key.n));
  else if (key.type === "ssh-ed25519") writer.string(key.publicKey);
  else writer.string(key.curve).string(key.point);
  return writer.bytes().slice();
}

/** The SubjectPublicKeyInfo (RFC 5280 §4.1) of a PKCS #8; the key is at its end. */
function findPublic(pkcs8: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  // A private key is among what Node takes here, though not in the types.
  return createPublicKey(key as unknown as string).export({ format: "der", type: "spki" });
}
