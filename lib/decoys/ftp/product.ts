/**
 * What the FTP products have in common: their settings, and what is reported.
 * @module
 */
import { escapeOctets } from "../../net/latin1.ts";
import { EventQuota, type Session } from "../decoy.ts";
import type { AuthTls } from "./auth_tls.ts";

/** An FTP server to be played. */
export interface Product {
  /** Shortest and longest pause before a failed login is answered, in ms. */
  readonly pauseMs: readonly [min: number, max: number];
  /** Holds the dialogue, and tells the reporter what the peer does. */
  serve(session: Session, settings: Settings, reporter: Reporter): Promise<void>;
}

/** Options of the decoy, with the product's own values in place of absent ones. */
export interface Settings {
  /** Text of the greeting; empty for the product's own. */
  readonly banner: string;
  readonly hostname: string;
  readonly authTls: AuthTls;
  readonly maxAttempts: number;
  readonly pauseMs: readonly [min: number, max: number];
}

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
   * @param verb as the product reads it, from `latin1`.
   * @param argument as it came, from `latin1`.
   * @param reply the whole answer, empty for none.
   */
  command(verb: string, argument: string, reply: string): void {
    if (!this.#quota.take()) return;
    this.#session.emit("command", {
      verb: escapeOctets(verb),
      argument: escapeOctets(argument),
      ...(reply === "" ? {} : { reply: reply.slice(0, 3) }),
      ...(changesSomething(verb, argument) ? { changes: true } : {}),
    });
  }

  /**
   * A user name, reported with the password that follows, or by itself when none does.
   * @param name as it came, from `latin1`.
   */
  name(name: string): void {
    this.end();
    this.#name = name;
  }

  /**
   * A password.
   * @param secret as it came, from `latin1`.
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

  /** A line longer than the product takes. */
  tooLong(maxBytes: number): void {
    if (this.#quota.take()) this.#session.emit("limit.hit", { limit: "line_bytes", max: maxBytes });
  }

  /** Reports a name that no password followed. */
  end(): void {
    const name = this.#name;
    this.#name = undefined;
    if (name !== undefined) this.command("USER", name, "331");
  }
}

/** Commands that write, delete, rename or run something: RFC 959, 3659 and the servers' own. */
const CHANGING = new Set(
  "APPE DELE MFCT MFF MFMT MKD RMD RNFR RNTO STOR STOU XMKD XRMD".split(" "),
);
const CHANGING_SITE =
  /^\s*"?(?:CHGRP|CHMOD|COPY|CPFR|CPTO|EXEC|INDEX|MKDIR|RMDIR|SYMLINK|UTIME)\b/i;

function changesSomething(verb: string, argument: string): boolean {
  return CHANGING.has(verb) || (verb === "SITE" && CHANGING_SITE.test(argument));
}
