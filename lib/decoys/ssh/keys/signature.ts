/**
 * Whether a client's signature is right: RFC 4253 §6.6 (RSA with SHA-1, DSA), RFC 8332 §3 (RSA with
 * SHA-2), RFC 5656 §3.1.2 (ECDSA), RFC 8709 §6 (Ed25519), OpenSSH PROTOCOL.u2f (keys in hardware).
 *
 * Every signature is `string algorithm ‖ string value`; of keys in hardware `u8 flags ‖ u32 counter`
 * follow. RSA and DSA are reckoned here: the runtime takes 4096 bits at most, and DSA not everywhere.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import { WireError, WireReader } from "../wire.ts";
import { bitLength, decodeNumber, encodeNumber, inverseModulo, powerModulo } from "./big_number.ts";
import { DER, encodeDer } from "./der.ts";
import { type CurveName, CURVES } from "./private_key.ts";
import { parsePublicKey, plainName, type PublicKey, readNumber } from "./public_key.ts";

/** What only a browser's words could tell: PROTOCOL.u2f, "webauthn". */
const WEBAUTHN = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";

/** RSA: the hash and what stands before it, RFC 8017 §9.2 note 1. */
const RSA_HASHES: Readonly<Record<string, { hash: string; head: Buffer }>> = {
  "ssh-rsa": { hash: "sha1", head: Buffer.from("3021300906052b0e03021a05000414", "hex") },
  "rsa-sha2-256": {
    hash: "sha256",
    head: Buffer.from("3031300d060960864801650304020105000420", "hex"),
  },
  "rsa-sha2-512": {
    hash: "sha512",
    head: Buffer.from("3051300d060960864801650304020305000440", "hex"),
  },
};

/** Most bits of an RSA exponent that are reckoned with: Windows makes no longer ones, others have 17. */
const RSA_MAX_EXPONENT_BITS = 32;
/** Most bits of DSA's prime, FIPS 186-4 §4.2; SSH has those of 1024, whose subgroup is of 160. */
const DSA_MAX_BITS = 3072;
const DSA_HALF_BYTES = 20;

/**
 * Checks a client's signature. Never throws; the longest keys take some ms.
 * @param algorithm the client's name for it: `rsa-sha2-512`, `ssh-ed25519-cert-v01@openssh.com`.
 * @param blob its public key.
 * @param signature as it came.
 * @param data what should be signed, whole.
 * @returns `undefined` when that cannot be told: keys that we do not know, or too large ones.
 */
