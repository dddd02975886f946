/**
 * Packets as the broker reads them: one byte, the length byte by byte, then exactly the rest. What is
 * behind them stays in the system, so that an end in the middle is the same.
 * @module
 */
import type { Session } from "../decoy.ts";
import type { Server } from "./server.ts";

/** Longest packet that is kept as a whole, in bytes; of a longer one this is the beginning. */
export const MAX_KEPT_BYTES = 262_144;
/** Read at a time, in bytes. */
const PIECE_BYTES = 16_384;
const LENGTH_BYTES = 4;

/** A packet. */
export interface Packet {
  readonly first: number;
  /** All of it behind its length, or the beginning. */
  readonly body: Uint8Array;
  /** How much is behind it and not read yet, in bytes. */
  readonly left: number;
}

/**
 * Reads the first byte of a packet.
 * @returns `undefined` at the peer's end.
 */
export async function readFirst(session: Session): Promise<number | undefined> {
  return (await session.readAtMost(1))?.[0];
}

/**
 * Reads what is behind the first byte.
 * @param session of the host.
 * @param first byte.
 * @param server counts what is still arriving.
 * @returns `undefined` at the peer's end, `long` for a length that is none.
 */
export async function readPacket(
  session: Session,
  first: number,
  server: Server,
): Promise<Packet | "long" | undefined> {
  let size = 0;
  for (let count = 0;; count++) {
    const byte = await readFirst(session);
    if (byte === undefined) return undefined;
    if (count === LENGTH_BYTES) return "long";
    size += (byte & 0x7f) * 128 ** count;
    if ((byte & 0x80) === 0) break;
  }
  const kept = Math.min(size, server.hasRoomFor(size) ? MAX_KEPT_BYTES : PIECE_BYTES);
  const parts: Uint8Array[] = [];
  server.arrivingBytes += kept;
  try {
    if (!await take(session, kept, (piece) => parts.push(piece.slice()))) return undefined;
  } finally {
    server.arrivingBytes -= kept;
  }
  const body = new Uint8Array(kept);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return { first, body, left: size - kept };
}

/**
 * Takes so many bytes.
 * @param use gets them in pieces, each valid for the time of the call.
 * @returns false when the peer ended before.
 */
export async function take(
  session: Session,
  count: number,
  use: (piece: Uint8Array) => void,
): Promise<boolean> {
  for (let left = count; left > 0;) {
    const piece = await session.readAtMost(Math.min(left, PIECE_BYTES));
    if (piece === null) return false;
    use(piece);
    left -= piece.length;
  }
  return true;
}
