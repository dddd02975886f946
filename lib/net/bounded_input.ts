/**
 * Input of a server that reads into one buffer of fixed size and looks at what is there.
 * @module
 */

import { shortLived } from "./slab.ts";

const NOTHING = new Uint8Array(0);

/** Where the bytes come from. */
export interface ByteSource {
  /** At least one byte; `null` at the peer's end. */
  read(): Promise<Uint8Array | null>;
  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void;
}

/** What came of waiting for more. */
export type More = "more" | "end" | "full";

/** A buffer of bytes that were read and not yet used. */
export class BoundedInput {
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  readonly #beforeWait: () => Promise<void>;
  #data: Uint8Array = NOTHING;
  #used = 0;

  /**
   * @param source read by nobody else while this buffer holds something.
   * @param maxBytes what the buffer takes.
   * @param beforeWait called before each wait for input, such as to send the answers so far.
   */
  constructor(source: ByteSource, maxBytes: number, beforeWait: () => Promise<void>) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#beforeWait = beforeWait;
  }

  /** What is there; valid until the next call. */
  get data(): Uint8Array {
    return this.#data;
  }

  /** How many bytes were taken out: where `data` begins in what the peer sent. */
  get offset(): number {
    return this.#used;
  }

  /**
   * Takes bytes out of the front.
   * @param count at most what is there.
   */
  skip(count: number): void {
    this.#data = this.#data.subarray(count);
    this.#used += count;
  }

  /** Waits for more: `full` when more came than the buffer takes, and `end` at the peer's end. */
  async more(): Promise<More> {
    const room = this.#maxBytes - this.#data.length;
    await this.#beforeWait();
    const chunk = await this.#source.read();
    if (chunk === null) return "end";
    if (room === 0) {
      this.#source.unread(chunk);
      return "full";
    }
    const taken = chunk.subarray(0, room);
    const joined = shortLived(this.#data.length + taken.length);
    joined.set(this.#data);
    joined.set(taken, this.#data.length);
    this.#data = joined;
    if (chunk.length > room) this.#source.unread(chunk.slice(room));
    return "more";
  }
}
