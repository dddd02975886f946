/**
 * What an operator wants to know of a certificate: for whom it is, and how long.
 *
 * Reads just the fields it needs out of the DER, so that a sensor whose certificates are there never
 * loads the library that makes them.
 *
 * ```text
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }      RFC 5280 §4.1
 * TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
 *   subjectPublicKeyInfo, [1], [2], [3] extensions }
 * ```
 * @module
 */
import { createHash } from "node:crypto";

const INTEGER = 0x02;
const OID = 0x06;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const EXPLICIT_3 = 0xa3;
/** dNSName and iPAddress of a GeneralName: RFC 5280 §4.2.1.6. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
/** 2.5.4.3, commonName. */
const COMMON_NAME = "550403";
/** 2.5.29.17, subjectAltName. */
const SUBJECT_ALT_NAME = "551d11";

/** What `certificateInfo` tells. */
export interface CertificateInfo {
  /** Common name of the subject; empty when there is none. */
  readonly commonName: string;
  /** Host names and addresses that it is for. */
  readonly names: readonly string[];
  /** From when it is valid, in ms since 1970. */
  readonly startsAt: number;
  /** Until when it is valid, in ms since 1970. */
  readonly expiresAt: number;
  /** SHA-256 of the whole, in hex with colons, as `openssl x509 -fingerprint -sha256` has it. */
  readonly fingerprint: string;
}

/**
 * Reads the first certificate of a PEM text.
 * @param pem one or more certificates, maybe with other text around.
 * @returns what is in it; whether anyone signed it is not looked at.
 * @throws {SyntaxError} when there is no certificate or it makes no sense.
 */
export function certificateInfo(pem: string): CertificateInfo {
  const der = decodePem(pem);
  const fields = children(child(child({ tag: 0, body: der }, 0), 0));
  const start = fields.findIndex(({ tag }) => tag === INTEGER);
  const [, , , validity, subject] = fields.slice(Math.max(start, 0));
  if (validity?.tag !== SEQUENCE || subject?.tag !== SEQUENCE) throw nonsense();
  const hash = createHash("sha256").update(der).digest("hex").toUpperCase();
  return {
    commonName: readCommonName(subject),
    names: readNames(fields.find(({ tag }) => tag === EXPLICIT_3)),
    startsAt: readTime(child(validity, 0)),
    expiresAt: readTime(child(validity, 1)),
    fingerprint: hash.match(/../g)!.join(":"),
  };
}

/** One value of the DER. */
interface Node {
  readonly tag: number;
  readonly body: Uint8Array;
}

function decodePem(pem: string): Uint8Array {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/
    .exec(pem)?.[1];
  if (base64 === undefined) throw new SyntaxError("Cannot read certificate: no PEM block is there");
  try {
    return Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new SyntaxError("Cannot read certificate: the PEM block is no base64", { cause });
  }
}

/** The values inside a constructed value. */
function children({ body }: Node): Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < body.length;) {
    const tag = body[at]!;
    let length = body[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 3) throw nonsense();
      length = body.subarray(at, at + size).reduce((sum, byte) => sum * 256 + byte, 0);
      at += size;
    }
    if (at + length > body.length) throw nonsense();
    nodes.push({ tag, body: body.subarray(at, at + length) });
    at += length;
  }
  return nodes;
}

function child(node: Node, index: number): Node {
  const found = children(node)[index];
  if (found === undefined) throw nonsense();
  return found;
}

/** UTCTime or GeneralizedTime, both to the second and in UTC: RFC 5280 §4.1.2.5. */
function readTime({ tag, body }: Node): number {
  const text = String.fromCharCode(...body.subarray(0, 32));
  const full = tag === UTC_TIME ? (text < "50" ? "20" : "19") + text : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full)?.slice(1).map(Number);
  if (parts === undefined) throw nonsense();
  const [year, month, day, hour, minute, second] = parts as [number, ...number[]];
  return Date.UTC(year, month! - 1, day, hour, minute, second);
}

function readCommonName(subject: Node): string {
  for (const set of children(subject)) {
    for (const attribute of children(set)) {
      const [type, value] = children(attribute);
      if (type?.tag === OID && toHex(type.body) === COMMON_NAME && value !== undefined) {
        return new TextDecoder().decode(value.body);
      }
    }
  }
  return "";
}

function readNames(extensions: Node | undefined): string[] {
  if (extensions === undefined) return [];
  for (const extension of children(child(extensions, 0))) {
    const [type, ...rest] = children(extension);
    const value = rest.at(-1); // `critical` may stand between
    if (type?.tag !== OID || toHex(type.body) !== SUBJECT_ALT_NAME || value === undefined) continue;
    return children(child(value, 0)).flatMap(({ tag, body }) => {
      if (tag === DNS_NAME) return [String.fromCharCode(...body)];
      return tag === IP_ADDRESS ? [formatIp(body)] : [];
    });
  }
  return [];
}

/** An address of 4 or 16 bytes; IPv6 in its shortest form: RFC 5952. */
function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw nonsense();
  const groups = toHex(bytes).match(/..../g)!.join(":");
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function nonsense(): SyntaxError {
  return new SyntaxError("Cannot read certificate: its structure is not that of X.509");
}
