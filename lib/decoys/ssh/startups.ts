/**
 * Who is let in when many are waiting to log in: OpenSSH's MaxStartups (sshd_config(5)), Dropbear's caps
 * on connections that have not logged in (sysoptions.h).
 * @module
 */
import { randomInt } from "node:crypto";

/** `start:rate:full`: from `start` on some are refused, of a hundred `rate`; from `full` on all. */
export interface StartupLimits {
  readonly start: number;
  /** In percent. */
  readonly rate: number;
  readonly full: number;
  /** Most from one address; 0 for no such limit. */
  readonly perSource: number;
}

/** Numbers that chance is drawn from. */
const PERCENT = 100;

/**
 * Reads `start:rate:full` or a single number.
 * @returns `undefined` when it is neither, or the numbers make no sense.
 */
export function parseStartups(text: string): Omit<StartupLimits, "perSource"> | undefined {
  const match = /^(\d{1,5})(?::(\d{1,3}):(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const rate = Number(match[2] ?? PERCENT);
  const full = Number(match[3] ?? start);
  return start < 1 || rate < 1 || rate > PERCENT || start > full
    ? undefined
    : { start, rate, full };
}

/** Counts those that wait. */
export class Startups {
  readonly limits: StartupLimits;
  readonly #bySource = new Map<string, number>();
  readonly #chance: () => number;
  #waiting = 0;

  /**
   * @param limits the caps.
   * @param chance draws a whole number from 0 to 99.
   */
  constructor(limits: StartupLimits, chance: () => number = () => randomInt(PERCENT)) {
    this.limits = limits;
    this.#chance = chance;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Lets a newcomer in, or not.
   * @param source its address.
   * @returns whether it may wait; then `leave` must follow.
   */
  enter(source: string): boolean {
    const { perSource } = this.limits;
    const mine = this.#bySource.get(source) ?? 0;
    if (this.#isRefused() || (perSource > 0 && mine >= perSource)) return false;
    this.#waiting++;
    this.#bySource.set(source, mine + 1);
    return true;
  }

  /** Uncounts one that was let in. */
  leave(source: string): void {
    this.#waiting--;
    const mine = this.#bySource.get(source)! - 1;
    if (mine === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, mine);
  }

  /** The chance rises evenly from `rate` at `start` to all at `full`. */
  #isRefused(): boolean {
    const { start, rate, full } = this.limits;
    if (this.#waiting < start) return false;
    if (this.#waiting >= full || rate === PERCENT) return true;
    const percent = rate +
      Math.trunc((PERCENT - rate) * (this.#waiting - start) / (full - start));
    return this.#chance() < percent;
  }
}
