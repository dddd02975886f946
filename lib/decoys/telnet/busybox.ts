/**
 * BusyBox 1.35 telnetd: four options announced, no answer to any, and commands taken out of each
 * segment for itself. A command that is cut by a segment's end loses its rest into the terminal: that
 * is the genuine program's way, and tells it apart.
 * @module
 */
import { AYT, DO, IAC, NOP, OPTION, SB, SE, WILL } from "./codes.ts";
import type { Daemon } from "./terminal.ts";
import type { Tty } from "./tty.ts";

/** Sent first, whatever the client is. */
export const BUSYBOX_GREETING: Uint8Array = new Uint8Array([
  ...[IAC, DO, OPTION.ECHO],
  ...[IAC, DO, OPTION.NAWS],
  ...[IAC, WILL, OPTION.ECHO],
  ...[IAC, WILL, OPTION.SGA],
]);

/** IAC SB NAWS and four bytes; the IAC SE behind it is skipped as a command of two bytes. */
const NAWS_BYTES = 7;
const CR = 0x0d;
const LF = 0x0a;

/** The daemon's side of one connection. */
export class BusyboxDaemon implements Daemon {
  readonly isOver = false;
  readonly #tty: Tty;
  #endedInIac = false;
  #isAsked = false;

  /** @param tty fed with what the client types. */
  constructor(tty: Tty) {
    this.#tty = tty;
  }

  receive(chunk: Uint8Array): void {
    // A NUL at the end of a segment is dropped: the second half of a CR NUL that was cut.
    let bytes = chunk.at(-1) === 0 ? chunk.subarray(0, -1) : chunk;
    if (this.#endedInIac && bytes.length > 0) {
      bytes = new Uint8Array([IAC, ...bytes]);
      this.#endedInIac = false;
    }
    for (let at = 0; at < bytes.length;) {
      at += bytes[at] === IAC ? this.#command(bytes.subarray(at)) : this.#typed(bytes.subarray(at));
    }
  }

  takeOutput(): Uint8Array {
    const output = doubleIac(this.#tty.takeOutput());
    this.#tty.droppedOutput = false;
    if (!this.#isAsked) return output;
    this.#isAsked = false;
    // The answer NOP goes through what doubles every IAC; it is dropped when there is other output.
    return output.length > 0 ? output : new Uint8Array([IAC, IAC, NOP]);
  }

  /** Types what stands before the next IAC; CR LF and CR NUL are one key. Returns its length. */
  #typed(bytes: Uint8Array): number {
    const iac = bytes.indexOf(IAC);
    const piece = iac < 0 ? bytes : bytes.subarray(0, iac);
    const typed: number[] = [];
    for (let at = 0; at < piece.length; at++) {
      typed.push(piece[at]!);
      const next = piece[at + 1];
      if (piece[at] === CR && (next === LF || next === 0)) at++;
    }
    this.#tty.input(typed);
    return piece.length;
  }

  /** Skips or does a command. Returns how many bytes it takes, as the genuine program counts. */
  #command(bytes: Uint8Array): number {
    const [, code, option] = bytes;
    if (code === undefined) {
      this.#endedInIac = true;
      return 1;
    }
    if (code === IAC) {
      this.#tty.input([IAC]);
      return 2;
    }
    if (code === AYT) this.#isAsked = true;
    if (code >= SE && code < SB) return 2;
    if (option === undefined) return 2;
    if (code === SB && option === OPTION.NAWS) return Math.min(bytes.length, NAWS_BYTES);
    return 3;
  }
}

/**
 * Doubles each 0xff.
 * @param bytes what the terminal sends.
 * @returns `bytes` itself when there is none.
 */
export function doubleIac(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(IAC)) return bytes;
  return new Uint8Array([...bytes].flatMap((byte) => byte === IAC ? [IAC, IAC] : [byte]));
}
