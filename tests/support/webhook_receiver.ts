/**
 * A receiver of webhooks on the loopback, which keeps what it was sent and answers as a test wants.
 * @module
 */
import { Journal } from "../../lib/journal/journal.ts";
import type { EventId, EventMap } from "../../lib/events/event.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { allEvents, testEmitter, testScope } from "./events.ts";
import { tempFolder } from "./temp_folder.ts";

/** A call as it came. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The body as text. */
  readonly text: string;
}

/** How a receiver is made. */
export interface ReceiverOptions {
  /** What is answered; `200 ok` if absent. */
  readonly answer?: (call: Received, index: number) => Response | Promise<Response>;
  /** Where it listens; a free port if absent. */
  readonly port?: number;
  /** PEM, for TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A receiver. Leaving its block closes it. */
export class Receiver implements AsyncDisposable {
  readonly calls: Received[] = [];
  readonly port: number;
  /** Its root, without a slash at the end. */
  readonly url: string;
  answer: NonNullable<ReceiverOptions["answer"]>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting: (() => void)[] = [];

  /** @param options how it answers. */
  constructor(options: ReceiverOptions = {}) {
    this.answer = options.answer ?? (() => new Response("ok"));
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: options.port ?? 0, onListen: () => {}, ...options.tls },
      (request) => this.#handle(request),
    );
    this.port = this.#server.addr.port;
    this.url = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  /** The bodies, parsed. */
  // deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
  get json(): any[] {
    return this.calls.map(({ text }) => JSON.parse(text));
  }

  /** Resolves when the next call has come. */
  called(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const target = pathname + search;
    const text = new TextDecoder().decode(body);
    const call = { method, target, headers, body, text };
    this.calls.push(call);
    for (const resolve of this.#waiting.splice(0)) resolve();
    return await this.answer(call, this.calls.length - 1);
  }
}

/** Something to emit: an id, its data, and from where. */
export type Happening = {
  [K in EventId]: readonly [id: K, data: EventMap[K], ip?: string];
}[EventId];

/**
 * Makes events, as a journal gives them.
 * @param happenings in order.
 */
export function makeEvents(happenings: readonly Happening[]): SensorEvent[] {
  using folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  for (const [id, data, ip] of happenings) {
    emitter.emit(testScope(ip), id, data as EventMap[typeof id]);
  }
  const events = allEvents(journal);
  journal.close();
  return events;
}

/**
 * Makes events of logins.
 * @param count how many; the n-th, from 0, is of `user-n` with `pass-n`.
 */
export function makeLogins(count: number): SensorEvent[] {
  return makeEvents(Array.from({ length: count }, (_, i) => [
    "auth.attempt",
    { method: "password", username: `user-${i}`, secret: `pass-${i}` },
  ]));
}
