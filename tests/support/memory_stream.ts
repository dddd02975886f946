/**
 * A connection without a socket: a test plays the peer.
 * @module
 */
import type { Stream } from "../../lib/net/stream.ts";

/** What happened on our side of the connection, in order. */
export type StreamEvent =
  | { readonly kind: "write"; readonly data: Uint8Array }
  | { readonly kind: "closeWrite" }
  | { readonly kind: "close" };

/** A duplex in memory whose peer is the test. */
export class MemoryStream implements Stream {
  readonly events: StreamEvent[] = [];
  #incoming: Uint8Array[] = [];
  #ended = false;
  #closed = false;
  #wake: (() => void) | undefined;
  /** Called after each event. */
  onEvent: ((event: StreamEvent) => void) | undefined;
  /** Called when a read finds nothing and waits. */
  onWait: (() => void) | undefined;

  /** The peer sends bytes. */
  send(data: Uint8Array): void {
    if (data.length > 0) this.#incoming.push(data.slice());
    this.#wake?.();
  }

  /** The peer ends its side. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Everything that our side wrote. */
  written(): Uint8Array {
    const parts = this.events.flatMap((event) => event.kind === "write" ? [...event.data] : []);
    return new Uint8Array(parts);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#closed) throw new Deno.errors.BadResource("closed");
      const next = this.#incoming[0];
      if (next !== undefined) {
        const count = Math.min(next.length, buffer.length);
        buffer.set(next.subarray(0, count));
        if (count === next.length) this.#incoming.shift();
        else this.#incoming[0] = next.subarray(count);
        return count;
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.onWait?.();
      });
      this.#wake = undefined;
    }
  }

  write(data: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    this.#push({ kind: "write", data: data.slice() });
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    this.#push({ kind: "closeWrite" });
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("closed twice");
    this.#closed = true;
    this.#push({ kind: "close" });
    this.#wake?.();
  }

  #push(event: StreamEvent): void {
    this.events.push(event);
    this.onEvent?.(event);
  }
}
