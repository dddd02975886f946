/**
 * Cuts a batch into what one request holds.
 * @module
 */
import type { SensorEvent } from "../../events/emitter.ts";
import type { Batch } from "../sink.ts";

/**
 * Most events and UTF-16 units of one request: at most three bytes of UTF-8 each, the collector takes
 * four times as much. Small enough that some fit between a batch's begin and its end, so that the
 * collector has the next one while the answer to the last one is on its way.
 */
const REQUEST_EVENTS = 250;
const REQUEST_UNITS = 1_048_576;

/** What goes into one request. */
export interface Part {
  /** This sensor's own events: a collector speaks for itself only. */
  readonly events: readonly SensorEvent[];
  /** Where they are in the batch. */
  readonly indexes: readonly number[];
  /** How many of the batch's events are before it. */
  readonly done: number;
  /** Sequences of all the batch's events in it. */
  readonly sequences: readonly number[];
  readonly after: number;
  readonly upTo: number;
}

/**
 * Cuts a batch into requests; at least one, since a batch without own events moves the position too.
 * @param batch any.
 */
export function* split(batch: Batch): Generator<Part> {
  let { after } = batch;
  for (let done = 0; done === 0 || done < batch.events.length;) {
    const events: SensorEvent[] = [];
    const indexes: number[] = [];
    let end = done;
    for (let units = 0; end < batch.events.length && end - done < REQUEST_EVENTS; end++) {
      const event = batch.events[end]!;
      units += event.json.length;
      if (units > REQUEST_UNITS && end > done) break;
      if (event.sensor !== undefined) continue;
      events.push(event);
      indexes.push(end);
    }
    const isLast = end === batch.events.length;
    const upTo = isLast ? batch.upTo : Math.max(after, batch.events[end - 1]!.sequence);
    const sequences = batch.events.slice(done, end).map(({ sequence }) => sequence);
    yield { events, indexes, done, sequences, after, upTo };
    if (isLast) return;
    after = upTo;
    done = end;
  }
}
