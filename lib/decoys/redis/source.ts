/**
 * What one source sees of the server and has made of it: keys, settings, users, its connections.
 * Nobody else sees any of it.
 * @module
 */
import type { Client } from "./client.ts";
import { Keyspace, type KeyspaceOwner } from "./keyspace.ts";
import type { InitialKey, Server } from "./server.ts";
import { KEY_COST_BYTES, sizeOf, type Value } from "./values.ts";

/** Databases: `databases`. */
export const DATABASES = 16;
/** Most memory of one source's keys, in bytes. */
const MAX_BYTES = 2_097_152;
/** Most keys of one source. */
const MAX_KEYS = 10_000;
/** Its memory is counted anew when so much was added since, in bytes; a refusal stands for some. */
const RECOUNT_BYTES = 262_144;
const REFUSAL_BYTES = 1024;

/** A user of ACL besides `default`. */
export interface User {
  isOn: boolean;
  isNoPass: boolean;
  readonly passwords: Set<string>;
  keys: string[];
  channels: string[];
  commands: string;
}

/** One source's server. */
export class Source implements KeyspaceOwner {
  nowMs: number;
  /** Connections that are open. */
  readonly clients = new Set<Client>();
  /** Settings that were changed, by name. */
  readonly config = new Map<string, string>();
  readonly users = new Map<string, User>();
  /** Master that REPLICAOF named. */
  master: { host: string; port: number; sinceMs: number } | undefined;
  /** Files that an attacker wants the database written to. */
  readonly target: { dir?: string; dbfilename?: string } = {};
  /** Changes since the last save, and when that was, in ms. */
  dirty = 0;
  savedAtMs: number;
  saves = 0;
  /** When a save in the background began, in ms: it takes a moment. */
  savingSinceMs = -Infinity;
  hits = 0;
  misses = 0;
  expiredKeys = 0;
  /** How often each error was answered. */
  readonly errors = new Map<string, number>();
  /** How often each command ran, and its time in microseconds. */
  readonly calls = new Map<string, { calls: number; rejected: number; failed: number }>();
  errorReplies = 0;
  /** Told of each written key, by those who wait for one. */
  readonly onTouched = new Set<(db: number, key: string) => void>();
  readonly #server: Server;
  readonly #account: (bytes: number) => void;
  #databases: Keyspace[] | undefined;
  #bytes = 0;
  #uncounted = 0;

  /**
   * @param server whose it is.
   * @param nowMs wall clock.
   * @param account told of memory that is taken, or given back when negative.
   */
  constructor(server: Server, nowMs: number, account: (bytes: number) => void) {
    this.#server = server;
    this.#account = account;
    this.nowMs = nowMs;
    this.savedAtMs = nowMs - nowMs % 3_600_000 - 1_260_000;
  }

  /** About how much memory its keys take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A database by its number, from 0 to 15. */
  database(index: number): Keyspace {
    this.#databases ??= this.#makeDatabases();
    return this.#databases[index]!;
  }

  /** All databases. */
  databases(): readonly Keyspace[] {
    this.database(0);
    return this.#databases!;
  }

  /** All keys there are. */
  get keyCount(): number {
    return this.databases().reduce((sum, db) => sum + db.size, 0);
  }

  /** Whether there is room for a command that stores so many bytes. */
  hasRoom(bytes: number): boolean {
    if (this.#isRoom(bytes)) return true;
    // What was added up is more than there is; but counting takes long.
    this.#uncounted += REFUSAL_BYTES;
    if (this.#uncounted < RECOUNT_BYTES) return false;
    this.#recount();
    return this.#isRoom(bytes);
  }

  #isRoom(bytes: number): boolean {
    return this.#bytes + bytes <= MAX_BYTES && this.keyCount < MAX_KEYS;
  }

  grew(bytes: number): void {
    this.#bytes += bytes;
    this.#uncounted += bytes;
    this.#account(bytes);
  }

  touched(db: number, key: string): void {
    this.dirty++;
    for (const listener of [...this.onTouched]) listener(db, key);
  }

  expired(): void {
    this.expiredKeys++;
  }

  hit(found: boolean): void {
    if (found) this.hits++;
    else this.misses++;
  }

  /** Gives all memory back. */
  forgetKeys(): void {
    this.#databases = undefined;
    this.#account(-this.#bytes);
    this.#bytes = 0;
  }

  #recount(): void {
    let bytes = 0;
    for (const db of this.databases()) {
      db.keys();
      for (const [key, { value }] of db.entries()) {
        bytes += KEY_COST_BYTES + key.length + sizeOf(value);
      }
    }
    this.#account(bytes - this.#bytes);
    this.#bytes = bytes;
    this.#uncounted = 0;
  }

  #makeDatabases(): Keyspace[] {
    const databases = Array.from({ length: DATABASES }, (_, i) => new Keyspace(i, this));
    for (const initial of this.#server.initialKeys) {
      const { key, db = 0, livesMs } = initial;
      const expiresAtMs = livesMs === undefined ? undefined : this.nowMs + livesMs;
      databases[db]!.put(key, valueOf(initial.value), expiresAtMs);
    }
    this.dirty = 0;
    return databases;
  }
}

/** A value that its source may change. */
function valueOf(value: InitialKey["value"]): Value {
  switch (value.type) {
    case "string":
      return { type: "string", text: value.text };
    case "list":
      return { type: "list", items: [...value.items] };
    case "set":
      return { type: "set", members: new Set(value.items) };
    case "hash":
      return { type: "hash", fields: new Map(value.fields) };
    case "zset":
      return { type: "zset", scores: new Map(value.scores) };
  }
}
