/**
 * SSH messages of the test client: building the client's, and describing the server's as text in
 * which all that differs from one connection to the next is left out.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { escapeBytes } from "../../lib/net/escape.ts";

/** Name-lists of a KEXINIT, RFC 4253 §7.1; both directions alike unless said. */
export interface KexinitLists {
  readonly kex?: string;
  readonly hostKeys?: string;
  readonly ciphers?: string;
  readonly ciphersBack?: string;
  readonly macs?: string;
  readonly macsBack?: string;
  readonly compression?: string;
  readonly compressionBack?: string;
  readonly languages?: string;
  readonly isGuessed?: boolean;
  readonly reserved?: number;
}

/** A KEXINIT that offers what the test client can do. */
export function kexinit(lists: KexinitLists = {}): Uint8Array {
  const { ciphers = "aes128-ctr", macs = "hmac-sha2-256", compression = "none" } = lists;
  const names = [
    lists.kex ?? "curve25519-sha256",
    lists.hostKeys ?? "ssh-ed25519",
    ...[ciphers, lists.ciphersBack ?? ciphers],
    ...[macs, lists.macsBack ?? macs],
    ...[compression, lists.compressionBack ?? compression],
    ...[lists.languages ?? "", lists.languages ?? ""],
  ];
  const writer = new WireWriter().u8(20).raw(randomBytes(16));
  for (const list of names) writer.string(Buffer.from(list, "latin1"));
  return writer.bool(lists.isGuessed ?? false).u32(lists.reserved ?? 0).bytes().slice();
}

/** A field of a message: text (one character a byte) or bytes are a string, a number a uint32. */
export type Field = string | Uint8Array | number | boolean | { readonly raw: Uint8Array };

/** A message of any number and fields. */
export function message(number: number, ...fields: readonly Field[]): Uint8Array {
  const writer = new WireWriter().u8(number);
  for (const field of fields) {
    if (typeof field === "number") writer.u32(field);
    else if (typeof field === "boolean") writer.bool(field);
    else if (typeof field === "string") writer.string(Buffer.from(field, "latin1"));
    else if (field instanceof Uint8Array) writer.string(field);
    else writer.raw(field.raw);
  }
  return writer.bytes().slice();
}

/** SSH_MSG_SERVICE_REQUEST. */
export const serviceRequest = (name = "ssh-userauth") => message(5, name);

/** SSH_MSG_USERAUTH_REQUEST for ssh-connection. */
export function authRequest(user: string, method: string, ...fields: readonly Field[]): Uint8Array {
  return message(50, user, "ssh-connection", method, ...fields);
}

/** SSH_MSG_USERAUTH_REQUEST with a password. */
export const passwordRequest = (user: string, password: string) =>
  authRequest(user, "password", false, password);

/** What of a server's message is the same on every connection, as text. */
export function describe(payload: Uint8Array): string {
  const at = new WireReader(payload, 1);
  const text = () => JSON.stringify(escapeBytes(at.string()));
  const rest = () => at.left === 0 ? "" : ` +${Buffer.from(at.rest()).toString("hex")}`;
  try {
    switch (payload[0]) {
      case undefined:
        return "EMPTY";
      case 1:
        return `DISCONNECT ${at.u32()} ${text()} ${text()}${rest()}`;
      case 2:
        return `IGNORE ${at.string().length}${rest()}`;
      case 3:
        return `UNIMPLEMENTED ${at.u32()}${rest()}`;
      case 6:
        return `SERVICE_ACCEPT ${text()}${rest()}`;
      case 7: {
        const count = at.u32();
        const pairs = Array.from({ length: count }, () => `${text()}=${text()}`);
        return `EXT_INFO ${pairs.join(" ")}${rest()}`;
      }
      case 20: {
        at.raw(16);
        const lists = Array.from({ length: 10 }, text);
        return `KEXINIT ${lists.join(" ")}${rest()}`;
      }
      case 21:
        return `NEWKEYS${rest()}`;
      case 31:
      case 33: {
        const [first, value] = [at.string(), at.string()];
        if (at.left === 0) return `GEX_GROUP ${first.length * 8 - 8} ${value.length}`;
        const signature = at.string();
        const type = (blob: Uint8Array) => escapeBytes(new WireReader(blob).string());
        const size = value.length === 32 || value.length === 65 ? `${value.length}` : "long";
        const name = payload[0] === 31 ? "KEX_REPLY" : "GEX_REPLY";
        return `${name} ${type(first)} ${size} ${type(signature)}${rest()}`;
      }
      case 51:
        return `FAILURE ${text()} ${at.bool()}${rest()}`;
      case 53:
        return `BANNER ${text()} ${text()}${rest()}`;
    }
  } catch {
    // Not what it says to be: as bytes, below.
  }
  return `${payload[0]} ${Buffer.from(payload.subarray(1)).toString("hex")}`;
}
