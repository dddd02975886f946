/**
 * Which objects a client gets, and in which order git would pack them: pack-objects.c and
 * revision.c as far as a small history without merges needs them.
 * @module
 */
import type { GitObject } from "./objects.ts";
import type { Commit, Repository } from "./repository.ts";

/** What a client wants and has; only objects that are there. */
export interface Selection {
  /** Ids, each once. */
  readonly wants: readonly string[];
  /** Ids of objects that the client has. */
  readonly haves: readonly string[];
  /** Ids of commits whose parents the client neither has nor is to get. */
  readonly boundary: ReadonlySet<string>;
  /** Whether what is in the client's own commits is left out too, where it is in none of their parents. */
  readonly trustsHaves: boolean;
  /** Whether it wants tags of what it gets. */
  readonly includesTags: boolean;
}

/**
 * Chooses the objects.
 * @param repository where they are.
 * @param selection what is wanted.
 * @returns them in the order of a pack.
 */
export function selectObjects(repository: Repository, selection: Selection): GitObject[] {
  const { commits, tags, trees, objects } = repository;
  const withInside = (id: string) => commits.has(id) ? [] : trees.get(id) ?? [objects.get(id)!];
  const had = walk(commitsOf(repository, selection.haves), selection.boundary);
  const wanted = walk(commitsOf(repository, selection.wants), selection.boundary);
  const sent = [...wanted].filter((commit) => !had.has(commit)).sort((a, b) => b.time - a.time);
  const known = new Set<GitObject>(selection.haves.flatMap(withInside));
  for (const commit of had) {
    // The trees at the edge: git looks no deeper.
    const isEdge = sent.some(({ parents }) => parents.includes(commit)) ||
      (selection.trustsHaves && selection.haves.includes(commit.object.id));
    for (const object of isEdge ? commit.contents : []) known.add(object);
  }
  const list = new Set<GitObject>(sent.map(({ object }) => object));
  for (const object of selection.wants.flatMap(withInside)) list.add(object);
  for (const { contents } of sent) for (const object of contents) list.add(object);
  for (const object of known) list.delete(object);
  if (selection.includesTags) {
    for (const { object, commit } of tags.values()) {
      if (list.has(commit.object)) list.add(object);
    }
  }
  return order([...list], repository);
}

/** Commits up to the first that is tagged, all that is tagged, other commits and tags, trees, files. */
function order(list: readonly GitObject[], { tags }: Repository): GitObject[] {
  const tagged = new Set(
    [...tags.values()].flatMap(({ object, commit }) => [object, commit.object]),
  );
  const start = list.findIndex((object) => tagged.has(object));
  const first = list.slice(0, start < 0 ? list.length : start);
  const isOf = (...types: string[]) => list.filter(({ type }) => types.includes(type));
  return [
    ...new Set([
      ...first,
      ...list.filter((object) => tagged.has(object)),
      ...isOf("commit", "tag"),
      ...isOf("tree"),
      ...list,
    ]),
  ];
}

/** The commits among objects, and those that tags among them name. */
export function commitsOf(
  { commits, tags }: Repository,
  ids: readonly string[],
): Commit[] {
  return ids.flatMap((id) => commits.get(id) ?? tags.get(id)?.commit ?? []);
}

/** Everything that commits lead to, and no further than a boundary. */
function walk(from: readonly Commit[], boundary: ReadonlySet<string>): Set<Commit> {
  const seen = new Set<Commit>();
  const queue = [...from];
  for (let commit = queue.pop(); commit !== undefined; commit = queue.pop()) {
    if (seen.has(commit)) continue;
    seen.add(commit);
    if (!boundary.has(commit.object.id)) queue.push(...commit.parents);
  }
  return seen;
}

/**
 * Whether each wanted object leads to one that the client has, so that no more need be asked.
 * @param repository where they are.
 * @param wants ids.
 * @param haves ids.
 */
export function isEnough(
  repository: Repository,
  wants: readonly string[],
  haves: readonly string[],
): boolean {
  if (haves.length === 0) return false;
  // A parent of what the client has is had as well.
  const had = new Set(
    commitsOf(repository, haves).flatMap(({ object, parents }) => [
      object.id,
      ...parents.map((parent) => parent.object.id),
    ]),
  );
  for (const id of haves) had.add(id);
  return wants.every((id) => {
    const from = commitsOf(repository, [id]);
    // What is no commit leads nowhere: git asks no more of it.
    if (from.length === 0 || had.has(id)) return true;
    return [...walk(from, new Set())].some(({ object }) => had.has(object.id));
  });
}
