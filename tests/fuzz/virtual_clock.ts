/**
 * Time that passes only when nothing else can happen.
 * @module
 */

/** A callback that waits for its time. */
interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock and the timers on it. */
export class VirtualClock {
  /** In ms since the start. */
  now = 0;
  readonly #timers = new Set<Timer>();

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** When the first timer is due; `Infinity` when there is none. */
  get nextAt(): number {
    let at = Infinity;
    for (const timer of this.#timers) at = Math.min(at, timer.at);
    return at;
  }

  /** As a session's owner has it. */
  schedule(callback: () => void, ms: number): () => void {
    const timer = { at: this.now + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Goes on to the first timer and calls it. */
  advance(): void {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined) return;
    this.#timers.delete(next);
    this.now = Math.max(this.now, next.at);
    next.callback();
  }
}
