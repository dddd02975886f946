/**
 * What a peer sends where TLS begins.
 * @module
 */
import type { ByteReader } from "../net/byte_reader.ts";

/** Content type of a handshake record (RFC 8446 §5.1). */
const HANDSHAKE = 0x16;

/** The first bytes, and what they are. */
export interface TlsOpening {
  readonly isTls: boolean;
  /** All that was read. */
  readonly raw: Uint8Array;
}

/**
 * Reads as much as it takes to tell.
 * @param reader of the connection; at the peer's end nothing is read.
 */
export async function readOpening(reader: ByteReader): Promise<TlsOpening> {
  const first = await reader.read();
  const raw = first?.slice() ?? new Uint8Array(0);
  return { isTls: raw[0] === HANDSHAKE, raw };
}
