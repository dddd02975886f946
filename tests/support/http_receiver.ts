/**
 * Receivers of HTTP for tests: one that answers as it is told, and some that do not answer as they should.
 * @module
 */

/** A call as it came, its body decompressed. */
export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
}

/** Says what is answered. */
export type Answerer = (call: ReceivedCall) => Response | Promise<Response>;

/** How a receiver is started. */
export interface ReceiverOptions {
  /** 0 to have one chosen. */
  readonly port?: number;
  /** Certificate and key in PEM, for TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A receiver that answers. */
export class HttpReceiver implements AsyncDisposable {
  readonly port: number;
  /** Every call so far. */
  readonly calls: ReceivedCall[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #isTls: boolean;

  /**
   * @param answer says what is answered.
   * @param options port and TLS.
   */
  constructor(answer: Answerer, { port = 0, tls }: ReceiverOptions = {}) {
    this.#isTls = tls !== undefined;
    const serve = async (request: Request): Promise<Response> => {
      const url = new URL(request.url);
      const call = {
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: await bodyOf(request),
      };
      this.calls.push(call);
      return await answer(call);
    };
    const place = { hostname: "127.0.0.1", port, onListen: () => {} };
    this.#server = Deno.serve({ ...place, ...tls }, serve);
    this.port = this.#server.addr.port;
  }

  /** Its address. */
  get url(): string {
    return `${this.#isTls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** JSON as an answer. */
export function jsonAnswer(value: unknown, status = 200, headers: HeadersInit = {}): Response {
  return Response.json(value, { status, headers });
}

/** How a receiver can fail: each is one of these for every connection. */
export type Trouble = "hangs" | "resets" | "stops in the answer" | "drips";

/** A receiver in trouble. */
export class TroubledReceiver implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;

  /**
   * @param trouble what is wrong with it.
   * @param port 0 to have one chosen.
   */
  constructor(trouble: Trouble, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#done = this.#accept(trouble);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#done;
  }

  async #accept(trouble: Trouble): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      // A vanished client ends the talk.
      talks.push(talk(connection, trouble).catch(() => {}).finally(() => close(connection)));
    }
    await Promise.all(talks);
  }
}

async function talk(connection: Deno.TcpConn, trouble: Trouble): Promise<void> {
  const buffer = new Uint8Array(4096);
  await connection.read(buffer);
  if (trouble === "resets") return; // what is not read makes a reset of the close
  if (trouble === "hangs") {
    while (await connection.read(buffer) !== null);
    return;
  }
  const answer =
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{"';
  const bytes = new TextEncoder().encode(answer);
  await connection.write(bytes);
  if (trouble === "stops in the answer") return;
  for (;;) {
    await connection.write(new Uint8Array([0x61]));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed by the other side of the talk.
  }
}

async function bodyOf(request: Request): Promise<string> {
  if (request.body === null) return "";
  const encoding = request.headers.get("content-encoding");
  const stream = encoding === "gzip"
    ? request.body.pipeThrough(new DecompressionStream("gzip"))
    : request.body;
  return await new Response(stream).text();
}
