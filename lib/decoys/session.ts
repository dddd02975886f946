/**
 * A decoy's side of one connection: reads, writes, counts, waits, and ends for one reason.
 *
 * Kept lean: thousands of these idle at a time. Deadlines are not timers of a session's own but times
 * that the host compares with the clock; the abort signal exists only when somebody asks for it.
 * @module
 */
import { Buffer } from "node:buffer";
import { LimitError } from "../errors.ts";
import type { EndReason, EventId, EventMap } from "../events/event.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { escapeBytes } from "../net/escape.ts";
import { shortLived } from "../net/slab.ts";
import { isDisconnect, type Stream, writeAll } from "../net/stream.ts";
import { RelayError, type TlsStream } from "../net/tls_relay.ts";
import type { Endpoint, PlantedLure, Session, TlsOutcome } from "./decoy.ts";
import { readOpening } from "./tls_opening.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** What a session may use up. */
export interface SessionLimits {
  /** Longest time without a byte in either direction, in ms. */
  readonly idleMs: number;
  /** Longest life, in ms. */
  readonly lifetimeMs: number;
  /** Most bytes taken from the peer. */
  readonly maxBytesIn: number;
  /** Most bytes sent to the peer. */
  readonly maxBytesOut: number;
  /** How many of the peer's first bytes are kept. */
  readonly firstBytes: number;
}

/** What a session needs from whoever runs it; shared by all sessions of a decoy. */
export interface SessionOwner {
  readonly limits: SessionLimits;
  /** Wall clock, in ms since 1970. */
  now(): number;
  /** Monotonic clock, in ms. */
  elapsed(): number;
  /** Takes an event of a session's; returns its number, if it has got one. */
  record<K extends EventId>(session: LiveSession, id: K, data: EventMap[K]): number | void;
  /**
   * Waits until an event is safe from a hard end of the program: a peer that was answered has left a
   * trace. Absent, or `undefined`, when it is, or never will be.
   */
  committed?(sequence: number): Promise<void> | undefined;
  /** From 0 up to 1, for the length of pauses. */
  random(): number;
  /** Calls back after `ms`; returns what takes the call back. */
  schedule(callback: () => void, ms: number): () => void;
  /** Lures whose markers are looked for in what is sent. */
  readonly lures?: readonly PlantedLure[];
  /** Puts TLS into a session's connection; without it there is none. */
  readonly tls?: { wrap(peer: Stream, first: Uint8Array): Promise<TlsStream> } | undefined;
}

/** A session as the host sees it. Decoys see it as `Session`. */
export class LiveSession implements Session {
  readonly id: string;
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** Start, on the monotonic clock, in ms. */
  readonly startedAt: number;
  /** Last byte in either direction, on the monotonic clock, in ms. */
  activeAt: number;
  bytesIn = 0;
  bytesOut = 0;
  credentials = 0;
  commands = 0;
  payloads = 0;
  /** Number of its newest event; 0 before the first. */
  lastEvent = 0;
  /** The first bytes of the peer, as many as the limits keep. */
  firstBytes: Uint8Array = NOTHING;
  /** Why it ended; set once, by whoever ends it first. */
  reason: EndReason | undefined;
  /** Whether the decoy asked for an abrupt end. */
  isAbrupt = false;
  readonly #owner: SessionOwner;
  #stream: Stream;
  #reader: ByteReader;
  isSecure = false;
  namesServer = false;
  #controller: AbortController | undefined;
  #cancelPause: (() => void) | undefined;
  #expiresAt: number | undefined;
  #expiresInPauses = false;
  #lastWords: Uint8Array | undefined;
  #isClosed = false;
  #touched: Set<string> | undefined;

  /**
   * @param stream the connection; closed by `close`.
   * @param owner whoever runs the session.
   * @param identity id and addresses.
   */
  constructor(
    stream: Stream,
    owner: SessionOwner,
    identity: { id: string; peer: Endpoint; local: Endpoint },
  ) {
    this.#stream = stream;
    this.#owner = owner;
    this.id = identity.id;
    this.peer = identity.peer;
    this.local = identity.local;
    this.startedAt = this.activeAt = owner.elapsed();
    this.#reader = new ByteReader(stream, (bytes) => this.#arrived(bytes));
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.reason !== undefined) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Whether the peer has ended its side. */
  get peerEnded(): boolean {
    return this.#reader.ended;
  }

