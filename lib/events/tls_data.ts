/**
 * What a TLS client says of itself before anything is encrypted.
 * @module
 */
import type { ClientHello } from "../net/client_hello_message.ts";
import type { NotTls } from "../net/client_hello.ts";
import { escapeBytes } from "../net/escape.ts";
import { fingerprintTls } from "../net/tls_fingerprint.ts";

/** A client's offers, as numbers where they are numbers, in its order and with GREASE. */
export interface TlsClientHello {
  /** Hex MD5 of `ja3Source`; absent when the hello was cut off. */
  readonly ja3?: string;
  readonly ja3Source?: string;
  readonly ja4?: string;
  /** Name of the server that the client asked for, escaped. */
  readonly serverName?: string;
  /** Application protocols, escaped. */
  readonly alpn?: readonly string[];
  /** Versions such as `1.3`, `SSL 3.0` or, when unknown, `0x7f1c`. */
  readonly versions?: readonly string[];
  readonly ciphers?: readonly number[];
  readonly extensions?: readonly number[];
  readonly groups?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  /** Whether the client offers values that mean nothing, as browsers do. */
  readonly grease?: boolean;
  /** Whether the hello came in the form of SSL 2.0. */
  readonly sslv2?: boolean;
  /** The first thing that is wrong with the hello. */
  readonly malformed?: string;
  /** Why there is no hello; nothing above is known then. */
  readonly notTls?: NotTls["reason"];
  /** What came instead of a hello. */
  readonly firstBytes?: Uint8Array;
  /** Whether the handshake succeeded, once known. */
  readonly established?: boolean;
  /** Version that was chosen, such as `1.3`, when known. */
  readonly version?: string;
}

/** Names of versions. */
const VERSIONS = new Map([
  [0x0304, "1.3"],
  [0x0303, "1.2"],
  [0x0302, "1.1"],
  [0x0301, "1.0"],
  [0x0300, "SSL 3.0"],
  [0x0002, "SSL 2.0"],
]);

/**
 * Tells what a `ClientHelloReader` found.
 * @param found its result.
 * @param bytes the bytes that it took.
 * @returns the data of a `tls.client-hello` event, but for what became of the handshake.
 */
export function describeClientHello(
  found: ClientHello | NotTls,
  bytes: Uint8Array,
): TlsClientHello {
  if (found.kind === "not-tls") {
    return { notTls: found.reason, ...(bytes.length > 0 ? { firstBytes: bytes } : {}) };
  }
  const { supportedVersions, legacyVersion, serverName, malformed } = found;
  const versions = supportedVersions.length > 0 ? supportedVersions : [legacyVersion];
  return {
    ...fingerprintTls(found),
    ...(serverName === undefined ? {} : { serverName: escapeBytes(serverName) }),
    alpn: found.alpn.map(escapeBytes),
    versions: versions.map(formatTlsVersion),
    ciphers: found.cipherSuites,
    extensions: found.extensions,
    groups: found.supportedGroups,
    signatureAlgorithms: found.signatureAlgorithms,
    grease: found.hasGrease,
    sslv2: found.isSslv2,
    ...(malformed === undefined ? {} : { malformed }),
  };
}

/**
 * Names a version.
 * @param version as on the wire.
 */
export function formatTlsVersion(version: number): string {
  return VERSIONS.get(version) ?? `0x${version.toString(16).padStart(4, "0")}`;
}
