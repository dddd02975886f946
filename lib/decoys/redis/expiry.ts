/**
 * Times at which keys go, as commands give them.
 * @module
 */
import { bigArgument, Refusal } from "./refusal.ts";

const MAX_INT64 = 2n ** 63n - 1n;

/** How a time is meant. */
export interface ExpiryMeaning {
  /** `ex` and `px` from now on, `exat` and `pxat` since 1970; seconds and milliseconds. */
  readonly unit: string;
  readonly nowMs: number;
  /** Name of the command, for its complaint. */
  readonly command: string;
  /** Whether times of the past are fine. */
  readonly isPastFine?: boolean;
}

/**
 * When a key goes, in ms since 1970.
 * @param text the argument.
 * @param meaning how it is meant.
 * @throws {Refusal} when it is no number, or none that makes sense.
 */
export function expiryArgument(text: string, meaning: ExpiryMeaning): number {
  const { unit, nowMs, command, isPastFine = false } = meaning;
  const invalid = `ERR invalid expire time in '${command}' command`;
  let time = bigArgument(text);
  if (time <= 0n && !isPastFine) throw new Refusal(invalid);
  if (unit === "ex" || unit === "exat") {
    if (time > MAX_INT64 / 1000n || time < -MAX_INT64 / 1000n) throw new Refusal(invalid);
    time *= 1000n;
  }
  if (unit === "ex" || unit === "px") {
    if (time > MAX_INT64 - BigInt(nowMs)) throw new Refusal(invalid);
    time += BigInt(nowMs);
  }
  return Number(time);
}
