/**
 * Calls over HTTP, for the sinks that make them: deadline, bounded answers, and what a status means.
 * @module
 */
import { SinkError } from "../errors.ts";
import { escapeBytes } from "../net/escape.ts";

/** Bytes of an answer that are read; a bulk answer names every item. */
const MAX_ANSWER_BYTES = 8 * 1_048_576;
/** Characters of an answer that go into a message. */
const MAX_REASON = 512;
/** Longest pause that a destination can ask for, in ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Statuses that say that this very content is refused, so that sending it again cannot help. All others
 * that are no success can: a token can be renewed, a path be made, a server come back.
 */
const REFUSALS: ReadonlySet<number> = new Set([400, 405, 406, 410, 411, 413, 414, 415, 422, 431]);

/** What the value of a header may be: RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A call. */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent for a GET, which has none. */
  readonly body?: Uint8Array | string;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** As it came; cut at 8 MiB. */
  readonly body: Uint8Array;
}

/** Makes calls, over connections that it keeps. */
export class HttpCaller implements Disposable {
  readonly #client: Deno.HttpClient;
  /** What stands in messages instead of the address, which may hold a secret. */
  readonly #destination: string;
  /** Ends what is being waited for when this is disposed, which closing the client does not. */
  readonly #closing = new AbortController();

  /**
   * @param destination what it is called in messages: the host, not the whole address.
   * @param options `ca`: PEM of authorities to trust besides those that everybody trusts.
   */
  constructor(destination: string, options: { readonly ca?: string } = {}) {
    this.#destination = destination;
    this.#client = Deno.createHttpClient({
      ...(options.ca === undefined ? {} : { caCerts: [options.ca] }),
    });
  }

  /**
   * Makes a call and reads the answer. Redirections are not followed.
   * @param call what is sent.
   * @param signal ends the wait.
   * @returns the answer, whatever its status.
   * @throws {SinkError} retryable, when there is none.
   */
  async send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, ...rest } = call;
    this.#checkHeaders(call.headers);
    try {
      const response = await fetch(url, {
        ...rest,
        body: rest.body as BodyInit,
        redirect: "manual",
        signal: AbortSignal.any([signal, this.#closing.signal]),
        client: this.#client,
      } as RequestInit);
      const body = await readBounded(response);
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      const detail = this.#closing.signal.aborted
        ? "the call was given up"
        : describeFailure(error, { signal, url });
      throw new SinkError(`Cannot reach ${this.#destination}: ${detail}`, true, { cause: error });
    }
  }

  /**
   * Makes a call that must succeed.
   * @param call what is sent.
   * @param signal ends the wait.
   * @returns the answer, with a status of 200 to 299.
   * @throws {SinkError} when there is no answer, or one of another status: see `failureOf`.
   */
  async deliver(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.send(call, signal);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw failureOf(this.#destination, answer);
  }

  /** Else `fetch` refuses them, with a message that holds the value, which may be a secret. */
  #checkHeaders(headers: HttpCall["headers"]): void {
    for (const [name, value] of Object.entries(headers)) {
      if (FIELD_VALUE.test(value)) continue;
      throw new SinkError(
        `Cannot call ${this.#destination}: the value for header ${JSON.stringify(name)} has a ` +
          "character that no header may have, must be printable",
        true,
      );
    }
  }

  [Symbol.dispose](): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#client.close();
  }
}

/**
 * What an answer that is no success means for what was sent.
 * @param destination what it is called in messages.
 * @param answer with a status outside 200 to 299.
 * @returns not retryable for the statuses that refuse the content: 400, 405, 406, 410, 411, 413, 414,
 * 415, 422, 431.
 */
export function failureOf(destination: string, answer: HttpAnswer): SinkError {
  const retryAfterMs = parseRetryAfter(answer.headers.get("retry-after"), Date.now());
  return new SinkError(
    `Cannot deliver to ${destination}: it answered ${describeAnswer(answer)}`,
    !REFUSALS.has(answer.status),
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/**
 * An answer in a line, for people.
 * @param answer any.
 * @returns its status and the begin of its content, escaped.
 */
export function describeAnswer({ status, body }: HttpAnswer): string {
  const text = escapeBytes(body.subarray(0, MAX_REASON)).replaceAll(/\\x(?:0[9AaDd]|20)|\s+/g, " ")
    .trim();
  return text === "" ? String(status) : `${status} ${text}`;
}

/**
 * Reads `Retry-After`: RFC 9110 §10.2.3.
 * @param value seconds or an HTTP date; `null` when there is no such header.
 * @param nowMs wall clock, in ms since 1970.
 * @returns the pause in ms, an hour at most; `undefined` when it says nothing.
 */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    // Leaving the loop early cancels the rest.
    for await (const chunk of response.body) {
      chunks.push(chunk.subarray(0, MAX_ANSWER_BYTES - size));
      size += chunks.at(-1)!.length;
      if (size >= MAX_ANSWER_BYTES) break;
    }
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function describeFailure(
  error: unknown,
  { signal, url }: { readonly signal: AbortSignal; readonly url: string },
): string {
  if (signal.aborted) return "no answer within the deadline";
  // Since Deno 2.9 a failed fetch says only that, and its cause says why.
  const cause = error instanceof Error ? error.cause ?? error : error;
  let message = cause instanceof Error ? cause.message : String(cause);
  // It holds the address, and that may hold a secret.
  const href = URL.canParse(url) ? new URL(url).href : url;
  for (const address of [` for url (${href})`, href, url]) {
    message = message.replaceAll(address, "");
  }
  return message.replaceAll(/ ?(?:for url )?\(?https?:\/\/\S*/g, "");
}
