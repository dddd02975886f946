/**
 * Postfix 3.7.11's smtpd with Debian's configuration: the loop that reads commands, and its patience.
 *
 * Compared with the genuine server by `tests/differential/smtp_test.ts`. Left out: its limit of 50
 * connections from one address, which the sensor's own limits stand for.
 * @module
 */
import { latin1Bytes, outgoing, upperAscii } from "../../net/latin1.ts";
import { cString } from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";
import { Channel } from "./channel.ts";
import { error, type Outcome } from "./outcome.ts";
import { Reporter } from "./reporter.ts";
import { authenticate } from "./sasl.ts";
import type { Settings } from "./settings.ts";
import { type Token, tokenize } from "./tokens.ts";
import { Transaction } from "./transaction.ts";

/** Longest command, LF included, in bytes: `line_length_limit`. What is longer is cut. */
const MAX_LINE_BYTES = 2048;
/** How long it waits for a line, in ms: `smtpd_timeout`. */
const IDLE_MS = 300_000;
/** Pause before each answer once there were too many errors, in ms: `smtpd_error_sleep_time`. */
const ERROR_PAUSE_MS = 1000;
/** Commands that do nothing after which each counts as an error: `smtpd_junk_command_limit`. */
const MAX_JUNK = 100;

/** Commands that do nothing much, and count as junk. */
const JUNK = new Set("HELO EHLO RSET NOOP VRFY ETRN XCLIENT XFORWARD".split(" "));
/** Commands that go without TLS where it is demanded. */
const BEFORE_TLS = new Set("HELO EHLO STARTTLS NOOP QUIT XCLIENT".split(" "));
/** Commands that it knows. */
const KNOWN = new Set([...JUNK, ...BEFORE_TLS, ..."AUTH MAIL RCPT DATA BDAT".split(" ")]);

const NOT_RECOGNIZED = "500 5.5.2 Error: command not recognized";
const GOODBYE = "221 2.7.0 Error: I can break rules, too. Goodbye.";
const OK = "250 2.0.0 Ok";

/**
 * Holds the dialogue; a message that was begun and not finished is told however it ends.
 * @param session the connection.
 * @param settings of the decoy.
 */
export async function serve(session: Session, settings: Settings): Promise<void> {
  session.closeAbruptly(); // it closes at once, whatever the peer still sends
  const dialogue = new Dialogue(session, settings);
  try {
    await dialogue.run();
  } finally {
    dialogue.end();
  }
}

/** One connection. */
class Dialogue {
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #reporter: Reporter;
  readonly #channel: Channel;
  #transaction: Transaction;
  #errors = 0;
  #junk = 0;

  constructor(session: Session, settings: Settings) {
    this.#session = session;
    this.#settings = settings;
    this.#reporter = new Reporter(session);
    this.#channel = new Channel(session);
    this.#transaction = this.#begin();
  }

