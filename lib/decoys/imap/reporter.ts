/**
 * What is reported of a IMAP session.
 * @module
 */
import { escapeOctets } from "../../net/latin1.ts";
import type { SaslCredential } from "../../net/sasl.ts";
import { EventQuota, type Session } from "../decoy.ts";

/** How a command went. */
export type Reply = "OK" | "NO" | "BAD" | "BYE";

/** Reports what one peer did, as often as is sensible. */
export class Reporter {
  readonly #session: Session;
  readonly #quota: EventQuota;

  /** @param session whose events these are. */
  constructor(session: Session) {
    this.#session = session;
    this.#quota = new EventQuota(session);
  }

  /**
   * A command that was answered.
   * @param verb octets.
   * @param argument octets.
   * @param reply the word of the answer that tells how it went.
   */
  command(verb: string, argument: string, reply?: Reply): void {
    if (!this.#quota.take()) return;
    this.#session.emit("command", {
      verb: escapeOctets(verb),
      argument: escapeOctets(argument),
      ...(reply === undefined ? {} : { reply }),
    });
  }

  /**
   * A name and a password in clear.
   * @param username octets.
   * @param secret octets.
   */
  login(username: string, secret: string): void {
    if (!this.#quota.take()) return;
    this.#session.emit("auth.attempt", {
      method: "password",
      username: escapeOctets(username),
      secret: escapeOctets(secret),
    });
  }

  /** A credential that came by SASL. */
  credential(credential: SaslCredential): void {
    if (this.#quota.take()) this.#session.emit("auth.attempt", credential);
  }

  /** What came in clear where TLS was to begin. */
  inClear(bytes: Uint8Array, offset: number): void {
    if (!this.#quota.take()) return;
    this.#session.emit("protocol.error", {
      offset,
      expected: "nothing in clear behind the command that begins TLS",
      firstBytes: bytes.slice(0, 256),
    });
  }

  /** More than the server's buffer takes. */
  full(limit: string, max: number): void {
    if (this.#quota.take()) this.#session.emit("limit.hit", { limit, max });
  }
}
