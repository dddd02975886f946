/**
 * What is reported of a SMTP session.
 * @module
 */
import type { EventMap } from "../../events/event.ts";
import { escapeBytes } from "../../net/escape.ts";
import { latin1Bytes } from "../../net/latin1.ts";
import type { SaslCredential } from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";

/** Most events of one session: a flood of short lines must not become a flood of events. */
const MAX_EVENTS = 1000;

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
   * @param reply the answer; its code is told.
   */
  command(verb: string, argument: string, reply: string): void {
    if (!this.#mayReport()) return;
    this.#session.emit("command", {
      verb: escapeOctets(verb),
      argument: escapeOctets(argument),
      ...(reply === "" ? {} : { reply: reply.slice(0, 3) }),
    });
  }

  /**
   * A line that was answered.
   * @param line octets.
   * @param verb its first word in upper case, if that is a command.
   * @param reply the answer.
   */
  line(line: string, verb: string, reply: string): void {
    const text = line.trimStart();
    const said = verb === "" ? /^\S*/.exec(text)![0] : text.slice(0, verb.length);
    this.command(verb || said, text.slice(said.length).replace(/^\s/, ""), reply);
  }

  /** A message, or what was attached to one. */
  payload(data: EventMap["payload"]): void {
    if (this.#mayReport()) this.#session.emit("payload", data);
  }

  /** A credential that came by SASL. */
  credential(credential: SaslCredential): void {
    if (this.#mayReport()) this.#session.emit("auth.attempt", credential);
  }

  /** More than the server takes. */
  limit(limit: string, max: number): void {
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
