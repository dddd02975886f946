/**
 * A receiver of bytes over TCP or TLS that does what a test wants, and never answers by itself.
 * @module
 */
import { testKeys } from "./test_tls.ts";

/** What becomes of a connection; `over` resolves when the test is. */
export type Treatment = (
  conn: Deno.Conn,
  received: Received,
  over: Promise<void>,
) => Promise<void>;

/** What came on one connection. */
export interface Received {
  bytes: Uint8Array;
  /** Whether the sender ended its side. */
  isEnded: boolean;
}

/** Reads until the sender ends, then ends too, as syslog daemons do. */
export async function readToEnd(conn: Deno.Conn, received: Received): Promise<void> {
  const buffer = new Uint8Array(16_384);
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    const more = new Uint8Array(received.bytes.length + n);
    more.set(received.bytes);
    more.set(buffer.subarray(0, n), received.bytes.length);
    received.bytes = more;
  }
  received.isEnded = true;
}

/** Neither reads nor ends. */
export function hang(_conn: Deno.Conn, _received: Received, over: Promise<void>): Promise<void> {
  return over;
}

/** Accepts connections for as long as a `using` lasts. */
export class Receiver implements AsyncDisposable {
  readonly connections: Received[] = [];
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #tasks: Promise<void>[] = [];
  readonly #over = Promise.withResolvers<void>();
  #treat: Treatment;

  private constructor(listener: Deno.Listener, treat: Treatment) {
    this.#listener = listener;
    this.#treat = treat;
    this.#tasks.push(this.#accept());
  }

  /**
   * Listens.
   * @param treat what becomes of each connection; it is closed afterwards.
   * @param options `port`: one that was had before; `tls`: with the test's certificate.
   */
  static async start(
    treat: Treatment = readToEnd,
    options: { port?: number; tls?: boolean } = {},
  ): Promise<Receiver> {
    const address = { hostname: "127.0.0.1", port: options.port ?? 0 };
    const { cert, key } = await testKeys();
    const listener = options.tls ? Deno.listenTls({ ...address, cert, key }) : Deno.listen(address);
    return new Receiver(listener as Deno.Listener, treat);
  }

  /** Where it listens. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** All bytes of all connections, as text. */
  get text(): string {
    return this.connections.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
  }

  /** Changes what becomes of further connections. */
  treat(treat: Treatment): void {
    this.#treat = treat;
  }

  /** Accepts no more. */
  stopListening(): void {
    try {
      this.#listener.close();
    } catch {
      // It was called before.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopListening();
    this.#over.resolve();
    for (const conn of this.#open) close(conn);
    await Promise.allSettled(this.#tasks);
  }

  async #accept(): Promise<void> {
    for (;;) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        return; // closed, by the test
      }
      this.#tasks.push(this.#serve(conn));
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const received = { bytes: new Uint8Array(0), isEnded: false };
    this.connections.push(received);
    this.#open.add(conn);
    try {
      await this.#treat(conn, received, this.#over.promise);
    } catch {
      // The sender broke the connection, or the test did: what came is what is looked at.
    }
    close(conn);
    this.#open.delete(conn);
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

/** Reads exactly `count` bytes, or throws at the end. */
export async function readExactly(conn: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const n = await conn.read(bytes.subarray(at));
    if (n === null) throw new Deno.errors.UnexpectedEof();
    at += n;
  }
  return bytes;
}
