/**
 * How much happens in a second, over the last minute.
 * @module
 */

/** How often the counters are looked at, in ms, and how many looks are kept. */
const EVERY_MS = 5000;
const LOOKS = 12;

/** The counters that are watched. */
export interface Counters {
  readonly sessions: number;
  readonly events: number;
}

/** Watches counters that only rise. */
export class RateMeter {
  readonly #read: () => Counters;
  readonly #looks: { atMs: number; counters: Counters }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param read gives the counters as they stand. */
  constructor(read: () => Counters) {
    this.#read = read;
    this.#look();
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Growth of each counter, per second, rounded to a tenth. */
  perSecond(): Counters {
    const now = this.#read();
    const oldest = this.#looks[0]!;
    const seconds = Math.max(1, (performance.now() - oldest.atMs) / 1000);
    const rate = (a: number, b: number) => Math.round((a - b) / seconds * 10) / 10;
    return {
      sessions: rate(now.sessions, oldest.counters.sessions),
      events: rate(now.events, oldest.counters.events),
    };
  }

  /** Ends; twice is fine. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#looks.push({ atMs: performance.now(), counters: this.#read() });
    if (this.#looks.length > LOOKS) this.#looks.shift();
  }
}
