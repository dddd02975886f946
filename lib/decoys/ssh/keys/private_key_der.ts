/**
 * Private keys in DER: PKCS #1 (RFC 8017 §A.1.2), SEC 1 (RFC 5915 §3), PKCS #8 (RFC 5958 §2).
 * @module
 */
import { Buffer } from "node:buffer";
import { decodeNumber } from "./big_number.ts";
import { DER, DerReader } from "./der.ts";
import {
  type CurveName,
  CURVES,
  type EcdsaPrivateKey,
  KeyFileError,
  makeEcdsaKey,
  makeEd25519Key,
  makeRsaKey,
  type PrivateKey,
  type RsaPrivateKey,
} from "./private_key.ts";

/** Object identifiers in hex: RFC 8017 §A.1, RFC 5480 §2.1.1, RFC 8410 §3. */
const RSA_ENCRYPTION = "2a864886f70d010101";
const EC_PUBLIC_KEY = "2a8648ce3d0201";
const ED25519 = "2b6570";
/** The curve's tag in SEC 1: `[0] parameters`. */
const PARAMETERS = 0xa0;

/**
 * Reads `BEGIN RSA PRIVATE KEY`.
 * @param der `{version, n, e, d, p, q, ...}`.
 * @throws {KeyFileError | RangeError} when it cannot be used.
 */
export function readPkcs1(der: Uint8Array): RsaPrivateKey {
  const fields = new DerReader(der).readParts();
  const [, n, e, d, p, q] = Array.from(
    { length: 6 },
    () => decodeNumber(fields.read(DER.integer)),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint];
  return makeRsaKey({ n, e, d, p, q });
}

/**
 * Reads `BEGIN EC PRIVATE KEY`.
 * @param der `{1, octets, [0] curve, [1] point}`.
 * @param named the curve, where the frame around it says so.
 * @throws {KeyFileError | RangeError} when it cannot be used.
 */
export function readSec1(der: Uint8Array, named?: CurveName): EcdsaPrivateKey {
  const fields = new DerReader(der).readParts();
  fields.read(DER.integer);
  const scalar = fields.read(DER.octetString);
  const curve = fields.peekTag() === PARAMETERS
    ? findCurve(fields.readParts(PARAMETERS).read(DER.objectIdentifier))
    : named;
  if (curve === undefined) throw new KeyFileError("it does not say which curve it is of");
  return makeEcdsaKey(curve, scalar);
}

/**
 * Reads `BEGIN PRIVATE KEY`.
 * @param der `{0, {algorithm, parameters}, octets}`.
 * @throws {KeyFileError | RangeError} when it cannot be used.
 */
export function readPkcs8(der: Uint8Array): PrivateKey {
  const fields = new DerReader(der).readParts();
  fields.read(DER.integer);
  const algorithm = fields.readParts();
  const content = fields.read(DER.octetString);
  switch (toHex(algorithm.read(DER.objectIdentifier))) {
    case RSA_ENCRYPTION:
      return readPkcs1(content);
    case EC_PUBLIC_KEY:
      return readSec1(content, findCurve(algorithm.read(DER.objectIdentifier)));
    case ED25519:
      return makeEd25519Key(new DerReader(content).read(DER.octetString));
  }
  throw new KeyFileError("it is of another type, must be RSA, ECDSA or Ed25519");
}

function findCurve(objectId: Uint8Array): CurveName {
  for (const [name, curve] of Object.entries(CURVES)) {
    if (curve.objectId === toHex(objectId)) return name as CurveName;
  }
  throw new KeyFileError("it is of another curve, must be nistp256, nistp384 or nistp521");
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
