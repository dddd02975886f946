/**
 * Commands out of bytes: inline lines and RESP arrays of bulk strings, as Redis 7.0's networking.c
 * takes them, with its limits, its quirks (a NUL hides the rest of a line) and its complaints.
 *
 * More than a command may hold here is dropped while it arrives, but hashed and counted.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { latin1 } from "../../net/latin1.ts";
import { splitInline } from "./inline.ts";
import { PendingLine } from "./pending_line.ts";

/** Longest line, and when what came of one is too much, in bytes: `PROTO_INLINE_MAX_SIZE`. */
const MAX_LINE_BYTES = 65_536;
/** Most arguments, and longest one, before AUTH. */
const MAX_STRANGER_ARGS = 10;
const MAX_STRANGER_BULK_BYTES = 16_384;
/** Most arguments otherwise: what fits an int. */
const MAX_ARGS = 2_147_483_647;
/** Longest argument: `proto-max-bulk-len`. */
const MAX_BULK_BYTES = 536_870_912;
/** Most that is kept of one command, in bytes; each argument counts some for itself. */
const MAX_KEPT_BYTES = 1_048_576;
const ARGUMENT_COST_BYTES = 16;
/** Most pieces of an argument before they are joined. */
const MAX_PIECES = 4096;
/** How much is kept of an argument that does not fit, in bytes. */
const CAPTURE_BYTES = 65_536;

const LF = 0x0a;
const CR = 0x0d;
const STAR = 0x2a;
const DOLLAR = 0x24;

/** What came makes no sense: the text of the answer, after which the connection is closed. */
export class Fault extends Error {}

/** One command. */
export interface Command {
  /** At least the name. */
  readonly argv: readonly string[];
  /** An argument that was too long to be kept: its beginning, length and hash. */
  readonly oversized?: Capture;
  /** Whether arguments were dropped, or one was cut. */
  readonly isCut: boolean;
  /** Whether it came as a line. */
  readonly isInline: boolean;
}

/** One connection's commands. */
export class Parser {
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The beginning of a line that came with earlier chunks. */
  readonly #line = new PendingLine();
  #argsLeft = 0;
  #bulkLeft = -1;
  #bulk: string[] = [];
  #argv: string[] = [];
  #kept = 0;
  #capture: Capture | undefined;
  #oversized: Capture | undefined;
  #isCut = false;
  #isSkippingEnd = 0;
  #consumed = 0;

  /** Bytes of the peer that have been taken. */
  get offset(): number {
    return this.#consumed + this.#at;
  }

  /** Bytes that were given and not taken, and what is held of a command that is not whole. */
  get held(): number {
    return this.#chunk.length - this.#at + this.#line.length + this.#kept;
  }