  now(): number {
    return this.#owner.now();
  }

  read(): Promise<Uint8Array | null> {
    return this.#reader.read();
  }

  readAtMost(count: number): Promise<Uint8Array | null> {
    return this.#reader.atMost(count);
  }

  async arrival(withinMs?: number): Promise<boolean> {
    const arrived = this.#reader.arrival().then(() => true);
    if (withinMs === undefined) return await arrived;
    let cancel = () => {};
    const late = new Promise<false>((resolve) => {
      cancel = this.#owner.schedule(() => resolve(false), withinMs);
    });
    try {
      return await Promise.race([arrived, late]);
    } finally {
      cancel();
    }
  }

  expireAfter(withinMs: number, lastWords: Uint8Array, alsoInPauses = false): void {
    this.#expiresInPauses = alsoInPauses;
    this.#expiresAt = this.#owner.elapsed() + withinMs;
    this.#lastWords = lastWords;
  }

  async startTls(reply?: Uint8Array): Promise<TlsOutcome> {
    if (reply !== undefined) {
      this.#dropPipelined();
      await this.write(reply);
    }
    const opening = await readOpening(this.#reader);
    this.namesServer = opening.namesServer;
    let outcome: TlsOutcome = opening.isTls ? "failed" : "clear";
    try {
      if (opening.error !== undefined) throw opening.error;
      if (!opening.isTls) this.#reader.unread(opening.raw);
      else if (opening.refusal !== undefined) await this.write(opening.refusal);
      else outcome = await this.#secure(opening.raw);
      return outcome;
    } finally {
      this.emit("tls.client-hello", opening.describe(outcome === "established"));
    }
  }

  unread(bytes: Uint8Array): void {
    this.#reader.unread(bytes);
  }

  bytes(count: number): Promise<Uint8Array> {
    return this.#reader.bytes(count);
  }

  line(options: { maxBytes: number }): Promise<Uint8Array | null> {
    return this.#reader.line(options.maxBytes);
  }

  async *lines(options: { maxBytes: number }): AsyncGenerator<string> {
    for (;;) {
      const line = await this.#reader.line(options.maxBytes);
      if (line === null) return;
      yield escapeBytes(line);
    }
  }

  async write(data: Uint8Array): Promise<void> {
    if (data.length === 0) return;
    const { maxBytesOut } = this.#owner.limits;
    if (this.bytesOut + data.length > maxBytesOut) throw new LimitError("bytes_out", maxBytesOut);
    const commit = this.#owner.committed?.(this.lastEvent);
    if (commit !== undefined) await commit;
    await writeAll(this.#stream, data);
    this.bytesOut += data.length;
    this.activeAt = this.#owner.elapsed();
    if (this.#owner.lures !== undefined) this.#findLures(data);
  }

  /** Tells which lures were in what was sent. */
  #findLures(data: Uint8Array): void {
    const sent = Buffer.from(data.buffer, data.byteOffset, data.length);
    for (const { id, place, markers } of this.#owner.lures!) {
      if (markers.some((marker) => sent.indexOf(marker) >= 0)) {
        this.emit("lure.touched", { lure: id, place });
      }
    }
  }

  writeLine(text: string): Promise<void> {
    return this.write(encoder.encode(text + "\r\n"));
  }

  emit<K extends EventId>(id: K, data: EventMap[K]): void {
    // Once a session: in parts, or again, it is the same reader.
    if (id === "lure.touched" && "lure" in data) {
      this.#touched ??= new Set();
      if (this.#touched.has(data.lure)) return;
      this.#touched.add(data.lure);
    }
    const triesNothing = "method" in data && data.method === "none";
    if (id === "auth.attempt" && !triesNothing) this.credentials++;
    else if (id === "command") this.commands++;
    else if (id === "payload") this.payloads++;
    this.lastEvent = this.#owner.record(this, id, data) ?? this.lastEvent;
  }

  async pause(minMs: number, maxMs = minMs): Promise<void> {
    const ms = minMs + this.#owner.random() * (maxMs - minMs);
    if (ms <= 0 && this.reason === undefined) return;
    await new Promise<void>((resolve, reject) => {
      const gone = () => reject(new Deno.errors.Interrupted("The session ended during a pause"));
      if (this.reason !== undefined) return gone();
      const cancel = this.#owner.schedule(() => {
        this.#cancelPause = undefined;
        resolve();
      }, ms);
      this.#cancelPause = () => {
        cancel();
        gone();
      };
    });
    this.activeAt = this.#owner.elapsed();
  }

