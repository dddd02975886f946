/**
 * Dovecot 2.3.19's imap-login with Debian's configuration, before a login.
 *
 * Compared with the genuine server by `tests/differential/imap_test.ts`.
 * @module
 */
import type { DovecotAuth } from "../../net/dovecot_auth.ts";
import { KeptOutput } from "../../net/kept_output.ts";
import { latin1Bytes, upperAscii } from "../../net/latin1.ts";
import { askedFor, cString } from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";
import { authenticate } from "./authenticate.ts";
import { readId } from "./id.ts";
import {
  type Argument,
  CommandParser,
  InputEnd,
  MAX_INPUT_BYTES,
  MAX_RESPONSE_BYTES,
  ParserError,
} from "./parser.ts";
import { type Reply, Reporter } from "./reporter.ts";

/** How a server is set up. */
export interface Settings {
  readonly auth: DovecotAuth;
  readonly greeting: string;
  readonly offersTls: boolean;
  /** Whether passwords in clear need TLS: `disable_plaintext_auth`. */
  readonly requiresTls: boolean;
}

/** How long it waits for input, in ms. */
export const IDLE_MS = 180_000;
/** What it says when it has waited for so long. */
const IDLE_WORDS = latin1Bytes("* BYE Disconnected for inactivity.\r\n");
/** Bad commands after which it has had enough. */
const MAX_BAD_COMMANDS = 3;
/** Longest tag that is repeated, in bytes. */
const MAX_TAG_BYTES = 126;

/** Commands of RFC 3501 and its extensions: what stands in front of one is a tag. */
const COMMANDS = new Set(
  ("APPEND AUTHENTICATE CAPABILITY CHECK CLOSE COMPRESS COPY CREATE DELETE ENABLE EXAMINE EXPUNGE " +
    "FETCH GETQUOTA GETQUOTAROOT ID IDLE LIST LOGIN LOGOUT LSUB MOVE NAMESPACE NOOP RENAME SEARCH " +
    "SELECT SORT STARTTLS STATUS STORE SUBSCRIBE THREAD UID UNSELECT UNSUBSCRIBE XCLIENT").split(
      " ",
    ),
);

const CAPABILITIES = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+";
const FAILED = "NO [AUTHENTICATIONFAILED] Authentication failed.";
const DISALLOWED =
  "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.";
const EXPOSED = "* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your " +
  "client did it anyway. If anyone was listening, the password was exposed.\r\n";
const TAG_FIRST = "BAD First parameter in line is IMAP's command tag, not the command name. Add " +
  "that before the command, like: a login user pass";

/**
 * Holds the dialogue.
 * @param session the connection.
 * @param settings of the decoy.
 */
export async function serve(session: Session, settings: Settings): Promise<void> {
  session.closeAbruptly(); // it closes at once, whatever the peer still sends
  await new Dialogue(session, settings).run();
}

/** What a command comes to: `bad` is counted, `skip` is done but for the rest of its line. */
type Verdict = "good" | "bad" | "skip" | "over";

/** One connection. */
class Dialogue {
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #reporter: Reporter;
  readonly #output: KeptOutput;
  #parser: CommandParser;
  #tag = "*";
  #bad = 0;
  /** The answer to a command whose line is not over. */
  #skipped: Reply = "OK";

  constructor(session: Session, settings: Settings) {
    this.#session = session;
    this.#settings = settings;
    this.#reporter = new Reporter(session);
    this.#output = new KeptOutput(session);
    this.#parser = new CommandParser(session, this.#output);
  }

  async run(): Promise<void> {
    await this.#talk();
    await this.#output.flush();
  }

