/**
 * Reads a stream in the units of a protocol: what there is, exactly so many bytes, a line.
 *
 * One reader a connection. A chunk is not a message: half of one, or three. The buffer starts small,
 * since most connections of a sensor are idle, and grows with what arrives up to what is asked for.
 * @module
 */
import { LimitError } from "../errors.ts";
import { readBuffer, shortLived, takeRead } from "./slab.ts";
import type { Stream } from "./stream.ts";

/** Buffer of a connection that has sent little or nothing, in bytes. */
const FIRST_BUFFER_BYTES = 256;
/** Buffer of a connection that filled the first one: most greetings and requests go in, in bytes. */
const MIDDLE_BUFFER_BYTES = 2048;
/** Buffer of a connection whose reads fill the smaller ones, in bytes. */
const FULL_BUFFER_BYTES = 16_384;
const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);

/** Told about bytes in the moment they arrive; may throw to end the reading. */
export type OnBytes = (bytes: Uint8Array) => void;

/** A stream's unread bytes and the ways to take them. */
export class ByteReader {
  readonly #stream: Stream;
  readonly #onBytes: OnBytes | undefined;
  #buffer: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  #ended = false;
  /** How many bytes came with the last read. */
  #lastBytes = 0;
  #filling: Promise<boolean> | undefined;

  /**
   * @param stream read by nobody else.
   * @param onBytes called with each chunk that arrives, before it is handed out.
   */
  constructor(stream: Stream, onBytes?: OnBytes) {
    this.#stream = stream;
    this.#onBytes = onBytes;
  }

