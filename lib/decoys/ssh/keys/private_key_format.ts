/**
 * Files of private keys without a passphrase: OpenSSH's own format, read and written (OpenSSH
 * PROTOCOL.key), and what older hosts have: PKCS #1 (RFC 8017 §A.1.2), SEC 1 (RFC 5915 §3), PKCS #8
 * (RFC 5958 §2, RFC 8410 §7), and Dropbear's binary one.
 *
 * ```text
 * "openssh-key-v1\0" ‖ string cipher ‖ string kdf ‖ string kdf options ‖ u32 keys ‖ string public key
 *   ‖ string (u32 check ‖ u32 the same ‖ private key ‖ string comment ‖ 1, 2, 3, ... to 8 bytes)
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { WireError, WireReader, WireWriter } from "../wire.ts";
import { decodeNumber, encodeNumber, inverseModulo } from "./big_number.ts";
import { readPkcs1, readPkcs8, readSec1 } from "./private_key_der.ts";
import {
  type CurveName,
  CURVES,
  KeyFileError,
  makeEcdsaKey,
  makeEd25519Key,
  makeRsaKey,
  type PrivateKey,
  publicBlob,
} from "./private_key.ts";

const MAGIC = Buffer.from("openssh-key-v1\0");
/** Base64 characters of a line, as ssh-keygen writes them. */
const LINE_CHARACTERS = 70;
/** Padding of a key that is not encrypted makes multiples of so many bytes. */
const BLOCK_BYTES = 8;
/** Longest file, in bytes: a key of 16384 bits has 13000. */
const MAX_FILE_BYTES = 65_536;
const ENCRYPTED = "it is encrypted with a passphrase, remove it with ssh-keygen -p";
/** What a file without a frame of dashes may begin with, and is no private key. */
const PUBLIC_KEY = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ AAAA|^---- BEGIN SSH2 PUBLIC KEY/;

/**
 * Reads a key file of any of the formats.
 * @param file its bytes.
 * @throws {KeyFileError} when it cannot be used.
 */
export function readPrivateKey(file: Uint8Array): PrivateKey {
  if (file.length > MAX_FILE_BYTES) {
    throw new KeyFileError(`it has ${file.length} bytes, must have at most ${MAX_FILE_BYTES}`);
  }
  const text = Buffer.from(file).toString("latin1");
  try {
    const pem = /-----BEGIN ([A-Z0-9 ]+)-----\s([^]*?)-----END \1-----/.exec(text);
    if (pem !== null) return readPem(pem[1]!, pem[2]!);
    if (PUBLIC_KEY.test(text)) throw new KeyFileError("it is a public key, must be a private one");
    return readDropbear(file);
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError) {
      throw new KeyFileError("it is damaged, or no private key of SSH", { cause: error });
    }
    throw error;
  }
}

/**
 * Writes a key file as ssh-keygen does.
 * @param key what to write.
 * @param comment what it is called, such as `root@srv`.
 */
export function formatPrivateKey(key: PrivateKey, comment: string): Uint8Array {
  const check = randomBytes(4);
  const secret = new WireWriter(2048).raw(check).raw(check).string(key.type);
  if (key.type === "ssh-rsa") {
    const { n, e, d, p, q } = key;
    for (const value of [n, e, d, inverseModulo(q, p)!, p, q]) secret.mpint(encodeNumber(value));
  } else if (key.type === "ssh-ed25519") {
    secret.string(key.publicKey).string(Buffer.concat([key.seed, key.publicKey]));
  } else {
    secret.string(key.curve).string(key.point).mpint(key.scalar);
  }
  secret.string(comment);
  for (let pad = 1; secret.bytes().length % BLOCK_BYTES !== 0; pad++) secret.u8(pad);
  const whole = new WireWriter(4096).raw(MAGIC).string("none").string("none").string("")
    .u32(1).string(publicBlob(key)).string(secret.bytes());
  const base64 = Buffer.from(whole.bytes()).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g"))!;
  return new TextEncoder().encode(
    ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""]
      .join("\n"),
  );
}

