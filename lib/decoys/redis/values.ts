/**
 * What keys hold, how large it is, and how the genuine server would keep it.
 * @module
 */
import { parseInteger } from "./refusal.ts";

/** What a key holds. */
export type Value = StringValue | ListValue | SetValue | HashValue | SortedSetValue | StreamValue;
/** Names of types, as TYPE has them. */
export type TypeName = Value["type"];

/** A string: one character a byte. */
export interface StringValue {
  readonly type: "string";
  text: string;
  /** Whether it was changed in place: kept raw then. */
  isRaw?: boolean;
}

/** A list, from left to right. */
export interface ListValue {
  readonly type: "list";
  items: string[];
}

/** A set. */
export interface SetValue {
  readonly type: "set";
  readonly members: Set<string>;
  /** Whether it ever held what is no number: kept as a table since. */
  isTable?: boolean;
}

/** A hash. */
export interface HashValue {
  readonly type: "hash";
  readonly fields: Map<string, string>;
  isTable?: boolean;
}

/** A sorted set. */
export interface SortedSetValue {
  readonly type: "zset";
  readonly scores: Map<string, number>;
  isTable?: boolean;
  /** Members by score; absent when it has to be made anew. */
  sorted?: string[] | undefined;
}

/** An entry of a stream: fields and values take turns. */
export interface StreamEntry {
  readonly ms: bigint;
  readonly seq: bigint;
  readonly fields: readonly string[];
}

/** A stream, with the number given last, and the last of those removed. */
export interface StreamValue {
  readonly type: "stream";
  entries: StreamEntry[];
  lastMs: bigint;
  lastSeq: bigint;
  added: bigint;
  maxDeletedMs: bigint;
  maxDeletedSeq: bigint;
  readonly groups: Map<string, StreamGroup>;
}

/** A group of readers of a stream. */
export interface StreamGroup {
  lastMs: bigint;
  lastSeq: bigint;
  read: bigint | undefined;
  /** By id: who has it, since when (ms), how often. */
  readonly pending: Map<string, { consumer: string; atMs: number; count: number }>;
  /** When each consumer was last seen, in ms. */
  readonly consumers: Map<string, number>;
}

/** What a key or a member costs besides its bytes, as jemalloc and the tables take it, in bytes. */
export const KEY_COST_BYTES = 56;
const ITEM_COST_BYTES = 16;

/** About how much memory a value takes, in bytes. */
export function sizeOf(value: Value): number {
  let size = 0;
  switch (value.type) {
    case "string":
      return value.text.length;
    case "list":
      for (const item of value.items) size += item.length + ITEM_COST_BYTES;
      return size;
    case "set":
      for (const member of value.members) size += member.length + ITEM_COST_BYTES;
      return size;
    case "hash":
      for (const [field, text] of value.fields) {
        size += field.length + text.length + ITEM_COST_BYTES;
      }
      return size;
    case "zset":
      for (const member of value.scores.keys()) size += member.length + 2 * ITEM_COST_BYTES;
      return size;
    case "stream":
      for (const { fields } of value.entries) {
        size += 2 * ITEM_COST_BYTES;
        for (const field of fields) size += field.length + ITEM_COST_BYTES;
      }
      for (const [name, group] of value.groups) {
        size += name.length + 8 * ITEM_COST_BYTES + group.pending.size * 6 * ITEM_COST_BYTES;
        for (const consumer of group.consumers.keys()) size += consumer.length + 64;
      }
      return size;
  }
}

/** Whether there is nothing left of it: such keys go. */
export function isEmpty(value: Value): boolean {
  switch (value.type) {
    case "list":
      return value.items.length === 0;
    case "set":
      return value.members.size === 0;
    case "hash":
      return value.fields.size === 0;
    case "zset":
      return value.scores.size === 0;
    default:
      return false;
  }
}

/** A copy that shares nothing. */
export function copyOf(value: Value): Value {
  switch (value.type) {
    case "string":
      return { ...value };
    case "list":
      return { type: "list", items: [...value.items] };
    case "set":
      return { ...value, members: new Set(value.members) };
    case "hash":
      return { ...value, fields: new Map(value.fields) };
    case "zset":
      return { ...value, scores: new Map(value.scores), sorted: undefined };
    case "stream":
      return {
        ...value,
        entries: [...value.entries],
        groups: new Map(
          [...value.groups].map(([name, group]) => [name, {
            ...group,
            pending: new Map([...group.pending].map(([id, one]) => [id, { ...one }])),
            consumers: new Map(group.consumers),
          }]),
        ),
      };
  }
}

/** Longest string that is kept beside its object, in bytes. */
const MAX_EMBEDDED_BYTES = 44;
/** Most numbers in a set that is kept as an array of them: `set-max-intset-entries`. */
const MAX_INTSET_ENTRIES = 512;
/** Bounds of what is kept as one piece: `hash-max-listpack-entries` and its like. */
const MAX_PACKED_FIELDS = 512;
const MAX_PACKED_MEMBERS = 128;
const MAX_PACKED_BYTES = 64;

/** What OBJECT ENCODING says. */
export function encodingOf(value: Value): string {
  switch (value.type) {
    case "string":
      if (value.isRaw) return "raw";
      if (value.text.length <= 20 && parseInteger(value.text) !== undefined) return "int";
      return value.text.length <= MAX_EMBEDDED_BYTES ? "embstr" : "raw";
    case "list":
      return "quicklist";
    case "set":
      return isIntset(value) ? "intset" : "hashtable";
    case "hash":
      return isPackedHash(value) ? "listpack" : "hashtable";
    case "zset":
      return isPackedSortedSet(value) ? "listpack" : "skiplist";
    case "stream":
      return "stream";
  }
}

/** Whether a set is kept as sorted numbers. */
export function isIntset(value: SetValue): boolean {
  if (value.isTable) return false;
  const isOne = value.members.size <= MAX_INTSET_ENTRIES &&
    [...value.members].every((member) => parseInteger(member) !== undefined);
  if (!isOne) value.isTable = true;
  return isOne;
}

/** Whether a hash keeps its fields in the order in which they came. */
export function isPackedHash(value: HashValue): boolean {
  if (value.isTable) return false;
  const isOne = value.fields.size <= MAX_PACKED_FIELDS &&
    [...value.fields].every(([field, text]) =>
      field.length <= MAX_PACKED_BYTES && text.length <= MAX_PACKED_BYTES
    );
  if (!isOne) value.isTable = true;
  return isOne;
}

function isPackedSortedSet(value: SortedSetValue): boolean {
  if (value.isTable) return false;
  const isOne = value.scores.size <= MAX_PACKED_MEMBERS &&
    [...value.scores.keys()].every((member) => member.length <= MAX_PACKED_BYTES);
  if (!isOne) value.isTable = true;
  return isOne;
}

/** Members by score, and by bytes where scores are the same. */
export function sortedMembers(value: SortedSetValue): readonly string[] {
  return value.sorted ??= [...value.scores.entries()]
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : a > b ? 1 : 0))
    .map(([member]) => member);
}
