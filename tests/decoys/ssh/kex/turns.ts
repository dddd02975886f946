/** Turns for tests: without a queue. */
import type { Turn } from "../../../../lib/decoys/ssh/kex/method.ts";

/** Runs computations through, and counts their slices. */
export class CountingTurn implements Turn {
  slices = 0;

  run<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      this.slices++;
      const { done, value } = steps.next();
      if (done) return Promise.resolve(value);
    }
  }
}
