/**
 * The cache of one source: items by key, the order of their use, and what was counted.
 *
 * Times are the server's own: whole seconds since two seconds before it was started.
 * @module
 */
import { CHUNK_SIZES, chunksPerPage, classOf, itemBytes, MAX_ITEM_BYTES } from "./slabs.ts";

/** Most memory that a source's items take, in bytes. */
const MAX_BYTES = 4_194_304;
/** Most items of a source. */
const MAX_ITEMS = 10_000;
/** Longest time to live that counts from now; a larger number is a date, in seconds. */
const MAX_DELTA_S = 2_592_000;
/** Expired and flushed items are gone after so long, in seconds: the crawler's round. */
const CRAWL_S = 60;
/** Prefixes of keys that `stats detail` tells apart. */
const MAX_PREFIXES = 200;

/** One item. */
export interface Item {
  readonly key: string;
  value: Uint8Array;
  readonly flags: number;
  /** When it expires; 0 for never. */
  exptime: number;
  cas: bigint;
  /** When it was last used, as far as the server notes that. */
  time: number;
  readonly slab: number;
  /** How often it was fetched: 0, 1, or 2 for more. */
  fetches: number;
  /** The meta commands' marks. */
  isStale: boolean;
  isTokenSent: boolean;
  isKeyBinary: boolean;
  /** Memory that it takes, in bytes. */
  bytes: number;
}

/** What is stored. */
export interface NewItem {
  readonly value: Uint8Array;
  readonly flags: number;
  readonly exptime: number;
}

/** How a store command went. */
export type StoreResult = "STORED" | "NOT_STORED" | "EXISTS" | "NOT_FOUND";
/** Which store command it is. */
export type StoreMode = "set" | "add" | "replace" | "append" | "prepend" | "cas";

/** Names of what is counted for all, in no order. */
const COUNTERS = ("cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired " +
  "get_flushed delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses " +
  "cas_hits cas_badval touch_hits touch_misses store_too_large store_no_memory auth_cmds " +
  "auth_errors bytes_read bytes_written total_items evictions commands").split(" ");

/** What was counted, by the name that `stats` has for it. */
export type Counters = Record<string, number>;

/** Counters that stand at 0. */
export function makeCounters(): Counters {
  return Object.fromEntries(COUNTERS.map((name) => [name, 0]));
}

/** A source's cache. */
export class Store {
  readonly counters: Counters;
  /** What was counted for a slab class, by `class:name`. */
  readonly slabCounters = new Map<string, number>();
  /** Pages that a class has; they stay. */
  readonly pages = new Map<number, number>();
  /** Whether `stats detail on` was said, and what was counted since. */
  isDetailed = false;
  readonly prefixes = new Map<string, { get: number; hit: number; set: number; del: number }>();
  /** The server's time, in seconds. */
  time = 0;
  bytes = 0;
  verbosity = 0;
  /** Whether the crawler runs. */
  crawls = true;
  /** Size of the cache as it was set. */
  memoryBytes: number | undefined;
  readonly #bootS: number;
  readonly #account: (bytes: number) => void;
  /** In the order of use, the last one used at the end. */
  readonly #items = new Map<string, Item>();
  /** How many items are in a class. */
  readonly #used = new Map<number, number>();
  #lastCas = 0n;
  #oldestLive = 0;
  #oldestCas: bigint | undefined;
  #crawledAt = 0;

  /**
   * @param bootS when the server was started, in seconds since 1970.
   * @param counters to begin with.
   * @param account told of memory that is taken, or given back when negative.
   */
  constructor(bootS: number, counters: Counters, account: (bytes: number) => void) {
    this.#bootS = bootS;
    this.counters = counters;
    this.#account = account;
  }

