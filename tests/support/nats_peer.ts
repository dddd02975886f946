/**
 * A small NATS server for tests, which does what a test tells it: also what no genuine one would.
 * @module
 */
import { Buffer } from "node:buffer";

/** What a client published. */
export interface Published {
  readonly subject: string;
  readonly reply: string;
  /** Lines of the header, without the first. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Which connection, from 1. */
  readonly connection: number;
}

/** An answer: a body, or a status such as `503`; nothing to leave the client without one. */
export type Answer = string | { readonly status: string } | undefined;

/** How the server behaves. */
export interface NatsPeerOptions {
  /** Members of INFO besides the usual ones. */
  readonly info?: Record<string, unknown>;
  /** What is sent instead of INFO. */
  readonly greeting?: Uint8Array;
  /** TLS from the first byte on. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers CONNECT's PING otherwise than by PONG. */
  onConnect?(login: Record<string, unknown>, connection: NatsPeerConnection): void;
  /** Answers what is published with a reply subject; acknowledges like a stream unless given. */
  answer?(message: Published, connection: NatsPeerConnection): Answer | Promise<Answer>;
}

/** One connection. */
export interface NatsPeerConnection {
  readonly number: number;
  /** Sends bytes as they are. */
  send(text: string | Uint8Array): Promise<void>;
  /** Ends it. */
  close(): void;
}

/** A listening server. */
export class NatsPeer implements AsyncDisposable {
  readonly port: number;
  readonly published: Published[] = [];
  readonly logins: Record<string, unknown>[] = [];
  readonly #listener: Deno.Listener;
  readonly #options: NatsPeerOptions;
  readonly #open = new Set<Deno.Conn>();
  readonly #tasks: Promise<void>[] = [];
  #connections = 0;
  #stored = new Map<string, number>();

  constructor(options: NatsPeerOptions = {}, address: { hostname?: string; port?: number } = {}) {
    this.#options = options;
    const where = { hostname: address.hostname ?? "127.0.0.1", port: address.port ?? 0 };
    this.#listener = options.tls === undefined
      ? Deno.listen(where)
      : Deno.listenTls({ ...where, ...options.tls });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#tasks.push(this.#accept());
  }

  /** How many connections were accepted. */
  get connections(): number {
    return this.#connections;
  }

  /** Acknowledges as a stream does that remembers ids. */
  acknowledge(message: Published): string {
    const id = message.headers.find((line) => line.startsWith("Nats-Msg-Id:"))?.slice(13) ?? "";
    const known = this.#stored.get(id);
    const seq = known ?? this.#stored.size + 1;
    this.#stored.set(id, seq);
    return JSON.stringify({
      stream: "TEST",
      seq,
      ...(known === undefined ? {} : { duplicate: true }),
    });
  }

  /** Ids of what is stored, in order. */
  get stored(): string[] {
    return [...this.#stored.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) closeQuietly(conn);
    await Promise.all(this.#tasks);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#open.add(conn);
        this.#tasks.push(this.#serve(conn, ++this.#connections));
      }
    } catch {
      // A client may go in the middle of TLS; closing ends the loop too.
    }
  }

  async #serve(conn: Deno.Conn, number: number): Promise<void> {
    let sending: Promise<unknown> = Promise.resolve();
    const connection: NatsPeerConnection = {
      number,
      send: async (text) => {
        const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
        sending = sending.then(() => writeAll(conn, bytes)).catch(() => {});
        await sending;
      },
      close: () => closeQuietly(conn),
    };
    const info = {
      server_id: "TEST",
      version: "2.9.10",
      proto: 1,
      headers: true,
      max_payload: 1_048_576,
      ...this.#options.info,
    };
    try {
      await connection.send(this.#options.greeting ?? `INFO ${JSON.stringify(info)} \r\n`);
      await this.#talk(conn, connection);
    } catch {
      // The client went, or the test closed the connection.
    } finally {
      await sending;
      closeQuietly(conn);
      this.#open.delete(conn);
    }
  }

  async #talk(conn: Deno.Conn, connection: NatsPeerConnection): Promise<void> {
    const reader = new Reader(conn);
    const subscriptions: { pattern: string; sid: string }[] = [];
    let isLoggedIn = false;
    for (;;) {
      const line = await reader.line();
      const [verb, ...words] = line.split(" ");
      if (verb === "CONNECT") {
        this.logins.push(JSON.parse(line.slice(8)));
      } else if (verb === "PING") {
        if (!isLoggedIn && this.#options.onConnect !== undefined) {
          isLoggedIn = true;
          this.#options.onConnect(this.logins.at(-1)!, connection);
        } else await connection.send("PONG\r\n");
      } else if (verb === "SUB") {
        subscriptions.push({ pattern: words[0]!, sid: words.at(-1)! });
      } else if (verb === "PUB" || verb === "HPUB") {
        const size = Number(words.at(-1));
        const head = verb === "HPUB" ? Number(words.at(-2)) : 0;
        const data = await reader.bytes(size + 2);
        const message: Published = {
          subject: words[0]!,
          reply: words.length > (verb === "HPUB" ? 3 : 2) ? words[1]! : "",
          headers: data.subarray(0, head).toString().split("\r\n").slice(1).filter(Boolean),
          body: data.subarray(head, size).toString(),
          connection: connection.number,
        };
        this.published.push(message);
        const { sid } = subscriptions.find(({ pattern }) =>
          message.reply.startsWith(pattern.replace(/\*$/, ""))
        ) ?? { sid: "0" };
        this.#tasks.push(this.#reply(message, { sid, connection }));
      }
    }
  }

  async #reply(
    message: Published,
    { sid, connection }: { sid: string; connection: NatsPeerConnection },
  ): Promise<void> {
    if (message.reply === "") return;
    const answer = this.#options.answer === undefined
      ? this.acknowledge(message)
      : await this.#options.answer(message, connection);
    if (answer === undefined) return;
    if (typeof answer === "string") {
      const size = new TextEncoder().encode(answer).length;
      await connection.send(`MSG ${message.reply} ${sid}  ${size}\r\n${answer}\r\n`);
    } else {
      const head = `NATS/1.0 ${answer.status}\r\n\r\n`;
      await connection.send(
        `HMSG ${message.reply} ${sid} ${head.length} ${head.length}\r\n${head}\r\n`,
      );
    }
  }
}

/** Reads lines and counted bytes. */
class Reader {
  readonly #conn: Deno.Conn;
  #rest = Buffer.alloc(0);

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n");
      if (end >= 0) return this.#take(end + 2).subarray(0, end).toString();
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#rest.length < count) await this.#more();
    return this.#take(count);
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    const bytes = new Uint8Array(65_536);
    const count = await this.#conn.read(bytes);
    if (count === null) throw new Error("the client went");
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, count)]);
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
