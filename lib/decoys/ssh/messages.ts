/**
 * Message numbers (RFC 4250 §4.1, RFC 5656 §4, RFC 4419 §5, RFC 8308 §2.3) and the messages that have
 * no module of their own.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Packet } from "./packet.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** Message numbers by name; 30 to 49 and 60 to 79 mean what the method in use says. */
export const MESSAGE = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  SERVICE_ACCEPT: 6,
  EXT_INFO: 7,
  KEXINIT: 20,
  NEWKEYS: 21,
  KEX_INIT: 30,
  KEX_REPLY: 31,
  GEX_GROUP: 31,
  GEX_INIT: 32,
  GEX_REPLY: 33,
  GEX_REQUEST: 34,
  USERAUTH_REQUEST: 50,
  USERAUTH_FAILURE: 51,
  USERAUTH_BANNER: 53,
  USERAUTH_INFO_REQUEST: 60,
  USERAUTH_INFO_RESPONSE: 61,
  GSSAPI_COMPLETE: 63,
  PING: 192,
} as const;

/** SSH_DISCONNECT_PROTOCOL_ERROR: what OpenSSH gives as the reason, whatever happened. */
const PROTOCOL_ERROR = 2;
/** Longest text of a disconnect, in bytes: what OpenSSH has room for. */
const MAX_TEXT_BYTES = 1023;

/**
 * SSH_MSG_DISCONNECT (RFC 4253 §11.1) with the reason that OpenSSH always gives.
 * @param text for the peer, Latin-1: it may hold the peer's own bytes.
 */
export function disconnectMessage(text: string): Uint8Array {
  const bytes = Buffer.from(text, "latin1").subarray(0, MAX_TEXT_BYTES);
  return new WireWriter().u8(MESSAGE.DISCONNECT).u32(PROTOCOL_ERROR).string(bytes).string("")
    .bytes();
}

/**
 * SSH_MSG_UNIMPLEMENTED (RFC 4253 §11.4).
 * @param sequence of the packet that was not understood.
 */
export function unimplementedMessage(sequence: number): Uint8Array {
  return new WireWriter(8).u8(MESSAGE.UNIMPLEMENTED).u32(sequence).bytes();
}

/**
 * SSH_MSG_EXT_INFO (RFC 8308 §2.3).
 * @param extensions names and values, in order.
 */
export function extensionsMessage(
  extensions: readonly (readonly [name: string, value: string])[],
): Uint8Array {
  const writer = new WireWriter(512).u8(MESSAGE.EXT_INFO).u32(extensions.length);
  for (const [name, value] of extensions) writer.string(name).string(value);
  return writer.bytes();
}

/**
 * Reads a peer's EXT_INFO.
 * @param payload with the message number.
 * @returns the names, Latin-1.
 * @throws {WireError} when it is cut short, or longer than it says.
 */
export function decodeExtensions(payload: Uint8Array): Set<string> {
  const reader = new WireReader(payload, 1);
  const names = new Set<string>();
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    names.add(Buffer.from(reader.string()).toString("latin1"));
    reader.string();
  }
  reader.end();
  return names;
}

/**
 * Reads what OpenSSH reads of a message that it does nothing with: nothing of IGNORE, the fields of
 * DEBUG and UNIMPLEMENTED.
 * @throws {WireError} when they are cut short.
 */
export function readNotice({ type, payload }: Packet): void {
  const reader = new WireReader(payload, 1);
  if (type === MESSAGE.UNIMPLEMENTED) reader.u32();
  if (type !== MESSAGE.DEBUG) return;
  reader.u8();
  reader.string();
  reader.string();
}
