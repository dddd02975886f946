/**
 * A mail transaction (RFC 5321 §3.3, RFC 3030): from MAIL to the end of the message; and VRFY and ETRN,
 * which look at the same things.
 * @module
 */
import { randomInt } from "node:crypto";
import type { Session } from "../decoy.ts";
import { type Address, isHostname, parseAddress } from "./address.ts";
import type { Channel } from "./channel.ts";
import { ChunkLines, Message, TOO_LARGE } from "./message.ts";
import { error, type Outcome } from "./outcome.ts";
import { type MailParameters, readMailParameters, readRcptParameters } from "./parameters.ts";
import { judge } from "./recipients.ts";
import type { Reporter } from "./reporter.ts";
import type { Settings } from "./settings.ts";
import type { Token } from "./tokens.ts";

/** Longest part of a line in a message, in bytes: `line_length_limit`. */
const MAX_LINE_BYTES = 2048;
/** Most recipients of a message: `smtpd_recipient_limit`. */
const MAX_RECIPIENTS = 1000;
/** Recipients beyond that which are no error: `smtpd_recipient_overshoot_limit`. */
const MAX_OVERSHOOT = 1000;
/** Most recipients that are reported. */
const MAX_REPORTED = 200;

const BAD_SENDER = "501 5.1.7 Bad sender address syntax";
const BAD_RECIPIENT = "501 5.1.3 Bad recipient address syntax";

/** What a transaction works with. */
export interface Surroundings {
  readonly session: Session;
  readonly channel: Channel;
  readonly reporter: Reporter;
  readonly settings: Settings;
  /** Sends an answer, as slowly as errors before it demand. */
  reply(text: string): Promise<void>;
  /** A message was taken: errors before it are forgiven. */
  onQueued(): void;
}

/** One transaction; one without a sender has not begun. */
export class Transaction {
  readonly #around: Surroundings;
  readonly #parameters: MailParameters = { size: 0, isUtf8: false };
  #hasSender = false;
  #recipients = 0;
  #overshoot = 0;
  #message: Message | undefined;
  /** How BDAT stands. */
  #chunks: "none" | "going" | "failed" = "none";
  #lines = new ChunkLines();

  /** @param around what it works with. */
  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Whether there is a sender. */
  get isOpen(): boolean {
    return this.#hasSender;
  }

  /** Reports what came of a message that was not finished. */
  abandon(): void {
    this.#message?.report(this.#around.reporter, undefined);
    this.#message = undefined;
  }

  /**
   * Answers a command.
   * @param verb in upper case.
   * @param tokens all words of the command.
   */
  async execute(verb: string, tokens: readonly Token[]): Promise<Outcome> {
    switch (verb) {
      case "MAIL":
        return this.#mail(tokens);
      case "RCPT":
        return this.#rcpt(tokens);
      case "DATA":
        return await this.#data(tokens);
      case "BDAT":
        return await this.#bdat(tokens);
      case "VRFY":
        return this.#vrfy(tokens);
      default:
        return this.#etrn(tokens);
    }
  }

