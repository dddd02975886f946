/**
 * What a batch of events says of their sources: one row a source, however many events.
 * @module
 */
import { triesCredential } from "../events/credential_part.ts";
import type { SensorEvent } from "../events/emitter.ts";
import { ACTIONS } from "../events/event.ts";

/** Values of the table of sources, in its columns' order. */
export type SourceValues = [string, number, number, number, number, number, string];

/** What is known of one source. */
interface Tally {
  firstMs: number;
  lastMs: number;
  sessions: number;
  credentials: number;
  maxSeverity: number;
  decoys: Set<string>;
}

/** What of an event is counted. */
export type Counted = Omit<SensorEvent, "sequence" | "session">;

/** Adds up events by source. */
export class SourceTally {
  readonly #bySource = new Map<string, Tally>();

  /** How many sources there are. */
  get size(): number {
    return this.#bySource.size;
  }

  /** Counts an event; one without a source is passed over. */
  add(event: Counted): void {
    if (event.source === "") return;
    let tally = this.#bySource.get(event.source);
    if (tally === undefined) {
      tally = {
        firstMs: event.timeMs,
        lastMs: event.timeMs,
        sessions: 0,
        credentials: 0,
        maxSeverity: 0,
        decoys: new Set(),
      };
      this.#bySource.set(event.source, tally);
    }
    tally.lastMs = event.timeMs;
    tally.decoys.add(event.decoy);
    if (event.severity > tally.maxSeverity) tally.maxSeverity = event.severity;
    if (event.action === ACTIONS["session.open"]) tally.sessions++;
    else if (event.action === ACTIONS["auth.attempt"] && triesCredential(event.json)) {
      tally.credentials++;
    }
  }

  /** A row for each source. */
  *rows(): Generator<SourceValues> {
    for (const [ip, t] of this.#bySource) {
      const decoys = JSON.stringify([...t.decoys].sort());
      yield [ip, t.firstMs, t.lastMs, t.sessions, t.credentials, t.maxSeverity, decoys];
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#bySource.clear();
  }
}
