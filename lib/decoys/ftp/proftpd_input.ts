/**
 * How ProFTPD 1.3.8 takes lines off the connection.
 *
 * A line ends with CR LF and with nothing else; a LF that is the first byte of what one read brought
 * never ends it, even after a CR, because the server looks at the byte before it in its buffer. Telnet
 * commands (RFC 854) are taken out wherever they stand, and options are refused at once. A line that
 * does not fit is thrown away in pieces, each after a pause, and the fourth piece ends the session.
 * @module
 */
import type { Session } from "../decoy.ts";
import { latin1 } from "../../net/latin1.ts";

/** What its command buffer holds, in bytes: `CommandBufferSize`'s default, less a NUL. */
export const MAX_LINE_BYTES = 4102;
/** Pause after each piece of a line that does not fit, in ms. */
const TOO_LONG_PAUSE_MS = 250;
/** The piece that ends the session. */
const MAX_PIECES = 4;
/** Reads of at least this size may have been cut by our buffer, not by the peer, in bytes. */
const CUT_READ_BYTES = 256;

const CR = 0x0d;
const LF = 0x0a;

/** Telnet commands that it knows: RFC 854. */
const DM = 0xf2;
const IP = 0xf4;
const WILL = 0xfb;
const WONT = 0xfc;
const DO = 0xfd;
const DONT = 0xfe;
const IAC = 0xff;

/** A connection's lines. */
export class ProftpdInput {
  readonly #session: Session;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The byte before `#at`, if the server still has it. */
  #previous = -1;
  #mayBeCut = false;
  #telnet = 0;
  #isSkipping = false;

  /** @param session whose lines are read. */
  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * The next line.
   * @param onTooLong called for each line that does not fit.
   * @returns text from `latin1` with a LF in place of CR LF, or the rest before the peer's end;
   * `null` when it has ended, or the server has had enough.
   */
  async next(onTooLong: () => void): Promise<string | null> {
    for (let pieces = 0; pieces < MAX_PIECES; pieces++) {
      const piece = await this.#take();
      if (piece === null) return null;
      if (piece.end === "peer" || (piece.end === "line" && !this.#isSkipping)) return piece.text;
      if (!this.#isSkipping) onTooLong();
      this.#isSkipping = piece.end === "full";
      await this.#session.pause(TOO_LONG_PAUSE_MS);
    }
    return null;
  }

  /** Gives what was read and not taken back to the session. */
  giveBack(): void {
    this.#session.unread(this.#chunk.subarray(this.#at));
    this.#chunk = new Uint8Array(0);
    this.#at = 0;
    this.#previous = -1;
  }

  /** Bytes up to the end of the line, as many as fit, or what came before the peer's end. */
  async #take(): Promise<{ text: string; end: "line" | "full" | "peer" } | null> {
    const line: number[] = [];
    while (line.length < MAX_LINE_BYTES) {
      if (this.#at === this.#chunk.length) {
        if (!await this.#fill(MAX_LINE_BYTES - line.length)) {
          return line.length === 0 ? null : { text: latin1(new Uint8Array(line)), end: "peer" };
        }
      }
      const byte = this.#chunk[this.#at++]!;
      const isEnd = byte === LF && this.#previous === CR;
      this.#previous = byte;
      if (isEnd) {
        if (line.at(-1) === CR) line.pop();
        line.push(LF);
        return { text: latin1(new Uint8Array(line)), end: "line" };
      }
      const refusal = this.#keep(byte, line);
      if (refusal !== undefined) await this.#session.write(refusal);
    }
    return { text: latin1(new Uint8Array(line)), end: "full" };
  }

  /** Reads as much as the server would at once; false at the peer's end. */
  async #fill(room: number): Promise<boolean> {
    const s = this.#session;
    const bytes = await s.read();
    this.#at = 0;
    if (bytes === null) {
      this.#chunk = new Uint8Array(0);
      return false;
    }
    s.unread(bytes.subarray(room));
    this.#chunk = bytes.subarray(0, room);
    if (!this.#mayBeCut) this.#previous = -1;
    this.#mayBeCut = bytes.length >= CUT_READ_BYTES && bytes.length <= room;
    return true;
  }

  /** Puts what is to be kept of one byte behind `line`; returns the answer to a telnet option. */
  #keep(byte: number, line: number[]): Uint8Array | undefined {
    const state = this.#telnet;
    this.#telnet = byte === IAC && state !== IAC ? IAC : 0;
    switch (state) {
      case IAC:
        if ([WILL, WONT, DO, DONT, IP, DM].includes(byte)) this.#telnet = byte;
        else if (byte === IAC) line.push(IAC);
        else line.push(...[IAC, byte].slice(0, MAX_LINE_BYTES - line.length));
        return undefined;
      case WILL:
      case WONT:
        this.#telnet = 0;
        return new Uint8Array([IAC, DONT, byte]);
      case DO:
      case DONT:
        this.#telnet = 0;
        return new Uint8Array([IAC, WONT, byte]);
      default:
        if (byte !== IAC) line.push(byte);
        return undefined;
    }
  }
}

/** A line in the parts that the server sees. */
export interface CommandLine {
  /** First word, as it came. */
  readonly verb: string;
  /** What follows the verb and one space, up to a NUL. */
  readonly argument: string;
  /** The same, in whole: for the record. */
  readonly rawArgument: string;
  /** The argument's words, quotes taken off. */
  readonly words: readonly string[];
}

/**
 * Takes a line apart.
 * @param line from `ProftpdInput.next`.
 * @returns `undefined` for a line that is no command: empty, or with a space in front.
 */
export function parseCommand(line: string): CommandLine | undefined {
  const body = line.replace(/[\r\n]{1,2}$/, "").replace(/^\r/, "");
  const text = untilNul(body);
  const verb = /^[^ \t-\r]+/.exec(text)?.[0];
  if (verb === undefined) return undefined;
  // Past a NUL nothing is skipped: there the argument is empty.
  const rawArgument = body.slice(verb.length + (verb.length < text.length ? 1 : 0));
  const argument = untilNul(rawArgument.replace(/(?<=[^][^]*\r)\0/g, ""));
  const keepsSpaces = /^site/i.test(text);
  return { verb, argument, rawArgument, words: splitWords(argument, keepsSpaces) };
}

function untilNul(text: string): string {
  const at = text.indexOf("\0");
  return at < 0 ? text : text.slice(0, at);
}

/** Words, with `"a b"` as one; a backslash escapes within quotes. */
function splitWords(text: string, keepsSpaces: boolean): string[] {
  const isSpace = (at: number) => /[ \t-\r]/.test(text.charAt(at));
  const words: string[] = [];
  for (let at = 0;;) {
    while (!keepsSpaces && isSpace(at)) at++;
    if (at >= text.length) return words;
    const isQuoted = text[at] === '"';
    if (isQuoted) at++;
    let word = "";
    while (at < text.length && (isQuoted ? text[at] !== '"' : !isSpace(at))) {
      if (isQuoted && text[at] === "\\" && at + 1 < text.length) at++;
      word += text[at++];
    }
    words.push(word);
    at++; // the closing quote, or one space
  }
}
