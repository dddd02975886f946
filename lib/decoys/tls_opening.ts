/**
 * What a peer sends where TLS begins.
 * @module
 */
import { describeClientHello, type TlsClientHello } from "../events/tls_data.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { ClientHelloReader } from "../net/client_hello.ts";
import { bestVersion, refusalOf } from "./tls_refusal.ts";

const TLS_1_3 = 0x0304;

/** The first bytes, and what they are. */
export interface TlsOpening {
  /** Whether TLS was spoken, well or badly. */
  readonly isTls: boolean;
  /** Whether it names a server. */
  readonly namesServer: boolean;
  /** All that was read. */
  readonly raw: Uint8Array;
  /** What is sent to a client that is not spoken with, such as one of dead versions; then it is over. */
  readonly refusal: Uint8Array | undefined;
  /** Why no more could be read, when that was not the peer's orderly end. */
  readonly error?: unknown;
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
  let end: { error?: unknown } | undefined;
  while (found === undefined) {
    try {
      const piece = await reader.read();
      if (piece === null) end = {};
      else {
        pieces.push(piece.slice());
        found = hello.push(pieces.at(-1)!);
      }
    } catch (error) {
      if (pieces.length === 0) throw error;
      end = { error };
    }
    if (end !== undefined) found = hello.end();
  }
  const result = found;
  const raw = join(pieces);
  const described = describeClientHello(result, hello.bytes);
  const refusal = end === undefined ? refusalOf(result, raw) : undefined;
  return {
    // What is TLS and no hello, and not refused here, is answered by the TLS library.
    isTls: result.kind !== "not-tls" || refusal !== undefined ||
      result.reason.startsWith("other-"),
    namesServer: result.kind !== "not-tls" && result.serverName !== undefined,
    raw,
    refusal,
    ...(end !== undefined && "error" in end ? { error: end.error } : {}),
    describe: (isEstablished) =>
      result.kind === "not-tls" ? described : {
        ...described,
        established: isEstablished,
        ...(isEstablished ? { version: bestVersion(result) >= TLS_1_3 ? "1.3" : "1.2" } : {}),
      },
  };
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
