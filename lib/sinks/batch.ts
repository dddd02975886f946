/**
 * Batches in parts: what is left of one after a call, halves of one that is refused, and single items
 * as dead letters keep them.
 * @module
 */
import type { SensorEvent } from "../events/emitter.ts";
import type { ParkedItem } from "../journal/dead_letters.ts";
import type { Batch, ItemTrouble, Notice } from "./sink.ts";

/**
 * How many items a batch has: notices for people, events for machines.
 * @param batch any.
 */
export function sizeOf(batch: Batch): number {
  return batch.notices.length || batch.events.length;
}

/**
 * What is left of a batch behind its first items.
 * @param batch any.
 * @param count items that are done with.
 */
export function dropFirst(batch: Batch, count: number): Batch {
  if (count === 0) return batch;
  const { events, notices, after } = batch;
  if (notices.length > 0) return { ...batch, notices: notices.slice(count) };
  return { ...batch, events: events.slice(count), after: events[count - 1]?.sequence ?? after };
}

/**
 * Two batches that are one together.
 * @param batch at least two items.
 */
export function halve(batch: Batch): [Batch, Batch] {
  const at = sizeOf(batch) >> 1;
  const { events, notices } = batch;
  if (notices.length > 0) {
    return [{ ...batch, notices: notices.slice(0, at) }, dropFirst(batch, at)];
  }
  return [
    { ...batch, events: events.slice(0, at), upTo: events[at - 1]!.sequence },
    dropFirst(batch, at),
  ];
}

/**
 * Some items of a batch, as a batch that covers the same sequences.
 * @param batch any.
 * @param keep which items.
 */
export function pick(batch: Batch, keep: (index: number, event: SensorEvent) => boolean): Batch {
  const { events, notices } = batch;
  return notices.length > 0
    ? { ...batch, notices: notices.filter(({ event }, i) => keep(i, event)) }
    : { ...batch, events: events.filter((event, i) => keep(i, event)) };
}

/**
 * An item of a batch as a dead letter.
 * @param batch that it is in.
 * @param trouble which item, and why it is parked.
 */
export function toParked(batch: Batch, { index, reason }: ItemTrouble): ParkedItem {
  const notice = batch.notices[index];
  const event = notice?.event ?? batch.events[index]!;
  const item = JSON.stringify(notice === undefined ? { event } : { notice });
  return { reason, sequence: event.sequence, item };
}

/**
 * Dead letters as a batch that covers nothing new.
 * @param items the letters' `item`s, of one sink.
 * @param cursor where the sink stands.
 */
export function fromParked(items: readonly string[], cursor: number): Batch {
  const parsed = items.map((item) => JSON.parse(item) as { event?: SensorEvent; notice?: Notice });
  return {
    events: parsed.map(({ event, notice }) => (event ?? notice?.event)!),
    notices: parsed.flatMap(({ notice }) => notice ?? []),
    after: cursor,
    upTo: cursor,
  };
}
