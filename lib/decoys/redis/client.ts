/**
 * One connection: what it has chosen, what it waits for, and what is sent to it.
 * @module
 */
import type { Session } from "../decoy.ts";
import { outgoing } from "../../net/latin1.ts";
import { Refusal } from "./refusal.ts";
import { Replies } from "./replies.ts";
import type { Server } from "./server.ts";
import type { Source } from "./source.ts";

/** Most bytes of others' messages that wait for a slow connection. */
const MAX_WAITING_BYTES = 1_048_576;
/** Most bytes that come while a connection waits in a command, and are kept for later. */
const MAX_BACKLOG_BYTES = 262_144;

/** Longest piece that is written at a time, in bytes. */
const WRITE_BYTES = 65_536;

/** Ends the session: the peer is gone, or was told to go. */
export class Gone extends Error {}

/** A connection. */
export class Client {
  readonly id: number;
  readonly session: Session;
  readonly server: Server;
  readonly source: Source;
  readonly replies = new Replies();
  readonly sinceMs: number;
  activeMs: number;
  user = "default";
  isStranger: boolean;
  name = "";
  db = 0;
  /** Name of the command that ran last. */
  command = "NULL";
  /** Whether the command that runs came as a line. */
  isInline = false;
  /** Most bytes that were sent at a time. */
  peakBytes = 0;
  /** Commands between MULTI and EXEC. */
  queue: string[][] | undefined;
  /** Whether one of them was refused. */
  isQueueBroken = false;
  /** Keys whose change makes EXEC fail: `db:key`. */
  readonly watched = new Set<string>();
  isWatchBroken = false;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();
  isMonitor = false;
  isNoEvict = false;
  isReadOnly = false;
  tracking: { options: string[] } | undefined;
  replyMode: "on" | "off" | "skip" | "skip-next" = "on";
  /** Whether the connection is to be closed when the answers are sent. */
  isClosing = false;
  /** Whether the server closes it without sending them. */
  isCut = false;
  /** Chunks that came while a command waited. */
  readonly backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #waiting = 0;
  #onEnd: (() => void) | undefined;
  #onUnblock: ((how: "timeout" | "error") => void) | undefined;
  #tail: Promise<void> = Promise.resolve();

  /**
   * @param session the connection.
   * @param server that it talks to.
   */
  constructor(session: Session, server: Server) {
    this.session = session;
    this.server = server;
    this.sinceMs = this.activeMs = session.now();
    this.source = server.source(session.peer.ip, this.sinceMs);
    this.id = server.nextId(this.sinceMs);
    this.isStranger = server.settings.password !== "";
  }

  /** How many subscriptions it has. */
  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** Whether only commands about subscriptions are allowed. */
  get isSubscriber(): boolean {
    return this.subscriptions > 0;
  }

  /** Sends what was answered. */
  async flush(): Promise<void> {
    if (this.replies.size === 0) return;
    this.peakBytes = Math.max(this.peakBytes, this.replies.size);
    const text = this.replies.take();
    await this.#send(text);
  }

  /**
   * Sends what another connection has caused; to one that takes nothing, nothing more.
   * @param text wire text.
   */
  deliver(text: string): void {
    if (this.#waiting + text.length > MAX_WAITING_BYTES) return;
    this.#waiting += text.length;
    this.#send(text).catch(() => {/* its own reads meet the same end */})
      .finally(() => this.#waiting -= text.length);
  }

  /** One write at a time: they may take several steps each. */
  #send(text: string): Promise<void> {
    this.server.counters.bytesOut += text.length;
    const sent = this.#tail.then(async () => {
      for (let at = 0; at < text.length; at += WRITE_BYTES) {
        await this.session.write(outgoing(text.slice(at, at + WRITE_BYTES)));
      }
    });
    this.#tail = sent.catch(() => {/* told to whoever sent it */});
    return sent;
  }

  /** Whether a command waits for another connection. */
  get isBlocked(): boolean {
    return this.#onUnblock !== undefined;
  }

  /**
   * Ends the wait of a command.
   * @param how as if its time were over, or by an error.
   * @returns whether one waits.
   */
  unblock(how: "timeout" | "error"): boolean {
    this.#onUnblock?.(how);
    return this.isBlocked;
  }

  /** Ends it from outside: what was answered is not sent. */
  end(): void {
    this.isCut = true;
    this.#onEnd?.();
  }

  /** The next bytes: those first that came while a command waited. `null` at either side's end. */
  async read(): Promise<Uint8Array | null> {
    const kept = this.backlog.shift();
    if (kept === undefined) {
      return await this.#unlessEnded(() => this.session.read(), null);
    }
    this.#backlogBytes -= kept.length;
    return kept;
  }

  /** Waits for something, or for the end from outside, which then stands for it. */
  #unlessEnded<T, E>(wait: () => Promise<T>, end: E): Promise<T | E> {
    if (this.isCut) return Promise.resolve(end);
    // Not a race: each would leave something with a promise that lasts as long as the connection.
    return new Promise((resolve, reject) => {
      this.#onEnd = () => resolve(end);
      wait().then(resolve, reject);
    });
  }

  /**
   * Waits for another connection, or for a time; what the peer says meanwhile is kept.
   * @param woken resolves when there is something to look at.
   * @param untilMs wall clock; absent for no end.
   * @returns whether there is something to look at.
   * @throws {Gone} when the peer has ended its side.
   */
  async waitFor(woken: Promise<void>, untilMs?: number): Promise<boolean> {
    const { session } = this;
    let isWoken = false;
    let unblocked: "timeout" | "error" | undefined;
    const wake = Promise.race([
      woken.then(() => isWoken = true),
      new Promise<false>((resolve) => {
        this.#onUnblock = (how) => {
          unblocked = how;
          resolve(false);
        };
      }),
    ]);
    try {
      for (;;) {
        const leftMs = untilMs === undefined ? undefined : untilMs - session.now();
        if (leftMs !== undefined && leftMs <= 0) return false;
        const isFull = this.#backlogBytes >= MAX_BACKLOG_BYTES;
        const came = await this.#unlessEnded(async () => {
          const arrival = isFull
            ? session.pause(leftMs ?? 60_000).then(() => true)
            : session.arrival(leftMs);
          arrival.catch(() => {/* met again by the next read */});
          return await Promise.race([arrival, wake]);
        }, "ended");
        if (came === "ended") throw new Gone();
        if (isWoken) return true;
        if (unblocked === "error") {
          throw new Refusal("UNBLOCKED client unblocked via CLIENT UNBLOCK");
        }
        if (unblocked !== undefined) return false;
        if (!came) return false;
        if (isFull) continue;
        const chunk = await session.read();
        if (chunk === null) throw new Gone();
        this.backlog.push(chunk.slice());
        this.#backlogBytes += chunk.length;
      }
    } finally {
      this.#onUnblock = undefined;
    }
  }
}
