/**
 * Frames of hpfeeds.
 *
 * ```text
 * 0..3 length u32 BE, with itself; 4 opcode; then by opcode:
 * 0 ERROR    words
 * 1 INFO     length u8, name of the broker; nonce
 * 2 AUTH     length u8, ident; SHA-1 of nonce and secret
 * 3 PUBLISH  length u8, ident; length u8, channel; payload
 * ```
 *
 * Source: the protocol's description in the documentation of the reference implementation,
 * github.com/hpfeeds/hpfeeds.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** Bytes of length and opcode. */
export const HEAD_BYTES = 5;

/** Opcodes that are used here. */
export const Opcode = { error: 0, info: 1, auth: 2, publish: 3 } as const;

/** Longest payload that brokers take, in bytes: 1 MiB with head and names in the reference one. */
export const MAX_PAYLOAD_BYTES = 1_048_576 - 2 * 256;

/** Length and opcode of a frame. */
export interface FrameHead {
  /** Bytes behind the head. */
  readonly bodyBytes: number;
  readonly opcode: number;
}

/**
 * Reads a head.
 * @param bytes five or more.
 * @returns `undefined` for a length that is none.
 */
export function parseHead(bytes: Uint8Array): FrameHead | undefined {
  const length = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES).getUint32(0);
  return length < HEAD_BYTES ? undefined : {
    bodyBytes: length - HEAD_BYTES,
    opcode: bytes[4]!,
  };
}

/**
 * The nonce of an INFO.
 * @param body behind its head.
 * @returns `undefined` when there is none.
 */
export function parseNonce(body: Uint8Array): Uint8Array | undefined {
  const start = 1 + (body[0] ?? 0);
  return start < body.length ? body.subarray(start) : undefined;
}

/**
 * Makes the answer to an INFO.
 * @param nonce of the INFO.
 * @param who `ident` and its secret.
 */
export function encodeAuth(
  nonce: Uint8Array,
  who: { readonly ident: string; readonly secret: string },
): Uint8Array {
  const proof = createHash("sha1").update(nonce).update(who.secret).digest();
  return frame(Opcode.auth, [short(who.ident), proof]);
}

/**
 * Makes a PUBLISH.
 * @param payload at most `MAX_PAYLOAD_BYTES`.
 * @param where `ident` and the channel, 255 bytes at most each.
 */
export function encodePublish(
  payload: string,
  where: { readonly ident: string; readonly channel: string },
): Uint8Array {
  return frame(Opcode.publish, [short(where.ident), short(where.channel), Buffer.from(payload)]);
}

function frame(opcode: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(HEAD_BYTES + body.length);
  head.writeUInt8(opcode, 4);
  return Buffer.concat([head, body]);
}

/** A text with a length of one byte before it. */
function short(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