  /** Whether the peer has ended its side. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many bytes have arrived and were not taken. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /**
   * What there is, waiting for at least one byte.
   * @returns valid until the next call; `null` at the peer's end.
   */
  read(): Promise<Uint8Array | null> {
    if (this.#start !== this.#end) return Promise.resolve(this.#takeAll());
    return this.#fill(1).then((hasMore) => hasMore ? this.#takeAll() : null);
  }

  /** What has arrived and was not taken; does not wait. Valid until the next call. */
  take(): Uint8Array {
    return this.#takeAll();
  }

  /**
   * Waits until `read` would not wait. Whoever reads before that shares the wait.
   * @returns nothing; rejects as `read` would.
   */
  async arrival(): Promise<void> {
    if (this.buffered > 0 || this.#ended) return;
    const filling = this.#fill(1);
    filling.catch(() => {}); // if nobody waits any more, the next read meets the same error
    await filling;
  }

  /**
   * Puts bytes back in front.
   * @param bytes the tail of what `read` gave last, or any others.
   */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const isTail = bytes.buffer === this.#buffer.buffer && bytes.length <= this.#start &&
      bytes.byteOffset + bytes.length === this.#buffer.byteOffset + this.#start;
    if (isTail) {
      this.#start -= bytes.length;
      return;
    }
    const joined = new Uint8Array(bytes.length + this.buffered);
    joined.set(bytes);
    joined.set(this.#buffer.subarray(this.#start, this.#end), bytes.length);
    this.#buffer = joined;
    this.#start = 0;
    this.#end = joined.length;
  }

  /**
   * Exactly `count` bytes.
   * @returns a copy.
   * @throws {Deno.errors.UnexpectedEof} when the peer ends before that.
   */
  async bytes(count: number): Promise<Uint8Array> {
    while (this.buffered < count) {
      if (!await this.#fill(count)) {
        throw new Deno.errors.UnexpectedEof(
          `Cannot read ${count} bytes: the peer ended after ${this.buffered}`,
        );
      }
    }
    return this.#take(count);
  }

  /**
   * What there is, but at most `count` bytes; no more than that is taken from the system, so what the
   * peer sent behind them stays there, as with a program that reads byte by byte.
   * @returns at least one byte; `null` at the peer's end.
   */
  async atMost(count: number): Promise<Uint8Array | null> {
    await this.#filling;
    if (this.buffered > 0) return this.#take(Math.min(count, this.buffered));
    if (this.#ended) return null;
    const buffer = readBuffer(count);
    const got = await this.#stream.read(buffer);
    if (got === null) {
      this.#ended = true;
      return null;
    }
    const arrived = takeRead(buffer, got);
    this.#onBytes?.(arrived);
    return arrived;
  }

  /**
   * One line.
   * @param maxBytes longest line accepted, its end included.
   * @returns a copy without LF and a CR before it; `null` at the peer's end.
   * @throws {LimitError} when `maxBytes` bytes hold no LF.
   */
  async line(maxBytes: number): Promise<Uint8Array | null> {
    let searched = 0;
    for (;;) {
      const at = this.#buffer.subarray(this.#start, this.#end).indexOf(LF, searched);
      if (at >= 0 && at < maxBytes) {
        const line = this.#take(at + 1);
        return line.subarray(0, at > 0 && line[at - 1] === CR ? at - 1 : at);
      }
      searched = this.buffered;
      if (searched >= maxBytes) throw new LimitError("line_bytes", maxBytes);
      if (!await this.#fill(searched + 1)) return null;
    }
  }

  /** Takes what there is, not as a copy. */
  #takeAll(): Uint8Array {
    const chunk = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return chunk;
  }

  /** Takes `count` bytes that are there, as a copy. */
  #take(count: number): Uint8Array {
    const bytes = this.#buffer.slice(this.#start, this.#start + count);
    this.#start += count;
    return bytes;
  }

  /**
   * Waits for more, in a buffer with room for `wanted` bytes in all; false at the peer's end. Not an
   * async function: each costs a connection that waits some hundred bytes.
   */
  #fill(wanted: number): Promise<boolean> {
    if (this.#filling !== undefined) return this.#filling;
    if (this.#ended) return Promise.resolve(false);
    this.#makeRoom(wanted);
    const target = this.#buffer;
    const from = this.#end;
    return this.#filling = this.#stream.read(from === 0 ? target : target.subarray(from)).then(
      (count) => this.#received(count, target, from),
      (error) => {
        this.#filling = undefined;
        throw error;
      },
    );
  }

  /** Takes what came into `target` at `from`; false at the peer's end. */
  #received(count: number | null, target: Uint8Array, from: number): boolean {
    this.#filling = undefined;
    if (count === null) {
      this.#ended = true;
      return false;
    }
    this.#lastBytes = count;
    const arrived = target.subarray(from, from + count);
    if (this.#buffer !== target) this.#append(arrived); // `unread` took another buffer meanwhile
    else this.#end = from + count;
    this.#onBytes?.(arrived);
    return true;
  }

  /** Adds a copy behind what is there. */
  #append(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.buffered + bytes.length);
    joined.set(this.#buffer.subarray(this.#start, this.#end));
    joined.set(bytes, this.buffered);
    this.#buffer = joined;
    this.#start = 0;
    this.#end = joined.length;
  }

  /** Whether the flood that a large buffer was made for is over: what waits from now on may be long. */
  #isTooLarge(wanted: number): boolean {
    const most = MIDDLE_BUFFER_BYTES;
    return this.#buffer.length > most && this.#lastBytes <= most && wanted <= most;
  }

  /** Makes room behind the unread bytes: by moving them, and by a larger buffer if they fill it. */
  #makeRoom(wanted: number): void {
    if (this.#buffer === EMPTY && wanted <= FIRST_BUFFER_BYTES) {
      this.#buffer = shortLived(FIRST_BUFFER_BYTES);
      return;
    }
    const unread = this.#buffer.subarray(this.#start, this.#end);
    if (unread.length === 0 && this.#isTooLarge(wanted)) {
      this.#buffer = new Uint8Array(MIDDLE_BUFFER_BYTES);
      this.#start = this.#end = 0;
      return;
    }
    const isFull = this.#end === this.#buffer.length;
    const wasFilled = isFull && this.#buffer.length > 0;
    const next = this.#buffer.length < MIDDLE_BUFFER_BYTES
      ? MIDDLE_BUFFER_BYTES
      : FULL_BUFFER_BYTES;
    const size = Math.max(
      FIRST_BUFFER_BYTES,
      this.#buffer.length,
      wasFilled ? next : 0,
      Math.min(wanted, 2 * unread.length + FULL_BUFFER_BYTES),
    );
    if (size > this.#buffer.length || unread.length === this.#buffer.length) {
      const larger = new Uint8Array(Math.max(size, unread.length + FIRST_BUFFER_BYTES));
      larger.set(unread);
      this.#buffer = larger;
    } else if (unread.length === 0 || isFull) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      return;
    }
    this.#end = unread.length;
    this.#start = 0;
  }
}
