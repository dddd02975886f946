/**
 * Calls to an HTTP Event Collector, and what its answers mean.
 *
 * Source: Splunk Enterprise 9, "Getting Data In": HTTP Event Collector, its error codes and indexer
 * acknowledgement.
 * @module
 */
import { SinkError } from "../../errors.ts";
import { describeAnswer, failureOf, type HttpAnswer } from "../http.ts";
import { hostPortOf, HttpPoster, urlBelow } from "../http_poster.ts";
import type { SinkContext } from "../sink.ts";
import type { SplunkOptions } from "../splunk.ts";

/** Codes that blame the token. */
const TOKEN_CODES: ReadonlySet<number> = new Set([1, 2, 3, 4, 16, 21, 22]);
/** Codes that blame one event, when they name it. */
const EVENT_CODES: ReadonlySet<number> = new Set([6, 12, 13, 15]);
const INCORRECT_INDEX = 7;
/** Codes that say that the channel is unknown, or that acknowledgement is not to be had. */
const CHANNEL_CODES: ReadonlySet<number> = new Set([10, 11]);
const ACK_DISABLED = 14;

/** Cookies kept, and characters of one with its name: a load balancer has one or two. */
const MAX_COOKIES = 8;
const MAX_COOKIE = 1024;
/** A cookie's name and value: RFC 6265 §4.1.1. */
const COOKIE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)/;

/** The token's requests have no acknowledgement. */
export const NO_ACKNOWLEDGEMENT = "no acknowledgement";

/** What became of the events of a request. */
export type Verdict =
  /** Taken; `ackId` asks later whether they are indexed. */
  | { readonly ackId?: number }
  /** Refused because of one of them, by its place in the request. */
  | { readonly refused: number; readonly reason: string };

/** A collector. */
export class Collector implements Disposable {
  readonly #options: SplunkOptions;
  readonly #context: SinkContext;
  readonly #poster: HttpPoster;
  /** Acknowledgements are counted by channel: one a sink. */
  readonly #channel = crypto.randomUUID();
  /** By which a load balancer finds the indexer again that knows of our acknowledgements. */
  readonly #cookies = new Map<string, string>();

  /**
   * @param options address and token.
   * @param context reads the token.
   */
  constructor(options: SplunkOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#poster = new HttpPoster(hostPortOf(options.url), options);
  }

  /** `host:port`, for messages. */
  get destination(): string {
    return this.#poster.destination;
  }

  /**
   * Sends events.
   * @param body the events, one after the other.
   * @param count how many.
   * @param signal ends the wait.
   * @throws {SinkError} when none of them was taken, for no fault of one of them.
   */
  async send(body: Uint8Array, count: number, signal: AbortSignal): Promise<Verdict> {
    const answer = await this.#call("/services/collector/event", body, signal);
    const { code, ackId, "invalid-event-number": number } = parse(answer);
    if (answer.status >= 200 && answer.status < 300) {
      if (code !== 0) throw this.#strange(answer, "a code 0");
      return isCount(ackId) ? { ackId } : {};
    }
    const isAboutEvent = typeof code === "number" && EVENT_CODES.has(code);
    if (isAboutEvent && isCount(number) && number < count) {
      return { refused: number, reason: describeAnswer(answer) };
    }
    throw this.#failure(answer, code);
  }

  /**
   * Asks which requests are indexed. One that is told as indexed is forgotten there.
   * @param ids of requests.
   * @param signal ends the wait.
   * @returns those that are; `NO_ACKNOWLEDGEMENT` when the token does not have it.
   * @throws {SinkError} when there is no answer to that.
   */
  async indexed(
    ids: readonly number[],
    signal: AbortSignal,
  ): Promise<readonly number[] | typeof NO_ACKNOWLEDGEMENT> {
    const body = new TextEncoder().encode(JSON.stringify({ acks: ids }));
    const path = `/services/collector/ack?channel=${this.#channel}`;
    const answer = await this.#call(path, body, signal);
    const { code, acks } = parse(answer);
    if (code === ACK_DISABLED) return NO_ACKNOWLEDGEMENT;
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer, code);
    if (typeof acks !== "object" || acks === null) throw this.#strange(answer, "acks");
    return ids.filter((id) => (acks as Record<string, unknown>)[id] === true);
  }

  [Symbol.dispose](): void {
    this.#poster[Symbol.dispose]();
  }

  async #call(path: string, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    const token = await this.#context.secret(this.#options.token);
    const headers = {
      authorization: `Splunk ${token}`,
      "content-type": "application/json",
      "x-splunk-request-channel": this.#channel,
      ...(this.#cookies.size === 0
        ? {}
        : { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
    };
    const url = urlBelow(this.#options.url, path);
    const answer = await this.#poster.send({ url, headers, body }, signal);
    this.#keepCookies(answer.headers);
    return answer;
  }

  #keepCookies(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [whole = "", name, value] = COOKIE.exec(line) ?? [];
      if (name === undefined || value === undefined || whole.length > MAX_COOKIE) continue;
      if (this.#cookies.has(name) || this.#cookies.size < MAX_COOKIES) {
        this.#cookies.set(name, value);
      }
    }
  }

  #failure(answer: HttpAnswer, code: unknown): SinkError {
    const failure = failureOf(this.destination, answer);
    const advice = this.#advice(answer.status, code);
    if (advice === undefined) return failure;
    const { message, retryAfterMs } = failure;
    const more = retryAfterMs === undefined ? {} : { retryAfterMs };
    return new SinkError(`${message}; ${advice}`, true, more);
  }

  /** What would be right, where the fault is no event's. */
  #advice(status: number, code: unknown): string | undefined {
    const { token, index } = this.#options;
    if (typeof code === "number" && TOKEN_CODES.has(code)) {
      return `must be an enabled token of the collector in ${token}`;
    }
    if (code === INCORRECT_INDEX) {
      return index === ""
        ? "the token must have an index that is there"
        : `index must be one that the token may use, is ${JSON.stringify(index)}`;
    }
    if (typeof code === "number" && CHANNEL_CODES.has(code)) {
      return "must know the channel, which a proxy on the way must not take out";
    }
    if (code === ACK_DISABLED) return "acknowledge must be auto or off for such a token";
    if (status === 404) {
      return "must be the address of the HTTP Event Collector, port 8088 as a rule";
    }
    return undefined;
  }

  #strange(answer: HttpAnswer, expected: string): SinkError {
    return new SinkError(
      `Cannot deliver to ${this.destination}: it answered ${describeAnswer(answer)}, ` +
        `must be a collector's answer with ${expected}`,
      true,
    );
  }
}

/** What an answer may have. */
interface Answer {
  readonly code?: unknown;
  readonly ackId?: unknown;
  readonly "invalid-event-number"?: unknown;
  readonly acks?: unknown;
}

/** An answer of something else, such as a proxy, has nothing. */
function parse({ body }: HttpAnswer): Answer {
  try {
    return JSON.parse(new TextDecoder().decode(body)) ?? {};
  } catch {
    return {}; // then its status counts
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
