/**
 * A connection on which we mostly write, and whose other direction is watched for its end.
 * @module
 */
import type { ByteReader } from "../net/byte_reader.ts";
import { writeAll } from "../net/stream.ts";
import { untilAborted } from "../net/until_aborted.ts";

/** Bytes kept of what the other side says. */
const MAX_SAID_BYTES = 4096;
/** Longest pause after a write, in ms. */
const MAX_PAUSE_MS = 1000;

/** How a connection ended. */
export interface LineEnd {
  /** Whether the other side closed it after it had read everything that had come by then. */
  readonly isOrderly: boolean;
  /** Monotonic clock, in ms. */
  readonly atMs: number;
  /** What broke it. */
  readonly error?: unknown;
}

/** An open connection. */
export class WatchedLine {
  readonly #conn: Deno.Conn;
  readonly #reader: ByteReader;
  readonly #pauseMs: number;
  #said: Uint8Array = new Uint8Array(0);
  #end: LineEnd | undefined;
  #isClosed = false;
  /** Resolves at the end, however it comes. */
  readonly ended: Promise<LineEnd>;

  /**
   * @param conn the connection.
   * @param reader its sole reader.
   * @param times how long connecting took, and the shortest pause after a write, in ms.
   */
  constructor(
    conn: Deno.Conn,
    reader: ByteReader,
    times: { readonly connectMs: number; readonly minPauseMs: number },
  ) {
    this.#conn = conn;
    this.#reader = reader;
    this.#pauseMs = Math.min(Math.max(times.minPauseMs, 2 * times.connectMs), MAX_PAUSE_MS);
    this.ended = this.#watch();
  }

  /** How it ended; `undefined` while it has not. */
  get end(): LineEnd | undefined {
    return this.#end;
  }

  /** What the other side has said, up to 4 KiB. */
  get said(): Uint8Array {
    return this.#said;
  }

  /** Writes all of `data`. */
  write(data: Uint8Array): Promise<void> {
    return writeAll(this.#conn, data);
  }

  /** Ends our side. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Waits long enough for bad news to come back: two round trips; or until the connection ends. */
  async pause(signal: AbortSignal): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => timer = setTimeout(resolve, this.#pauseMs));
    try {
      await untilAborted(Promise.race([over, this.ended]), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes both sides; twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#conn.close();
    } catch {
      // The system had closed it already.
    }
  }

  async #watch(): Promise<LineEnd> {
    try {
      for (let bytes = await this.#reader.read(); bytes !== null;) {
        this.#keep(bytes);
        bytes = await this.#reader.read();
      }
      this.#end = { isOrderly: true, atMs: performance.now() };
    } catch (error) {
      // TLS that ends without saying so, as rsyslog's does: TCP ended orderly all the same.
      const isOrderly = error instanceof Deno.errors.UnexpectedEof;
      this.#end = { isOrderly, atMs: performance.now(), ...(isOrderly ? {} : { error }) };
    }
    return this.#end;
  }

  #keep(bytes: Uint8Array): void {
    const room = MAX_SAID_BYTES - this.#said.length;
    if (room <= 0) return;
    const more = bytes.subarray(0, room);
    const said = new Uint8Array(this.#said.length + more.length);
    said.set(this.#said);
    said.set(more, this.#said.length);
    this.#said = said;
  }
}
