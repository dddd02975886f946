/**
 * One `limit.hit` event a source and minute, however many connections are refused. It names the limit
 * that was met last.
 * @module
 */
import type { EventMap } from "../events/event.ts";
import type { Scope } from "../events/ecs.ts";
import { sourceKey } from "../net/address.ts";

/** Time in which refusals of a source are one event, in ms. */
export const REPORT_EVERY_MS = 60_000;
/** Most sources counted apart; beyond, refusals are counted under one. */
const MAX_ENTRIES = 4096;

/** Tells of a limit that was met. */
export type Report = (scope: Scope, data: EventMap["limit.hit"]) => void;

/** What was refused since the last event. */
interface Entry {
  scope: Scope;
  limit: string;
  max: number;
  refused: number;
  reportedMs: number;
}

/** Counts refusals and reports them. */
export class LimitReports {
  readonly #report: Report;
  readonly #entries = new Map<string, Entry>();

  /** @param report emits the event. */
  constructor(report: Report) {
    this.#report = report;
  }

  /**
   * Counts a refusal; reports at once if the source has not been reported in the last minute.
   * @param scope whose connection it was.
   * @param refusal which limit, and its value.
   * @param nowMs monotonic clock.
   */
  refused(scope: Scope, refusal: { limit: string; max: number }, nowMs: number): void {
    const own = scope.peer === undefined ? "" : sourceKey(scope.peer.ip);
    const key = this.#entries.has(own) || this.#entries.size < MAX_ENTRIES ? own : "";
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { scope, ...refusal, refused: 0, reportedMs: -Infinity };
      this.#entries.set(key, entry);
    }
    entry.limit = refusal.limit;
    entry.max = refusal.max;
    entry.refused++;
    if (nowMs - entry.reportedMs >= REPORT_EVERY_MS) this.#tell(entry, nowMs);
  }

  /**
   * Reports what has been counted for a minute, forgets who has not come back.
   * @param nowMs monotonic clock.
   */
  sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (nowMs - entry.reportedMs < REPORT_EVERY_MS) continue;
      if (entry.refused > 0) this.#tell(entry, nowMs);
      else this.#entries.delete(key);
    }
  }

  /** Reports everything counted, for the end of the sensor. */
  flush(nowMs: number): void {
    for (const entry of this.#entries.values()) if (entry.refused > 0) this.#tell(entry, nowMs);
    this.#entries.clear();
  }

  #tell(entry: Entry, nowMs: number): void {
    const { limit, max, refused } = entry;
    this.#report(entry.scope, { limit, max, refused });
    entry.refused = 0;
    entry.reportedMs = nowMs;
  }
}
