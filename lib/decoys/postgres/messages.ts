/**
 * Messages of PostgreSQL's server: documentation of PostgreSQL 15, section 55.7.
 *
 * ```text
 * 0 type, 1..4 length u32 BE (itself included), 5.. body
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { outgoing } from "../../net/latin1.ts";

/** AuthenticationCleartextPassword. */
export const ASK_CLEAR_PASSWORD = authentication(3);
/** AuthenticationSASL with what is offered without TLS. */
export const ASK_SASL = authentication(10, Buffer.from("SCRAM-SHA-256\0\0"));
/** The same with TLS. */
export const ASK_SASL_TLS = authentication(
  10,
  Buffer.from("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
);

/** What a refusal says, besides its severity, which is always FATAL before a login. */
export interface Refusal {
  /** SQLSTATE. */
  readonly code: string;
  /** One character a byte. */
  readonly text: string;
  /** One character a byte. */
  readonly detail?: string;
  readonly hint?: string;
  /** File, line and routine of the server's source, such as `auth.c:334 auth_failed`. */
  readonly source: string;
}

/**
 * An ErrorResponse.
 * @param refusal what it says.
 */
export function errorResponse(refusal: Refusal): Uint8Array {
  const [, file, line, routine] = /^(.+):(\d+) (.+)$/.exec(refusal.source)!;
  const fields = [
    ["S", "FATAL"],
    ["V", "FATAL"],
    ["C", refusal.code],
    ["M", refusal.text],
    ["D", refusal.detail],
    ["H", refusal.hint],
    ["F", file],
    ["L", line],
    ["R", routine],
  ];
  const present = fields.filter(([, value]) => value !== undefined);
  const body = present.map(([name, value]) => `${name}${value}\0`).join("") + "\0";
  const size = 4 + body.length;
  return outgoing(`E${String.fromCharCode(0, 0, size >> 8, size & 0xff)}${body}`);
}

/**
 * An ErrorResponse as protocol 2.0 has it.
 * @param refusal of which only the text is told.
 */
export function oldErrorResponse(refusal: Refusal): Uint8Array {
  return outgoing(`EFATAL:  ${refusal.text}\n\0`);
}

/**
 * An Authentication message.
 * @param kind what is asked for.
 * @param data what belongs to it.
 */
export function authentication(kind: number, data: Uint8Array = Buffer.alloc(0)): Uint8Array {
  const body = Buffer.alloc(4 + data.length);
  body.writeInt32BE(kind);
  body.set(data, 4);
  return message("R", body);
}

/**
 * NegotiateProtocolVersion: the client asked for more than there is.
 * @param options names of protocol options that are not known.
 */
export function negotiateVersion(options: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeInt32BE(3 << 16);
  head.writeInt32BE(options.length, 4);
  const names = options.flatMap((name) => [name, Buffer.alloc(1)]);
  return message("v", Buffer.concat([head, ...names]));
}

function message(type: string, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, "latin1");
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.set(body, 5);
  return bytes;
}
