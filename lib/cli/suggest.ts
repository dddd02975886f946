/**
 * The nearest of some words, for whoever mistyped one.
 * @module
 */

/**
 * Finds the word that the fewest slips away from what was typed.
 * @param typed what was typed.
 * @param words what would be right; at least one.
 * @returns one of `words`; of equally near ones the first.
 * @example
 * ```ts
 * import { nearest } from "./suggest.ts";
 * console.assert(nearest("chekc", ["run", "check"]) === "check");
 * ```
 */
export function nearest(typed: string, words: readonly string[]): string {
  const slips = words.map((word) => distance(typed, word));
  return words[slips.indexOf(Math.min(...slips))]!;
}

/**
 * How many slips (a letter more, less, wrong, or two swapped) lie between two words: the optimal
 * string alignment distance.
 * @param a one word.
 * @param b the other.
 * @returns 0 for equal words.
 */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k <= b.length; k++) {
      const isEqual = a[i - 1] === b[k - 1];
      let best = Math.min(last[k]! + 1, row[k - 1]! + 1, last[k - 1]! + (isEqual ? 0 : 1));
      const isSwap = i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1];
      if (isSwap) best = Math.min(best, before[k - 2]! + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
