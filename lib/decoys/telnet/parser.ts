/**
 * Takes telnet commands out of a stream, whatever the segments it comes in.
 *
 * A subnegotiation keeps its first `MAX_SUBNEGOTIATION_BYTES`; one that never ends costs no more than
 * that. IAC and something that is neither IAC nor SE inside of one ends it, and is then a command of
 * its own, as the BSD servers do.
 * @module
 */
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "./codes.ts";

/** Bytes kept of one subnegotiation: the buffer of inetutils-telnetd. */
export const MAX_SUBNEGOTIATION_BYTES = 512;

/** Told what the stream holds, in order. */
export interface ParserHandler {
  /** A byte of data; IAC IAC is one byte 0xff. */
  data(byte: number): void;
  /** A command of two bytes, without its IAC. */
  command(code: number): void;
  /** WILL, WONT, DO or DONT and its option. */
  option(verb: number, option: number): void;
  /** What stood between IAC SB and its end, doubled IAC undone; valid during the call. */
  subnegotiation(bytes: Uint8Array): void;
}

type State = "data" | "iac" | "option" | "sub" | "sub-iac";

/** A parser of one direction of one connection. */
export class TelnetParser {
  readonly #handler: ParserHandler;
  #state: State = "data";
  #verb = 0;
  #sub: number[] = [];

  /** @param handler told what comes. */
  constructor(handler: ParserHandler) {
    this.#handler = handler;
  }

  /**
   * Takes the next bytes.
   * @param bytes of any length.
   */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  #take(byte: number): void {
    switch (this.#state) {
      case "data":
        if (byte === IAC) this.#state = "iac";
        else this.#handler.data(byte);
        break;
      case "iac":
        this.#command(byte);
        break;
      case "option":
        this.#state = "data";
        this.#handler.option(this.#verb, byte);
        break;
      case "sub":
        if (byte === IAC) this.#state = "sub-iac";
        else this.#keep(byte);
        break;
      case "sub-iac":
        if (byte === IAC) {
          this.#keep(byte);
          this.#state = "sub";
          break;
        }
        this.#state = "data";
        this.#handler.subnegotiation(new Uint8Array(this.#sub));
        this.#sub = [];
        if (byte !== SE) this.#command(byte);
        break;
    }
  }

  #command(byte: number): void {
    this.#state = "data";
    switch (byte) {
      case IAC:
        return this.#handler.data(byte);
      case SB:
        this.#sub = [];
        this.#state = "sub";
        return;
      case WILL:
      case WONT:
      case DO:
      case DONT:
        this.#verb = byte;
        this.#state = "option";
        return;
      default:
        return this.#handler.command(byte);
    }
  }

  #keep(byte: number): void {
    if (this.#sub.length < MAX_SUBNEGOTIATION_BYTES) this.#sub.push(byte);
  }
}
