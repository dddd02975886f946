/**
 * Dovecot 2.3.19's pop3-login with Debian's configuration, before a login.
 *
 * Compared with the genuine server by `tests/differential/pop3_test.ts`.
 * @module
 */
import type { DovecotAuth } from "../../net/dovecot_auth.ts";
import { KeptOutput } from "../../net/kept_output.ts";
import { latin1Bytes } from "../../net/latin1.ts";
import {
  askedFor,
  cString,
  decodeBase64,
  encodeBase64,
  hasBase64Alphabet,
  SaslExchange,
  type SaslStep,
} from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";
import { InputEnd, MAX_INPUT_BYTES, MAX_RESPONSE_BYTES, Pop3Input } from "./input.ts";
import { Reporter } from "./reporter.ts";

/** How a server is set up. */
export interface Settings {
  readonly auth: DovecotAuth;
  readonly greeting: string;
  readonly offersTls: boolean;
  /** Whether passwords in clear need TLS: `disable_plaintext_auth`. */
  readonly requiresTls: boolean;
}

/** How long it waits for input, in ms. */
const IDLE_MS = 180_000;
/** What it says when it has waited for so long. */
const IDLE_WORDS = latin1Bytes("-ERR Disconnected for inactivity.\r\n");
const AUTH_IDLE_WORDS = latin1Bytes(
  "-ERR Disconnected for inactivity during authentication.\r\n",
);
/** Unknown commands in a row after which it has had enough. */
const MAX_BAD_COMMANDS = 3;

const FAILED = "-ERR [AUTH] Authentication failed.";
const DISALLOWED =
  "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.";

/**
 * Holds the dialogue; what was begun and not finished is told however it ends.
 * @param session the connection.
 * @param settings of the decoy.
 */
export async function serve(session: Session, settings: Settings): Promise<void> {
  session.closeAbruptly(); // it closes at once, whatever the peer still sends
  const reporter = new Reporter(session);
  try {
    await new Dialogue(session, settings, reporter).run();
  } finally {
    reporter.end();
  }
}

/** What a command counts for: `none` for AUTH, which leaves the count of bad ones as it is. */
type Verdict = "good" | "bad" | "none" | "over";

/** One connection. */
class Dialogue {
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #reporter: Reporter;
  readonly #output: KeptOutput;
  #input: Pop3Input;
  #username: string | undefined;
  #bad = 0;

  constructor(session: Session, settings: Settings, reporter: Reporter) {
    this.#session = session;
    this.#settings = settings;
    this.#reporter = reporter;
    this.#output = new KeptOutput(session);
    this.#input = new Pop3Input(session, this.#output);
  }

  async run(): Promise<void> {
    await this.#talk();
    await this.#output.flush();
  }

