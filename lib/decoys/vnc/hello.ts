/**
 * The hello of a client that may want TLS without a certificate.
 * @module
 */
import { type ClientHello, ClientHelloReader, type NotTls } from "../../net/client_hello.ts";
import { escapeBytes } from "../../net/escape.ts";
import { fingerprintTls } from "../../net/tls_fingerprint.ts";
import type { EventMap } from "../../events/event.ts";
import type { Input } from "./input.ts";

/** Names of versions, as all decoys report them. */
const VERSIONS = new Map([[0x0304, "1.3"], [0x0303, "1.2"], [0x0302, "1.1"], [0x0301, "1.0"]]);

/** How much of what is no hello is told, in bytes. */
const MAX_TOLD_BYTES = 256;

/**
 * Reads a ClientHello and leaves it in the input.
 * @param input of the connection.
 * @returns what came, which may be something else, or half a hello of a client that ended.
 */
export async function peekHello(input: Input): Promise<ClientHello | NotTls> {
  const reader = new ClientHelloReader();
  for (let seen = 0;;) {
    const found = reader.push(input.rest.subarray(seen));
    if (found !== undefined) return found;
    seen = input.rest.length;
    if (!await input.news()) return reader.end();
  }
}

/**
 * What is reported of a hello by which TLS 1.2 is spoken or nothing.
 * @param hello from `peekHello`.
 * @param bytes that came instead of a hello.
 * @param isEstablished whether the handshake succeeded.
 */
export function describeOpening(
  hello: ClientHello | NotTls,
  bytes: Uint8Array,
  isEstablished: boolean,
): EventMap["tls.client-hello"] {
  if (hello.kind === "not-tls") {
    return { notTls: hello.reason, firstBytes: bytes.slice(0, MAX_TOLD_BYTES) };
  }
  return {
    ...fingerprintTls(hello),
    ...(hello.serverName === undefined ? {} : { serverName: escapeBytes(hello.serverName) }),
    alpn: hello.alpn.map(escapeBytes),
    versions: hello.supportedVersions.length === 0
      ? [VERSIONS.get(hello.legacyVersion) ?? hex(hello.legacyVersion)]
      : hello.supportedVersions.map((version) => VERSIONS.get(version) ?? hex(version)),
    ciphers: hello.cipherSuites,
    extensions: hello.extensions,
    groups: hello.supportedGroups,
    signatureAlgorithms: hello.signatureAlgorithms,
    grease: hello.hasGrease,
    sslv2: hello.isSslv2,
    ...(hello.malformed === undefined ? {} : { malformed: hello.malformed }),
    established: isEstablished,
    ...(isEstablished ? { version: "1.2" } : {}),
  };
}

function hex(version: number): string {
  return `0x${version.toString(16).padStart(4, "0")}`;
}