  #mail(tokens: readonly Token[]): Outcome {
    if (this.#hasSender) return error("503 5.5.1 Error: nested MAIL command");
    if (this.#chunks !== "none") return error("503 5.5.1 Error: MAIL after BDAT");
    const [, keyword, address, ...rest] = tokens;
    if (address === undefined || keyword!.text.toUpperCase() !== "FROM:") {
      return error("501 5.5.4 Syntax: MAIL FROM:<address>");
    }
    const words = rest.map(({ text }) => text);
    const isUtf8 = words.some((word) => word.toUpperCase() === "SMTPUTF8");
    if (address.isOpen || parseAddress(address.text, { isUtf8 }) === undefined) {
      return error(BAD_SENDER);
    }
    const wrong = readMailParameters(words, this.#parameters);
    if (wrong !== undefined) return error(wrong);
    if (this.#parameters.size > this.#around.settings.maxMessageBytes) {
      return error("552 5.3.4 Message size exceeds fixed limit");
    }
    this.#hasSender = true;
    return { reply: "250 2.1.0 Ok" };
  }

  #rcpt(tokens: readonly Token[]): Outcome {
    if (!this.#hasSender) return error("503 5.5.1 Error: need MAIL command");
    if (this.#chunks !== "none") return error("503 5.5.1 Error: RCPT after BDAT");
    const [, keyword, address, ...rest] = tokens;
    if (address === undefined || keyword!.text.toUpperCase() !== "TO:") {
      return error("501 5.5.4 Syntax: RCPT TO:<address>");
    }
    const parsed = address.isOpen ? undefined : this.#parse(address.text);
    if (parsed === undefined) return error(BAD_RECIPIENT);
    const wrong = readRcptParameters(rest.map(({ text }) => text));
    if (wrong !== undefined) return error(wrong);
    if (this.#recipients >= MAX_RECIPIENTS) {
      const isError = this.#overshoot++ >= MAX_OVERSHOOT;
      return { reply: "452 4.5.3 Error: too many recipients", isError, isReported: true };
    }
    const refusal = this.#refusal(parsed);
    if (refusal !== undefined) return error(refusal);
    this.#recipients++;
    return { reply: "250 2.1.5 Ok", isReported: this.#recipients > MAX_REPORTED };
  }

  #vrfy(tokens: readonly Token[]): Outcome {
    const isUtf8 = tokens.at(-1)!.text.toUpperCase() === "SMTPUTF8";
    const words = tokens.slice(1, isUtf8 ? -1 : undefined);
    if (words.length === 0) return error("501 5.5.4 Syntax: VRFY address [SMTPUTF8]");
    const text = words.map(({ text }) => text).join(" ");
    const address = this.#parse(text, isUtf8);
    if (address === undefined) return error(BAD_RECIPIENT);
    const refusal = this.#refusal(address);
    return refusal === undefined ? { reply: `252 2.0.0 ${text}` } : error(refusal);
  }

  #etrn(tokens: readonly Token[]): Outcome {
    if (this.#hasSender) return error("503 Error: MAIL transaction in progress");
    if (tokens.length !== 2) return error("500 Syntax: ETRN domain");
    const domain = tokens[1]!.text.replace(/^[@#]/, "");
    const isName = isHostname(domain) || /^\[\d+\.\d+\.\d+\.\d+\]$/.test(domain);
    if (!isName) return error("501 Error: invalid parameter syntax");
    return error(`459 <${domain}>: service unavailable`);
  }

  /** A recipient that is not empty. */
  #parse(text: string, isUtf8 = this.#parameters.isUtf8): Address | undefined {
    const address = parseAddress(text, { isUtf8 });
    return address?.text === "" ? undefined : address;
  }

  /** Why no mail is taken for an address. */
  #refusal(address: Address): string | undefined {
    const { settings, session } = this.#around;
    const shown = `<${address.text}>`;
    if (settings.isSubmission) {
      return `554 5.7.1 ${shown}: Recipient address rejected: Access denied`;
    }
    switch (judge(address, { ...settings, ip: session.local.ip })) {
      case "local":
        return undefined;
      case "bad":
        return BAD_RECIPIENT;
      case "relay":
        return `454 4.7.1 ${shown}: Relay access denied`;
      case "unknown":
        return `550 5.1.1 ${shown}: Recipient address rejected: User unknown in local recipient ` +
          "table";
    }
  }

  async #data(tokens: readonly Token[]): Promise<Outcome> {
    if (this.#chunks !== "none") return error("503 5.5.1 Error: DATA after BDAT");
    const missing = this.#missingRecipient();
    if (missing !== undefined) return error(missing);
    if (tokens.length > 1) return error("501 5.5.4 Syntax: DATA");
    const { channel, reply, reporter } = this.#around;
    await reply("354 End data with <CR><LF>.<CR><LF>");
    reporter.command("DATA", "", "354");
    const message = this.#message = new Message(this.#around.settings.maxMessageBytes);
    for (let isStart = true;;) {
      const line = await channel.line(MAX_LINE_BYTES);
      if (line === null) return { isOver: true, isReported: true };
      if (isStart && line.isWhole && line.text === ".") break;
      const isStuffed = isStart && line.text.startsWith(".");
      message.add(isStuffed ? line.text.slice(1) : line.text, line.isWhole);
      isStart = line.isWhole;
    }
    return this.#finish(message, "");
  }

  async #bdat(tokens: readonly Token[]): Promise<Outcome> {
    const [, count, last] = tokens;
    const size = /^\d{1,18}$/.test(count?.text ?? "") ? Number(count!.text) : undefined;
    const isLast = last?.text.toUpperCase() === "LAST";
    if (size === undefined || tokens.length > 3 || (last !== undefined && !isLast)) {
      return { reply: "521 5.5.4 Syntax: BDAT count [LAST]", isError: true, isOver: true };
    }
    const { channel, reporter, settings } = this.#around;
    const wrong = this.#chunks === "failed"
      ? `551 5.0.0 Discarded ${size} bytes after earlier error`
      : size === 0 && !isLast
      ? "551 5.7.1 Null BDAT request"
      : this.#missingRecipient() ??
        (size > settings.maxMessageBytes
          ? "552 5.3.4 Chunk exceeds message size limit"
          : undefined);
    // What is not wanted is read, and told, too.
    const message = wrong === undefined && this.#message || new Message(settings.maxMessageBytes);
    if (wrong === undefined) this.#message = message;
    const lines = wrong === undefined ? this.#lines : new ChunkLines();
    const take = (text: string, isWhole: boolean) => message.add(text, isWhole);
    for (let left = size; left > 0;) {
      const bytes = await channel.bytes(left);
      if (bytes === null) return { isOver: true };
      lines.add(bytes, take);
      left -= bytes.length;
    }
    if (wrong !== undefined) {
      lines.end(take);
      message.report(reporter, undefined);
      if (isLast) this.#forget();
      else {
        this.#chunks = "failed";
        this.abandon();
      }
      return error(wrong);
    }
    this.#chunks = "going";
    if (isLast) {
      lines.end(take);
      return this.#finish(message, `${message.countedBytes} bytes `);
    }
    if (!message.isTooLarge) return { reply: `250 2.0.0 Ok: ${size} bytes` };
    this.#chunks = "failed";
    this.abandon();
    return error(TOO_LARGE);
  }

  #missingRecipient(): string | undefined {
    if (this.#recipients > 0) return undefined;
    return this.#hasSender
      ? "554 5.5.1 Error: no valid recipients"
      : "503 5.5.1 Error: need RCPT command";
  }

  /** The end of a message, which is taken, or not. */
  #finish(message: Message, size: string): Outcome {
    const { reporter, settings, onQueued } = this.#around;
    const { refusal } = message;
    const id = refusal === undefined ? queueId(settings.inode) : undefined;
    message.report(reporter, id);
    this.#forget();
    if (refusal !== undefined) return { reply: refusal, isReported: true };
    onQueued();
    return { reply: `250 2.0.0 Ok: ${size}queued as ${id}`, isReported: true };
  }

  #forget(): void {
    this.#message = undefined;
    this.#hasSender = false;
    this.#recipients = 0;
    this.#overshoot = 0;
    this.#chunks = "none";
    this.#lines = new ChunkLines();
    this.#parameters.size = 0;
    this.#parameters.isUtf8 = false;
  }
}

/** Microseconds of a second and the number of a file, both in hex. */
function queueId(inode: number): string {
  const micros = randomInt(1_000_000).toString(16).padStart(5, "0");
  return (micros + (inode + randomInt(256)).toString(16)).toUpperCase();
}
