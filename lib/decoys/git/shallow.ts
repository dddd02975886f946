/**
 * Histories that are cut off: shallow.c, and what upload-pack.c makes of it.
 * @module
 */
import type { Commit, Repository } from "./repository.ts";
import { commitsOf } from "./selection.ts";

/** `deepen` for all there is: INFINITE_DEPTH of shallow.h. */
const INFINITE_DEPTH = 0x7fffffff;

/** How deep a client would go; nothing set for all there is. */
export interface Deepening {
  /** Count of commits from each wanted one on; 0 for no limit. */
  depth: number;
  /** Whether `depth` counts from where the client's own history ends. */
  isRelative: boolean;
  /** Seconds since 1970; older commits are left out. */
  since: number | undefined;
  /** Commits that are left out with all that they lead to. */
  readonly without: Commit[];
}

/** Where a history ends. */
export interface Cut {
  /** Where it now ends, in the order in which that is told. */
  readonly shallow: readonly Commit[];
  /** Where it ended for the client, and no longer does. */
  readonly unshallow: readonly Commit[];
}

/** Whether a client limits what it wants. */
export function isLimited({ depth, since, without }: Deepening): boolean {
  return depth > 0 || since !== undefined || without.length > 0;
}

/**
 * Cuts a history off.
 * @param repository where it is.
 * @param deepening how; limited.
 * @param options what is wanted, and where the client's own history ends.
 * @returns `undefined` where nothing would be left, or both ways are asked for: that ends the talk.
 */
export function cutHistory(
  repository: Repository,
  deepening: Deepening,
  { wants, shallows }: { wants: readonly string[]; shallows: readonly Commit[] },
): Cut | undefined {
  const { depth, isRelative, since, without } = deepening;
  if (depth > 0 && (since !== undefined || without.length > 0)) return undefined;
  if (depth === INFINITE_DEPTH) return { shallow: [], unshallow: shallows };
  const heads = depth > 0 && isRelative ? shallows : commitsOf(repository, wants);
  const found = depth > 0
    ? cutByDepth(heads, depth + (isRelative ? 1 : 0))
    : cutByList(heads, { since: since ?? 0, without });
  if (found === undefined) return undefined;
  const { ends, inside } = found;
  return {
    shallow: ends.filter((commit) => !inside.has(commit) && !shallows.includes(commit)),
    unshallow: shallows.filter((commit) => inside.has(commit)),
  };
}

/** Commits at which a history ends, the last found first, and those whose parents are in it. */
interface Found {
  readonly ends: readonly Commit[];
  readonly inside: ReadonlySet<Commit>;
}

function cutByDepth(heads: readonly Commit[], depth: number): Found {
  const ends: Commit[] = [];
  const inside = new Set<Commit>();
  const depths = new Map<Commit, number>();
  for (const head of heads) {
    const queue: [Commit, number][] = [[head, 1]];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [commit, at] = next;
      if (at >= depth) {
        ends.unshift(commit);
        continue;
      }
      inside.add(commit);
      for (const parent of commit.parents) {
        if ((depths.get(parent) ?? Infinity) <= at) continue;
        depths.set(parent, at);
        queue.push([parent, at + 1]);
      }
    }
  }
  return { ends, inside };
}

function cutByList(
  heads: readonly Commit[],
  { since, without }: { since: number; without: readonly Commit[] },
): Found | undefined {
  const left = reach(without, () => true);
  const listed = reach(heads, (commit) => !left.has(commit) && commit.time >= since);
  if (listed.size === 0) return undefined;
  const isEnd = ({ parents }: Commit) => parents.some((parent) => !listed.has(parent));
  const ends = [...listed].filter(isEnd);
  return { ends, inside: new Set([...listed].filter((commit) => !isEnd(commit))) };
}

/** Commits that others lead to, as far as each is one of those sought. */
function reach(from: readonly Commit[], isSought: (commit: Commit) => boolean): Set<Commit> {
  const seen = new Set<Commit>();
  const queue = [...from];
  for (let commit = queue.pop(); commit !== undefined; commit = queue.pop()) {
    if (seen.has(commit) || !isSought(commit)) continue;
    seen.add(commit);
    queue.push(...commit.parents);
  }
  return seen;
}
