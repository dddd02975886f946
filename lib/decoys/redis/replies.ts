/**
 * Answers in RESP2 or RESP3, gathered until they are sent.
 * @module
 */
import { LimitError } from "../../errors.ts";

/** Longest answer to one command, in bytes: more than any honest one has here. */
const MAX_REPLY_BYTES = 33_554_432;

/** Collects answers, one character a byte. */
export class Replies {
  /** Which version of RESP is spoken. */
  proto: 2 | 3 = 2;
  /** Bytes so far. */
  size = 0;
  /** Code of the last error, such as `ERR`; empty when the last answer is none. */
  lastError = "";
  #parts: string[] = [];

  /** Adds wire text. */
  raw(text: string): void {
    this.#parts.push(text);
    this.size += text.length;
    if (this.size > MAX_REPLY_BYTES) throw new LimitError("reply_bytes", MAX_REPLY_BYTES);
  }

  /** `+OK` and the like. */
  status(text: string): void {
    this.raw(`+${text}\r\n`);
  }

  ok(): void {
    this.raw("+OK\r\n");
  }

  /**
   * An error.
   * @param text code and words; `ERR` is put before what begins with no code: see `Refusal`.
   */
  error(text: string): void {
    this.lastError = /^[^ ]*/.exec(text)![0];
    this.raw(`-${text.replace(/[\r\n]/g, " ")}\r\n`);
  }

  integer(value: number | bigint): void {
    this.raw(`:${value}\r\n`);
  }

  bulk(text: string): void {
    this.raw(`$${text.length}\r\n${text}\r\n`);
  }

  /** A bulk string, or null for none. */
  bulkOrNull(text: string | undefined): void {
    if (text === undefined) this.null();
    else this.bulk(text);
  }

  null(): void {
    this.raw(this.proto === 2 ? "$-1\r\n" : "_\r\n");
  }

  nullArray(): void {
    this.raw(this.proto === 2 ? "*-1\r\n" : "_\r\n");
  }

  array(count: number): void {
    this.raw(`*${count}\r\n`);
  }

  map(count: number): void {
    this.raw(this.proto === 2 ? `*${count * 2}\r\n` : `%${count}\r\n`);
  }

  set(count: number): void {
    this.raw(this.proto === 2 ? `*${count}\r\n` : `~${count}\r\n`);
  }

  /** Out of band: a message of a channel, and answers to SUBSCRIBE. */
  push(count: number): void {
    this.raw(this.proto === 2 ? `*${count}\r\n` : `>${count}\r\n`);
  }

  bool(value: boolean): void {
    this.raw(this.proto === 2 ? `:${value ? 1 : 0}\r\n` : `#${value ? "t" : "f"}\r\n`);
  }

  /** A number with a point, as `formatDouble` writes it. */
  double(text: string): void {
    if (this.proto === 2) this.bulk(text);
    else this.raw(`,${text}\r\n`);
  }

  /** Text for people; `format` is `txt` or `mkd`. */
  verbatim(text: string, format = "txt"): void {
    if (this.proto === 2) this.bulk(text);
    else this.raw(`=${text.length + 4}\r\n${format}:${text}\r\n`);
  }

  /** An array of bulk strings. */
  bulks(texts: readonly string[]): void {
    this.array(texts.length);
    for (const text of texts) this.bulk(text);
  }

  /** Everything gathered, which is forgotten. */
  take(): string {
    const text = this.#parts.join("");
    this.drop();
    return text;
  }

  /** Where the answers end now, for `rollback`. */
  mark(): { count: number; size: number } {
    return { count: this.#parts.length, size: this.size };
  }

  /** Forgets what was added since a mark. */
  rollback({ count, size }: { count: number; size: number }): void {
    this.#parts.length = Math.min(this.#parts.length, count);
    this.size = Math.min(this.size, size);
  }

  /** Forgets what was gathered. */
  drop(): void {
    this.#parts = [];
    this.size = 0;
  }
}
