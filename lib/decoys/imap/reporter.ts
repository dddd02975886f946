/**
 * What is reported of a IMAP session.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import { latin1Bytes } from "../../net/latin1.ts";
import type { SaslCredential } from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";

/** Most events of one session: a flood of short lines must not become a flood of events. */
const MAX_EVENTS = 1000;

/** How a command went. */
export type Reply = "OK" | "NO" | "BAD" | "BYE";

/** Reports what one peer did, as often as is sensible. */
export class Reporter {
  readonly #session: Session;
  #left = MAX_EVENTS;

  /** @param session whose events these are. */
  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * A command that was answered.
   * @param verb octets.
   * @param argument octets.
   * @param reply the word of the answer that tells how it went.
   */
  command(verb: string, argument: string, reply?: Reply): void {
    if (!this.#mayReport()) return;
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
    if (!this.#mayReport()) return;
    this.#session.emit("auth.attempt", {
      method: "password",
      username: escapeOctets(username),
      secret: escapeOctets(secret),
    });
  }

  /** A credential that came by SASL. */
  credential(credential: SaslCredential): void {
    if (this.#mayReport()) this.#session.emit("auth.attempt", credential);
  }

  /** What came in clear where TLS was to begin. */
  inClear(bytes: Uint8Array, offset: number): void {
    if (!this.#mayReport()) return;
    this.#session.emit("protocol.error", {
      offset,
      expected: "nothing in clear behind the command that begins TLS",
      firstBytes: bytes.slice(0, 256),
    });
  }

  /** More than the server's buffer takes. */
  full(limit: string, max: number): void {
    if (this.#mayReport()) this.#session.emit("limit.hit", { limit, max });
  }

  #mayReport(): boolean {
    if (this.#left < 0) return false;
    if (this.#left-- > 0) return true;
    this.#session.emit("limit.hit", { limit: "session_events", max: MAX_EVENTS });
    return false;
  }
}

function escapeOctets(text: string): string {
  return escapeBytes(latin1Bytes(text));
}
