/**
 * Bodies over HTTP to a receiver of batches: authorities of the operator's own, gzip where the receiver
 * takes it, and work in slices so that no decoy waits for a large body.
 * @module
 */
import { v } from "../config/schema.ts";
import { SinkError } from "../errors.ts";
import { formatHostPort } from "../net/address.ts";
import { turn } from "../net/turn.ts";
import { type HttpAnswer, HttpCaller } from "./http.ts";

/** Bytes compressed, or events encoded, between two rounds of the event loop: about a millisecond. */
const SLICE_BYTES = 131_072;
const SLICE_EVENTS = 100;
/** Bodies below this are sent as they are, in bytes: they would not become fewer packets. */
const MIN_GZIP_BYTES = 1024;

const encoder = new TextEncoder();

/** The schema of an address such as `https://receiver.example:9200/path`. */
export function httpUrl(description: string) {
  // Begins with "is", so that what stands there is not told: it may have a password in it.
  const message =
    "is not such as https://host:port/path, must be, without user, query and fragment";
  return v.pipe(
    v.string(message),
    v.maxLength(1024, "must have at most 1024 characters"),
    // The pattern is what editors get to see; the check is what counts.
    v.regex(/^https?:\/\/[^\s@?#]+$/, message),
    v.check((value) => URL.canParse(value), message),
    v.description(description),
  );
}

/**
 * The address that a URL is dialled at.
 * @param url as `httpUrl` takes it.
 * @returns `host:port`, the port also where it is the scheme's own.
 */
export function hostPortOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return formatHostPort({
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  });
}

/** A path below a URL, with one slash between them. */
export function urlBelow(base: string, path: string): string {
  return base.replace(/\/+$/, "") + path;
}

/** A body to be sent. */
export interface HttpPost {
  readonly url: string;
  /** `POST` if absent. */
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** How bodies are sent. */
export interface HttpPosterOptions {
  /** PEM file of authorities to trust besides those that everybody trusts; empty for none. */
  readonly ca: string;
  /** Whether bodies are compressed if the receiver takes that. */
  readonly gzip: boolean;
}

/** Sends bodies to one host. */
export class HttpPoster implements Disposable {
  /** `host:port`, for messages. */
  readonly destination: string;
  readonly #options: HttpPosterOptions;
  #caller: HttpCaller | undefined;
  #isDisposed = false;
  /** Whether compressed bodies are taken: known when one has been, or was refused. */
  #gzip: "unknown" | "taken" | "refused";

  /**
   * @param destination `host:port`.
   * @param options authorities and compression.
   */
  constructor(destination: string, options: HttpPosterOptions) {
    this.destination = destination;
    this.#options = options;
    this.#gzip = options.gzip ? "unknown" : "refused";
  }

  /**
   * Sends a body and reads the answer. A receiver that refuses a compressed body, and has not taken one
   * before, gets it once more as it is.
   * @param post what is sent.
   * @param signal ends the wait.
   * @returns the answer, whatever its status.
   * @throws {SinkError} retryable, when there is none.
   */
  async send(post: HttpPost, signal: AbortSignal): Promise<HttpAnswer> {
    const caller = this.#caller ??= await this.#connect();
    try {
      return await this.#sendBy(caller, post, signal);
    } catch (error) {
      // A connection of HTTP/2 that a cut network left behind would be taken again, and hang again.
      caller[Symbol.dispose]();
      if (this.#caller === caller) this.#caller = undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#caller?.[Symbol.dispose]();
  }

  async #sendBy(caller: HttpCaller, post: HttpPost, signal: AbortSignal): Promise<HttpAnswer> {
    const { body, method = "POST", url, headers } = post;
    if (body === undefined) return await caller.send({ method, url, headers }, signal);
    if (this.#gzip === "refused" || body.length < MIN_GZIP_BYTES) {
      return await caller.send({ method, url, headers, body }, signal);
    }
    const compressed = {
      method,
      url,
      headers: { ...headers, "content-encoding": "gzip" },
      body: await gzip(body),
    };
    const answer = await caller.send(compressed, signal);
    if (answer.status >= 200 && answer.status < 300) {
      this.#gzip = "taken";
      return answer;
    }
    // RFC 9110 §15.5.16 has 415 for this; those that know no Content-Encoding read nonsense: 400.
    const isAboutGzip = answer.status === 415 ||
      (answer.status === 400 && this.#gzip === "unknown");
    if (!isAboutGzip) return answer;
    const plain = await caller.send({ method, url, headers, body }, signal);
    if (plain.status >= 200 && plain.status < 300) this.#gzip = "refused";
    return plain;
  }

  async #connect(): Promise<HttpCaller> {
    const { ca } = this.#options;
    try {
      const pem = ca === "" ? {} : { ca: await Deno.readTextFile(ca) };
      if (!this.#isDisposed) return new HttpCaller(this.destination, pem);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new SinkError(
        `Cannot read ca ${JSON.stringify(ca)}: ${detail}, must be certificates in PEM`,
        true,
        { cause: error },
      );
    }
    throw new SinkError(`Cannot reach ${this.destination}: the call was given up`, true);
  }
}

/**
 * Makes a body of many events, with rounds of the event loop in between.
 * @param events in order.
 * @param encode makes the text of one.
 * @returns UTF-8.
 */
export async function encodeInSlices<Item>(
  events: readonly Item[],
  encode: (event: Item) => string,
): Promise<Uint8Array> {
  const slices: Uint8Array[] = [];
  for (let at = 0; at < events.length; at += SLICE_EVENTS) {
    if (at > 0) await turn();
    const text = events.slice(at, at + SLICE_EVENTS).map((event) => encode(event)).join("");
    slices.push(encoder.encode(text));
  }
  const body = new Uint8Array(slices.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const slice of slices) {
    body.set(slice, end);
    end += slice.length;
  }
  return body;
}

/** Compresses, with rounds of the event loop in between. */
async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new CompressionStream("gzip");
  const compressed = new Response(stream.readable).arrayBuffer();
  const writer = stream.writable.getWriter();
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    if (at > 0) await turn();
    await writer.write(bytes.slice(at, at + SLICE_BYTES));
  }
  await writer.close();
  return new Uint8Array(await compressed);
}
