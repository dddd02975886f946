/**
 * Packets of the MySQL protocol as a client sends them, one character a byte, also wrong ones.
 * @module
 */
import { CAPABILITY } from "../../lib/decoys/mysql/handshake.ts";

const { protocol41, secureConnection, pluginAuth, connectWithDb, connectAttributes } = CAPABILITY;

/** A number of so many bytes, little endian. */
export function little(value: number, size: number): string {
  return String.fromCharCode(
    ...Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256),
  );
}

/**
 * A packet.
 * @param sequence number of the packet.
 * @param payload what is in it.
 */
export function packet(sequence: number, payload: string): string {
  return little(payload.length, 3) + little(sequence, 1) + payload;
}

/** What of an answer to the greeting may differ from a usual one. */
export interface Answer {
  readonly user?: string;
  /** What the plugin made of the password. */
  readonly proof?: string;
  readonly database?: string;
  /** `null` for none. */
  readonly plugin?: string | null;
  /** With their lengths. */
  readonly attributes?: string;
  /** In place of those that follow of the rest. */
  readonly capabilities?: number;
  readonly characterSet?: number;
}

/** Twenty bytes, as many as a scramble has. */
export const PROOF = "A".repeat(20);

/**
 * Payload of an answer to the greeting, in the form of MySQL 4.1.
 * @param answer what differs.
 */
export function handshake(answer: Answer = {}): string {
  const { user = "app", proof = PROOF, database, attributes } = answer;
  const { plugin = "mysql_native_password", characterSet = 45 } = answer;
  const capabilities = answer.capabilities ??
    (protocol41 | secureConnection | (plugin === null ? 0 : pluginAuth) |
      (database === undefined ? 0 : connectWithDb) |
      (attributes === undefined ? 0 : connectAttributes));
  return head(capabilities, characterSet) + `${user}\0${little(proof.length, 1)}${proof}` +
    (database === undefined ? "" : `${database}\0`) + (plugin === null ? "" : `${plugin}\0`) +
    (attributes ?? "");
}

/**
 * The first 32 bytes of an answer, or all of a request for TLS.
 * @param capabilities of the client.
 * @param characterSet a collation's number.
 */
export function head(capabilities: number, characterSet = 45): string {
  return little(capabilities, 4) + little(1 << 24, 4) + little(characterSet, 1) + "\0".repeat(23);
}

/**
 * Payload of an answer in the form before MySQL 4.1.
 * @param rest what follows capabilities and packet size.
 * @param capabilities of the client.
 */
export function oldHandshake(rest: string, capabilities = 5): string {
  return little(capabilities, 2) + "\0\0\0" + rest;
}

/** A text behind its length. */
export function counted(text: string): string {
  return little(text.length, 1) + text;
}
