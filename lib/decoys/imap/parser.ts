/**
 * How Dovecot's imap-login takes commands off the connection: a tag, a name, then arguments one at a
 * time, each out of a buffer of fixed size (RFC 3501 §9, RFC 7888 literals).
 * @module
 */
import { BoundedInput } from "../../net/bounded_input.ts";
import type { KeptOutput } from "../../net/kept_output.ts";
import { latin1 } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";

/** What its input buffer takes, in bytes. */
export const MAX_INPUT_BYTES = 1026;
/** Longest response of SASL, in bytes. */
export const MAX_RESPONSE_BYTES = 8192;
/** Longest command without its literals' continuation, in bytes. */
const MAX_LINE_BYTES = 8192;
/** How much of a command is kept for the record, in bytes. */
const MAX_RECORD_BYTES = 8192;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Why there is no more input. */
export class InputEnd {
  /** @param why the peer has ended, or sent more than fits. */
  constructor(readonly why: "end" | "full" | "large") {}
}

/** Why a line is no command. */
export class ParserError {
  /**
   * @param message for the peer.
   * @param isFatal whether the session ends with it.
   */
  constructor(readonly message: string, readonly isFatal = false) {}
}

/** An argument; `value` is octets, and of no use for lists. */
export interface Argument {
  readonly type: "atom" | "string" | "open" | "close" | "end";
  readonly value: string;
}

/** A literal whose bytes follow. */
interface Literal {
  readonly size: number;
  /** Whether the peer waits to be asked for it. */
  readonly isSynchronising: boolean;
}

/** What a step returns that needs more input. */
const WAIT: unique symbol = Symbol();

/** A connection's commands. All texts are octets. */
export class CommandParser {
  readonly #output: KeptOutput;
  readonly #input: BoundedInput;
  #lineBytes = 0;
  #record = "";
  #isInList = false;
  #lists = 0;

  /**
   * @param session whose input this is.
   * @param output sent before each wait.
   */
  constructor(session: Session, output: KeptOutput) {
    this.#output = output;
    this.#input = new BoundedInput(session, MAX_INPUT_BYTES, () => output.flush());
  }