  closeAbruptly(): void {
    this.isAbrupt = true;
  }

  /** Puts TLS into the connection and shakes hands; `first` is what was read for that. */
  async #secure(first: Uint8Array): Promise<TlsOutcome> {
    const { tls } = this.#owner;
    if (tls === undefined) return "failed";
    try {
      const secure = await tls.wrap(this.#stream, first);
      this.#stream = secure;
      this.#reader = new ByteReader(secure, (bytes) => this.#arrived(bytes));
      if (this.#isClosed) secure.close(); // it was closed meanwhile, as far as there was anything
      await secure.handshake();
      this.isSecure = true;
      return "established";
    } catch (error) {
      // An alert of the peer's or of ours is InvalidData; what it was has been sent already.
      const isExpected = error instanceof RelayError || error instanceof Deno.errors.InvalidData;
      if (isExpected || isDisconnect(error)) return "failed";
      throw error;
    }
  }

  /** Reports and throws away what the peer sent without waiting for the answer. */
  #dropPipelined(): void {
    const pipelined = this.#reader.take();
    if (pipelined.length === 0) return;
    this.emit("protocol.error", {
      offset: this.bytesIn - pipelined.length,
      expected: "nothing in clear behind the command that begins TLS",
      firstBytes: pipelined.slice(0, this.#owner.limits.firstBytes),
    });
  }

  /** When this session is over unless something happens, on the monotonic clock, in ms. */
  expiry(): { at: number; reason: "idle" | "lifetime" } {
    const { idleMs, lifetimeMs } = this.#owner.limits;
    const waitsUntil = this.#expiresAt ?? this.activeAt + idleMs;
    const isPausing = this.#cancelPause !== undefined && !this.#expiresInPauses;
    const idleAt = isPausing ? Infinity : waitsUntil;
    const oldAt = this.startedAt + lifetimeMs;
    return idleAt < oldAt ? { at: idleAt, reason: "idle" } : { at: oldAt, reason: "lifetime" };
  }

  /**
   * Ends the session from outside: what it waits for rejects, and the connection is closed.
   * @param reason kept unless there already is one.
   */
  abort(reason: EndReason): void {
    this.reason ??= reason;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#controller?.abort();
    this.close();
  }

  /**
   * Ends a session whose `expiry` has come, after the decoy's last words if it has given some. A peer
   * that takes no bytes is let go at the next call.
   * @param reason from `expiry`.
   */
  expire(reason: EndReason): void {
    const words = this.#lastWords;
    this.#lastWords = undefined;
    if (words === undefined || reason !== "idle") return this.abort(reason);
    this.reason ??= reason;
    this.write(words).catch(() => {}).finally(() => this.abort(reason)); // a vanished peer is fine
  }

  /**
   * Ends our side and takes what still comes for a while, so that our last words are not lost to a
   * reset. At most as many bytes as the limits allow are taken.
   * @param ms how long, at most.
   */
  async linger(ms: number): Promise<void> {
    if (this.#isClosed || this.#reader.ended) return;
    await this.#stream.closeWrite();
    const cancel = this.#owner.schedule(() => this.close(), ms);
    try {
      while (await this.#reader.read() !== null);
    } finally {
      cancel();
    }
  }

  /** Closes the connection; a second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#stream.close();
  }

  /** Counts and keeps what arrives. */
  #arrived(bytes: Uint8Array): void {
    const { firstBytes, maxBytesIn } = this.#owner.limits;
    if (this.bytesIn < firstBytes) {
      const kept = bytes.subarray(0, firstBytes - this.bytesIn);
      const joined = shortLived(this.firstBytes.length + kept.length);
      joined.set(this.firstBytes);
      joined.set(kept, this.firstBytes.length);
      this.firstBytes = joined;
    }
    this.bytesIn += bytes.length;
    this.activeAt = this.#owner.elapsed();
    if (this.bytesIn > maxBytesIn) throw new LimitError("bytes_in", maxBytesIn);
  }
}