  async #talk(): Promise<void> {
    const capabilities = this.#capabilities();
    this.#send(`* OK [CAPABILITY ${capabilities}] ${this.#settings.greeting}\r\n`);
    for (;;) {
      this.#session.expireAfter(IDLE_MS, IDLE_WORDS);
      this.#parser.begin();
      const tag = await this.#parser.word();
      if (tag instanceof InputEnd) return this.#end(tag);
      this.#tag = isTag(tag) ? tag : "*";
      const name = await this.#parser.word();
      if (name instanceof InputEnd) return this.#end(name);
      const verdict = await this.#execute(upperAscii(name), { tag, name });
      if (verdict === "over") return;
      if (verdict === "skip") {
        const skipped = await this.#parser.skipLine();
        this.#report(this.#skipped);
        if (skipped instanceof InputEnd) return this.#end(skipped);
      }
      if (verdict === "bad" && ++this.#bad >= MAX_BAD_COMMANDS) {
        return this.#send("* BYE Too many invalid IMAP commands.\r\n");
      }
      if (verdict === "bad") this.#reply("BAD Error in IMAP command received by server.");
    }
  }

  async #execute(verb: string, said: { tag: string; name: string }): Promise<Verdict> {
    if (this.#tag === "*" || !isName(said.name)) return await this.#refuseLine();
    if (verb === "AUTHENTICATE") return await this.#authenticate();
    if (verb === "ID") return await this.#id();
    const args = await this.#parser.line();
    if (args instanceof InputEnd) return this.#endCommand(args);
    if (args instanceof ParserError) return this.#refuse(args);
    await this.#parser.skipLine();
    const verdict = await this.#plain(verb, args);
    if (verdict !== "bad") return verdict;
    const isTagMissing = upperAscii(said.tag) === "LOGIN" && said.name !== "" && verb !== "LOGIN";
    this.#report("BAD");
    return isTagMissing ? this.#reply(TAG_FIRST) : "bad";
  }

  /** Commands whose arguments are a plain line. */
  async #plain(verb: string, args: readonly Argument[]): Promise<Verdict> {
    switch (verb) {
      case "LOGIN":
        return await this.#login(args);
      case "CAPABILITY":
        this.#report("OK");
        this.#send(`* CAPABILITY ${this.#capabilities()}\r\n`);
        return this.#reply(
          "OK Pre-login capabilities listed, post-login capabilities have more.",
        );
      case "NOOP":
        this.#report("OK");
        return this.#reply("OK NOOP completed.");
      case "ENABLE":
        this.#report("OK");
        this.#send("* ENABLED\r\n");
        return this.#reply("OK ENABLE ignored in non-authenticated state.");
      case "STARTTLS":
        return await this.#startTls();
      case "LOGOUT":
        this.#report("OK");
        this.#send("* BYE Logging out\r\n");
        this.#reply("OK Logout completed.");
        return "over";
      default:
        return "bad";
    }
  }

  async #login(args: readonly Argument[]): Promise<Verdict> {
    const [username, password] = args;
    const isTwo = args.length === 2 &&
      args.every(({ type }) => type === "atom" || type === "string");
    if (!isTwo) return "bad";
    this.#reporter.login(username!.value, password!.value);
    if (!this.#mayTellPassword()) {
      this.#send(EXPOSED);
      return this.#reply(DISALLOWED);
    }
    const { auth } = this.#settings;
    if (auth.find("PLAIN") === undefined) {
      return this.#reply("NO [ALERT] Unsupported authentication mechanism.");
    }
    await this.#output.flush();
    await auth.begin(this.#session);
    const asked = askedFor(cString(username!.value), cString(password!.value));
    await auth.fail(this.#session, asked);
    return this.#reply(FAILED);
  }

  async #authenticate(): Promise<Verdict> {
    const reply = await authenticate({
      session: this.#session,
      parser: this.#parser,
      output: this.#output,
      reporter: this.#reporter,
      auth: this.#settings.auth,
      mayTellPassword: this.#mayTellPassword(),
    });
    if (reply instanceof InputEnd) {
      this.#end(reply);
      return "over";
    }
    return reply === "bad" ? "bad" : this.#reply(reply);
  }

  async #id(): Promise<Verdict> {
    const ended = await readId(this.#parser);
    if (ended instanceof InputEnd) return this.#endCommand(ended);
    if (ended instanceof ParserError) return this.#refuse(ended);
    this.#skipped = "OK";
    this.#send('* ID ("name" "Dovecot")\r\n');
    this.#reply("OK ID completed.");
    return "skip";
  }

  async #startTls(): Promise<Verdict> {
    const { offersTls } = this.#settings;
    if (!offersTls || this.#session.isSecure) {
      this.#report("BAD");
      return this.#reply(
        offersTls ? "BAD TLS is already active." : "BAD TLS support isn't enabled.",
      );
    }
    this.#report("OK");
    const reply = latin1Bytes(`${this.#tag} OK Begin TLS negotiation now.\r\n`);
    const { bytes, offset } = this.#parser.rest;
    if (bytes.length > 0) {
      // What was sent in clear behind it ends the session.
      this.#reporter.inClear(bytes, offset);
      await this.#output.flush();
      await this.#session.write(reply);
      return "over";
    }
    await this.#output.flush();
    if (await this.#session.startTls(reply) !== "established") return "over";
    this.#parser = new CommandParser(this.#session, this.#output);
    return "good";
  }

  #capabilities(): string {
    const { auth, offersTls } = this.#settings;
    const mayTell = this.#mayTellPassword();
    const isDisabled = !mayTell || auth.find("PLAIN") === undefined;
    return [
      CAPABILITIES,
      ...(offersTls && !this.#session.isSecure ? ["STARTTLS"] : []),
      ...(isDisabled ? ["LOGINDISABLED"] : []),
      ...auth.names({ hidden: !mayTell }).map((name) => `AUTH=${name}`),
    ].join(" ");
  }

  #mayTellPassword(): boolean {
    return !this.#settings.requiresTls || this.#session.isSecure;
  }

  /** A tag or a name that cannot be: the rest of the line is of no interest. */
  async #refuseLine(): Promise<Verdict> {
    const skipped = await this.#parser.skipLine();
    if (skipped instanceof InputEnd) return this.#endCommand(skipped);
    this.#report("BAD");
    return "bad";
  }

  /** A line that is no command: said so, and not counted. */
  #refuse({ message, isFatal }: ParserError): Verdict {
    if (isFatal) {
      this.#report("BYE");
      this.#send(`* BYE ${message}\r\n`);
      return "over";
    }
    this.#skipped = "BAD";
    this.#reply(`BAD ${message}`);
    return "skip";
  }

  /** Reports the command as it came; without its tag if it is one. */
  #report(reply?: Reply): void {
    const { record } = this.#parser;
    const [, tag = "", name = "", argument = ""] = /^([^ ]*) ?([^ ]*) ?([^]*)$/.exec(record)!;
    if (COMMANDS.has(upperAscii(name))) this.#reporter.command(name, argument, reply);
    else this.#reporter.command(tag, record.slice(tag.length + 1), reply);
  }

  /** The end of the input within a command. */
  #endCommand(end: InputEnd): "over" {
    this.#report();
    this.#end(end);
    return "over";
  }

  /** The end of the input, and what is said to it. */
  #end({ why }: InputEnd): void {
    if (why === "end") return;
    this.#reporter.full("input_bytes", why === "full" ? MAX_INPUT_BYTES : MAX_RESPONSE_BYTES);
    if (why === "full") this.#send("* BYE Input buffer full, aborting\r\n");
  }

  #reply(text: string): "good" {
    this.#send(`${this.#tag} ${text}\r\n`);
    return "good";
  }

  #send(text: string): void {
    this.#output.add(text);
  }
}

/** Whether a word may name a command, known or not. */
function isName(text: string): boolean {
  return /^[!#$&'+-[^-z|-\x7f]+$/.test(text);
}

/** Whether a tag is one that is repeated: RFC 3501 §9, less what tempts web browsers. */
function isTag(text: string): boolean {
  return text.length <= MAX_TAG_BYTES && /^[!#$&',-[^-z|-\x7f]+$/.test(text);
}
