/**
 * Conversations put together by chance, the same at every run.
 * @module
 */
import type { Conversation } from "./client.ts";

/** What lines are made of. */
export interface Pieces {
  readonly words: readonly string[];
  /** What stands between words; the more often it is in the list, the more often it does. */
  readonly gaps: readonly string[];
  readonly ends: readonly string[];
  /** How many conversations, 40 by default. */
  readonly count?: number;
  /** How many lines each has, 8 by default. */
  readonly lines?: number;
}

/**
 * Makes them.
 * @param pieces what lines are made of.
 * @returns conversations of one send each.
 */
export function byChance({ words, gaps, ends, count = 40, lines = 8 }: Pieces): Conversation[] {
  return Array.from({ length: count }, (_, i) => {
    let state = i + 1;
    const draw = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor(state / 65_536) % below;
    };
    const pick = (list: readonly string[]) => list[draw(list.length)]!;
    const line = () => {
      let text = pick(words);
      for (let more = draw(4); more > 0; more--) text += pick(gaps) + pick(words);
      return text + pick(ends);
    };
    const data = Array.from({ length: lines }, line).join("");
    return { name: `lines by chance ${i + 1}`, sends: [data] };
  });
}
