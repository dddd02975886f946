/**
 * Keeps the journal within its age and size: a little at a time, so that the event loop never waits.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { readValue } from "./database.ts";
import type { Journal } from "./journal.ts";

/** Pause between two looks, in ms. */
const LOOK_EVERY_MS = 5000;
/** Pause between two steps while there is more to remove, in ms. */
const STEP_EVERY_MS = 20;
/** Events removed in one step: a few ms of work. */
const STEP_EVENTS = 500;
/** Sources forgotten in one step. */
const STEP_SOURCES = 500;
/** Free pages given back to the file system in one step. */
const STEP_PAGES = 256;

/** What is kept. */
export interface RetentionLimits {
  /** Greatest age of an event, in ms. */
  readonly maxAgeMs: number;
  /** Largest size of the file, in bytes. */
  readonly maxBytes: number;
  /** Most sources remembered. */
  readonly maxSources: number;
}

/** Who still has to get events, so that they must stay. */
export interface Debtors {
  /** Up to where events may be removed; more than any sequence when nobody is owed any. */
  readonly releasedTo: number;
  /** Told before events go; who has not had some of them, and may not have them, counts them. */
  abandon(upTo: number): void;
}

/** Nobody is owed anything. */
const NO_DEBTORS: Debtors = { releasedTo: Infinity, abandon: () => {} };

/** Removes what is too old or too much, for as long as it runs. */
export class Retention {
  readonly #journal: Journal;
  readonly #debtors: Debtors;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Sources still to be forgotten in this run; not counted yet at its begin. */
  #excessSources: number | undefined;
  /** What is kept; may change at a reload. */
  limits: RetentionLimits;
  /** Whether the file is larger than it should be, because events are still owed to someone. */
  isHeld = false;
  /** Told when that begins. */
  onHeld: (() => void) | undefined;

  /**
   * @param journal what is kept in bounds.
   * @param limits what is kept.
   * @param debtors who still has to get events; absent for nobody.
   */
  constructor(journal: Journal, limits: RetentionLimits, debtors: Debtors = NO_DEBTORS) {
    this.#journal = journal;
    this.#debtors = debtors;
    this.limits = limits;
  }

  /** Begins. */
  start(): void {
    this.#schedule(LOOK_EVERY_MS);
  }

  /** Ends; twice is fine. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Removes one step's worth.
   * @param nowMs wall clock, in ms since 1970.
   * @returns whether there may be more.
   */
  step(nowMs: number): boolean {
    return this.#journal.withDatabase((db) => {
      const { hasRemoved, isHeld } = removeEvents(db, this.limits, {
        nowMs,
        debtors: this.#debtors,
      });
      if (isHeld && !this.isHeld) this.onHeld?.();
      this.isHeld = this.#journal.isHeld = isHeld;
      // Counting a large table takes longer than a step: once a run is enough.
      this.#excessSources ??= countSources(db) - this.limits.maxSources;
      const hasForgotten = this.#excessSources > 0;
      if (hasForgotten) forgetSources(db, Math.min(STEP_SOURCES, this.#excessSources));
      this.#excessSources -= STEP_SOURCES;
      const hasMore = hasRemoved || hasForgotten;
      if (!hasMore) this.#excessSources = undefined;
      return hasMore;
    }) ?? false;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#schedule(this.step(Date.now()) ? STEP_EVERY_MS : LOOK_EVERY_MS);
    }, ms);
  }
}

function removeEvents(
  db: DatabaseSync,
  limits: RetentionLimits,
  { nowMs, debtors }: { readonly nowMs: number; readonly debtors: Debtors },
): { hasRemoved: boolean; isHeld: boolean } {
  const first = Number(readValue(db, "SELECT min(sequence) FROM events") ?? 0);
  const pageSize = Number(readValue(db, "PRAGMA page_size"));
  const free = Number(readValue(db, "PRAGMA freelist_count"));
  const used = (Number(readValue(db, "PRAGMA page_count")) - free) * pageSize;
  const isTooLarge = used > limits.maxBytes;
  if (free > STEP_PAGES) db.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
  const upTo = Math.min(first + STEP_EVENTS - 1, debtors.releasedTo);
  if (upTo < first) return { hasRemoved: false, isHeld: isTooLarge };
  const where = `sequence BETWEEN ? AND ?${isTooLarge ? "" : " AND time_ms < ?"}`;
  const values = [first, upTo, ...(isTooLarge ? [] : [nowMs - limits.maxAgeMs])];
  const last = db.prepare(`SELECT max(sequence) AS s FROM events WHERE ${where}`).get(...values);
  const { s } = last as { s: number | null };
  if (s === null) return { hasRemoved: false, isHeld: false };
  debtors.abandon(s);
  db.prepare(`DELETE FROM events WHERE ${where}`).run(...values);
  return { hasRemoved: true, isHeld: false };
}

function countSources(db: DatabaseSync): number {
  return Number(readValue(db, "SELECT count(*) FROM sources"));
}

/** Forgets those that were seen longest ago. */
function forgetSources(db: DatabaseSync, count: number): void {
  db.prepare(
    "DELETE FROM sources WHERE ip IN (SELECT ip FROM sources ORDER BY last_seen_ms LIMIT ?)",
  ).run(count);
}