  async run(): Promise<void> {
    const { hostname, banner, hardErrors } = this.#settings;
    const timeout = outgoing(`421 4.4.2 ${hostname} Error: timeout exceeded\r\n`);
    await this.#reply(`220 ${hostname} ${banner}`);
    for (;;) {
      if (this.#errors >= hardErrors) {
        await this.#reply(`421 4.7.0 ${hostname} Error: too many errors`);
        break;
      }
      this.#session.expireAfter(IDLE_MS, timeout);
      const line = await this.#channel.line(MAX_LINE_BYTES);
      if (line === null) return;
      if (!line.isWhole) {
        this.#reporter.limit("line_bytes", MAX_LINE_BYTES);
        if (!await this.#channel.skipLine()) return;
      }
      if (!await this.#command(line.text)) break;
    }
    await this.#channel.flush();
  }

  /** Reports what was begun. */
  end(): void {
    this.#transaction.abandon();
  }

  /** Answers one line; false when it was the last one. */
  async #command(line: string): Promise<boolean> {
    const tokens = tokenize(cString(line));
    const verb = upperAscii(tokens[0]?.text ?? "");
    const outcome = await this.#execute(line, verb, tokens);
    if (!outcome.isReported) {
      this.#reporter.line(line, KNOWN.has(verb) ? verb : "", outcome.reply ?? "");
    }
    if (outcome.reply !== undefined) await this.#reply(outcome.reply);
    if (outcome.isError) this.#errors++;
    if (JUNK.has(verb) && this.#junk++ > MAX_JUNK) this.#errors++;
    return !outcome.isOver;
  }

  async #execute(line: string, verb: string, tokens: readonly Token[]): Promise<Outcome> {
    if (!isUtf8(line)) return error("500 5.5.2 Error: bad UTF-8 syntax");
    if (tokens.length === 0) return error("500 5.5.2 Error: bad syntax");
    if (!KNOWN.has(verb)) {
      return isForeign(verb) ? { reply: GOODBYE, isOver: true } : error(NOT_RECOGNIZED);
    }
    const needsTls = this.#settings.tls === "encrypt" && !this.#session.isSecure;
    if (needsTls && !BEFORE_TLS.has(verb)) {
      return error("530 5.7.0 Must issue a STARTTLS command first");
    }
    switch (verb) {
      case "HELO":
      case "EHLO":
        return this.#hello(verb, tokens);
      case "AUTH":
        return await this.#auth(tokens);
      case "MAIL":
      case "RCPT":
      case "DATA":
      case "BDAT":
      case "VRFY":
      case "ETRN":
        return await this.#transaction.execute(verb, tokens);
      case "RSET":
        if (tokens.length > 1) return error("501 5.5.4 Syntax: RSET");
        this.#reset();
        return { reply: OK };
      case "NOOP":
        return { reply: OK };
      case "QUIT":
        return { reply: "221 2.0.0 Bye", isOver: true };
      case "STARTTLS":
        return await this.#startTls(tokens);
      default:
        return this.#forward(verb, tokens);
    }
  }

  #hello(verb: string, tokens: readonly Token[]): Outcome {
    if (tokens.length < 2) return error(`501 Syntax: ${verb} hostname`);
    this.#reset();
    const { hostname, maxMessageBytes, tls } = this.#settings;
    if (verb === "HELO") return { reply: `250 ${hostname}` };
    const lines = [
      hostname,
      "PIPELINING",
      `SIZE ${maxMessageBytes}`,
      "VRFY",
      "ETRN",
      ...(tls !== "none" && !this.#session.isSecure ? ["STARTTLS"] : []),
      ...(this.#hasAuth() ? [["AUTH", ...this.#settings.auth!.names()].join(" ")] : []),
      "ENHANCEDSTATUSCODES",
      "8BITMIME",
      "DSN",
      "SMTPUTF8",
      "CHUNKING",
    ];
    return {
      reply: lines.map((line, i) => `250${i < lines.length - 1 ? "-" : " "}${line}`).join("\r\n"),
    };
  }

  async #auth(tokens: readonly Token[]): Promise<Outcome> {
    const { auth } = this.#settings;
    if (auth === undefined || !this.#hasAuth()) {
      return error("503 5.5.1 Error: authentication not enabled");
    }
    if (this.#transaction.isOpen) return error("503 5.5.1 Error: MAIL transaction in progress");
    if (tokens.length < 2 || tokens.length > 3) return error("501 5.5.4 Syntax: AUTH mechanism");
    const reply = await authenticate(
      {
        session: this.#session,
        channel: this.#channel,
        reporter: this.#reporter,
        auth,
        reply: (text) => this.#reply(text),
      },
      tokens[1]!.text,
      tokens[2]?.text,
    );
    if (reply === null) return { isOver: true, isReported: true };
    return { reply, isError: true, isReported: true };
  }

  async #startTls(tokens: readonly Token[]): Promise<Outcome> {
    const { tls } = this.#settings;
    if (tokens.length > 1) return error("501 5.5.4 Syntax: STARTTLS");
    if (tls === "none") return error("502 5.5.1 Error: command not implemented");
    if (this.#session.isSecure) return error("554 5.5.1 Error: TLS already active");
    const reply = "220 2.0.0 Ready to start TLS";
    this.#reporter.command("STARTTLS", "", reply);
    await this.#channel.flush();
    this.#channel.release();
    this.#reset();
    const outcome = await this.#session.startTls(outgoing(reply + "\r\n"));
    return { isReported: true, isOver: outcome !== "established" };
  }

  /** XCLIENT and XFORWARD, of which no stranger may make use. */
  #forward(verb: string, tokens: readonly Token[]): Outcome {
    if (this.#transaction.isOpen) return error("503 5.5.1 Error: MAIL transaction in progress");
    return tokens.length < 2
      ? error(`501 5.5.4 Syntax: ${verb} attribute=value...`)
      : error("550 5.7.0 Error: insufficient authorization");
  }

  /** Whether AUTH is offered: a submission service hides it until there is TLS. */
  #hasAuth(): boolean {
    const { auth, tls } = this.#settings;
    return auth !== undefined && (tls !== "encrypt" || this.#session.isSecure);
  }

  #reset(): void {
    this.#transaction.abandon();
    this.#transaction = this.#begin();
  }

  #begin(): Transaction {
    return new Transaction({
      session: this.#session,
      channel: this.#channel,
      reporter: this.#reporter,
      settings: this.#settings,
      reply: (text) => this.#reply(text),
      onQueued: () => {
        this.#errors = 0;
        this.#junk = 0;
      },
    });
  }

  async #reply(text: string): Promise<void> {
    const isSlow = this.#errors >= this.#settings.softErrors;
    if (!isSlow && this.#channel.keeps(text.length + 2)) {
      return await this.#channel.write(text + "\r\n");
    }
    for (const line of text.split("\r\n")) {
      if (isSlow) await this.#session.pause(ERROR_PAUSE_MS);
      await this.#channel.write(line + "\r\n");
      if (isSlow) await this.#channel.flush();
    }
  }
}

/** Whether bytes are UTF-8 as far as Postfix looks. */
function isUtf8(text: string): boolean {
  if (/^[\0-\x7f]*$/.test(text)) return true;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(latin1Bytes(text));
    return true;
  } catch {
    return false; // what the decoder says of it is of no interest
  }
}

/** Whether a word begins what is no SMTP: HTTP, a header, anything without a letter in front. */
function isForeign(verb: string): boolean {
  return !/^[A-Z]/.test(verb) || /^(?:CONNECT|GET|POST)$/.test(verb) || /^[!-9;-~]+:/.test(verb);
}
