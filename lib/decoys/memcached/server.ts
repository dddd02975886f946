/**
 * The server behind all talks: since when it runs, its settings, and the sources that each have a
 * cache of their own.
 * @module
 */
import { makeCounters, Store } from "./store.ts";

/** Most sources that are remembered. */
const MAX_SOURCES = 512;
/** Most memory that all values of all sources take, in bytes. */
const MAX_TOTAL_BYTES = 33_554_432;
/** Most memory for values that are still arriving, in all connections, in bytes. */
const MAX_ARRIVING_BYTES = 16_777_216;
/** How long a server runs before updates have it started again, in ms. */
const RUN_MS = 37 * 86_400_000;

/** Options of the decoy. */
export interface Settings {
  readonly auth: "none" | "sasl" | "file";
  /** Size of the cache as it is shown, in bytes. */
  readonly memoryBytes: number;
  /** How much of a value is reported, in bytes. */
  readonly captureBytes: number;
  readonly initialItems: readonly InitialItem[];
}

/** An item that is there from the start. */
export interface InitialItem {
  /** 250 characters of ASCII at most, without space. */
  readonly key: string;
  readonly value: Uint8Array;
}

/** The server. */
export class Server {
  readonly settings: Settings;
  readonly pid: number;
  /** Memory of values that are still arriving, in bytes. */
  arrivingBytes = 0;
  /** Connections that are open, and all there ever were. */
  openConnections = 0;
  totalConnections = 0;
  /** Most connections that were open at a time. */
  peakConnections = 0;
  readonly #phaseMs: number;
  readonly #ownMs: number;
  readonly #sources = new Map<string, Store>();
  #memory = 0;

  /**
   * @param settings of the decoy.
   * @param seed 32 bytes that are the same at every start.
   */
  constructor(settings: Settings, seed: Uint8Array) {
    this.settings = settings;
    const view = new DataView(new Uint8Array(seed).buffer);
    this.pid = 430 + view.getUint16(0) % 620;
    this.#phaseMs = view.getUint32(2) % RUN_MS;
    this.#ownMs = 20 + view.getUint16(6) % 40;
  }

  /**
   * When the server that runs at a time was started, in whole seconds since 1970.
   * @param nowMs that time.
   */
  bootS(nowMs: number): number {
    const bootMs = Math.floor((nowMs - this.#phaseMs) / RUN_MS) * RUN_MS + this.#phaseMs;
    return Math.floor(bootMs / 1000);
  }

  /**
   * CPU time that was used, in microseconds: the clock's ticks, and what was done.
   * @param nowMs wall clock.
   * @param commands how many were answered.
   */
  cpuTime(nowMs: number, commands: number): { userUs: number; systemUs: number } {
    const upS = nowMs / 1000 - this.bootS(nowMs);
    return {
      userUs: Math.floor(upS * this.#ownMs * 1.31 + commands * 9),
      systemUs: Math.floor(upS * this.#ownMs * 2.17 + commands * 21),
    };
  }

  /** How many sources are remembered, and the memory that their items take, in bytes. */
  get usage(): { sources: number; bytes: number } {
    return { sources: this.#sources.size, bytes: this.#memory };
  }

  /** Whether a value of that size may begin to arrive. */
  hasRoomFor(bytes: number): boolean {
    return this.arrivingBytes + bytes <= MAX_ARRIVING_BYTES;
  }

  /**
   * What a source has stored here.
   * @param ip its address; of IPv6 the network counts.
   * @param nowMs wall clock.
   */
  source(ip: string, nowMs: number): Store {
    const name = ip.includes(":") ? ip.split(":").slice(0, 4).join(":") : ip;
    const store = this.#sources.get(name) ?? this.#makeStore(nowMs);
    // The order of the map is that of the last visit.
    this.#sources.delete(name);
    this.#sources.set(name, store);
    this.makeRoom(store);
    return store;
  }

  /**
   * Forgets what was longest not seen until the rest fits.
   * @param needed is not forgotten.
   */
  makeRoom(needed: Store): void {
    for (const [name, store] of this.#sources) {
      if (this.#sources.size <= MAX_SOURCES && this.#memory <= MAX_TOTAL_BYTES) return;
      if (store === needed) continue;
      store.forget();
      this.#sources.delete(name);
    }
  }

  #makeStore(nowMs: number): Store {
    const bootS = this.bootS(nowMs);
    const store: Store = new Store(bootS, makeCounters(), (bytes) => {
      this.#memory += bytes;
      if (bytes > 0) this.makeRoom(store);
    });
    store.now(nowMs);
    for (const { key, value } of this.settings.initialItems) {
      store.link(key, { value, flags: 0, exptime: 0 });
    }
    return store;
  }
}
