/**
 * Patterns of KEYS, SCAN, CONFIG GET and PSUBSCRIBE, as Redis's stringmatchlen has them.
 * @module
 */

/** Most steps of one comparison: a pattern full of stars would take for ever. */
const MAX_STEPS = 20_000;

/**
 * Whether a text is like a pattern.
 * @param pattern `*`, `?`, `[a-c]`, `[^a]` and backslashes.
 * @param text what is compared.
 * @param ignoreCase whether letters of either case are the same.
 */
export function globMatches(pattern: string, text: string, ignoreCase = false): boolean {
  if (pattern === "*") return true;
  if (ignoreCase) [pattern, text] = [pattern.toLowerCase(), text.toLowerCase()];
  let steps = 0;
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (steps++ < MAX_STEPS) {
    if (p < pattern.length && pattern[p] === "*") {
      starAt = p++;
      starText = t;
      continue;
    }
    if (t >= text.length && p >= pattern.length) return true;
    const next = t < text.length && p < pattern.length ? one(pattern, p, text[t]!) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else {
      if (starAt < 0 || starText >= text.length) return false;
      p = starAt + 1;
      t = ++starText;
    }
  }
  return false;
}

/** Where the pattern goes on when its part at `p` takes the character; -1 when it does not. */
function one(pattern: string, p: number, character: string): number {
  const head = pattern[p]!;
  if (head === "?") return p + 1;
  if (head === "\\" && p + 1 < pattern.length) return pattern[p + 1] === character ? p + 2 : -1;
  if (head !== "[") return head === character ? p + 1 : -1;
  let at = p + 1;
  const isNot = pattern[at] === "^";
  if (isNot) at++;
  let isIn = false;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      at++;
      if (pattern[at] === character) isIn = true;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const [low, high] = [pattern[at]!, pattern[at + 2]!].sort() as [string, string];
      if (character >= low && character <= high) isIn = true;
      at += 2;
    } else if (pattern[at] === character) isIn = true;
  }
  return isIn !== isNot ? Math.min(at + 1, pattern.length) : -1;
}
