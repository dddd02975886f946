/**
 * What was written on a connection and never acknowledged, as far as it may have to be sent again.
 * @module
 */
import type { Batch } from "./sink.ts";
import type { LineEnd } from "./watched_line.ts";

/**
 * A receiver that ends a connection orderly has read everything. What it read shortly before may still
 * have been lost in its memory; in ms.
 */
const FRESH_MS = 5000;

interface SentBatch {
  readonly after: number;
  readonly upTo: number;
  readonly events: number;
  readonly atMs: number;
}

/** Remembers the last batches by their ranges; the events themselves are in the journal. */
export class SentBatches {
  readonly #maxEvents: number;
  #batches: SentBatch[] = [];
  #events = 0;
  /** Up to here everything was sent twice, which must do: a receiver may always end connections. */
  #doneUpTo = 0;

  /** @param maxEvents most events that are sent again; 0 for none. */
  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  /**
   * Takes a batch that was written.
   * @param batch any.
   * @param nowMs monotonic clock, in ms.
   */
  add({ after, upTo, events }: Batch, nowMs: number): void {
    if (upTo <= this.#doneUpTo || this.#maxEvents === 0) return;
    this.#batches.push({ after, upTo, events: events.length, atMs: nowMs });
    this.#events += events.length;
    while (this.#batches.length > 1 && this.#events > this.#maxEvents) {
      this.#events -= this.#batches.shift()!.events;
    }
  }

  /**
   * Finds what a connection that ended may not have brought over, and forgets all of it.
   * @param end how it ended.
   * @returns the sequence after which everything is to be sent again; `undefined` for nothing.
   */
  inDoubt({ isOrderly, atMs }: LineEnd): number | undefined {
    const doubtful = this.#batches.filter((batch) => !isOrderly || batch.atMs > atMs - FRESH_MS);
    this.#batches = [];
    this.#events = 0;
    if (doubtful.length === 0) return undefined;
    this.#doneUpTo = doubtful.at(-1)!.upTo;
    return doubtful[0]!.after;
  }
}