export function verifySignature(
  algorithm: string,
  blob: Uint8Array,
  { signature, data }: { signature: Uint8Array; data: Uint8Array },
): boolean | undefined {
  const key = parsePublicKey(blob);
  if (key === undefined || plainName(algorithm) === WEBAUTHN) return undefined;
  try {
    const reader = new WireReader(signature);
    const signedBy = Buffer.from(reader.string()).toString("latin1");
    if (!isExpected(signedBy, algorithm, key)) return false;
    const value = reader.string();
    if (key.application === undefined) {
      reader.end();
      return verifyPlain(key, value, { data, signedBy });
    }
    // Flags and counter are part of what the hardware signed.
    const extra = reader.raw(5);
    reader.end();
    const signed = Buffer.concat([sha256(key.application), extra, sha256(data)]);
    return verifyPlain(key, value, { data: signed, signedBy });
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

/** Whether the name in the signature goes with the one in the request, and with the key. */
function isExpected(signedBy: string, algorithm: string, key: PublicKey): boolean {
  const isRsa = Object.hasOwn(RSA_HASHES, signedBy);
  if (isRsa !== (key.numbers.kind === "rsa") || !isRsa && signedBy !== key.plainType) return false;
  // Old clients sign with SHA-2 for certificates of the old name.
  return signedBy === plainName(algorithm) ||
    isRsa && algorithm === "ssh-rsa-cert-v01@openssh.com";
}

function verifyPlain(
  { numbers }: PublicKey,
  value: Uint8Array,
  { data, signedBy }: { data: Uint8Array; signedBy: string },
): boolean | undefined {
  switch (numbers.kind) {
    case "rsa":
      return verifyRsa(numbers, value, { data, ...RSA_HASHES[signedBy]! });
    case "dsa":
      return verifyDsa(numbers, value, data);
    case "ecdsa":
      return verifyEcdsa(numbers, value, data);
    case "ed25519":
      return value.length === 64 &&
        verifyNatively({ kty: "OKP", crv: "Ed25519", x: base64url(numbers.publicKey) }, {
          hash: null,
          value,
          data,
        });
  }
}

/** RSASSA-PKCS1-v1_5, RFC 8017 §8.2.2: makes what should have been signed, and compares. */
function verifyRsa(
  { n, e }: { n: bigint; e: bigint },
  value: Uint8Array,
  { data, hash, head }: { data: Uint8Array; hash: string; head: Uint8Array },
): boolean | undefined {
  if (bitLength(e) > RSA_MAX_EXPONENT_BITS) return undefined;
  const bytes = Math.ceil(bitLength(n) / 8);
  const info = Buffer.concat([head, createHash(hash).update(data).digest()]);
  if (bytes < info.length + 11 || value.length > bytes) return false;
  const s = decodeNumber(value);
  if (s >= n) return false;
  const padding = new Uint8Array(bytes - info.length - 3).fill(0xff);
  const expected = Buffer.concat([Uint8Array.of(0, 1), padding, Uint8Array.of(0), info]);
  return powerModulo(s, e, n) === decodeNumber(expected);
}

/** FIPS 186-4 §4.7 with SHA-1; the signature is two numbers of 20 bytes, RFC 4253 §6.6. */
function verifyDsa(
  { p, q, g, y }: { p: bigint; q: bigint; g: bigint; y: bigint },
  value: Uint8Array,
  data: Uint8Array,
): boolean | undefined {
  if (bitLength(p) > DSA_MAX_BITS || bitLength(q) > DSA_HALF_BYTES * 8) return undefined;
  if (value.length !== 2 * DSA_HALF_BYTES || p < 2n || q < 2n) return false;
  const r = decodeNumber(value.subarray(0, DSA_HALF_BYTES));
  const s = decodeNumber(value.subarray(DSA_HALF_BYTES));
  if (r === 0n || r >= q || s === 0n || s >= q) return false;
  const w = inverseModulo(s, q);
  if (w === undefined) return false;
  const hash = decodeNumber(createHash("sha1").update(data).digest());
  const v = powerModulo(g, hash * w % q, p) * powerModulo(y, r * w % q, p) % p % q;
  return v === r;
}

/** The signature is `mpint r ‖ mpint s`. */
function verifyEcdsa(
  { curve, point }: { curve: CurveName; point: Uint8Array },
  value: Uint8Array,
  data: Uint8Array,
): boolean | undefined {
  const { bytes, joseName, hash } = CURVES[curve];
  const reader = new WireReader(value);
  const [r, s] = [readNumber(reader), readNumber(reader)];
  reader.end();
  if (bitLength(r) > bytes * 8 || bitLength(s) > bytes * 8) return false;
  const der = encodeDer(DER.sequence, encodeInteger(r), encodeInteger(s));
  return verifyNatively({
    kty: "EC",
    crv: joseName,
    x: base64url(point.subarray(1, 1 + bytes)),
    y: base64url(point.subarray(1 + bytes)),
  }, { hash, value: der, data });
}

/** By the runtime; `undefined` when it does not know the curve (P-521 before Deno 2.9). */
function verifyNatively(
  jwk: Record<string, string>,
  { hash, value, data }: { hash: string | null; value: Uint8Array; data: Uint8Array },
): boolean | undefined {
  try {
    return verify(hash, data, createPublicKey({ key: jwk, format: "jwk" }), value);
  } catch {
    // A point that is not on the curve, or a signature of an impossible shape: what else it may be
    // does not matter, no host would take it.
    return jwk.crv === "P-521" && !hasP521() ? undefined : false;
  }
}

let isP521There: boolean | undefined;

/** Whether the runtime knows P-521; asked once, by its base point (SEC 2 §2.6.1). */
function hasP521(): boolean {
  if (isP521There === undefined) {
    try {
      createPublicKey({ key: P521_BASE_POINT, format: "jwk" });
      isP521There = true;
    } catch {
      isP521There = false; // Deno before 2.9
    }
  }
  return isP521There;
}

const P521_BASE_POINT = {
  kty: "EC",
  crv: "P-521",
  x: Buffer.from(
    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    "hex",
  ).toString("base64url"),
  y: Buffer.from(
    "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
    "hex",
  ).toString("base64url"),
};

function encodeInteger(value: bigint): Uint8Array {
  const bytes = encodeNumber(value);
  const isPadded = bytes.length === 0 || bytes[0]! >= 0x80;
  return encodeDer(DER.integer, ...(isPadded ? [Uint8Array.of(0)] : []), bytes);
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