  /** What has been read and was not used, and where it stands in what the peer sent. */
  get rest(): { readonly bytes: Uint8Array; readonly offset: number } {
    return { bytes: this.#input.data.slice(), offset: this.#input.offset };
  }

  /** What was used since `begin`, without the line's end. */
  get record(): string {
    return this.#record.trimEnd();
  }

  /** Whether nothing more has been read. */
  get isEmpty(): boolean {
    return this.#input.data.length === 0;
  }

  /** Begins a command. */
  begin(): void {
    this.#record = "";
    this.#isInList = false;
    this.forget();
  }

  /** Forgets how much of the line has been used: each field of ID is read as by a new parser. */
  forget(): void {
    this.#lineBytes = 0;
    this.#lists = 0;
  }

  /** Up to a space, which is used, or the line's end, which is not. */
  async word(): Promise<string | InputEnd> {
    return await this.#until(() => {
      const { data } = this.#input;
      const at = data.findIndex((byte) => byte === SPACE || byte === CR || byte === LF);
      if (at < 0) return WAIT;
      const word = latin1(data.subarray(0, at));
      this.#use(data[at] === SPACE ? at + 1 : at);
      return word;
    });
  }

  /** The next argument of the line; a literal is asked for if it must be. */
  async argument(): Promise<Argument | ParserError | InputEnd> {
    const begun = await this.#until(() => this.#beginArgument());
    if (!("size" in begun)) return begun;
    if (begun.isSynchronising) this.#output.add("+ OK\r\n");
    const ended = await this.#until(() => this.#endLiteralLine());
    if (ended instanceof ParserError || ended instanceof InputEnd) return ended;
    return await this.#until(() => {
      const { data } = this.#input;
      if (data.length < begun.size) return WAIT;
      const value = latin1(data.subarray(0, begun.size));
      this.#use(begun.size);
      return { type: "string", value } as const;
    });
  }

  /** All arguments of the line. */
  async line(): Promise<Argument[] | ParserError | InputEnd> {
    const list: Argument[] = [];
    for (;;) {
      const argument = await this.argument();
      if (argument instanceof ParserError || argument instanceof InputEnd) return argument;
      if (argument.type === "end") return list;
      if (this.#lineBytes > MAX_LINE_BYTES) return new ParserError("IMAP command line too large");
      list.push(argument);
    }
  }

  /** Passes over the rest of the line, as far as it fits into the buffer. */
  async skipLine(): Promise<"skipped" | InputEnd> {
    return await this.#until(() => {
      const at = this.#input.data.indexOf(LF);
      if (at < 0) return WAIT;
      this.#use(at + 1);
      return "skipped" as const;
    });
  }

  /** The rest of a line, which may be longer than the buffer. */
  async response(): Promise<string | InputEnd> {
    let line = "";
    for (;;) {
      const { data } = this.#input;
      const at = data.indexOf(LF);
      const end = at < 0 ? data.length : at;
      if (line.length + end > MAX_RESPONSE_BYTES) return new InputEnd("large");
      line += latin1(data.subarray(0, end));
      this.#input.skip(at < 0 ? end : at + 1);
      if (at >= 0) return line.endsWith("\r") ? line.slice(0, -1) : line;
      const more = await this.#input.more();
      if (more !== "more") return new InputEnd(more);
    }
  }

  /** Tries a step until there is enough input for it. */
  async #until<T>(step: () => T | typeof WAIT): Promise<T | InputEnd> {
    for (;;) {
      const result = step();
      if (result !== WAIT) return result;
      const more = await this.#input.more();
      if (more !== "more") return new InputEnd(more);
    }
  }

  /** An argument that is whole, a literal's size, a mistake, or `WAIT`. */
  #beginArgument(): Argument | Literal | ParserError | typeof WAIT {
    const { data } = this.#input;
    let spaces = 0;
    while (data[spaces] === SPACE) spaces++;
    if (spaces > 0) this.#use(spaces);
    const text = this.#input.data;
    const [first, second] = text;
    if (first === undefined) return WAIT;
    switch (String.fromCharCode(first)) {
      case "\r":
        if (second === undefined) return WAIT;
        if (second !== LF) return new ParserError("CR sent without LF");
        return this.#endOfLine();
      case "\n":
        return this.#endOfLine();
      case '"':
        return this.#quoted(text);
      case "{":
        return this.#literalSize(text);
      case "~":
        if (second === undefined) return WAIT;
        return second === 0x7b ? new ParserError("literal8 not allowed here") : this.#atom(text);
      case "(":
        if (this.#lists++ > 0) return new ParserError("Too many '('");
        this.#isInList = true;
        this.#use(1);
        return { type: "open", value: "" };
      case ")":
        if (!this.#isInList) return new ParserError("Unexpected ')'");
        this.#isInList = false;
        this.#use(1);
        return { type: "close", value: "" };
      default:
        return this.#atom(text);
    }
  }

  #endOfLine(): Argument | ParserError {
    return this.#isInList ? new ParserError("Missing ')'") : { type: "end", value: "" };
  }

  #atom(data: Uint8Array): Argument | ParserError | typeof WAIT {
    for (const [i, byte] of data.entries()) {
      if (byte === SPACE || byte === 0x29 || byte === CR || byte === LF) {
        const value = latin1(data.subarray(0, i));
        this.#use(i);
        return { type: "atom", value };
      }
      if (byte < 0x20 || byte === QUOTE || byte === 0x28 || byte === 0x7b || byte === 0x7f) {
        return new ParserError("Invalid characters in atom");
      }
      if (byte >= 0x80) return new ParserError("8bit data in atom");
    }
    return WAIT;
  }

  #quoted(data: Uint8Array): Argument | ParserError | typeof WAIT {
    let value = "";
    for (let i = 1; i < data.length; i++) {
      let byte = data[i]!;
      if (byte === QUOTE) {
        this.#use(i + 1);
        return { type: "string", value };
      }
      if (byte === BACKSLASH) {
        if (i + 1 === data.length) return WAIT;
        byte = data[++i]!;
      }
      if (byte === CR || byte === LF) return new ParserError("Missing '\"'");
      if (byte === 0) return new ParserError("NULs not allowed in strings");
      value += String.fromCharCode(byte);
    }
    return WAIT;
  }

  /** `{5}` or `{5+}`. */
  #literalSize(data: Uint8Array): Literal | ParserError | typeof WAIT {
    let size = 0;
    let isSynchronising = true;
    for (let i = 1; i < data.length; i++) {
      const character = String.fromCharCode(data[i]!);
      if (character === "}") {
        this.#use(i + 1);
        if (size > MAX_LINE_BYTES - this.#lineBytes) {
          return new ParserError("Literal size too large", true);
        }
        return { size, isSynchronising };
      }
      if (!isSynchronising) return new ParserError("Expecting '}' after '+'");
      if (character === "+") isSynchronising = false;
      else if (!/\d/.test(character)) return new ParserError("Invalid literal size");
      else size = Math.min(size * 10 + Number(character), Number.MAX_SAFE_INTEGER);
    }
    return WAIT;
  }

  /** The line's end behind a literal's size. */
  #endLiteralLine(): "ended" | ParserError | typeof WAIT {
    const [first, second] = this.#input.data;
    if (first === undefined || (first === CR && second === undefined)) return WAIT;
    if (first === LF) this.#use(1);
    else if (first === CR && second === LF) this.#use(2);
    else return new ParserError("Missing LF after literal size");
    return "ended";
  }

  #use(count: number): void {
    const room = MAX_RECORD_BYTES - this.#record.length;
    if (room > 0) this.#record += latin1(this.#input.data.subarray(0, Math.min(count, room)));
    this.#input.skip(count);
    this.#lineBytes += count;
  }
}
