/**
 * One connection of the encrypted service: lines in, text out, one deadline, one way to end.
 *
 * Whatever a session waits for ends when the session does, by its own doing: Deno before 2.9 leaves a
 * write to a TLS connection pending when the connection is closed under it.
 * @module
 */
import type { Scope } from "../events/ecs.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { type Stream, writeAll } from "../net/stream.ts";
import { MAX_LINE_BYTES } from "./frames.ts";
import type { TlsStream } from "../net/tls_relay.ts";
import type { TokenRecord } from "./tokens.ts";

const encoder = new TextEncoder();

/** Why a session was ended from our side. */
export type EndCause = "deadline" | "room" | "revoked" | "stop" | "over";

/** One connection. Made and closed by the server. */
export class ServiceSession {
  /** What its events belong to. */
  readonly scope: Scope;
  /** Whether the TLS handshake is done. */
  isSecure = false;
  /** Who logged in. */
  record: TokenRecord | undefined;
  /** Whether its contact was made an event already. */
  isReported = false;
  /** Whether it is over but for its last words: it gives way first, and counts for nobody. */
  isLeaving = false;
  /** Logins refused. */
  failures = 0;
  /** Lines that came before the login. */
  linesBeforeLogin = 0;
  /** When something last came or went, on the monotonic clock, in ms. */
  activeAt = performance.now();
  /** Why we ended it; `undefined` as long as we have not. */
  cause: EndCause | undefined;
  /** Settles when the server is done with it. */
  done: Promise<void> = Promise.resolve();
  #stream: Stream;
  #reader: ByteReader;
  readonly #pending = new Set<(error: Error) => void>();
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #stopWaiting: (() => void) | undefined;
  #isClosed = false;
  #closed: Promise<void> = Promise.resolve();

  /**
   * @param stream the connection, without TLS; closed by `end`.
   * @param scope what its events belong to.
   */
  constructor(stream: Stream, scope: Scope) {
    this.#stream = stream;
    this.scope = scope;
    this.#reader = new ByteReader(stream);
  }

  /** Settles when the sockets are closed, after `end`. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Whether nobody waits for an answer any more. */
  get isOver(): boolean {
    return this.#isClosed;
  }

  /**
   * What the peer sends first, before there is TLS.
   * @returns at least one byte; `null` when it has ended its side.
   */
  firstBytes(): Promise<Uint8Array | null> {
    return this.#abortable(this.#reader.read());
  }

  /**
   * Goes on with TLS, and shakes hands.
   * @param opening puts TLS into the connection.
   */
  async secure(opening: Promise<TlsStream>): Promise<void> {
    const stream = await this.#abortable(opening).catch((error) => {
      opening.then((late) => late.close(), () => {}); // nobody wants it any more
      throw error;
    });
    this.#stream = stream;
    this.#closed = stream.closed;
    this.#reader = new ByteReader(stream, () => this.activeAt = performance.now());
    await this.#abortable(stream.handshake());
    this.isSecure = true;
  }

  /**
   * The next line.
   * @returns without its end; `null` when the peer has ended its side, or `stop` was called.
   * @throws {LimitError} when it is longer than `MAX_LINE_BYTES`.
   */
  readLine(): Promise<Uint8Array | null> {
    return new Promise<Uint8Array | null>((resolve, reject) => {
      this.#stopWaiting = () => resolve(null);
      this.#abortable(this.#reader.line(MAX_LINE_BYTES)).then(resolve, reject);
    }).finally(() => this.#stopWaiting = undefined);
  }

  /**
   * Exactly so many bytes, when they are there within a time.
   * @param count how many.
   * @param withinMs the session ends otherwise.
   */
  async readBytes(count: number, withinMs: number): Promise<Uint8Array> {
    this.setDeadline(withinMs);
    const bytes = new Uint8Array(count); // once, and not as the reader's buffer grows
    for (let at = 0; at < count;) {
      const chunk = await this.#abortable(this.#reader.read());
      if (chunk === null) throw new Deno.errors.UnexpectedEof("The peer ended within its request");
      const wanted = Math.min(chunk.length, count - at);
      bytes.set(chunk.subarray(0, wanted), at);
      this.#reader.unread(chunk.subarray(wanted));
      at += wanted;
    }
    return bytes;
  }

  /** Ends the wait for a line as if the peer had ended its side. */
  stop(): void {
    this.#stopWaiting?.();
  }

  /**
   * Sends text; resolves when the system has taken it all, so nothing is queued.
   * @param text whole lines.
   */
  async send(text: string): Promise<void> {
    await this.#abortable(writeAll(this.#stream, encoder.encode(text)));
    this.activeAt = performance.now();
  }

  /** Waits, unless the session ends first. */
  async pause(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.#abortable(new Promise<void>((resolve) => timer = setTimeout(resolve, ms)));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends the session unless there is another deadline before that.
   * @param ms from now; `undefined` for none.
   */
  setDeadline(ms: number | undefined): void {
    clearTimeout(this.#deadline);
    this.#deadline = ms === undefined || this.#isClosed
      ? undefined
      : setTimeout(() => this.end("deadline"), ms);
  }

  /**
   * Ends the session at once: what it waits for rejects, the connection is closed. Twice is fine.
   * @param cause kept unless there is one.
   */
  end(cause: EndCause): void {
    this.cause ??= cause;
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#deadline);
    for (const reject of this.#pending) reject(new Deno.errors.Interrupted("The session ended"));
    this.#stream.close();
  }

  /**
   * Ends the session so that our last words arrive: ends our side and takes what still comes.
   * @param ms how long, at most.
   */
  async finish(ms: number): Promise<void> {
    if (this.#isClosed) return;
    this.isLeaving = true;
    this.setDeadline(ms);
    try {
      await this.#abortable(this.#stream.closeWrite());
      while (await this.#abortable(this.#reader.read()) !== null);
    } finally {
      this.end("over");
    }
  }

  /** Waits for a call of the connection's, or for the end of the session. */
  #abortable<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        call.catch(() => {}); // whatever it says, the session is over
        return reject(new Deno.errors.Interrupted("The session is over"));
      }
      this.#pending.add(reject);
      call.then(resolve, reject).finally(() => this.#pending.delete(reject));
    });
  }
}
