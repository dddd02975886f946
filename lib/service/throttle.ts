/**
 * Bounds on what sensors bring: how fast, so that none fills the disk faster than retention empties it
 * or takes the others' turn, and how much at a time, so that all of them together fit the memory.
 * @module
 */

/** What may come in a second. */
export interface Rate {
  readonly bytesPerS: number;
  readonly eventsPerS: number;
}

/** Says how long something must wait so that a rate holds. */
export class Throttle {
  readonly #rate: Rate;
  #freeAt = -Infinity;

  /** @param rate that must hold. */
  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Whether nothing would have to wait. */
  isFree(now: number): boolean {
    return this.#freeAt <= now;
  }

  /**
   * Takes a turn: it waits until those before it are paid for.
   * @param now monotonic clock, in ms.
   * @param size of what comes.
   * @returns how long it must wait, in ms.
   */
  delay(now: number, size: { readonly bytes: number; readonly events: number }): number {
    const { bytesPerS, eventsPerS } = this.#rate;
    const start = Math.max(now, this.#freeAt);
    this.#freeAt = start + 1000 * Math.max(size.bytes / bytesPerS, size.events / eventsPerS);
    return start - now;
  }
}

/** An amount that is shared out first come, first served. */
export class Budget {
  #left: number;
  readonly #waiting: { amount: number; go: () => void }[] = [];

  /** @param amount to be shared out. */
  constructor(amount: number) {
    this.#left = amount;
  }

  /**
   * Waits for a share.
   * @param amount at most the whole.
   * @returns what gives it back when its block is left.
   */
  async take(amount: number): Promise<Disposable> {
    if (this.#waiting.length > 0 || amount > this.#left) {
      await new Promise<void>((go) => this.#waiting.push({ amount, go }));
    } else {
      this.#left -= amount;
    }
    return { [Symbol.dispose]: () => this.#give(amount) };
  }

  #give(amount: number): void {
    this.#left += amount;
    for (let next; (next = this.#waiting[0]) !== undefined && next.amount <= this.#left;) {
      this.#waiting.shift();
      this.#left -= next.amount; // before it goes on, so that nobody else takes it
      next.go();
    }
  }
}
