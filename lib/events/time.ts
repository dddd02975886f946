/**
 * Times as events have them.
 * @module
 */

let lastMs = NaN;
let lastTime = "";

/**
 * Formats a time; events come in bursts, so the last one is kept.
 * @param ms since 1970.
 * @returns RFC 3339 in UTC, with milliseconds.
 */
export function formatTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastTime = new Date(ms).toISOString();
  }
  return lastTime;
}
