/**
 * One connection: what has arrived and was not used, what waits to be sent, and what is reported.
 *
 * The server collects its answers and sends them when it needs more input; one that closes in the
 * middle has not sent them. How much it takes from the system at a time decides the same.
 * @module
 */
import { Buffer } from "node:buffer";
import { sha256Hex } from "../../net/digest.ts";
import { escapeOctets, outgoing } from "../../net/latin1.ts";
import { EventQuota, type Session } from "../decoy.ts";
import type { Server } from "./server.ts";
import type { Store } from "./store.ts";

/** The server's read buffer, in bytes. */
export const READ_BUFFER_BYTES = 16_384;
/** Answers are sent when there are so many, in bytes. */
const FLUSH_BYTES = 65_536;
/** Sizes of the session's own buffer: a read of just so much may not be all there is, in bytes. */
const FULL_READS = new Set([256, 2048, READ_BUFFER_BYTES]);
/** Time for the rest of a segment to be read, in ms. */
const REST_MS = 1;
const NOTHING = new Uint8Array(0);

/** A connection. */
export class Connection {
  readonly session: Session;
  readonly server: Server;
  /** What the peer has stored. */
  readonly store: Store;
  /** Its number among the server's files. */
  readonly fileNumber: number;
  /** What has arrived and was not used. */
  unread: Uint8Array = NOTHING;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** How many events it may still make. */
  readonly quota: EventQuota;

  /**
   * @param session of the host.
   * @param server whose it is.
   */
  constructor(session: Session, server: Server) {
    this.session = session;
    this.quota = new EventQuota(session);
    this.server = server;
    this.store = server.source(session.peer.ip, session.now());
    this.store.now(session.now());
    server.totalConnections++;
    server.openConnections++;
    server.peakConnections = Math.max(server.peakConnections, server.openConnections);
    this.fileNumber = 23 + server.openConnections;
  }

  /** Takes note that the connection is over. */
  close(): void {
    this.server.openConnections--;
  }

  /** Whether answers wait to be sent. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Uses up bytes of `unread`. */
  consume(count: number): void {
    this.unread = this.unread.subarray(count);
  }

  /**
   * Waits for more, and adds it to `unread`; what was to be sent is sent before.
   * @returns whether there is more.
   */
  async fill(): Promise<boolean> {
    await this.flush();
    let chunk = await this.session.read();
    if (chunk === null) return false;
    this.#add(chunk);
    while (FULL_READS.has(chunk.length) && this.unread.length < READ_BUFFER_BYTES) {
      if (!await this.session.arrival(REST_MS)) break;
      chunk = await this.session.read();
      if (chunk === null) break;
      this.#add(chunk);
    }
    this.store.now(this.session.now());
    return true;
  }

  /**
   * Takes exactly so many bytes, as the body of a request, and nothing behind them.
   * @param count how many.
   * @param take gets them in pieces, each valid for the time of the call.
   * @returns false when the peer ended before.
   */
  async readBody(count: number, take: (piece: Uint8Array) => void): Promise<boolean> {
    const first = this.unread.subarray(0, count);
    this.consume(first.length);
    take(first);
    for (let left = count - first.length; left > 0;) {
      const piece = await this.session.readAtMost(Math.min(left, READ_BUFFER_BYTES));
      if (piece === null) return false;
      this.store.counters["bytes_read"]! += piece.length;
      left -= piece.length;
      take(piece);
    }
    this.store.now(this.session.now());
    if (this.unread.length === 0) await this.flush();
    return true;
  }

  /** Adds to what is to be sent. */
  send(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? outgoing(data) : data;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  /** Takes back the answer that was added last. */
  unsend(): void {
    this.#pendingBytes -= this.#pending.pop()?.length ?? 0;
  }

  /** Sends what there is, if it is much. */
  async flushMuch(): Promise<void> {
    if (this.#pendingBytes >= FLUSH_BYTES) await this.flush();
  }

  /** Sends what there is. */
  async flush(): Promise<void> {
    const pieces = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    let batch: Uint8Array[] = [];
    let size = 0;
    for (const [i, piece] of pieces.entries()) {
      batch.push(piece);
      size += piece.length;
      if (size < FLUSH_BYTES && i < pieces.length - 1) continue;
      await this.session.write(batch.length === 1 ? piece : Buffer.concat(batch));
      this.store.counters["bytes_written"]! += size;
      batch = [];
      size = 0;
    }
  }

  /**
   * Reports a command.
   * @param verb and argument as they came, from `latin1`.
   * @param reply the answer's first line; empty for none.
   * @param changes whether it changes something.
   */
  command(
    { verb, argument, reply, changes = false }: {
      verb: string;
      argument: string;
      reply: string;
      changes?: boolean;
    },
  ): void {
    this.store.counters["commands"]!++;
    if (!this.quota.take()) return;
    this.session.emit("command", {
      verb: escapeOctets(verb),
      argument: escapeOctets(argument),
      ...(reply === "" ? {} : { reply: /^\S+/.exec(reply)![0] }),
      ...(changes ? { changes: true } : {}),
    });
  }

  /**
   * Reports a value that came.
   * @param key from `latin1`.
   * @param value all of it.
   */
  payload(key: string, value: Uint8Array): void {
    if (!this.quota.take()) return;
    this.session.emit("payload", {
      name: escapeOctets(key),
      bytes: value.slice(0, this.server.settings.captureBytes),
      size: value.length,
      sha256: sha256Hex(value),
    });
  }

  /** Reports a name and a password. */
  attempt(method: "plain" | "password", username: string, secret: string): void {
    this.store.counters["auth_cmds"]!++;
    this.store.counters["auth_errors"]!++;
    if (!this.quota.take()) return;
    this.session.emit("auth.attempt", {
      method,
      username: escapeOctets(username),
      secret: escapeOctets(secret),
    });
  }

  /** Reports what makes the server close. */
  nonsense(expected: string): void {
    if (!this.quota.take()) return;
    this.session.emit("protocol.error", {
      offset: 0,
      expected,
      firstBytes: this.unread.slice(0, 256),
    });
  }

  #add(chunk: Uint8Array): void {
    this.store.counters["bytes_read"]! += chunk.length;
    const joined = new Uint8Array(this.unread.length + chunk.length);
    joined.set(this.unread);
    joined.set(chunk, this.unread.length);
    this.unread = joined;
  }
}
