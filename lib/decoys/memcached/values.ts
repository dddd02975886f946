/**
 * Values while they arrive.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { escapeOctets } from "../../net/latin1.ts";
import type { Connection } from "./connection.ts";

const CR = 0x0d;
const LF = 0x0a;

/** A value that has come. */
export interface Arrived {
  readonly value: Uint8Array;
  /** Whether CR and LF came behind it. */
  readonly isWhole: boolean;
}

/**
 * Reads a value, with CR and LF behind it.
 * @param connection whose server has room for it.
 * @param length of the value, in bytes.
 * @param endBytes 2, or 0 where no end is to come.
 * @returns `undefined` when the peer ended before.
 */
export async function readValue(
  connection: Connection,
  length: number,
  endBytes: 0 | 2 = 2,
): Promise<Arrived | undefined> {
  const { server } = connection;
  const count = length + endBytes;
  const parts: Uint8Array[] = [];
  server.arrivingBytes += length;
  try {
    if (!await connection.readBody(count, (piece) => parts.push(piece.slice()))) return undefined;
  } finally {
    server.arrivingBytes -= length;
  }
  const all = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const isWhole = endBytes === 0 || (all[length] === CR && all[length + 1] === LF);
  return { value: all.subarray(0, length), isWhole };
}

/**
 * Reads what is not stored, and reports it: of a large value its beginning, its length and hash.
 * @param connection stays where it is when nothing comes.
 * @param body key and length.
 * @returns false when the peer ended before.
 */
export async function swallow(
  connection: Connection,
  { key, count }: { key: string; count: number },
): Promise<boolean> {
  const capture = new Capture(connection.server.settings.captureBytes);
  try {
    return await connection.readBody(count, (piece) => capture.add(piece));
  } finally {
    if (capture.size > 0 && connection.quota.take()) {
      connection.session.emit("payload", {
        name: escapeOctets(key),
        bytes: capture.bytes(),
        size: capture.size,
        sha256: capture.sha256(),
      });
    }
  }
}
