/**
 * What a peer sends where TLS begins.
 * @module
 */
import { describeClientHello, type TlsClientHello } from "../events/tls_data.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { type ClientHello, ClientHelloReader } from "../net/client_hello.ts";

const TLS_1_3 = 0x0304;
const TLS_1_2 = 0x0303;
const TLS_1_0 = 0x0301;
const SSL_3_0 = 0x0300;
/** Alerts (RFC 8446 §6.2). */
const HANDSHAKE_FAILURE = 40;
const PROTOCOL_VERSION = 70;
const INTERNAL_ERROR = 80;

/** The first bytes, and what they are. */
export interface TlsOpening {
  /** Whether TLS was spoken, well or badly. */
  readonly isTls: boolean;
  /** Whether it names a server. */
  readonly namesServer: boolean;
  /** All that was read. */
  readonly raw: Uint8Array;
  /** What is sent to a client that has only versions that nobody speaks any more; then it is over. */
  readonly refusal: Uint8Array | undefined;
  /**
   * What is reported of it.
   * @param isEstablished whether the handshake succeeded.
   */
  describe(isEstablished: boolean): TlsClientHello;
}

/**
 * Reads a ClientHello, or as much as it takes to see that it is none.
 * @param reader of the connection; at the peer's end nothing may have been read.
 */
export async function readOpening(reader: ByteReader): Promise<TlsOpening> {
  const hello = new ClientHelloReader();
  const pieces: Uint8Array[] = [];
  let found = hello.result;
  while (found === undefined) {
    const piece = await reader.read();
    if (piece === null) found = hello.end();
    else {
      pieces.push(piece.slice());
      found = hello.push(pieces.at(-1)!);
    }
  }
  const result = found;
  const described = describeClientHello(result, hello.bytes);
  const version = result.kind === "not-tls" ? 0 : bestVersion(result);
  return {
    // What is TLS and no hello is answered by the TLS library as it is by the genuine one's.
    isTls: result.kind !== "not-tls" || result.reason.startsWith("other-"),
    namesServer: result.kind !== "not-tls" && result.serverName !== undefined,
    raw: join(pieces),
    refusal: result.kind === "not-tls" || version >= TLS_1_2
      ? undefined
      : refusalOf(result, version),
    describe: (isEstablished) =>
      result.kind === "not-tls" ? described : {
        ...described,
        established: isEstablished,
        ...(isEstablished ? { version: version >= TLS_1_3 ? "1.3" : "1.2" } : {}),
      },
  };
}

/** The highest version that is known of those that a client offers. */
function bestVersion({ supportedVersions, legacyVersion }: ClientHello): number {
  const known = supportedVersions.filter((version) => version <= TLS_1_3);
  return known.length > 0 ? Math.max(...known) : Math.min(legacyVersion, TLS_1_2);
}

/** The alert of OpenSSL 3.0 with Debian's settings. */
function refusalOf({ isSslv2 }: ClientHello, version: number): Uint8Array {
  const [shown, alert] = isSslv2
    ? [TLS_1_2, PROTOCOL_VERSION]
    : version < TLS_1_0
    ? [SSL_3_0, HANDSHAKE_FAILURE]
    : [version, INTERNAL_ERROR];
  return new Uint8Array([21, shown >> 8, shown & 0xff, 0, 2, 2, alert]);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
