/**
 * A connection whose peer is a case: segments in order, then an end of some kind.
 * @module
 */
import type { Stream } from "../../lib/net/stream.ts";

/** Most of what is sent that is kept, to be searched, in bytes. */
const MAX_KEPT_BYTES = 1_048_576;

/** A duplex in memory that counts. */
export class FuzzStream implements Stream {
  /** Bytes that our side wrote. */
  written = 0;
  /** Largest buffer that a read offered, in bytes. */
  largestBuffer = 0;
  /** The start of what our side wrote. */
  readonly kept: Uint8Array[] = [];
  /** Whether a read waits for the peer. */
  isWaiting = false;
  isClosed = false;
  #pending: Uint8Array | undefined;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #mostPerWrite: number;

  /** @param mostPerWrite how much the system takes of one write, in bytes. */
  constructor(mostPerWrite: number) {
    this.#mostPerWrite = mostPerWrite;
  }

  /** The peer sends a segment, after the one before was taken. */
  send(segment: Uint8Array): void {
    this.#pending = segment;
    this.#wake?.();
  }

  /** The peer ends its side. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The connection breaks: nothing can be read or written from now on. */
  fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.largestBuffer = Math.max(this.largestBuffer, buffer.length);
    for (;;) {
      if (this.isClosed) throw new Deno.errors.BadResource("closed");
      if (this.#failure !== undefined) throw this.#failure;
      const pending = this.#pending;
      if (pending !== undefined) {
        const count = Math.min(pending.length, buffer.length);
        buffer.set(pending.subarray(0, count));
        this.#pending = count === pending.length ? undefined : pending.subarray(count);
        return count;
      }
      if (this.#ended) return null;
      this.isWaiting = true;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.isWaiting = false;
      this.#wake = undefined;
    }
  }

  write(data: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#failure !== undefined) return Promise.reject(new Deno.errors.BrokenPipe("gone"));
    const count = Math.min(data.length, this.#mostPerWrite);
    if (this.written < MAX_KEPT_BYTES) this.kept.push(data.slice(0, count));
    this.written += count;
    return Promise.resolve(count);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("closed twice");
    this.isClosed = true;
    this.#wake?.();
  }
}
