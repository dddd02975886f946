/**
 * The library's connection to one server, by Deno's own sockets.
 *
 * Dials what it is told and nothing else, upgrades to TLS between the server's greeting and our first
 * word, and lets nothing through that `FrameGuard` does not know.
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { beginTls, dial, type DialTls } from "../net/dial.ts";
import { settlesWithin } from "../net/settles_within.ts";
import { FrameGuard, joinBytes, MAX_LINE_BYTES, parseInfo, type ServerInfo } from "./frames.ts";
import type { ConnectionOptions, Server, Transport } from "./library.ts";

/** Bytes read at once. */
const READ_BYTES = 65_536;
/** How long a close may take for what is still to be sent, in ms. */
const CLOSE_MS = 500;
const LF = 0x0a;

/** What a transport has to know besides the library's own options. */
export interface TransportPlan {
  /** Ends the dialling. */
  readonly signal: AbortSignal;
  readonly tls?: DialTls;
  /** Whether TLS begins before the greeting. */
  readonly isTlsFirst: boolean;
  /** Told who dials, before that begins. */
  onDial?(transport: SocketTransport): void;
  /** Told the greeting. */
  onInfo?(info: ServerInfo): void;
  /** Told why the connection ended, if it did not just close. */
  onFailure?(error: unknown): void;
}

/** Options of a connection, with a plan among them: the library hands them through. */
export interface PlannedOptions extends ConnectionOptions {
  readonly plan: TransportPlan;
}

/** One connection, for the library. */
export class SocketTransport implements Transport {
  readonly lang = "deno";
  readonly version = "3.4.0";
  readonly #guard = new FrameGuard();
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #closed = Promise.withResolvers<void | Error>();
  #conn: Deno.Conn | undefined;
  #plan: TransportPlan | undefined;
  /** What came with the greeting. */
  #first: Uint8Array | undefined;
  #isEncrypted = false;
  #isClosed = false;
  #closeError: Error | undefined;
  /** What waits to be sent. */
  readonly #queue: Uint8Array[] = [];
  /** What is being sent. */
  #sending: Promise<void> = Promise.resolve();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get closeError(): Error {
    // The library takes `undefined` for an end without an error; its type does not say so.
    return this.#closeError as Error;
  }

  isEncrypted(): boolean {
    return this.#isEncrypted;
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  async connect(server: Server, options: ConnectionOptions): Promise<void> {
    const plan = this.#plan = (options as PlannedOptions).plan;
    const { signal, tls, isTlsFirst } = plan;
    plan.onDial?.(this);
    const address = { hostname: server.hostname, port: server.port };
    const conn = await dial(address, { signal, ...(isTlsFirst && tls ? { tls } : {}) });
    this.#conn = conn;
    if (this.#isClosed) return this.#closeQuietly();
    this.#isEncrypted = isTlsFirst;
    // Acknowledgements leave in pieces, the last of which would wait for an answer to the others.
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
    const onAbort = () => this.#closeQuietly();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const greeting = await this.#readGreeting(conn);
      const length = greeting.indexOf(LF) + 1;
      const info = parseInfo(greeting.subarray(0, length));
      checkOffer(info, plan);
      if (tls !== undefined && !isTlsFirst) {
        if (greeting.length > length) {
          throw new ProtocolError("nothing between INFO and TLS", length);
        }
        this.#conn = await beginTls(conn as Deno.TcpConn, server.hostname, { signal, tls });
        this.#isEncrypted = true;
      }
      this.#first = greeting;
      plan.onInfo?.(info);
    } catch (error) {
      this.#closeQuietly();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    try {
      for (let bytes = this.#first; bytes !== undefined; bytes = await this.#read()) {
        this.#guard.push(bytes);
        yield bytes;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#end();
    }
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#queue.push(frame);
    if (this.#queue.length > 1) return;
    // What is sent in one go leaves in one go: a server that refuses the first word of two would reset
    // the connection for the second, and its reason be lost.
    this.#sending = this.#sending.then(() => this.#write(takeAll(this.#queue)))
      .catch((error) => {
        this.#fail(error);
        this.#end();
      });
  }

  async close(error?: Error): Promise<void> {
    if (this.#isClosed) return;
    this.#closeError ??= error;
    await settlesWithin(this.#sending, CLOSE_MS);
    this.#end();
  }

  /** The library's answer to a server that leaves its pings unanswered. */
  disconnect(): void {
    this.fail(new Error("it did not answer"));
  }

  discard(): void {
    this.#end();
  }

  /**
   * Ends the connection because of what came over it.
   * @param error what was wrong with it.
   */
  fail(error: unknown): void {
    this.#fail(error);
    this.#end();
  }

  /** Reads up to the end of the first line, and what came with it. */
  async #readGreeting(conn: Deno.Conn): Promise<Uint8Array> {
    const buffer = new Uint8Array(MAX_LINE_BYTES);
    for (let length = 0; length < buffer.length;) {
      const count = await conn.read(buffer.subarray(length));
      if (count === null) throw new Error("it closed the connection before its greeting was over");
      length += count;
      // Something else than NATS may never end its line.
      if (buffer[0] !== 0x49) throw new ProtocolError("INFO", 0);
      if (buffer.subarray(0, length).includes(LF)) return buffer.slice(0, length);
    }
    throw new ProtocolError(`INFO within ${MAX_LINE_BYTES} bytes`, MAX_LINE_BYTES);
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#isClosed) return undefined;
    try {
      const count = await this.#conn!.read(this.#buffer);
      // A copy, as the library keeps parts of what it gets.
      return count === null ? undefined : this.#buffer.slice(0, count);
    } catch (error) {
      if (this.#isClosed) return undefined;
      throw error;
    }
  }

  async #write(frame: Uint8Array): Promise<void> {
    for (let sent = 0; sent < frame.length && !this.#isClosed;) {
      sent += await this.#conn!.write(frame.subarray(sent));
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#closeError ??= error instanceof Error ? error : new Error(String(error));
    this.#plan?.onFailure?.(error);
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeQuietly();
    this.#closed.resolve(this.#closeError);
  }

  #closeQuietly(): void {
    try {
      this.#conn?.close();
    } catch {
      // It is closed already.
    }
  }
}

/** Takes the pieces out of a queue, in one. */
function takeAll(queue: Uint8Array[]): Uint8Array {
  const pieces = queue.splice(0);
  return pieces.length === 1 ? pieces[0]! : joinBytes(pieces);
}

/** Whether the server offers what is asked for, and asks for nothing else. */
function checkOffer(info: ServerInfo, { tls, isTlsFirst }: TransportPlan): void {
  const offersTls = info.tls_required || info.tls_available;
  if (tls !== undefined && !isTlsFirst && !offersTls) {
    throw new Error("it offers no TLS, must have it where tls is true");
  }
  if (tls === undefined && info.tls_required) {
    throw new Error("it takes TLS only, which needs tls: true");
  }
  if (!info.headers) {
    throw new Error(`its version ${info.version} has no headers, must be 2.2 or later`);
  }
}
