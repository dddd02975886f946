/**
 * Reads what a sink wants from the journal, a batch at a time.
 * @module
 */
import type { DeliveryPlan, SinkSelection } from "../config/sink_keys.ts";
import type { SensorEvent } from "../events/emitter.ts";
import type { Journal } from "../journal/journal.ts";
import { makeSelection, type Selection } from "./selection.ts";
import type { Batch } from "./sink.ts";

/** Events read from the journal at a time. */
const READ_EVENTS = 100;
/** Longest that reading one batch may hold the event loop, in ms. */
const READ_MS = 10;

/** Events for one call; `isFull` when waiting would not make them more. */
export type ReadBatch = Batch & { readonly isFull: boolean };

/** Reads for one sink. */
export class BatchReader {
  readonly #journal: Journal;
  readonly #selection: Selection;
  readonly #plan: DeliveryPlan;
  /** Where the last batch ended, if it was full; and what was read behind it. */
  #fullTo: number | undefined;
  #ahead: ReadBatch | undefined;
  /** Since when a batch waits to become full. */
  #sinceMs: number | undefined;

  /**
   * @param journal where events come from.
   * @param wanted what the sink wants of them.
   * @param plan how large a batch may be.
   */
  constructor(journal: Journal, wanted: SinkSelection, plan: DeliveryPlan) {
    this.#journal = journal;
    this.#selection = makeSelection(wanted);
    this.#plan = plan;
  }

  /**
   * Reads the next batch. One without events may still have gone a way: `upTo` says how far.
   * @param cursor sequence after which to look.
   */
  read(cursor: number): ReadBatch {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isNext = ahead?.after === cursor && ahead.events.length > 0;
    const batch = isNext ? ahead : this.#read(cursor);
    this.#fullTo = batch.isFull ? batch.upTo : undefined;
    return batch;
  }

  /** Whether a batch waits to become full. */
  get isRipening(): boolean {
    return this.#sinceMs !== undefined;
  }

  /**
   * How long a batch may still wait to become full, in ms; 0 when it is to be delivered now.
   * @param batch that was read.
   * @param isUrgent whether nothing may wait.
   */
  ripensInMs({ events, isFull }: ReadBatch, isUrgent: boolean): number {
    const { batchMs } = this.#plan;
    const nowMs = performance.now();
    const leftMs = (this.#sinceMs ?? nowMs) + batchMs - nowMs;
    const isRipe = isUrgent || isFull || events.length === 0 || leftMs <= 0;
    this.#sinceMs = isRipe ? undefined : this.#sinceMs ?? nowMs;
    return isRipe ? 0 : leftMs;
  }

  /** Reads the next batch of a backlog, while the destination is busy with the last one. Never throws. */
  readAhead(): void {
    if (this.#fullTo === undefined || this.#ahead !== undefined) return;
    try {
      this.#ahead = this.#read(this.#fullTo);
    } catch {
      // Whatever it is, `read` meets it, where somebody hears of it.
    }
  }

  #read(cursor: number): ReadBatch {
    const { batchEvents, batchBytes } = this.#plan;
    const { filter } = this.#selection;
    const events: SensorEvent[] = [];
    let units = 0;
    let upTo = cursor;
    const end = (isFull: boolean) => ({ events, notices: [], after: cursor, upTo, isFull });
    const beganMs = performance.now();
    while (performance.now() - beganMs < READ_MS) {
      const limit = Math.min(READ_EVENTS, batchEvents - events.length);
      const page = this.#journal.read(upTo, filter, limit);
      for (const event of page.events) {
        if (this.#selection.accepts(event)) {
          if (events.length > 0 && units + event.json.length > batchBytes) return end(true);
          units += event.json.length;
          events.push(event);
        }
        upTo = event.sequence;
      }
      if (events.length >= batchEvents) return end(true);
      const isEnd = page.scannedTo <= upTo && page.events.length < limit;
      upTo = Math.max(upTo, page.scannedTo);
      // Where nothing is wanted, a long way is gone in steps.
      if (isEnd || (events.length === 0 && upTo > cursor)) return end(false);
    }
    return end(true); // as full as it gets in the time that there is
  }

  /**
   * How many events the sink wants of a stretch.
   * @param after sequence after which it begins.
   * @param upTo its last sequence.
   */
  count(after: number, upTo: number): number {
    let wanted = 0;
    for (let at = after; at < upTo;) {
      const page = this.#journal.read(at, this.#selection.filter, READ_EVENTS);
      const inside = page.events.filter(({ sequence }) => sequence <= upTo);
      wanted += inside.filter((event) => this.#selection.accepts(event)).length;
      if (page.scannedTo <= at) break;
      at = page.scannedTo;
    }
    return wanted;
  }
}
