/**
 * Takes in what collectors bring: checks that it is an event of the sensor that it is said to be of, and
 * stores what is new.
 * @module
 */
import { type ForeignEvent, readForeignEvent } from "../events/foreign.ts";
import type { Ingested } from "../journal/ingest.ts";
import { logger } from "../log.ts";
import { turn } from "../net/turn.ts";
import type { Arrival } from "./collector.ts";

const log = logger("collect");

/** Events checked in one step, between which everybody else has a turn. */
const STEP_EVENTS = 100;
/** What may be brought in a second: less than retention can remove in the same time. */
const MAX_EVENTS_PER_S = 12_000;
const MAX_BYTES_PER_S = 32 * 1_048_576;
/** How far ahead of that pace a collector may be, in ms. */
const BURST_MS = 250;
/** Pause between two messages about refused events, in ms. */
const TELL_EVERY_MS = 60_000;

/** Where events are stored: the journal. */
export interface ForeignStore {
  /**
   * Stores events that are not there yet.
   * @throws when the disk is full or fails; then none of them is stored.
   */
  ingest(events: readonly ForeignEvent[], options: { readonly nowMs: number }): Ingested;
}

/** What became of all that one collector brought, since the start. */
export interface IntakeCounts {
  /** Events stored. */
  readonly received: number;
  /** Events that were there already. */
  readonly duplicates: number;
  /** What was no event, or not of the sensor that it was said to be of. */
  readonly refused: number;
}

/** Takes in what one collector brings. */
export class Intake {
  readonly #store: ForeignStore;
  readonly #name: string;
  #received = 0;
  #duplicates = 0;
  #refused = 0;
  #refusedUntold = 0;
  #toldAt = -Infinity;
  /** Until when what was brought would take at the greatest pace allowed, by `performance.now()`. */
  #busyUntil = 0;

  /**
   * @param store takes the events.
   * @param name of the collector, for what is told.
   */
  constructor(store: ForeignStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** What became of all so far. */
  get counts(): IntakeCounts {
    return { received: this.#received, duplicates: this.#duplicates, refused: this.#refused };
  }

  /**
   * Checks events and stores what is new, in one commit.
   * @param arrivals in order.
   * @param own name of this sensor: its own events are here already.
   * @returns for each whether it is here for good: `false` for what will never be an event.
   * @throws when they cannot be stored; none is then.
   */
  async take(arrivals: readonly Arrival[], own: string): Promise<boolean[]> {
    await this.#keepPace(arrivals);
    const nowMs = Date.now();
    const events: ForeignEvent[] = [];
    const verdicts: boolean[] = [];
    let ownEvents = 0;
    let reason = "";
    for (const [index, { body, sensor }] of arrivals.entries()) {
      if (index % STEP_EVENTS === STEP_EVENTS - 1) await turn();
      if (sensor === own) {
        ownEvents++;
        verdicts.push(true);
        continue;
      }
      const result = sensor === undefined
        ? { refusal: "sensor" }
        : readForeignEvent(body, { sensor, nowMs });
      verdicts.push(!("refusal" in result));
      if ("refusal" in result) reason = result.refusal;
      else events.push(result);
    }
    const { stored, known } = events.length === 0
      ? { stored: 0, known: 0 }
      : this.#store.ingest(events, { nowMs });
    this.#received += stored;
    this.#duplicates += known + ownEvents;
    this.#countRefused(verdicts.filter((isGood) => !isGood).length, reason);
    return verdicts;
  }

  async #keepPace(arrivals: readonly Arrival[]): Promise<void> {
    const bytes = arrivals.reduce((sum, { body }) => sum + body.length, 0);
    const seconds = Math.max(arrivals.length / MAX_EVENTS_PER_S, bytes / MAX_BYTES_PER_S);
    const now = performance.now();
    this.#busyUntil = Math.max(this.#busyUntil, now) + 1000 * seconds;
    const aheadMs = this.#busyUntil - now - BURST_MS;
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }

  #countRefused(count: number, reason: string): void {
    if (count === 0) return;
    this.#refused += count;
    this.#refusedUntold += count;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    log.warn("Collector {name} refused {count} messages, the last for {reason}", {
      name: this.#name,
      count: this.#refusedUntold,
      reason,
    });
    this.#toldAt = now;
    this.#refusedUntold = 0;
  }
}
