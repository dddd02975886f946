/**
 * The newest committed events, in memory: readers that are up to date need not ask the file.
 * @module
 */
import type { SensorEvent } from "../events/emitter.ts";
import { type EventFilter, matchesFilter, type Page, STEP_ROWS } from "./query.ts";

/** Most events kept, and most UTF-16 units of them: readers that are further behind ask the file. */
const MAX_EVENTS = 1024;
const MAX_UNITS = 2 * 1_048_576;

/** A stretch of events without gaps that ends with the newest one. */
export class RecentEvents {
  #events: SensorEvent[] = [];
  #units = 0;

  /**
   * Takes what was committed.
   * @param batch that follows what was taken before, or begins anew.
   */
  add(batch: readonly SensorEvent[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const last = this.#events.at(-1);
    if (last !== undefined && first.sequence !== last.sequence + 1) this.clear();
    for (const event of batch) {
      this.#events.push(event);
      this.#units += event.json.length;
    }
    if (this.#events.length > MAX_EVENTS || this.#units > MAX_UNITS) this.#trim();
  }

  /** Forgets everything. */
  clear(): void {
    this.#events = [];
    this.#units = 0;
  }

  /**
   * Looks at the next stretch.
   * @param after sequence after which to look.
   * @param filter what is wanted.
   * @param limit most events wanted, at least 1.
   * @returns `undefined` when what comes next is not here.
   */
  read(after: number, filter: EventFilter, limit: number): Page | undefined {
    const first = this.#events[0]?.sequence;
    if (first === undefined || after < first - 1) return undefined;
    const begin = after - first + 1;
    const end = Math.min(this.#events.length, begin + STEP_ROWS);
    const events: SensorEvent[] = [];
    let scannedTo = after;
    for (let i = begin; i < end && events.length < limit; i++) {
      const event = this.#events[i]!;
      if (matchesFilter(event, filter)) events.push(event);
      scannedTo = event.sequence;
    }
    return { events, scannedTo };
  }

  /** Keeps the newest, half of what may be kept, so that this happens seldom. */
  #trim(): void {
    let units = 0;
    let kept = 0;
    while (kept < MAX_EVENTS / 2) {
      const event = this.#events[this.#events.length - 1 - kept];
      if (event === undefined || units + event.json.length > MAX_UNITS / 2) break;
      units += event.json.length;
      kept++;
    }
    this.#events = kept === 0 ? [] : this.#events.slice(-kept);
    this.#units = units;
  }
}
