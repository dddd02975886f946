/**
 * Fingerprints of TLS clients: JA3, and JA4 for TLS over TCP.
 *
 * JA3 (Salesforce, 2017) is the MD5 of five lists of decimal numbers in the client's order. JA4
 * (FoxIO, 2023; the client's one only) is readable in front and sorts what clients shuffle:
 * ```text
 * t13d1516h2_8daaf6152771_e5627efa2ab1
 * |  |   | |  |            SHA-256 of extensions, sorted, and signature algorithms, in order
 * |  |   | |  SHA-256 of cipher suites, sorted
 * |  |   | first and last character of the first ALPN name, or 00
 * |  |   numbers of cipher suites and extensions
 * |  d with a server name, i without
 * t for TCP, version
 * ```
 * Both leave GREASE values out. A hello in the form of SSL 2.0 has neither.
 * @module
 */
import { createHash } from "node:crypto";
import { type ClientHello, isGrease } from "./client_hello_message.ts";

/** A client's fingerprints. */
export interface TlsFingerprint {
  /** Hex MD5 of `ja3Source`. */
  readonly ja3: string;
  /** Version, cipher suites, extensions, groups and point formats. */
  readonly ja3Source: string;
  readonly ja4: string;
}

/** Largest number that JA4 shows. */
const MAX_COUNT = 99;
/** Length of a JA4's hashes, in hex characters. */
const HASH_LENGTH = 12;

const SERVER_NAME = 0;
const ALPN = 16;

/** How JA4 writes versions. */
const VERSIONS = new Map([
  [0x0304, "13"],
  [0x0303, "12"],
  [0x0302, "11"],
  [0x0301, "10"],
  [0x0300, "s3"],
  [0x0002, "s2"],
  [0xfeff, "d1"],
  [0xfefd, "d2"],
  [0xfefc, "d3"],
]);

/**
 * Makes the fingerprints of a client.
 * @param hello what it offers.
 * @returns nothing for a hello that is cut off or in the form of SSL 2.0.
 */
export function fingerprintTls(hello: ClientHello): TlsFingerprint | undefined {
  if (!hello.isWhole || hello.isSslv2) return undefined;
  const ja3Source = formatJa3(hello);
  const ja3 = createHash("md5").update(ja3Source, "latin1").digest("hex");
  return { ja3, ja3Source, ja4: formatJa4(hello) };
}

/**
 * The highest version that a client offers.
 * @param hello what it offers; GREASE does not count.
 * @returns as on the wire, such as 0x0304.
 */
export function highestTlsVersion(hello: ClientHello): number {
  const versions = withoutGrease(hello.supportedVersions);
  return versions.reduce((a, b) => Math.max(a, b), 0) || hello.legacyVersion;
}

function formatJa3(hello: ClientHello): string {
  const lists = [hello.cipherSuites, hello.extensions, hello.supportedGroups].map(withoutGrease);
  return [[hello.legacyVersion], ...lists, hello.pointFormats]
    .map((list) => list.join("-")).join(",");
}

function formatJa4(hello: ClientHello): string {
  const suites = withoutGrease(hello.cipherSuites);
  const extensions = withoutGrease(hello.extensions);
  const hashed = extensions.filter((type) => type !== SERVER_NAME && type !== ALPN);
  const signatures = withoutGrease(hello.signatureAlgorithms).map(hex4);
  const start = "t" + (VERSIONS.get(highestTlsVersion(hello)) ?? "00") +
    (extensions.includes(SERVER_NAME) ? "d" : "i") +
    formatCount(suites.length) + formatCount(extensions.length) + formatAlpn(hello.alpn[0]);
  const tail = signatures.length > 0 ? "_" + signatures.join(",") : "";
  return `${start}_${shortHash(sorted(suites))}_${
    hashed.length === 0 ? shortHash("") : shortHash(sorted(hashed) + tail)
  }`;
}

function withoutGrease(values: readonly number[]): number[] {
  return values.filter((value) => !isGrease(value));
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, "0");
}

function sorted(values: readonly number[]): string {
  return values.toSorted((a, b) => a - b).map(hex4).join(",");
}

function shortHash(text: string): string {
  if (text === "") return "0".repeat(HASH_LENGTH);
  return createHash("sha256").update(text, "latin1").digest("hex").slice(0, HASH_LENGTH);
}

function formatCount(count: number): string {
  return String(Math.min(count, MAX_COUNT)).padStart(2, "0");
}

/** First and last character; of the hex form unless both are letters or digits. */
function formatAlpn(name: Uint8Array | undefined): string {
  if (name === undefined || name.length === 0) return "00";
  const [first, last] = [name[0]!, name[name.length - 1]!];
  return isAlphanumeric(first) && isAlphanumeric(last)
    ? String.fromCharCode(first, last)
    : (first >> 4).toString(16) + (last & 15).toString(16);
}

function isAlphanumeric(byte: number): boolean {
  return /[0-9A-Za-z]/.test(String.fromCharCode(byte));
}
