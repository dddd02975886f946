/**
 * The server that is played: what it is, since when it runs, what it has counted, and the sources that
 * each have it to themselves.
 * @module
 */
import { createHash } from "node:crypto";
import { Catalogue } from "./catalogue.ts";
import { Source } from "./source.ts";

/** Most sources that are remembered. */
const MAX_SOURCES = 512;
/** Most memory that all keys of all sources take, in bytes. */
const MAX_TOTAL_BYTES = 33_554_432;
/** How long a server runs before updates have it started again, in ms. */
const RUN_MS = 41 * 86_400_000;
/** How often an application of the host's connects, in ms, and what it does then. */
const VISIT_MS = 41_000;
const VISIT_COMMANDS = 9;

/** Options of the decoy. */
export interface Settings {
  /** Lets in who knows it; octets; empty for a server that asks for none. */
  readonly password: string;
  /** Release of the kernel, as INFO shows it. */
  readonly kernel: string;
  /** Whether `dir` and `dbfilename` may be set: `enable-protected-configs`. */
  readonly protectedConfigs: boolean;
  /** Whether MODULE is allowed: `enable-module-command`. */
  readonly moduleCommand: boolean;
  /** Whether DEBUG is allowed: `enable-debug-command`. */
  readonly debugCommand: boolean;
  /** Port that the server says it has; 0 for the one connected to. */
  readonly shownPort: number;
}

/** A key that is there from the start. */
export interface InitialKey {
  readonly key: string;
  readonly db?: number;
  /** How long it lives from the first visit of a source on, in ms. */
  readonly livesMs?: number;
  readonly value:
    | { readonly type: "string"; readonly text: string }
    | { readonly type: "list" | "set"; readonly items: readonly string[] }
    | { readonly type: "hash"; readonly fields: readonly (readonly [string, string])[] }
    | { readonly type: "zset"; readonly scores: readonly (readonly [string, number])[] };
}

/** What chance has chosen for this server, once. */
export class Identity {
  /** Of hash tables. */
  readonly tableSeed: number;
  readonly pid: number;
  readonly totalMemory: number;
  readonly #seed: Uint8Array;
  readonly #phaseMs: number;

  /** @param seed 32 bytes that are the same at every start. */
  constructor(seed: Uint8Array) {
    const view = new DataView(new Uint8Array(seed).buffer);
    this.#seed = seed;
    this.tableSeed = view.getUint32(0);
    this.pid = 430 + view.getUint16(4) % 620;
    // Of a machine with 4 GB: what firmware and kernel keep differs.
    this.totalMemory = 4_102_029_312 + (view.getUint16(6) % 1500) * 4096;
    this.#phaseMs = view.getUint32(8) % RUN_MS;
  }

  /**
   * When the server that runs at a time was started, in ms since 1970.
   * @param nowMs that time.
   */
  bootMs(nowMs: number): number {
    return Math.floor((nowMs - this.#phaseMs) / RUN_MS) * RUN_MS + this.#phaseMs;
  }

  /**
   * Forty hexadecimal digits that are this server's own.
   * @param label what they are for.
   */
  hexId(label: string): string {
    return createHash("sha1").update(this.#seed).update(label).digest("hex");
  }
}

/** Figures of the whole server, which only rise. */
export interface Counters {
  connections: number;
  commands: number;
  bytesIn: number;
  bytesOut: number;
}

/** The server. */
export class Server {
  readonly settings: Settings;
  readonly identity: Identity;
  readonly catalogue: Catalogue;
  readonly initialKeys: readonly InitialKey[];
  readonly counters: Counters = { connections: 0, commands: 0, bytesIn: 0, bytesOut: 0 };
  readonly #sources = new Map<string, Source>();
  #memory = 0;

  /**
   * @param settings of the decoy.
   * @param identity what chance has chosen.
   * @param initialKeys what each source finds.
   */
  constructor(settings: Settings, identity: Identity, initialKeys: readonly InitialKey[]) {
    this.settings = settings;
    this.identity = identity;
    this.initialKeys = initialKeys;
    this.catalogue = new Catalogue(identity.tableSeed);
  }

  /** How many sources are remembered, and the memory that their keys take, in bytes. */
  get usage(): { sources: number; bytes: number } {
    return { sources: this.#sources.size, bytes: this.#memory };
  }

  /**
   * What a source has made of this server.
   * @param ip its address.
   * @param nowMs wall clock.
   */
  source(ip: string, nowMs: number): Source {
    const name = ip.includes(":") ? ip.split(":").slice(0, 4).join(":") : ip;
    const known = this.#sources.get(name);
    const source = known ?? new Source(this, nowMs, (bytes) => this.#memory += bytes);
    // The order of the map is that of the last visit.
    this.#sources.delete(name);
    this.#sources.set(name, source);
    this.makeRoom(source);
    return source;
  }

  /**
   * Forgets what was longest not seen until the rest fits.
   * @param needed is not forgotten.
   */
  makeRoom(needed: Source): void {
    if (this.#sources.size <= MAX_SOURCES && this.#memory <= MAX_TOTAL_BYTES) return;
    for (const isUsed of [false, true]) {
      for (const [name, source] of this.#sources) {
        if (this.#sources.size <= MAX_SOURCES && this.#memory <= MAX_TOTAL_BYTES) return;
        if (source === needed || (source.clients.size > 0) !== isUsed) continue;
        // One with connections loses its keys, but stays.
        source.forgetKeys();
        if (!isUsed) this.#sources.delete(name);
      }
    }
  }

  /** Number of the next connection. */
  nextId(nowMs: number): number {
    this.counters.connections++;
    return this.visits(nowMs) + this.counters.connections + 2;
  }

  /** How often the host's own application has connected. */
  visits(nowMs: number): number {
    return Math.floor((nowMs - this.identity.bootMs(nowMs)) / VISIT_MS);
  }

  /** Figures with those of the host's own application. */
  totals(nowMs: number): Counters & { hits: number; misses: number } {
    const visits = this.visits(nowMs);
    const own = this.counters;
    return {
      connections: visits + own.connections,
      commands: visits * VISIT_COMMANDS + own.commands,
      bytesIn: visits * VISIT_COMMANDS * 61 + own.bytesIn,
      bytesOut: visits * VISIT_COMMANDS * 148 + own.bytesOut,
      hits: visits * 4,
      misses: Math.floor(visits / 3),
    };
  }
}
