/**
 * What is reported of a login: one event, with all that the client showed of its password.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "../../net/escape.ts";
import { escapeOctets } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import type { Handshake } from "./handshake.ts";

const SHA1_BYTES = 20;

/** What is known of a password. */
interface Proof {
  method: "password" | "mysql-native" | "mysql-sha2";
  secret?: string;
  hash?: string;
  hashcatMode?: number;
}

/** One login, reported when it is over. */
export class Attempt {
  readonly #session: Session;
  readonly #salt: Uint8Array;
  #who: { username: string; service?: string } | undefined;
  #proof: Proof | undefined;

  /**
   * @param session whose events these are.
   * @param salt that the client was given.
   */
  constructor(session: Session, salt: Uint8Array) {
    this.#session = session;
    this.#salt = salt;
  }

  /**
   * Somebody wants to log in.
   * @param handshake the answer to the greeting.
   */
  begin({ user, database, plugin, answer }: Handshake): void {
    this.#who = {
      username: escapeBytes(user),
      ...(database === undefined ? {} : { service: escapeBytes(database) }),
    };
    this.answer(plugin, answer);
  }

  /**
   * What a plugin of the client made of the password. What came before it of the same password is
   * forgotten, but for a password in clear.
   * @param plugin its name.
   * @param bytes as sent.
   */
  answer(plugin: string, bytes: Uint8Array): void {
    const { secret } = this.#proof ?? {};
    const proof = this.#read(plugin.toLowerCase(), bytes);
    this.#proof = proof.secret === undefined && secret !== undefined ? { ...proof, secret } : proof;
  }

  /**
   * The password itself.
   * @param bytes without a NUL behind it.
   */
  secret(bytes: Uint8Array): void {
    const known = this.#proof?.method === "password" ? undefined : this.#proof;
    this.#proof = { method: "password", ...known, secret: escapeBytes(bytes) };
  }

  /** Reports it, if there was one. */
  end(): void {
    if (this.#who === undefined || this.#proof === undefined) return;
    this.#session.emit("auth.attempt", { ...this.#proof, ...this.#who });
  }

  #read(plugin: string, bytes: Uint8Array): Proof {
    const isClear = plugin === "mysql_clear_password" || plugin === "dialog";
    if (isClear) return { method: "password", secret: escapeBytes(withoutNul(bytes)) };
    const isNone = bytes.length === 0 || (plugin.includes("sha") && isNul(bytes));
    if (isNone) return { method: "password", secret: "" };
    const salt = hex(this.#salt);
    if (plugin === "caching_sha2_password" || plugin === "sha256_password") {
      return { method: "mysql-sha2", hash: `$mysql-sha2$${salt}*${hex(bytes)}` };
    }
    if (plugin === "mysql_old_password") {
      return { method: "mysql-native", hash: `$mysql-old$${salt.slice(0, 16)}*${hex(bytes)}` };
    }
    return {
      method: "mysql-native",
      hash: `$mysqlna$${salt}*${hex(bytes)}`,
      ...(bytes.length === SHA1_BYTES ? { hashcatMode: 11_200 } : {}),
    };
  }
}

/**
 * Reports what a client says of itself.
 * @param session with the client.
 * @param handshake its answer to the greeting.
 */
export function reportConnect(session: Session, handshake: Handshake): void {
  const { capabilities, maxPacketBytes, characterSet, attributes = [] } = handshake;
  const words = [
    `capabilities=0x${capabilities.toString(16)}`,
    `max_packet=${maxPacketBytes}`,
    ...(characterSet === undefined ? [] : [`charset=${characterSet}`]),
    `plugin=${escapeOctets(handshake.plugin)}`,
  ];
  for (let i = 0; i < attributes.length; i += 2) {
    words.push(`${escapeBytes(attributes[i]!)}=${escapeBytes(attributes[i + 1] ?? NOTHING)}`);
  }
  session.emit("command", { verb: "CONNECT", argument: words.join(" ") });
}

const NOTHING = new Uint8Array(0);

/**
 * A text without the NUL that ends it.
 * @param bytes as sent.
 */
export function withoutNul(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
}

/**
 * Whether it is nothing but a NUL: no password, for the plugins of MySQL.
 * @param bytes as sent.
 */
export function isNul(bytes: Uint8Array): boolean {
  return bytes.length === 1 && bytes[0] === 0;
}

/** Hex, of long answers the beginning. */
function hex(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes;
  return Buffer.from(buffer, byteOffset, Math.min(length, 1024)).toString("hex");
}
