/**
 * The one timer that ends sessions which are idle or too old.
 * @module
 */
import type { Gate } from "./gate.ts";
import type { LimitReports } from "./limit_reports.ts";

/** Longest and shortest time between two looks, in ms. */
const EVERY_MS = [1000, 20] as const;

/** Looks at all sessions every so often. */
export class Sweeper {
  readonly #gate: Gate;
  readonly #reports: LimitReports;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param gate knows the sessions.
   * @param reports told to report what was refused.
   */
  constructor(gate: Gate, reports: LimitReports) {
    this.#gate = gate;
    this.#reports = reports;
  }

  /**
   * Begins, or begins anew with another period.
   * @param shortestMs the shortest limit watched; looked for at least four times as often.
   */
  start(shortestMs: number): void {
    this.stop();
    const everyMs = Math.max(EVERY_MS[1], Math.min(EVERY_MS[0], shortestMs / 4));
    this.#timer = setInterval(() => this.sweep(performance.now()), everyMs);
  }

  /** Ends; twice is fine. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Ends what is over.
   * @param nowMs monotonic clock.
   */
  sweep(nowMs: number): void {
    for (const session of this.#gate.sessions()) {
      const { at, reason } = session.expiry();
      if (at <= nowMs) session.expire(reason);
    }
    this.#reports.sweep(nowMs);
  }
}
