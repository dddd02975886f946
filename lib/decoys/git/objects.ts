/**
 * Objects of a repository, as git names and writes them: gitformat-pack(5), git-hash-object(1).
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** Kinds of objects, with their numbers in a pack. */
export const OBJECT_TYPES = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

/** Kind of an object. */
export type ObjectType = keyof typeof OBJECT_TYPES;

/** An object; never changed. */
export interface GitObject {
  /** SHA-1 in hex. */
  readonly id: string;
  readonly type: ObjectType;
  readonly content: Uint8Array;
  /** The content as a pack has it: RFC 1950. */
  readonly packed: Uint8Array;
}

/** A file or a folder within a tree. */
export interface TreeEntry {
  readonly name: string;
  readonly mode: "100644" | "100755" | "40000";
  readonly id: string;
}

/** Who did something, and when. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** Such as `+0100`. */
  readonly zone: string;
}

/**
 * Makes an object.
 * @param type its kind.
 * @param content bytes, or text that becomes UTF-8.
 */
export function makeObject(type: ObjectType, content: Uint8Array | string): GitObject {
  const bytes = Buffer.from(content as string);
  const id = createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
  return { id, type, content: bytes, packed: deflateSync(bytes) };
}

/**
 * Makes a tree.
 * @param entries in any order; names differ.
 */
export function makeTree(entries: readonly TreeEntry[]): GitObject {
  // A folder is sorted as if its name ended in a slash.
  const key = ({ name, mode }: TreeEntry) => Buffer.from(mode === "40000" ? `${name}/` : name);
  const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)));
  return makeObject(
    "tree",
    Buffer.concat(sorted.flatMap(({ name, mode, id }) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(id, "hex"),
    ])),
  );
}

/**
 * Makes a commit.
 * @param tree its id.
 * @param parent id of the commit before it.
 * @param options who made it, and what it says.
 */
export function makeCommit(
  tree: string,
  parent: string | undefined,
  { author, message }: { author: Signature; message: string },
): GitObject {
  const who = formatSignature(author);
  const before = parent === undefined ? "" : `parent ${parent}\n`;
  return makeObject(
    "commit",
    `tree ${tree}\n${before}author ${who}\ncommitter ${who}\n\n${message}\n`,
  );
}

/**
 * Makes an annotated tag of a commit.
 * @param commit its id.
 * @param name without `refs/tags/`.
 * @param options who made it, and what it says.
 */
export function makeTag(
  commit: string,
  name: string,
  { tagger, message }: { tagger: Signature; message: string },
): GitObject {
  const who = formatSignature(tagger);
  return makeObject(
    "tag",
    `object ${commit}\ntype commit\ntag ${name}\ntagger ${who}\n\n${message}\n`,
  );
}

function formatSignature({ name, email, time, zone }: Signature): string {
  return `${name} <${email}> ${time} ${zone}`;
}
