/**
 * What the genuine server takes from chance.
 * @module
 */
import { randomInt } from "node:crypto";

/**
 * A whole number from 0 up to `below`.
 * @param below at least 1.
 */
export function chance(below: number): number {
  return below <= 1 ? 0 : randomInt(below);
}

/**
 * Some of a list, each at most once.
 * @param items changed in order.
 * @param count how many; all when there are no more.
 */
export function sample<T>(items: T[], count: number): T[] {
  const wanted = Math.min(count, items.length);
  for (let i = 0; i < wanted; i++) {
    const j = i + chance(items.length - i);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items.slice(0, wanted);
}
