/**
 * An open OTLP sink: see `../otlp.ts`.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import { escapeText } from "../../net/escape.ts";
import { describeAnswer, failureOf, type HttpAnswer } from "../http.ts";
import { encodeInSlices, hostPortOf, HttpPoster, urlBelow } from "../http_poster.ts";
import type { OtlpOptions } from "../otlp.ts";
import type { Batch, Outcome, Sink, SinkContext } from "../sink.ts";
import { encodeAnyValue, encodeLogRecord } from "./log_record.ts";

/** Where logs go below the receiver's address: OTLP/HTTP. */
const LOGS_PATH = "/v1/logs";
/** Characters of what a receiver says. */
const MAX_REASON = 512;

/** Exports log records. */
export class OtlpSink implements Sink {
  readonly #options: OtlpOptions;
  readonly #context: SinkContext;
  readonly #poster: HttpPoster;
  readonly #url: string;

  /**
   * @param options of the config.
   * @param context reads the secrets, and knows our version.
   */
  constructor(options: OtlpOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#poster = new HttpPoster(hostPortOf(options.url), options);
    const base = options.url.replace(/\/+$/, "");
    this.#url = base.endsWith(LOGS_PATH) ? base : urlBelow(base, LOGS_PATH);
  }

  async write({ events }: Batch, signal: AbortSignal): Promise<Outcome> {
    const headers = await this.#headers();
    const body = await this.#encode(events);
    const answer = await this.#poster.send({ url: this.#url, headers, body }, signal);
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer);
    return this.#read(answer, events.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#poster[Symbol.dispose]();
    return Promise.resolve();
  }

  async #headers(): Promise<Record<string, string>> {
    const { token, headers } = this.#options;
    const more: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      more[name.toLowerCase()] = await this.#context.secret(value);
    }
    if (token !== undefined) more.authorization = `Bearer ${await this.#context.secret(token)}`;
    return { ...more, accept: "application/json", "content-type": "application/json" };
  }

  /** The export request, with the records of each sensor under a resource of its own. */
  async #encode(events: readonly SensorEvent[]): Promise<Uint8Array> {
    const nowMs = Date.now();
    let resource = "";
    const body = await encodeInSlices([...events, undefined], (event) => {
      if (event === undefined) return resource === "" ? `{"resourceLogs":[]}` : "]}]}]}";
      const { json, sensor, version } = encodeLogRecord(event, nowMs);
      const next = this.#openResource(sensor, version);
      const begin = next === resource
        ? ","
        : resource === ""
        ? `{"resourceLogs":[${next}`
        : `]}]},${next}`;
      resource = next;
      return begin + json;
    });
    return body;
  }

  #openResource(sensor: string, version: string): string {
    const attributes = attributesOf({
      "service.name": this.#options.service_name,
      "service.version": version,
      "service.instance.id": sensor,
      "host.name": sensor,
    });
    const scope = { name: "duckblind", version: this.#context.sensor.version };
    return `{"resource":{"attributes":[${attributes}]},` +
      `"scopeLogs":[{"scope":${JSON.stringify(scope)},"logRecords":[`;
  }

  /** A success may be partial: OTLP/HTTP, "Partial Success". */
  #read(answer: HttpAnswer, count: number): Outcome {
    const { rejectedLogRecords: number, errorMessage } = this.#partialSuccess(answer);
    const words = typeof errorMessage === "string"
      ? escapeText(errorMessage.slice(0, MAX_REASON))
      : "";
    // A 64-bit number is a text in this JSON, but not all receivers know.
    const rejected = Math.min(Math.max(0, Number(number ?? 0) || 0), count);
    if (rejected === 0) {
      return { reply: `${count} of ${count} taken${words === "" ? "" : `: ${words}`}` };
    }
    // It does not say which, and such a request must not be repeated: whoever reads the dead letters
    // decides. To count them all as delivered would lose some unseen.
    const reason = rejected === count
      ? `refused: ${words}`
      : `refused were ${rejected} of the ${count} records of its request, this one or others: ${words}`;
    return {
      reply: `${rejected} of ${count} refused: ${words}`,
      rejected: Array.from({ length: count }, (_, index) => ({ index, reason })),
    };
  }

  #partialSuccess(answer: HttpAnswer): PartialSuccess {
    if (answer.body.length === 0) return {};
    try {
      const found = JSON.parse(new TextDecoder().decode(answer.body));
      if (typeof found === "object" && found !== null) return found.partialSuccess ?? {};
    } catch {
      // Told below: whatever took this, it was no receiver of logs.
    }
    throw new SinkError(
      `Cannot deliver to ${this.#poster.destination}: it answered ${describeAnswer(answer)}, ` +
        "must be an export response in JSON",
      true,
    );
  }

  #failure(answer: HttpAnswer): SinkError {
    const failure = failureOf(this.#poster.destination, answer);
    const advice = ({
      401: "must have the token or headers that the receiver wants",
      403: "must have the token or headers that the receiver wants",
      404: "must be the address below which the receiver has /v1/logs",
    } as Readonly<Record<number, string>>)[answer.status];
    if (advice === undefined) return failure;
    return new SinkError(`${failure.message}; ${advice}`, failure.retryable);
  }
}

/** What a receiver says of a request that it took, at least in part. */
interface PartialSuccess {
  readonly rejectedLogRecords?: unknown;
  readonly errorMessage?: unknown;
}

/** Those that have a value. */
function attributesOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values).filter(([, text]) => text !== "")
    .map(([key, text]) => `{"key":${JSON.stringify(key)},"value":${encodeAnyValue(text)}}`).join();
}
