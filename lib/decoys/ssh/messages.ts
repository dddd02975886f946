/**
 * Message numbers (RFC 4250 §4.1, RFC 5656 §4, RFC 4419 §5, RFC 8308 §2.3) and the messages that have
 * no module of their own.
 * @module
 */
import { Buffer } from "node:buffer";
import { WireWriter } from "./wire.ts";

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
  PONG: 193,
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