/** Reads what stands between dashes. */
function readPem(label: string, body: string): PrivateKey {
  // RFC 1421 §4.6.1.1: an old file of OpenSSL says so in a header.
  if (label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(body)) {
    throw new KeyFileError(ENCRYPTED);
  }
  const base64 = body.replace(/\s/g, "");
  // Deno 2.4 throws an error of its own for what is none; later ones take what they can.
  const isBase64 = base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64);
  if (!isBase64) throw new RangeError("no base64");
  const bytes = Buffer.from(base64, "base64");
  switch (label) {
    case "OPENSSH PRIVATE KEY":
      return readOpenSsh(bytes);
    case "RSA PRIVATE KEY":
      return readPkcs1(bytes);
    case "EC PRIVATE KEY":
      return readSec1(bytes);
    case "PRIVATE KEY":
      return readPkcs8(bytes);
  }
  throw new KeyFileError(`it is of the kind ${JSON.stringify(label)}, must be a private key`);
}

function readOpenSsh(bytes: Uint8Array): PrivateKey {
  const reader = new WireReader(bytes);
  if (!MAGIC.equals(reader.raw(MAGIC.length))) throw new RangeError("no magic number");
  const cipher = text(reader.string());
  reader.string(); // kdf
  reader.string(); // its options
  if (cipher !== "none") throw new KeyFileError(ENCRYPTED);
  const keys = reader.u32();
  if (keys !== 1) throw new KeyFileError(`it holds ${keys} keys, must hold one`);
  const shown = reader.string();
  const secret = new WireReader(reader.string());
  if (secret.u32() !== secret.u32()) throw new RangeError("check numbers differ");
  const key = readFields(secret);
  secret.string(); // comment
  if (!Buffer.from(publicBlob(key)).equals(shown)) {
    throw new KeyFileError("its public part is of another key, it is damaged");
  }
  return key;
}

/** The private key of OpenSSH's agent protocol. */
function readFields(reader: WireReader): PrivateKey {
  const type = text(reader.string());
  if (type === "ssh-rsa") {
    const [n, e, d, _inverse, p, q] = readNumbers(reader, 6) as Six;
    return makeRsaKey({ n, e, d, p, q });
  }
  if (type === "ssh-ed25519") {
    reader.string(); // public key
    return makeEd25519Key(reader.string().subarray(0, 32));
  }
  return readEcdsa(type, reader);
}

/** Dropbear 2022.83: the public key blob, and then `d, p, q`, the number, or `seed ‖ public key`. */
function readDropbear(file: Uint8Array): PrivateKey {
  const reader = new WireReader(file);
  const type = text(reader.string());
  if (type === "ssh-rsa") {
    const [e, n, d, p, q] = readNumbers(reader, 5) as Six;
    return makeRsaKey({ n, e, d, p, q });
  }
  if (type === "ssh-ed25519") return makeEd25519Key(reader.string().subarray(0, 32));
  return readEcdsa(type, reader);
}

/** `string curve ‖ string point ‖ mpint number`, the same in both. */
function readEcdsa(type: string, reader: WireReader): PrivateKey {
  const curve = type.replace(/^ecdsa-sha2-/, "");
  if (!type.startsWith("ecdsa-sha2-") || !Object.hasOwn(CURVES, curve)) {
    const shown = JSON.stringify(type.slice(0, 64));
    throw new KeyFileError(`it is of type ${shown}, must be RSA, ECDSA or Ed25519`);
  }
  reader.string(); // curve
  const point = reader.string();
  const key = makeEcdsaKey(curve as CurveName, reader.string());
  if (!Buffer.from(key.point).equals(point)) {
    throw new KeyFileError("its public part is of another key, it is damaged");
  }
  return key;
}

type Six = [bigint, bigint, bigint, bigint, bigint, bigint];

function readNumbers(reader: WireReader, count: number): bigint[] {
  return Array.from({ length: count }, () => decodeNumber(reader.string()));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
