/**
 * Calls to a cluster by any of its addresses, with what proves who calls.
 * @module
 */
import { Buffer } from "node:buffer";
import { SinkError } from "../../errors.ts";
import type { ElasticOptions } from "../elastic.ts";
import { failureOf, type HttpAnswer } from "../http.ts";
import { hostPortOf, type HttpPost, HttpPoster, urlBelow } from "../http_poster.ts";
import type { SinkContext } from "../sink.ts";

/** A call, whatever the address. */
export interface ClusterCall extends Omit<HttpPost, "url" | "headers"> {
  /** Such as `/_bulk`. */
  readonly path: string;
  readonly contentType: string;
}

/** An answer, and who gave it. */
export interface ClusterAnswer extends HttpAnswer {
  /** `host:port`, for messages. */
  readonly destination: string;
}

/** Statuses by which a node, or the proxy before it, says that another may do better. */
const NODE_FAILURES: ReadonlySet<number> = new Set([502, 503, 504]);

/** What would be right, by the status. */
const ADVICE: Readonly<Record<number, string>> = {
  401: "must be an api_key, or a username and password, that the cluster knows",
  403: "must be allowed create_doc and auto_configure on the data stream, and " +
    "manage_index_templates in the cluster with install_template: true",
  404: "must be the address of the cluster, and a data stream that is there or may be made",
};

/**
 * Which address comes next, by the list of them: a sink that hung is opened anew with the same options,
 * and must not begin with the address that hangs.
 */
const nextIndexes = new WeakMap<readonly string[], number>();

/** A cluster, by any of its addresses. */
export class Cluster implements Disposable {
  readonly #options: ElasticOptions;
  readonly #context: SinkContext;
  readonly #nodes: readonly (readonly [url: string, poster: HttpPoster])[];

  /**
   * @param options addresses and credentials.
   * @param context reads the secrets.
   */
  constructor(options: ElasticOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#nodes = options.urls.map((url) => [url, new HttpPoster(hostPortOf(url), options)]);
  }

  /**
   * Makes a call, to the next address where one fails; the one that answers is kept.
   * @param call without the address.
   * @param signal ends the wait.
   * @returns the answer, whatever its status.
   * @throws {SinkError} when no address gives one.
   */
  async call(call: ClusterCall, signal: AbortSignal): Promise<ClusterAnswer> {
    const { path, contentType, ...rest } = call;
    const authorization = await this.#authorization();
    const headers = {
      accept: "application/json",
      "content-type": contentType,
      ...(authorization === undefined ? {} : { authorization }),
    };
    const { urls } = this.#options;
    for (let left = urls.length;; left--) {
      const index = (nextIndexes.get(urls) ?? 0) % urls.length;
      const [url, poster] = this.#nodes[index]!;
      const isLast = left <= 1;
      try {
        const answer = await poster.send({ ...rest, url: urlBelow(url, path), headers }, signal);
        if (!NODE_FAILURES.has(answer.status)) {
          return { ...answer, destination: poster.destination };
        }
        nextIndexes.set(urls, index + 1);
        if (isLast) return { ...answer, destination: poster.destination };
      } catch (error) {
        nextIndexes.set(urls, index + 1);
        if (isLast || signal.aborted) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    for (const [, poster] of this.#nodes) poster[Symbol.dispose]();
  }

  async #authorization(): Promise<string | undefined> {
    const { api_key, username, password } = this.#options;
    if (api_key !== undefined) {
      const key = await this.#context.secret(api_key);
      return `ApiKey ${key.includes(":") ? encode(key) : key}`;
    }
    if (username === "") return undefined;
    if (password === undefined) {
      throw new SinkError(
        `Cannot log in as ${JSON.stringify(username)}: password is not set`,
        true,
      );
    }
    return `Basic ${encode(`${username}:${await this.#context.secret(password)}`)}`;
  }
}

/**
 * What an answer that is no success means.
 * @param answer with a status outside 200 to 299.
 * @returns as `failureOf`, with what would be right.
 */
export function clusterFailure(answer: ClusterAnswer): SinkError {
  const failure = failureOf(answer.destination, answer);
  const advice = ADVICE[answer.status];
  if (advice === undefined) return failure;
  const { message, retryable, retryAfterMs } = failure;
  return new SinkError(
    `${message}; ${advice}`,
    retryable,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** RFC 7617 §2.1: UTF-8, then base64. */
function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}
