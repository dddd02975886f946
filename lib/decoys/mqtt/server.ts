/**
 * The server behind all talks: since when it runs, and the sources that each have a broker to
 * themselves.
 * @module
 */
import { createHash } from "node:crypto";
import { Broker, type InitialMessage } from "./broker.ts";

/** Most sources that are remembered. */
const MAX_SOURCES = 512;
/** Most memory that all retained messages of all sources take, in bytes. */
const MAX_TOTAL_BYTES = 16_777_216;
/** Most memory for packets that are still arriving, in all connections, in bytes. */
const MAX_ARRIVING_BYTES = 16_777_216;
/** How long a server runs before updates have it started again, in ms. */
const RUN_MS = 43 * 86_400_000;

/** Options of the decoy. */
export interface Settings {
  readonly isOpen: boolean;
  /** How much of a message is reported, in bytes. */
  readonly captureBytes: number;
  readonly messages: readonly InitialMessage[];
}

/** The server. */
export class Server {
  readonly settings: Settings;
  /** Memory of packets that are still arriving, in bytes. */
  arrivingBytes = 0;
  readonly #seed: Uint8Array;
  readonly #phaseMs: number;
  readonly #sources = new Map<string, Broker>();
  #memory = 0;
  #names = 0;

  /**
   * @param settings of the decoy.
   * @param seed 32 bytes that are the same at every start.
   */
  constructor(settings: Settings, seed: Uint8Array) {
    this.settings = settings;
    this.#seed = seed;
    this.#phaseMs = new DataView(new Uint8Array(seed).buffer).getUint32(0) % RUN_MS;
  }

  /** How many sources are remembered, and the memory of their messages, in bytes. */
  get usage(): { sources: number; bytes: number } {
    return { sources: this.#sources.size, bytes: this.#memory };
  }

  /** Whether a packet of that size may be kept while it arrives. */
  hasRoomFor(bytes: number): boolean {
    return this.arrivingBytes + bytes <= MAX_ARRIVING_BYTES;
  }

  /**
   * A source's broker.
   * @param ip its address; of IPv6 the network counts.
   */
  source(ip: string, nowMs: number): Broker {
    const name = ip.includes(":") ? ip.split(":").slice(0, 4).join(":") : ip;
    const broker = this.#sources.get(name) ?? this.#makeBroker(nowMs);
    // The order of the map is that of the last visit.
    this.#sources.delete(name);
    this.#sources.set(name, broker);
    for (const [other, { isUsed }] of this.#sources) {
      if (this.#sources.size <= MAX_SOURCES && this.#memory <= MAX_TOTAL_BYTES) break;
      const forgotten = this.#sources.get(other)!;
      if (forgotten === broker) continue;
      forgotten.forget();
      if (!isUsed) this.#sources.delete(other);
    }
    return broker;
  }

  /** A client id for somebody who has none. */
  nextClientId(nowMs: number): string {
    const hash = createHash("sha256").update(this.#seed).update(`${nowMs} ${this.#names++}`);
    const hex = hash.digest("hex").toUpperCase();
    return `auto-${
      [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]]
        .map(([from, to]) => hex.slice(from, to)).join("-")
    }`;
  }

  #makeBroker(nowMs: number): Broker {
    const bootMs = Math.floor((nowMs - this.#phaseMs) / RUN_MS) * RUN_MS + this.#phaseMs;
    const { messages } = this.settings;
    return new Broker({ bootS: Math.floor(bootMs / 1000), nowMs, messages }, (bytes) => {
      this.#memory += bytes;
    });
  }
}
