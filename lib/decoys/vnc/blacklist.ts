/**
 * Whom the server does not talk to for a while: Blacklist.cxx of TigerVNC.
 *
 * Every connection counts as a failure until its login succeeds, which it never does here. From the
 * threshold on one connection is let in, and all others are refused until a time has passed; then the
 * next one is let in, and the time doubles.
 * @module
 */

/** Most addresses that are remembered; the one that was seen longest ago is forgotten. */
const MAX_SOURCES = 4096;
const MS = 1000;

/** What is known of an address; times in whole seconds, as the genuine one has them. */
interface Entry {
  marks: number;
  blockUntilS: number;
  timeoutS: number;
}

/** Counts by address. */
export class Blacklist {
  readonly #threshold: number;
  readonly #timeoutS: number;
  readonly #entries = new Map<string, Entry>();

  /**
   * @param threshold BlacklistThreshold: connections after which an address is blocked.
   * @param timeoutS BlacklistTimeout: the first block's length, in s.
   */
  constructor(threshold: number, timeoutS: number) {
    this.#threshold = threshold;
    this.#timeoutS = timeoutS;
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Counts a connection.
   * @param source its address.
   * @param nowMs wall clock, in ms.
   * @returns whether it is refused.
   */
  isBlocked(source: string, nowMs: number): boolean {
    const entry = this.#entries.get(source) ??
      { marks: 1, blockUntilS: 0, timeoutS: this.#timeoutS };
    this.#entries.delete(source);
    this.#entries.set(source, entry);
    if (this.#entries.size > MAX_SOURCES) this.#entries.delete(this.#entries.keys().next().value!);
    if (entry.marks < this.#threshold) {
      entry.marks++;
      return false;
    }
    const nowS = Math.floor(nowMs / MS);
    if (nowS < entry.blockUntilS) return true;
    entry.blockUntilS = nowS + entry.timeoutS;
    entry.timeoutS *= 2;
    return false;
  }
}
