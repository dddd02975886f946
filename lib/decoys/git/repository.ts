/**
 * A small repository, made in memory when the decoy is: everything that a genuine one would be asked
 * for.
 * @module
 */
import { makeHistory, type PlantedFile } from "./history.ts";
import {
  type GitObject,
  makeCommit,
  makeObject,
  makeTag,
  makeTree,
  type TreeEntry,
} from "./objects.ts";

/** A commit, with what it leads to. */
export interface Commit {
  readonly object: GitObject;
  readonly parents: readonly Commit[];
  /** Seconds since 1970. */
  readonly time: number;
  /** Its tree and what is in it, each tree before what is in it, as git walks them. */
  readonly contents: readonly GitObject[];
}

/** A name for an object. */
export interface Ref {
  readonly name: string;
  readonly id: string;
  /** What a tag names. */
  readonly peeled?: string;
  /** The name that this one stands for. */
  readonly target?: string;
}

/** A file whose being sent is to be told. */
export interface Lure extends PlantedFile {
  /** Name in the config. */
  readonly lure: string;
  /** Where it is said to be. */
  readonly place: string;
}

/** A repository; never changed. */
export interface Repository {
  /** `HEAD`, then the others in the order of their names. */
  readonly refs: readonly Ref[];
  readonly objects: ReadonlyMap<string, GitObject>;
  readonly commits: ReadonlyMap<string, Commit>;
  /** By the id of each tree, itself and what is in it, in the order of `Commit.contents`. */
  readonly trees: ReadonlyMap<string, readonly GitObject[]>;
  /** By the id of the tag. */
  readonly tags: ReadonlyMap<string, { readonly object: GitObject; readonly commit: Commit }>;
  /** Lures by the id of their content. */
  readonly lures: ReadonlyMap<string, readonly Lure[]>;
}

/** A folder that is being put together. */
type Folder = Map<string, Folder | { object: GitObject; isExecutable: boolean }>;

/**
 * Makes one.
 * @param project its name, without `.git`.
 * @param seed 32 bytes that are its own.
 * @param options the host that it is about, and lures within it; of two at one path the last counts.
 */
export function makeRepository(
  project: string,
  seed: Uint8Array,
  { hostname, lures }: { hostname: string; lures: readonly Lure[] },
): Repository {
  const history = makeHistory(project, seed, { hostname, planted: lures });
  const objects = new Map<string, GitObject>();
  const keep = (object: GitObject): GitObject => {
    if (!objects.has(object.id)) objects.set(object.id, object);
    return objects.get(object.id)!;
  };
  const commits = new Map<string, Commit>();
  const trees = new Map<string, GitObject[]>();
  const root: Folder = new Map();
  let last: Commit | undefined;
  let tagged: Commit | undefined;
  for (const [i, { author, message, files }] of history.changes.entries()) {
    for (const [path, content] of Object.entries(files)) {
      put(root, path, keep(makeObject("blob", content)));
    }
    const contents = listFolder(root, { keep, trees });
    const object = keep(makeCommit(contents[0]!.id, last?.object.id, { author, message }));
    last = { object, parents: last === undefined ? [] : [last], time: author.time, contents };
    commits.set(object.id, last);
    if (i === history.tag.index) tagged = last;
  }
  const { name, ...about } = history.tag;
  const tag = keep(makeTag(tagged!.object.id, name, about));
  const head = last!.object.id;
  const planted = new Map<string, Lure[]>();
  for (const lure of lures) {
    const { id } = makeObject("blob", lure.content);
    planted.set(id, [...planted.get(id) ?? [], lure]);
  }
  return {
    refs: [
      { name: "HEAD", id: head, target: "refs/heads/main" },
      { name: "refs/heads/main", id: head },
      { name: `refs/tags/${name}`, id: tag.id, peeled: tagged!.object.id },
    ],
    objects,
    commits,
    trees,
    tags: new Map([[tag.id, { object: tag, commit: tagged! }]]),
    lures: planted,
  };
}

/** Puts a file in the place of whatever is in its way. */
function put(root: Folder, path: string, object: GitObject): void {
  const names = path.split("/");
  const file = names.pop()!;
  let folder = root;
  for (const name of names) {
    let next = folder.get(name);
    if (!(next instanceof Map)) folder.set(name, next = new Map());
    folder = next;
  }
  folder.set(file, { object, isExecutable: path.startsWith("scripts/") });
}

/** A folder's tree, then what is in it, in the order of its entries; also kept by its id. */
function listFolder(
  folder: Folder,
  store: { keep(object: GitObject): GitObject; trees: Map<string, GitObject[]> },
): GitObject[] {
  const inside = new Map<string, GitObject[]>();
  const entries = [...folder].map(([name, entry]): TreeEntry => {
    const isFolder = entry instanceof Map;
    const objects = isFolder ? listFolder(entry, store) : [entry.object];
    const { id } = objects[0]!;
    inside.set(id, objects);
    return { name, mode: isFolder ? "40000" : entry.isExecutable ? "100755" : "100644", id };
  });
  const tree = store.keep(makeTree(entries));
  const list = [tree, ...idsIn(tree).flatMap((id) => inside.get(id)!)];
  store.trees.set(tree.id, list);
  return list;
}

/** Ids of a tree's entries, in its order: `mode SP name NUL id`. */
function idsIn({ content }: GitObject): string[] {
  const ids: string[] = [];
  for (let at = 0; at < content.length;) {
    const start = content.indexOf(0, at) + 1;
    at = start + 20;
    ids.push([...content.subarray(start, at)].map((b) => b.toString(16).padStart(2, "0")).join(""));
  }
  return ids;
}
