/**
 * What is reported of a POP3 session.
 * @module
 */
import { escapeOctets } from "../../net/latin1.ts";
import type { SaslCredential } from "../../net/sasl.ts";
import { EventQuota, type Session } from "../decoy.ts";

/** Reports what one peer did, as often as is sensible. */
export class Reporter {
  readonly #session: Session;
  readonly #quota: EventQuota;
  #name: string | undefined;

  /** @param session whose events these are. */
  constructor(session: Session) {
    this.#session = session;
    this.#quota = new EventQuota(session);
  }

  /**
   * A command that was answered.
   * @param verb octets.
   * @param argument octets.
   * @param reply the answer's first word.
   */
  command(verb: string, argument: string, reply?: "+OK" | "-ERR" | "+"): void {
    if (!this.#quota.take()) return;
    this.#session.emit("command", {
      verb: escapeOctets(verb),
      argument: escapeOctets(argument),
      ...(reply === undefined ? {} : { reply }),
    });
  }

  /**
   * A user name, reported with the password that follows, or by itself when none does.
   * @param name octets.
   */
  name(name: string): void {
    this.end();
    this.#name = name;
  }

  /**
   * The password after a user name, or without one.
   * @param secret octets.
   */
  password(secret: string): void {
    const username = this.#name ?? "";
    this.#name = undefined;
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

  /** Reports a name that no password followed. */
  end(): void {
    const name = this.#name;
    this.#name = undefined;
    if (name !== undefined) this.command("USER", name, "+OK");
  }
}
