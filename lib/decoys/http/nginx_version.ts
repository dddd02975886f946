/**
 * The end of a request line as nginx reads it: spaces, the version if there is one, the line end.
 * @module
 */
import type { HeadFault } from "./head.ts";
import { isDigit } from "./octets.ts";

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const DOT = 0x2e;
const WORD = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/

const BAD: HeadFault = { status: 400 };
const UNSUPPORTED: HeadFault = { status: 505 };

type Step =
  | "spaces"
  | "word"
  | "first major"
  | "major"
  | "first minor"
  | "minor"
  | "spaces behind"
  | "line end";

/** Reads what follows the target. */
export class NginxVersion {
  major = 1;
  minor = 0;
  /** Whether there was no version: HTTP/0.9. */
  isOld = false;
  #step: Step = "spaces";
  #word = 0;

  /** Begins the next line. */
  reset(): void {
    this.major = 1;
    this.minor = 0;
    this.isOld = false;
    this.#step = "spaces";
    this.#word = 0;
  }

  /**
   * Takes one byte.
   * @returns `true` when the line has ended, or what is wrong.
   */
  take(byte: number): HeadFault | true | undefined {
    switch (this.#step) {
      case "spaces":
        if (byte === SPACE) return;
        if (byte === CR || byte === LF) {
          this.isOld = true;
          this.major = 0;
          this.minor = 9;
          return this.#lineEnd(byte);
        }
        this.#step = "word";
        this.#word = 1;
        return byte === WORD[0] ? undefined : BAD;
      case "word":
        if (byte !== WORD[this.#word]) return BAD;
        if (++this.#word === WORD.length) this.#step = "first major";
        return;
      case "first major":
        if (byte < 0x31 || byte > 0x39) return BAD;
        this.#step = "major";
        return byte === 0x31 ? undefined : UNSUPPORTED;
      case "major":
        this.#step = "first minor";
        return byte === DOT ? undefined : isDigit(byte) ? UNSUPPORTED : BAD;
      case "first minor":
        this.minor = byte - 0x30;
        this.#step = "minor";
        return isDigit(byte) ? undefined : BAD;
      case "minor":
        if (!isDigit(byte)) return this.#lineEnd(byte);
        if (this.minor > 99) return BAD;
        this.minor = this.minor * 10 + byte - 0x30;
        return;
      case "spaces behind":
        return this.#lineEnd(byte);
      default: // line end
        return byte === LF ? true : BAD;
    }
  }

  #lineEnd(byte: number): HeadFault | true | undefined {
    if (byte === LF) return true;
    if (byte === CR) this.#step = "line end";
    else if (byte === SPACE) this.#step = "spaces behind";
    else return BAD;
  }
}