  /**
   * Takes the next bytes; the ones before must be used up.
   * @param chunk used until the next call.
   */
  feed(chunk: Uint8Array): void {
    this.#consumed += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next whole command.
   * @param isStranger whether the peer has yet to give a password.
   * @returns nothing when more must come first.
   * @throws {Fault} when the bytes make no sense.
   */
  next(isStranger: boolean): Command | undefined {
    for (;;) {
      if (this.#argsLeft === 0 && this.#isSkippingEnd === 0) {
        const first = this.#line.first ?? this.#chunk[this.#at];
        if (first === undefined) return undefined;
        if (first !== STAR) {
          const command = this.#inline();
          if (command === undefined) return undefined;
          if (command.argv.length > 0) return command;
          continue;
        }
        const text = this.#header("too big mbulk count string");
        if (text === undefined) return undefined;
        const count = integer(text.slice(1));
        if (count === undefined || count > MAX_ARGS) throw new Fault("invalid multibulk length");
        if (isStranger && count > MAX_STRANGER_ARGS) {
          throw new Fault("unauthenticated multibulk length");
        }
        if (count <= 0) continue;
        this.#argsLeft = count;
      }
      if (!this.#arguments(isStranger)) return undefined;
      const command: Command = {
        argv: this.#argv,
        isCut: this.#isCut,
        isInline: false,
        ...(this.#oversized === undefined ? {} : { oversized: this.#oversized }),
      };
      this.#argv = [];
      this.#kept = 0;
      this.#oversized = undefined;
      this.#isCut = false;
      return command;
    }
  }

  /** Takes arguments; whether all are there. */
  #arguments(isStranger: boolean): boolean {
    while (this.#argsLeft > 0) {
      if (this.#bulkLeft < 0) {
        if (this.#isSkippingEnd > 0 && !this.#skipEnd()) return false;
        const text = this.#header("too big bulk count string");
        if (text === undefined) return false;
        if (text.charCodeAt(0) !== DOLLAR) {
          throw new Fault(`expected '$', got '${text === "" ? "\r" : text[0]}'`);
        }
        const length = integer(text.slice(1));
        if (length === undefined || length < 0 || length > MAX_BULK_BYTES) {
          throw new Fault("invalid bulk length");
        }
        if (isStranger && length > MAX_STRANGER_BULK_BYTES) {
          throw new Fault("unauthenticated bulk length");
        }
        this.#begin(length);
      }
      if (!this.#take()) return false;
      this.#finish();
    }
    return this.#isSkippingEnd === 0 || this.#skipEnd();
  }

  #begin(length: number): void {
    this.#bulkLeft = length;
    if (this.#kept + length + ARGUMENT_COST_BYTES <= MAX_KEPT_BYTES) {
      this.#kept += length + ARGUMENT_COST_BYTES;
    } else {
      this.#isCut = true;
      this.#capture = new Capture(this.#oversized === undefined ? CAPTURE_BYTES : 0);
    }
  }

  /** Takes what came of an argument; whether it is whole. */
  #take(): boolean {
    const part = this.#chunk.subarray(this.#at, this.#at + this.#bulkLeft);
    this.#at += part.length;
    this.#bulkLeft -= part.length;
    if (this.#capture !== undefined) this.#capture.add(part);
    else if (part.length > 0) this.#bulk.push(latin1(part));
    // Bytes that come one by one must not cost a place in a list each.
    if (this.#bulk.length >= MAX_PIECES) this.#bulk = [this.#bulk.join("")];
    return this.#bulkLeft === 0;
  }

  #finish(): void {
    if (this.#capture === undefined) {
      this.#argv.push(this.#bulk.length === 1 ? this.#bulk[0]! : this.#bulk.join(""));
    } else if (this.#oversized === undefined) {
      this.#oversized = this.#capture;
      this.#argv.push(latin1(this.#capture.bytes().subarray(0, 256)));
    }
    this.#capture = undefined;
    this.#bulk = [];
    this.#bulkLeft = -1;
    this.#argsLeft--;
    this.#isSkippingEnd = 2;
  }

  /** Passes over the two bytes behind an argument, whatever they are. */
  #skipEnd(): boolean {
    const count = Math.min(this.#isSkippingEnd, this.#chunk.length - this.#at);
    this.#at += count;
    this.#isSkippingEnd -= count;
    return this.#isSkippingEnd === 0;
  }

  /** A line up to CR and one byte more. */
  #header(complaint: string): string | undefined {
    if (this.#at >= this.#chunk.length) return undefined;
    // Only the byte behind CR may be missing.
    if (this.#line.last === CR && !this.#line.hasNul) {
      this.#at++;
      return this.#line.take().slice(0, -1);
    }
    const end = this.#chunk.indexOf(CR, this.#at);
    if (end < 0 || this.#line.hasNul || this.#hasNul(end)) return this.#wait(complaint);
    if (end + 1 >= this.#chunk.length) return this.#wait(undefined);
    const text = latin1(this.#chunk.subarray(this.#at, end));
    this.#at = end + 2;
    return this.#line.take() + text;
  }

  /** Whether a NUL stands before the end of a line: C's functions see no further. */
  #hasNul(end: number): boolean {
    return this.#chunk.subarray(this.#at, end).includes(0);
  }

  #inline(): Command | undefined {
    const end = this.#chunk.indexOf(LF, this.#at);
    if (end < 0 || this.#line.hasNul || this.#hasNul(end)) {
      return this.#wait("too big inline request");
    }
    const to = end > this.#at && this.#chunk[end - 1] === CR ? end - 1 : end;
    let line = this.#line.take() + latin1(this.#chunk.subarray(this.#at, to));
    if (end === this.#at && line.endsWith("\r")) line = line.slice(0, -1);
    this.#at = end + 1;
    const argv = splitInline(line);
    if (argv === undefined) throw new Fault("unbalanced quotes in request");
    return { argv, isCut: false, isInline: true };
  }

  /** Keeps the beginning of a line until the rest comes. */
  #wait(complaint: string | undefined): undefined {
    this.#line.add(latin1(this.#chunk.subarray(this.#at)));
    this.#at = this.#chunk.length;
    if (complaint !== undefined && this.#line.length > MAX_LINE_BYTES) throw new Fault(complaint);
  }
}

/** A whole number as Redis's string2ll takes it: no sign but a minus, no zeros in front. */
function integer(text: string): number | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  return Number(text);
}
