/**
 * Makes a failing case small: drops messages, then stretches of bytes, as long as it still fails.
 * @module
 */
import type { Case, Messages } from "./target.ts";

/** Most runs spent on it. */
const MAX_RUNS = 1500;
/** Most time spent on it, in ms. */
const MAX_MS = 15_000;

/**
 * Delta debugging (Zeller and Hildebrandt 2002) in its simple form.
 * @param input a case that fails.
 * @param stillFails whether a smaller one fails in the same way.
 * @returns a case that fails, as small as could be found in the time.
 */
export async function minimise(
  input: Case,
  stillFails: (smaller: Case) => Promise<boolean>,
): Promise<Case> {
  const { choices } = input;
  const deadline = performance.now() + MAX_MS;
  let runs = 0;
  const isOver = () => runs >= MAX_RUNS || performance.now() > deadline;
  const fails = (messages: Messages) => {
    runs++;
    return stillFails({ messages, choices });
  };
  let best = input.messages;
  for (let hasChanged = true; hasChanged && !isOver();) {
    hasChanged = false;
    for (let at = best.length - 1; at >= 0 && !isOver(); at--) {
      const without = best.filter((_, i) => i !== at);
      if (await fails(without)) {
        best = without;
        hasChanged = true;
      }
    }
    for (let at = 0; at < best.length && !isOver(); at++) {
      const shorter = await shorten(
        best[at]!,
        async (bytes) => !isOver() && await fails(best.with(at, bytes)),
      );
      if (shorter.length < best[at]!.length) {
        best = best.with(at, shorter);
        hasChanged = true;
      }
    }
  }
  return { messages: best, choices };
}

/** Drops halves, quarters and so on of a message. */
async function shorten(
  message: Uint8Array,
  fails: (bytes: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = message;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length;) {
      const rest = best.subarray(at + size);
      const shorter = new Uint8Array(at + rest.length);
      shorter.set(best.subarray(0, at));
      shorter.set(rest, at);
      if (shorter.length > 0 && await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
