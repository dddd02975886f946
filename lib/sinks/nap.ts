/**
 * A wait that others may end.
 * @module
 */

/** Longest wait that a timer can be set to, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One sleeper. */
export class Nap {
  #wake: (() => void) | undefined;
  #isOver = false;

  /** Whether nobody sleeps any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Waits until woken, or for a time.
   * @param ms longest wait; absent for no end of its own.
   */
  async sleep(ms?: number): Promise<void> {
    if (this.#isOver) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS));
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /** Ends the wait that there is, if there is one. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends it, and every later one at once. */
  end(): void {
    this.#isOver = true;
    this.wake();
  }
}
