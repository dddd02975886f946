/**
 * How Dovecot's pop3-login takes commands off the connection: a name of at most eight characters, then
 * the rest of the line, each out of a buffer of fixed size.
 * @module
 */
import { BoundedInput } from "../../net/bounded_input.ts";
import type { KeptOutput } from "../../net/kept_output.ts";
import { latin1, upperAscii } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";

/** What its input buffer takes, in bytes. */
export const MAX_INPUT_BYTES = 1026;
/** Longest response of SASL, in bytes. */
export const MAX_RESPONSE_BYTES = 8192;
/** Longest name of a command; what is longer is cut there. */
const MAX_NAME_CHARACTERS = 8;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;

/** Why there is no more input. */
export class InputEnd {
  /** @param why the peer has ended, or sent more than fits. */
  constructor(readonly why: "end" | "full" | "large") {}
}

/** A connection's commands. All texts are octets. */
export class Pop3Input {
  readonly #input: BoundedInput;

  /**
   * @param session whose input this is.
   * @param output sent before each wait.
   */
  constructor(session: Session, output: KeptOutput) {
    this.#input = new BoundedInput(session, MAX_INPUT_BYTES, () => output.flush());
  }

  /** What has been read and was not used, and where it stands in what the peer sent. */
  get rest(): { readonly bytes: Uint8Array; readonly offset: number } {
    return { bytes: this.#input.data.slice(), offset: this.#input.offset };
  }

  /** The name of the next command, in upper case, without any CR. */
  async name(): Promise<string | InputEnd> {
    for (;;) {
      const { data } = this.#input;
      let name = "";
      for (let i = 0; i < data.length; i++) {
        const byte = data[i]!;
        if (byte === CR) continue;
        if (byte === SPACE || byte === LF || byte === 0 || name.length >= MAX_NAME_CHARACTERS) {
          this.#input.skip(byte === SPACE ? i + 1 : i);
          return upperAscii(name);
        }
        name += String.fromCharCode(byte);
      }
      const more = await this.#input.more();
      if (more !== "more") return new InputEnd(more);
    }
  }

  /** The rest of the line, without its end. */
  async line(): Promise<string | InputEnd> {
    for (;;) {
      const { data } = this.#input;
      const at = data.indexOf(LF);
      if (at >= 0) {
        const end = at > 0 && data[at - 1] === CR ? at - 1 : at;
        const line = latin1(data.subarray(0, end));
        this.#input.skip(at + 1);
        return line;
      }
      const more = await this.#input.more();
      if (more !== "more") return new InputEnd(more);
    }
  }

  /** A line of SASL, which may be longer than the buffer. */
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
}
