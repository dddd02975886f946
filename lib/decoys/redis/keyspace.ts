/**
 * One database of one source: keys, what they hold, and when they go.
 * @module
 */
import { Refusal, WRONG_TYPE } from "./refusal.ts";
import { isEmpty, KEY_COST_BYTES, sizeOf, type TypeName, type Value } from "./values.ts";

/** A key's value and its times. */
export interface Entry {
  value: Value;
  /** When it goes, in ms since 1970. */
  expiresAtMs: number | undefined;
  /** When it was last read or written, in ms since 1970. */
  usedAtMs: number;
}

/** What holds the databases of a source: told of all that changes. */
export interface KeyspaceOwner {
  /** Wall clock at the command that runs, in ms. */
  readonly nowMs: number;
  /** Something was stored: about so many bytes more. */
  grew(bytes: number): void;
  /** A key was written or removed. */
  touched(db: number, key: string): void;
  /** A key went because its time had come. */
  expired(): void;
  hit(found: boolean): void;
}

type Of<T extends TypeName> = Extract<Value, { type: T }>;

/** A database. */
export class Keyspace {
  readonly index: number;
  readonly #owner: KeyspaceOwner;
  #entries = new Map<string, Entry>();

  /**
   * @param index its number.
   * @param owner told of changes.
   */
  constructor(index: number, owner: KeyspaceOwner) {
    this.index = index;
    this.#owner = owner;
  }

  /** A key's entry, unless its time has come; not counted as a use. */
  peek(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAtMs === undefined || entry.expiresAtMs > this.#owner.nowMs) return entry;
    this.#entries.delete(key);
    this.#owner.expired();
    this.#owner.touched(this.index, key);
    return undefined;
  }

  /** A key's entry for reading: counts hits and misses. */
  read(key: string): Entry | undefined {
    const entry = this.peek(key);
    this.#owner.hit(entry !== undefined);
    if (entry !== undefined) entry.usedAtMs = this.#owner.nowMs;
    return entry;
  }

  /**
   * A key's value of one type.
   * @returns nothing when there is no such key.
   * @throws {Refusal} when it holds something else.
   */
  get<T extends TypeName>(key: string, type: T): Of<T> | undefined {
    return typed(this.read(key), type);
  }

  /** The same for a command that writes: no hit and no miss. */
  own<T extends TypeName>(key: string, type: T): Of<T> | undefined {
    return typed(this.peek(key), type);
  }

  /**
   * Stores a value in place of the one before, and its time with it.
   * @param key its name.
   * @param value what it will hold.
   * @param expiresAtMs when it goes.
   */
  put(key: string, value: Value, expiresAtMs?: number): void {
    this.#entries.set(key, { value, expiresAtMs, usedAtMs: this.#owner.nowMs });
    this.#owner.grew(KEY_COST_BYTES + key.length + sizeOf(value));
    this.#owner.touched(this.index, key);
  }

  /** The same, but with the time that the key has already. */
  replace(key: string, value: Value): void {
    this.put(key, value, this.peek(key)?.expiresAtMs);
  }

  /**
   * A value was changed in place; one that is empty now goes.
   * @param key its name.
   * @param bytes about how much was added.
   */
  changed(key: string, bytes = 0): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && isEmpty(entry.value)) this.#entries.delete(key);
    else if (entry !== undefined) entry.usedAtMs = this.#owner.nowMs;
    this.#owner.grew(bytes);
    this.#owner.touched(this.index, key);
  }

  /** Removes a key; whether it was there. */
  delete(key: string): boolean {
    if (this.peek(key) === undefined) return false;
    this.#entries.delete(key);
    this.#owner.touched(this.index, key);
    return true;
  }

  /** Removes all; how many there were. */
  clear(): number {
    const { size } = this.#entries;
    for (const key of this.#entries.keys()) this.#owner.touched(this.index, key);
    this.#entries = new Map();
    return size;
  }

  /** Keys whose time has not come, in the order in which they came. */
  keys(): string[] {
    for (const key of [...this.#entries.keys()]) this.peek(key);
    return [...this.#entries.keys()];
  }

  /** How many keys there are, those counted whose time has come unseen. */
  get size(): number {
    return this.#entries.size;
  }

  entries(): Iterable<[string, Entry]> {
    return this.#entries.entries();
  }

  /** Changes places with another database. */
  swap(other: Keyspace): void {
    [this.#entries, other.#entries] = [other.#entries, this.#entries];
    for (const db of [this, other]) {
      for (const key of db.#entries.keys()) this.#owner.touched(db.index, key);
    }
  }
}

function typed<T extends TypeName>(entry: Entry | undefined, type: T): Of<T> | undefined {
  if (entry === undefined) return undefined;
  if (entry.value.type !== type) throw new Refusal(WRONG_TYPE);
  return entry.value as Of<T>;
}
