/**
 * Ranges of sorted sets: by score, by bytes and by rank.
 * @module
 */
import { parseFloatText, Refusal } from "./refusal.ts";
import { sortedMembers, type SortedSetValue } from "./values.ts";

/** Whether a member is in a range. */
export type Test = (member: string, score: number) => boolean;

/**
 * A range of scores, such as `(1` to `+inf`.
 * @throws {Refusal} when one is no number.
 */
export function scoreRange(min: string, max: string): Test {
  const [low, isLowOpen] = bound(min);
  const [high, isHighOpen] = bound(max);
  return (_, score) =>
    (isLowOpen ? score > low : score >= low) && (isHighOpen ? score < high : score <= high);
}

function bound(text: string): [value: number, isOpen: boolean] {
  const isOpen = text.startsWith("(");
  const value = parseFloatText(isOpen ? text.slice(1) : text);
  if (value === undefined) throw new Refusal("ERR min or max is not a float");
  return [value, isOpen];
}

/**
 * A range of bytes, such as `[a` to `(b`, `-` and `+`.
 * @throws {Refusal} when one begins otherwise.
 */
export function lexRange(min: string, max: string): Test {
  const [low, high] = [lexBound(min), lexBound(max)];
  return (member) => low(member) >= 0 && high(member) <= 0;
}

/** How a member stands to a bound; -1 below and 1 above, where a bound that is open is never met. */
function lexBound(text: string): (member: string) => number {
  if (text === "-") return () => 1;
  if (text === "+") return () => -1;
  const isOpen = text.startsWith("(");
  if (!isOpen && !text.startsWith("[")) {
    throw new Refusal("ERR min or max not valid string range item");
  }
  const edge = text.slice(1);
  return (member) => member < edge ? -1 : member > edge ? 1 : isOpen ? NaN : 0;
}

/**
 * Members in a range.
 * @param value the set, if there is one.
 * @param test of the range.
 * @param options from the highest down; `offset` and `count` of LIMIT.
 */
export function membersIn(
  value: SortedSetValue | undefined,
  test: Test,
  { isReverse = false, offset = 0, count = -1 } = {},
): string[] {
  if (value === undefined || offset < 0) return [];
  const found = sortedMembers(value).filter((member) => test(member, value.scores.get(member)!));
  if (isReverse) found.reverse();
  return count < 0 ? found.slice(offset) : found.slice(offset, offset + count);
}

/** Members by rank, from the lowest or the highest. */
export function membersBetween(
  value: SortedSetValue | undefined,
  [start, end]: readonly [number, number],
  isReverse: boolean,
): string[] {
  if (value === undefined) return [];
  const all = isReverse ? [...sortedMembers(value)].reverse() : sortedMembers(value);
  const from = start < 0 ? Math.max(0, all.length + start) : start;
  const to = end < 0 ? all.length + end : end;
  return from > to ? [] : all.slice(from, to + 1);
}