  async #talk(): Promise<void> {
    this.#say(`+OK ${this.#settings.greeting}`);
    for (;;) {
      this.#session.expireAfter(IDLE_MS, IDLE_WORDS);
      const name = await this.#input.name();
      if (name instanceof InputEnd) return this.#end(name);
      const argument = name === "AUTH" ? await this.#input.response() : await this.#input.line();
      if (argument instanceof InputEnd) return this.#end(argument);
      const verdict = await this.#execute(name, argument);
      if (verdict === "over") return;
      if (verdict === "good") this.#bad = 0;
      if (verdict === "bad" && ++this.#bad >= MAX_BAD_COMMANDS) {
        this.#say("-ERR Too many invalid bad commands.");
        return;
      }
    }
  }

  async #execute(name: string, argument: string): Promise<Verdict> {
    switch (name) {
      case "USER":
        return this.#user(argument);
      case "PASS":
        return await this.#pass(argument);
      case "AUTH":
        return await this.#auth(argument) === "over" ? "over" : "none";
      case "CAPA":
        return this.#answer(name, argument, this.#capabilities());
      case "APOP":
        return this.#answer(name, argument, "-ERR APOP not enabled.");
      case "STLS":
        return await this.#stls(argument);
      case "XCLIENT":
        return this.#answer(name, argument, "+OK You are not from trusted IP - ignoring");
      case "QUIT":
        this.#answer(name, argument, "+OK Logging out");
        return "over";
      default:
        this.#answer(name, argument, "-ERR Unknown command.");
        return "bad";
    }
  }

  #user(argument: string): Verdict {
    if (!this.#mayTellPassword()) return this.#answer("USER", argument, DISALLOWED);
    this.#username = argument;
    this.#reporter.name(argument);
    return this.#say("+OK");
  }

  async #pass(argument: string): Promise<Verdict> {
    this.#reporter.password(argument);
    if (!this.#mayTellPassword()) return this.#say(DISALLOWED);
    const username = this.#username;
    if (username === undefined) return this.#say("-ERR No username given.");
    this.#username = undefined;
    await this.#output.flush();
    await this.#settings.auth.begin(this.#session);
    await this.#settings.auth.fail(this.#session, askedFor(cString(username), cString(argument)));
    return this.#say(FAILED);
  }

  async #auth(argument: string): Promise<Verdict> {
    const { auth } = this.#settings;
    const answer = (reply: string) => this.#answer("AUTH", argument, reply);
    const space = argument.indexOf(" ");
    const name = space < 0 ? argument : argument.slice(0, space);
    const initial = space < 0 ? "" : argument.slice(space + 1);
    if (name === "") {
      const names = auth.names({ hidden: !this.#mayTellPassword() });
      return answer(["+OK", ...names, "."].join("\r\n"));
    }
    const mechanism = auth.find(cString(name));
    if (mechanism === undefined) {
      return answer("-ERR [AUTH] Unsupported authentication mechanism.");
    }
    const exchange = new SaslExchange(mechanism, {
      hostname: auth.hostname,
      nowMs: this.#session.now(),
    });
    const first = initial === "" ? undefined : decodeBase64(initial === "=" ? "" : initial);
    if (mechanism !== "cram-md5" && !this.#mayTellPassword()) {
      this.#report(first && exchange.begin(first), "AUTH", argument);
      return this.#say("-ERR [AUTH] Plaintext authentication disabled.");
    }
    if (initial !== "" && first === undefined) {
      return answer("-ERR [AUTH] Invalid base64 data in initial response");
    }
    await this.#output.flush();
    await auth.begin(this.#session);
    return await this.#exchange(exchange, exchange.begin(first), argument);
  }

  /** Asks and hears until the login has failed. */
  async #exchange(exchange: SaslExchange, begun: SaslStep, argument: string): Promise<Verdict> {
    let step = begun;
    while (step.kind === "challenge") {
      this.#say(`+ ${encodeBase64(step.data)}`);
      this.#session.expireAfter(IDLE_MS, AUTH_IDLE_WORDS);
      const response = await this.#input.response();
      if (response instanceof InputEnd) {
        this.#giveUp(exchange, argument, "");
        this.#end(response);
        return "over";
      }
      const bytes = decodeBase64(response);
      if (bytes === undefined || !hasBase64Alphabet(response)) {
        this.#giveUp(exchange, argument, response);
        return this.#say(
          response === "*"
            ? "-ERR Authentication aborted by client."
            : hasBase64Alphabet(response)
            ? "-ERR [AUTH] Invalid base64 data in continued response"
            : "-ERR [AUTH] Invalid base64 in response",
        );
      }
      step = exchange.respond(bytes);
    }
    this.#report(step, "AUTH", argument, exchange.username);
    await this.#output.flush();
    await this.#settings.auth.fail(this.#session, step.asked);
    return this.#say(FAILED);
  }

  /** Reports what came of an exchange: a credential, or else the command. */
  #report(step: SaslStep | undefined, verb: string, argument: string, username?: string): void {
    const failed = step?.kind === "failed" ? step : undefined;
    if (failed?.authorization !== undefined) {
      this.#reporter.command(verb, `for ${failed.authorization}`);
    }
    if (failed?.credential !== undefined) this.#reporter.credential(failed.credential);
    else this.#reporter.command(verb, [argument, username ?? ""].join(" ").trimEnd(), "-ERR");
  }

  /** Reports an exchange that the peer broke off, with the name that it has told. */
  #giveUp(exchange: SaslExchange, argument: string, response: string): void {
    const told = [argument, exchange.username ?? "", response].filter((word) => word !== "");
    this.#reporter.command("AUTH", told.join(" "), "-ERR");
  }

  async #stls(argument: string): Promise<Verdict> {
    if (!this.#settings.offersTls) {
      return this.#answer("STLS", argument, "-ERR TLS support isn't enabled.");
    }
    if (this.#session.isSecure) {
      return this.#answer("STLS", argument, "-ERR TLS is already active.");
    }
    this.#reporter.command("STLS", argument, "+OK");
    const reply = latin1Bytes("+OK Begin TLS negotiation now.\r\n");
    const { bytes, offset } = this.#input.rest;
    if (bytes.length > 0) {
      // What was sent in clear behind it ends the session.
      this.#reporter.inClear(bytes, offset);
      await this.#output.flush();
      await this.#session.write(reply);
      return "over";
    }
    await this.#output.flush();
    if (await this.#session.startTls(reply) !== "established") return "over";
    this.#input = new Pop3Input(this.#session, this.#output);
    return "good";
  }

  #capabilities(): string {
    const mayTell = this.#mayTellPassword();
    const offersTls = this.#settings.offersTls && !this.#session.isSecure;
    const names = this.#settings.auth.names({ hidden: !mayTell });
    return [
      ..."+OK CAPA TOP UIDL RESP-CODES PIPELINING AUTH-RESP-CODE".split(" "),
      ...(offersTls ? ["STLS"] : []),
      ...(mayTell ? ["USER"] : []),
      ["SASL", ...names].join(" "),
      ".",
    ].join("\r\n");
  }

  #mayTellPassword(): boolean {
    return !this.#settings.requiresTls || this.#session.isSecure;
  }

  /** The end of the input, and what is said to it. */
  #end({ why }: InputEnd): void {
    if (why === "end") return;
    this.#reporter.full("input_bytes", why === "full" ? MAX_INPUT_BYTES : MAX_RESPONSE_BYTES);
    if (why === "full") this.#say("-ERR Input buffer full, aborting");
  }

  #answer(name: string, argument: string, reply: string): "good" {
    this.#reporter.command(name, argument, reply.startsWith("+OK") ? "+OK" : "-ERR");
    return this.#say(reply);
  }

  #say(reply: string): "good" {
    this.#output.add(reply + "\r\n");
    return "good";
  }
}
