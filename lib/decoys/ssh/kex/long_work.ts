/**
 * The queue of long computations: all sessions of all SSH decoys share one.
 *
 * One computation advances at a time, by a slice of a few ms; then the event loop is served; then
 * comes a slice for the next source. Of one source's computations the first is finished before the
 * second begins. So an attacker with a hundred connections slows himself down, and nobody else.
 * @module
 */
import { LimitError } from "../../../errors.ts";
import type { Turn } from "./method.ts";

/** How many computations of one source may wait or be under way. */
export const MAX_COMPUTATIONS_PER_SOURCE = 128;
/** How many computations may wait or be under way in all. */
export const MAX_COMPUTATIONS = 1024;
/** What the queue needs. */
export interface LongWorkOptions {
  /**
   * Resolves when the rest of the sensor had its turn; with slices of 1 to 2 ms, a timer of 1 ms lets
   * it have half of the time. It has to be a timer: Deno serves hardly any socket (one read in half
   * a second, as measured) between two messages of a `MessageChannel`, or two `setImmediate`.
   */
  readonly yieldToLoop: () => Promise<void>;
  /** How many computations of one source may wait or be under way. */
  readonly maxPerSource?: number;
  /** How many computations may wait or be under way in all. */
  readonly max?: number;
}

/** The queue. */
export class LongWork {
  readonly #options: Required<LongWorkOptions>;
  /** Computations by source, in the order in which sources get the next slice; no empty ones. */
  readonly #waiting = new Map<string, Job[]>();
  #count = 0;
  #isRunning = false;

  /** @param options how to give way, and the bounds. */
  constructor(options: LongWorkOptions) {
    this.#options = {
      maxPerSource: MAX_COMPUTATIONS_PER_SOURCE,
      max: MAX_COMPUTATIONS,
      ...options,
    };
  }

  /** Computations that wait or are under way. */
  get size(): number {
    return this.#count;
  }

  /** Sources that have any. */
  get sources(): number {
    return this.#waiting.size;
  }

  /**
   * How a session's computations are run.
   * @param source who shares turns: the peer's IP address.
   * @param signal aborts when the session is gone; then its computations end with the reason.
   * @returns whose `run` throws a `LimitError` when too many computations wait.
   */
  turnFor(source: string, signal: AbortSignal): Turn {
    return { run: (steps) => this.#run(steps, { source, signal }) };
  }

  async #run<T>(
    steps: Generator<void, T>,
    { source, signal }: { source: string; signal: AbortSignal },
  ): Promise<T> {
    signal.throwIfAborted();
    const { maxPerSource, max } = this.#options;
    const others = this.#waiting.get(source);
    if (others !== undefined && others.length >= maxPerSource) {
      throw new LimitError("ssh_computations_per_source", maxPerSource);
    }
    if (this.#count >= max) throw new LimitError("ssh_computations", max);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const job: Job = {
      advance() {
        try {
          const { done, value } = steps.next();
          return done ? () => resolve(value) : undefined;
        } catch (error) {
          return () => reject(error);
        }
      },
      reject,
    };
    const abort = () => {
      this.#remove(source, job);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    if (others === undefined) this.#waiting.set(source, [job]);
    else others.push(job);
    this.#count++;
    if (!this.#isRunning) void this.#work();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Does all that waits, and ends. Never rejects: the computations do. */
  async #work(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const { source, job } = next;
        const settle = job.advance();
        await this.#options.yieldToLoop();
        // Only now, so that nothing is under way here any more when the last result is out.
        if (settle !== undefined) {
          this.#remove(source, job);
          settle();
        }
      }
    } catch (error) { // the loop could not be served: better no computation than no sensor
      for (const jobs of this.#waiting.values()) for (const job of jobs) job.reject(error);
      this.#waiting.clear();
      this.#count = 0;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Whose turn it is; that source goes to the end of the line. */
  #next(): { source: string; job: Job } | undefined {
    for (const [source, jobs] of this.#waiting) {
      this.#waiting.delete(source);
      this.#waiting.set(source, jobs);
      return { source, job: jobs[0]! };
    }
    return undefined;
  }

  /** Forgets a computation, and its source with the last one. */
  #remove(source: string, job: Job): void {
    const jobs = this.#waiting.get(source) ?? [];
    const index = jobs.indexOf(job);
    if (index < 0) return;
    jobs.splice(index, 1);
    this.#count--;
    if (jobs.length === 0) this.#waiting.delete(source);
  }
}

/** A computation, its type forgotten. */
interface Job {
  /** Does a slice. Returns what hands out the result, or the error, when it was the last one. */
  readonly advance: () => (() => void) | undefined;
  readonly reject: (reason: unknown) => void;
}
