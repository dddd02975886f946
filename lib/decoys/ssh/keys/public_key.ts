/**
 * Public keys of clients: RFC 4253 §6.6 (RSA, DSA), RFC 5656 §3.1 (ECDSA), RFC 8709 §4 (Ed25519), and
 * OpenSSH's: PROTOCOL.u2f (keys in hardware, `sk-`), PROTOCOL.certkeys (certificates).
 *
 * ```text
 * string type ‖ its fields
 * string type-cert-v01@openssh.com ‖ string nonce ‖ the type's fields ‖ what was certified
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { WireError, WireReader, WireWriter } from "../wire.ts";
import { bitLength, decodeNumber } from "./big_number.ts";
import { type CurveName, CURVES } from "./private_key.ts";

/** What keys of a type are made of. */
export type PublicKeyNumbers =
  | { readonly kind: "rsa"; readonly e: bigint; readonly n: bigint }
  | {
    readonly kind: "dsa";
    readonly p: bigint;
    readonly q: bigint;
    readonly g: bigint;
    readonly y: bigint;
  }
  | { readonly kind: "ecdsa"; readonly curve: CurveName; readonly point: Uint8Array }
  | { readonly kind: "ed25519"; readonly publicKey: Uint8Array };

/** A client's public key. */
export interface PublicKey {
  /** As at the front of the blob: `ssh-rsa`, `ssh-ed25519-cert-v01@openssh.com`. */
  readonly type: string;
  /** Type of the key itself, without what makes it a certificate. */
  readonly plainType: string;
  readonly numbers: PublicKeyNumbers;
  /** For which sites a key in hardware is: `ssh:`. Only with `sk-` types. */
  readonly application?: Uint8Array;
  /** Size as `ssh-keygen -l` shows it. */
  readonly bits: number;
  /** `SHA256:` and base64; of a certificate, that of the key in it, as OpenSSH shows it. */
  readonly fingerprint: string;
}

/** Ends of the types of certificates: PROTOCOL.certkeys. */
const CERTIFICATE_END = "-cert-v01@openssh.com";
/** Most bits of a number, those of OpenSSH's `sshbuf`. */
const MAX_NUMBER_BITS = 16_384;
/** Longest name of a type, in bytes; the longest that there is has half of it. */
const MAX_TYPE_BYTES = 128;

/** Reads a type's fields. */
type FieldReader = (reader: WireReader) => Pick<PublicKey, "numbers" | "application" | "bits">;

const FIELDS: Readonly<Record<string, FieldReader>> = {
  "ssh-rsa": readRsa,
  "ssh-dss": readDsa,
  "ecdsa-sha2-nistp256": (reader) => readEcdsa(reader, "nistp256"),
  "ecdsa-sha2-nistp384": (reader) => readEcdsa(reader, "nistp384"),
  "ecdsa-sha2-nistp521": (reader) => readEcdsa(reader, "nistp521"),
  "ssh-ed25519": readEd25519,
  "sk-ssh-ed25519@openssh.com": (reader) => ({
    ...readEd25519(reader),
    application: reader.string(),
  }),
  "sk-ecdsa-sha2-nistp256@openssh.com": (reader) => ({
    ...readEcdsa(reader, "nistp256"),
    application: reader.string(),
  }),
};

/**
 * Reads a public key.
 * @param blob as a client sent it: untrusted.
 * @returns `undefined` when it is none of a type that OpenSSH knows.
 */
export function parsePublicKey(blob: Uint8Array): PublicKey | undefined {
  try {
    return readPublicKey(blob);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * What OpenSSH calls a key in its logs.
 * @param blob as a client sent it, readable or not.
 * @returns `SHA256:` and base64 without padding.
 */
export function fingerprint(blob: Uint8Array): string {
  return parsePublicKey(blob)?.fingerprint ?? hashBlob(blob);
}

/**
 * The plain name for that of a certificate: `rsa-sha2-256` for `rsa-sha2-256-cert-v01@openssh.com`.
 * @param name of a key type or an algorithm.
 */
export function plainName(name: string): string {
  if (!name.endsWith(CERTIFICATE_END)) return name;
  const plain = name.slice(0, -CERTIFICATE_END.length);
  return plain.startsWith("sk-") ? plain + "@openssh.com" : plain;
}

function readPublicKey(blob: Uint8Array): PublicKey | undefined {
  const reader = new WireReader(blob);
  const name = reader.string();
  if (name.length > MAX_TYPE_BYTES) return undefined;
  const type = Buffer.from(name).toString("latin1");
  const plainType = plainName(type);
  if (!Object.hasOwn(FIELDS, plainType)) return undefined;
  const isCertificate = plainType !== type;
  if (isCertificate) reader.string(); // nonce
  const start = reader.offset;
  const fields = FIELDS[plainType]!(reader);
  if (!isCertificate) {
    reader.end();
    return { type, plainType, ...fields, fingerprint: hashBlob(blob) };
  }
  const own = blob.subarray(start, reader.offset);
  const plainBlob = new WireWriter(1024).string(plainType).raw(own).bytes();
  return { type, plainType, ...fields, fingerprint: hashBlob(plainBlob) };
}

function hashBlob(blob: Uint8Array): string {
  return "SHA256:" + createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
}

function readRsa(reader: WireReader): ReturnType<FieldReader> {
  const e = readNumber(reader);
  const n = readNumber(reader);
  return { numbers: { kind: "rsa", e, n }, bits: bitLength(n) };
}

function readDsa(reader: WireReader): ReturnType<FieldReader> {
  const p = readNumber(reader);
  const q = readNumber(reader);
  const g = readNumber(reader);
  const y = readNumber(reader);
  return { numbers: { kind: "dsa", p, q, g, y }, bits: bitLength(p) };
}

function readEcdsa(reader: WireReader, curve: CurveName): ReturnType<FieldReader> {
  const { bytes, bits } = CURVES[curve];
  const at = reader.offset;
  const named = Buffer.from(reader.string()).toString("latin1");
  if (named !== curve) throw new WireError(`the curve ${curve}`, at);
  const point = reader.string();
  // OpenSSH takes no compressed points, though RFC 5656 §3.1 lets it.
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) throw new WireError("a point", at);
  return { numbers: { kind: "ecdsa", curve, point }, bits };
}

function readEd25519(reader: WireReader): ReturnType<FieldReader> {
  const at = reader.offset;
  const publicKey = reader.string();
  if (publicKey.length !== 32) throw new WireError("32 bytes", at);
  return { numbers: { kind: "ed25519", publicKey }, bits: 256 };
}

/**
 * Reads an mpint that is not negative, of a bounded size: RFC 4251 §5.
 * @param reader stands before it.
 * @throws {WireError} when it is another.
 */
export function readNumber(reader: WireReader): bigint {
  const at = reader.offset;
  const bytes = reader.string();
  if (bytes.length > MAX_NUMBER_BITS / 8 + 1 || (bytes[0] ?? 0) >= 0x80) {
    throw new WireError("a number that is not negative", at);
  }
  const value = decodeNumber(bytes);
  if (bitLength(value) > MAX_NUMBER_BITS) throw new WireError("a smaller number", at);
  return value;
}
