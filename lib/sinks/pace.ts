/**
 * Keeps deliveries from taking the time that decoys need.
 *
 * Decoys and deliveries share one thread. While the decoys alone keep it busy, as under a flood, the
 * deliveries together work for a small part of the time: their events are safe in the journal. What has
 * waited for long goes out at full speed all the same, so a flood makes it late, but not later and later.
 *
 * How busy the decoys are is found out by looking: for some ms no delivery does anything, and what CPU
 * time the program takes then is theirs. Nobody looks for the sake of single events.
 * @module
 */
import { cpuUsage } from "node:process";

/** How long a look takes, and how long it waits for calls that are under way, in ms. */
const LOOK_MS = 5;
const QUIET_WITHIN_MS = 50;
/** How long a look counts, in ms. */
const LOOK_COUNTS_MS = 2000;
/** How soon to look again while the decoys are busy, in ms. */
const LOOK_AGAIN_MS = 100;
/** Work after which to look again, in ms; and events that wait, from which on to look at first. */
const LOOK_AFTER_MS = 250;
const LOOK_FROM_EVENTS = 200;
/**
 * Part of one core from which on the decoys are busy: low, since others may hold the core meanwhile.
 * Without a flood they take a few hundredths.
 */
const BUSY_FROM = 0.3;
/** Rest for so much work. */
const REST_PER_WORK = 19;
/** What counts as work of one call, in ms: the rest was waiting for its destination. */
const MAX_WORK_MS = 50;
/**
 * Age of events from which on they are not held back, in ms, and how many may wait: as many take half the
 * room that the journal has, unless told otherwise.
 */
const PATIENCE_MS = 60_000;
const MOST_WAITING = 500_000;

/** What the deliveries of a program share. */
export class Pace {
  readonly #cpuMs: () => number;
  /** Calls that are under way, and who waits for none to be. */
  #underWay = 0;
  #onQuiet: (() => void) | undefined;
  #look: Promise<void> | undefined;
  #lookedAtMs = -Infinity;
  #isBusy = false;
  /** Work since the last look, in ms. */
  #workedMs = 0;
  /** When each delivery ended its last call, and how much work that was, in ms. */
  readonly #calls = new Map<object, { endedMs: number; workMs: number }>();

  /** @param cpuMs CPU time that the program has taken so far, in ms. */
  constructor(cpuMs: () => number = programCpuMs) {
    this.#cpuMs = cpuMs;
  }

  /**
   * Waits for the look that is under way, or that is due, if there is one.
   * @param waiting events that wait for the delivery that asks.
   */
  clear(waiting: number): Promise<void> | undefined {
    if (this.#look !== undefined) return this.#look;
    const ageMs = performance.now() - this.#lookedAtMs;
    const isDue = this.#workedMs >= LOOK_AFTER_MS ||
      (ageMs < LOOK_COUNTS_MS
        ? this.#isBusy && ageMs >= LOOK_AGAIN_MS
        : waiting >= LOOK_FROM_EVENTS);
    return isDue ? this.#look = this.#takeLook() : undefined;
  }

  /**
   * Counts a call as work.
   * @param who makes it.
   * @param call to a destination.
   * @returns what the call does.
   */
  async work<T>(who: object, call: Promise<T>): Promise<T> {
    const beganMs = performance.now();
    this.#underWay++;
    try {
      return await call;
    } finally {
      const endedMs = performance.now();
      const workMs = Math.min(endedMs - beganMs, MAX_WORK_MS);
      this.#calls.set(who, { endedMs, workMs });
      this.#workedMs += workMs;
      if (--this.#underWay === 0) this.#onQuiet?.();
    }
  }

  /**
   * How long a delivery must rest now, in ms: 0 when the decoys leave time for it.
   * @param who has just made a call.
   * @param backlog time of the oldest event that it brought, in ms since 1970, and how many wait.
   */
  restMs(who: object, { oldestMs, waiting }: { oldestMs: number; waiting: number }): number {
    const nowMs = performance.now();
    for (const [other, { endedMs }] of this.#calls) {
      if (nowMs - endedMs > LOOK_COUNTS_MS) this.#calls.delete(other);
    }
    const isBusy = this.#isBusy && nowMs - this.#lookedAtMs < LOOK_COUNTS_MS;
    const isLate = Date.now() - oldestMs > PATIENCE_MS || waiting > MOST_WAITING;
    if (!isBusy || isLate) return 0;
    return REST_PER_WORK * (this.#calls.get(who)?.workMs ?? 0) * this.#calls.size;
  }

  async #takeLook(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
        timer = setTimeout(resolve, QUIET_WITHIN_MS);
      });
      this.#onQuiet = undefined;
      clearTimeout(timer);
    }
    const [beganMs, cpuMs] = [performance.now(), this.#cpuMs()];
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    this.#lookedAtMs = performance.now();
    this.#isBusy = this.#cpuMs() - cpuMs >= BUSY_FROM * (this.#lookedAtMs - beganMs);
    this.#workedMs = 0;
    this.#look = undefined;
  }
}

/** CPU time that this program has taken so far, in ms. */
function programCpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
