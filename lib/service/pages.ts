/**
 * Chooses events out of a journal, page by page: small steps with a turn of the event loop between
 * them, and an answer of bounded size with the cursor from which to go on.
 * @module
 */
import type { EventFilter, Page } from "../journal/query.ts";
import { turn } from "../net/turn.ts";
import type { Selection } from "./frames.ts";

/** Events taken in one step: with the largest events there are, still a few ms of work. */
export const STEP_EVENTS = 200;
/** Sequence numbers looked at in one step back. */
const WINDOW = 2000;
/** Events chosen when a request names no limit. */
export const DEFAULT_LIMIT = 100;

/** A journal as pages are read from it. */
export interface EventReader {
  /** Sequence of the newest event that can be read. */
  readonly readableSequence: number;
  /** Sequence of the oldest event there is; 0 when there is none. */
  firstSequence(): number;
  /** Looks at the next stretch: as `Journal.read`. */
  read(after: number, filter: EventFilter, limit: number): Page;
}

/** A part of an answer. */
export interface EventPage {
  /** Events as lines of JSON, oldest first. */
  readonly lines: string[];
  /** Cursor from which to ask for the rest; absent when all that was asked for is here. */
  readonly next?: number;
}

/** Bounds of a page. */
export interface PageBounds {
  /** Largest page, in UTF-16 units; the first event is taken however large it is. */
  readonly maxUnits: number;
  /** Whether nobody waits for the answer any more. */
  isOver(): boolean;
}

/**
 * Reads what a request asks for: with `since` the oldest events after it, without it the newest.
 * @param reader the journal.
 * @param selection filter, cursor and limit.
 * @param bounds when to stop.
 * @returns events in order, oldest first.
 */
export async function readPage(
  reader: EventReader,
  selection: Selection,
  bounds: PageBounds,
): Promise<EventPage> {
  const { filter, limit = DEFAULT_LIMIT } = selection;
  const upTo = reader.readableSequence;
  let after = selection.since ?? await findNewest(reader, { filter, limit, upTo }, bounds);
  const lines: string[] = [];
  let units = 0;
  while (after < upTo && lines.length < limit && !bounds.isOver()) {
    const page = reader.read(after, filter, Math.min(STEP_EVENTS, limit - lines.length));
    for (const { sequence, json } of page.events) {
      if (sequence > upTo) return { lines };
      units += json.length + 2;
      if (units > bounds.maxUnits && lines.length > 0) return { lines, next: sequence - 1 };
      lines.push(json);
    }
    if (page.scannedTo <= after) break;
    after = page.scannedTo;
    await turn();
  }
  // Of another sensor's event nobody but the journal knows the number from which to go on.
  const hasMore = selection.since !== undefined && lines.length >= limit && after < upTo;
  return hasMore ? { lines, next: after } : { lines };
}

/** The cursor after which `limit` matching events follow: looks back from the end, step by step. */
async function findNewest(
  reader: EventReader,
  wanted: { filter: EventFilter; limit: number; upTo: number },
  bounds: PageBounds,
): Promise<number> {
  const { filter, limit } = wanted;
  const first = reader.firstSequence();
  let found = 0;
  for (let to = wanted.upTo; to >= first && to > 0 && !bounds.isOver(); to -= WINDOW) {
    const sequences: number[] = [];
    for (let after = Math.max(0, to - WINDOW); after < to;) {
      const page = reader.read(after, filter, STEP_EVENTS);
      for (const { sequence } of page.events) if (sequence <= to) sequences.push(sequence);
      if (page.scannedTo <= after) break;
      after = page.scannedTo;
      await turn();
    }
    found += sequences.length;
    if (found >= limit) return sequences[found - limit]! - 1;
  }
  return 0;
}