  /** What the clock of the server counts from, in seconds since 1970. */
  get epochS(): number {
    return this.#bootS - 2;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Takes note of the time. */
  now(nowMs: number): void {
    this.time = Math.floor(nowMs / 1000) - this.epochS;
    if (this.time - this.#crawledAt < CRAWL_S) return;
    this.#crawledAt = this.time;
    for (const item of [...this.#items.values()]) if (!this.isLive(item)) this.unlink(item);
  }

  /**
   * When something expires, from what a client says.
   * @param exptime seconds, or a date; negative for at once.
   */
  realTime(exptime: number): number {
    if (exptime === 0) return 0;
    if (exptime < 0) return 1;
    if (exptime <= MAX_DELTA_S) return this.time + exptime;
    return exptime <= this.epochS ? 1 : exptime - this.epochS;
  }

  /** Items that are there, the one longest not used first. */
  items(): Item[] {
    return [...this.#items.values()];
  }

  isLive(item: Item): boolean {
    return !this.#isExpired(item) && !this.#isFlushed(item);
  }

  /** Finds an item without taking it for used. */
  peek(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item === undefined || this.isLive(item)) return item;
    this.counters[this.#isFlushed(item) ? "get_flushed" : "get_expired"]!++;
    this.unlink(item);
    return undefined;
  }

  /** Finds an item for somebody who reads it. */
  find(key: string): Item | undefined {
    const item = this.peek(key);
    if (item !== undefined) this.bump(item);
    return item;
  }

  /** Takes an item for used. */
  bump(item: Item): void {
    if (item.fetches === 1) item.time = this.time;
    if (item.fetches < 2) item.fetches++;
    this.#items.delete(item.key);
    this.#items.set(item.key, item);
  }

  /** Puts an item in, in place of the one before. */
  link(key: string, { value, flags, exptime }: NewItem): Item {
    const before = this.#items.get(key);
    if (before !== undefined) this.unlink(before);
    const bytes = itemBytes(key.length, value.length, flags);
    const slab = classOf(bytes);
    const item: Item = {
      ...{ key, value, flags, exptime, slab, bytes, cas: this.nextCas(), time: this.time },
      ...{ fetches: 0, isStale: false, isTokenSent: false, isKeyBinary: false },
    };
    this.#items.set(key, item);
    this.counters["total_items"]!++;
    const used = (this.#used.get(slab) ?? 0) + 1;
    this.#used.set(slab, used);
    const pages = Math.max(this.pages.get(slab) ?? 0, Math.ceil(used / chunksPerPage(slab)));
    this.pages.set(slab, pages);
    this.#grow(bytes);
    return item;
  }

  unlink(item: Item): void {
    if (this.#items.get(item.key) !== item) return;
    this.#items.delete(item.key);
    this.#used.set(item.slab, this.#used.get(item.slab)! - 1);
    this.bytes -= item.bytes;
    this.#account(-item.bytes);
  }

  /**
   * Stores as a command says.
   * @param mode the command.
   * @param key from `latin1`.
   * @param fresh what came; of `append` and `prepend` the value alone counts.
   * @param cas what the item's id must be.
   */
  store(
    mode: StoreMode,
    key: string,
    { cas, ...fresh }: NewItem & { readonly cas?: bigint },
  ): { result: StoreResult; item?: Item } {
    const old = this.peek(key);
    if (old === undefined) {
      if (mode === "cas") this.counters["cas_misses"]!++;
      if (mode === "cas") return { result: "NOT_FOUND" };
      if (mode === "set" || mode === "add") {
        return { result: "STORED", item: this.link(key, fresh) };
      }
      return { result: "NOT_STORED" };
    }
    if (mode === "add") {
      this.bump(old);
      return { result: "NOT_STORED" };
    }
    if (cas !== undefined && cas !== 0n && cas !== old.cas) {
      this.counters["cas_badval"]!++;
      this.countSlab(old.slab, "cas_badval");
      return { result: "EXISTS" };
    }
    if (mode === "cas") {
      this.counters["cas_hits"]!++;
      this.countSlab(old.slab, "cas_hits");
    }
    if (mode !== "append" && mode !== "prepend") {
      return { result: "STORED", item: this.link(key, fresh) };
    }
    const length = old.value.length + fresh.value.length;
    if (itemBytes(key.length, length, old.flags) > MAX_ITEM_BYTES) return { result: "NOT_STORED" };
    const parts = mode === "append" ? [old.value, fresh.value] : [fresh.value, old.value];
    const value = new Uint8Array(length);
    value.set(parts[0]!);
    value.set(parts[1]!, parts[0]!.length);
    return { result: "STORED", item: this.link(key, { ...old, value }) };
  }

  /** Changes a value where it is. */
  rewrite(item: Item, value: Uint8Array): void {
    item.value = value;
    item.cas = this.nextCas();
  }

  /** Id of the next change. */
  nextCas(): bigint {
    return ++this.#lastCas;
  }

  /**
   * Forgets all items.
   * @param delay seconds from now or a date, as `realTime` has it; 0 for now.
   */
  flush(delay: number): void {
    this.counters["cmd_flush"]!++;
    this.#oldestLive = delay === 0 ? this.time : this.realTime(delay) - 1;
    // What is stored in the same second is told apart by its number, unless it is for later.
    this.#oldestCas = this.#oldestLive > this.time ? undefined : this.nextCas();
  }

  /** Items of a slab class, the one longest not used first. */
  inClass(slab: number): Item[] {
    return this.items().filter((item) => item.slab === slab);
  }

  countSlab(slab: number, name: string): void {
    const key = `${slab}:${name}`;
    this.slabCounters.set(key, (this.slabCounters.get(key) ?? 0) + 1);
  }

  /** Counts a value that came for a class. */
  countSet(slab: number): void {
    this.counters["cmd_set"]!++;
    this.countSlab(slab, "cmd_set");
  }

  /** Sets what was counted back to 0. */
  resetCounters(): void {
    Object.assign(this.counters, makeCounters());
    this.slabCounters.clear();
  }

  /** Counts for the prefix of a key, when that is asked for. */
  countPrefix(key: string, ...names: readonly ("get" | "hit" | "set" | "del")[]): void {
    const at = key.indexOf(":");
    if (!this.isDetailed || at < 0) return;
    const prefix = key.slice(0, at);
    const known = this.prefixes.get(prefix) ?? { get: 0, hit: 0, set: 0, del: 0 };
    if (this.prefixes.size >= MAX_PREFIXES && !this.prefixes.has(prefix)) return;
    for (const name of names) known[name]++;
    this.prefixes.set(prefix, known);
  }

  /** Gives all memory back. */
  forget(): void {
    this.#items.clear();
    this.#used.clear();
    this.#account(-this.bytes);
    this.bytes = 0;
  }

  #isExpired(item: Item): boolean {
    return item.exptime !== 0 && item.exptime <= this.time;
  }

  #isFlushed(item: Item): boolean {
    const isDue = this.#oldestLive !== 0 && this.#oldestLive <= this.time;
    return isDue && item.time <= this.#oldestLive &&
      (this.#oldestCas === undefined || item.cas < this.#oldestCas);
  }

  #grow(bytes: number): void {
    this.bytes += bytes;
    this.#account(bytes);
    for (const item of this.#items.values()) {
      if (this.bytes <= MAX_BYTES && this.#items.size <= MAX_ITEMS) return;
      this.unlink(item);
      this.counters["evictions"]!++;
    }
  }
}

/** Numbers of the classes that have pages or that items are in. */
export function usedClasses(store: Store): number[] {
  return CHUNK_SIZES.map((_, id) => id).filter((id) => (store.pages.get(id) ?? 0) > 0);
}
