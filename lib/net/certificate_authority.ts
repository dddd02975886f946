/**
 * A private certificate authority and the certificates it signs: X.509 v3, ECDSA P-256.
 *
 * Sole user of `@peculiar/x509`, which is heavy: `certificates.ts` loads this module only when there
 * is something to make. Profile: RFC 5280 §4.2.1, and what browsers demand of a server certificate.
 * @module
 */
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const DAY_MS = 86_400_000;
/** Clients refuse server certificates that live longer than 825 days. */
const SERVER_DAYS = 825;
const CA_DAYS = 3652;
/** How long ago a new certificate began, so that a client whose clock is late accepts it. */
const BACKDATE_MS = 3_600_000;
/** ssl-cert's template. */
const SELF_SIGNED_DAYS = 3650;
const SELF_SIGNED_KEY = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const KEY = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** A certificate and its private key, both PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  /** PKCS #8. */
  readonly key: string;
}

/**
 * Makes a certificate authority.
 * @param commonName of its subject, such as `srv Root CA`.
 * @param nowMs wall clock, in ms since 1970.
 * @returns valid for ten years; it may sign certificates of servers, but no further authority.
 */
export async function createAuthority(
  commonName: string,
  nowMs: number,
): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    serialNumber: randomSerial(),
    signingAlgorithm: SIGNATURE,
    ...validity(nowMs, CA_DAYS),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: formatCertificate(certificate), key: await formatKey(keys.privateKey) };
}

/**
 * Makes a server certificate.
 * @param authority who signs.
 * @param names for whom; the first that is short enough is the subject's common name.
 * @param nowMs wall clock, in ms since 1970.
 * @returns valid for 825 days, but no longer than the authority's own.
 */
export async function createServerCertificate(
  authority: IssuedCertificate,
  names: readonly { readonly name: string; readonly isIp: boolean }[],
  nowMs: number,
): Promise<IssuedCertificate> {
  const issuer = new X509Certificate(authority.cert);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    decodePem(authority.key),
    KEY,
    false,
    ["sign"],
  );
  const keys = await generateKeys();
  const { notBefore, notAfter } = validity(nowMs, SERVER_DAYS);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: names.map(({ name }) => name).filter(isCommonName).slice(0, 1) }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    serialNumber: randomSerial(),
    signingAlgorithm: SIGNATURE,
    notBefore,
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map(({ name, isIp }) => ({
          type: isIp ? "ip" : "dns",
          value: name,
        })) as JsonGeneralNames,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: formatCertificate(certificate), key: await formatKey(keys.privateKey) };
}

/**
 * Makes the certificate that Debian's ssl-cert package makes at its installation, and that services
 * come with there: RSA with 2048 bits, signed by itself, for ten years.
 * @param hostname its only name.
 * @param notBeforeMs when it was made, in ms since 1970.
 */
export async function createSelfSigned(
  hostname: string,
  notBeforeMs: number,
): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(
    { ...SELF_SIGNED_KEY, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const start = Math.floor(notBeforeMs / 1000) * 1000;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hostname] }],
    keys,
    serialNumber: randomSerial(20),
    signingAlgorithm: SELF_SIGNED_KEY,
    notBefore: new Date(start),
    notAfter: new Date(start + SELF_SIGNED_DAYS * DAY_MS),
    extensions: [
      new BasicConstraintsExtension(false),
      new SubjectAlternativeNameExtension([{ type: "dns", value: hostname }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: formatCertificate(certificate), key: await formatKey(keys.privateKey) };
}

/** At most 64 characters: ub-common-name of RFC 5280, appendix A. */
function isCommonName(name: string): boolean {
  return name.length <= 64;
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** Whole seconds, as the encoding has no smaller unit. */
function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor((nowMs - BACKDATE_MS) / 1000) * 1000;
  // Both ends count: RFC 5280 §4.1.2.5.
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS - 1000) };
}

/** Positive, of full length: at most 20 octets, RFC 5280 §4.1.2.2. */
function randomSerial(count = 16): string {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function formatCertificate(certificate: X509Certificate): string {
  return formatPem("CERTIFICATE", new Uint8Array(certificate.rawData));
}

async function formatKey(key: CryptoKey): Promise<string> {
  return formatPem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", key)));
}

function formatPem(label: string, der: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function decodePem(pem: string): Uint8Array<ArrayBuffer> {
  const base64 = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/
    .exec(pem)?.[1];
  if (base64 === undefined) {
    throw new SyntaxError("Cannot read the authority's key: no PKCS #8 PEM block is there");
  }
  return Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (c) => c.charCodeAt(0));
}
