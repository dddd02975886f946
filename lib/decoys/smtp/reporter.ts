/**
 * What is reported of a SMTP session.
 * @module
 */
import type { EventMap } from "../../events/event.ts";
import { escapeOctets } from "../../net/latin1.ts";
import type { SaslCredential } from "../../net/sasl.ts";
import { EventQuota, type Session } from "../decoy.ts";

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
   * @param reply the answer; its code is told.
   */
  command(verb: string, argument: string, reply: string): void {
    if (!this.#quota.take()) return;
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
    if (this.#quota.take()) this.#session.emit("payload", data);
  }

  /** A credential that came by SASL. */
  credential(credential: SaslCredential): void {
    if (this.#quota.take()) this.#session.emit("auth.attempt", credential);
  }

  /** More than the server takes. */
  limit(limit: string, max: number): void {
    if (this.#quota.take()) this.#session.emit("limit.hit", { limit, max });
  }
}
