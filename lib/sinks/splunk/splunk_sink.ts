/**
 * An open splunk sink: see `../splunk.ts`.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import { observerOf } from "../event_fields.ts";
import { encodeInSlices } from "../http_poster.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";
import type { SplunkOptions } from "../splunk.ts";
import { Collector, NO_ACKNOWLEDGEMENT } from "./collector.ts";

/** Bytes of events in a request, about: Splunk Cloud takes a MiB. */
const REQUEST_BYTES = 900_000;
/** Refusals after which the rest is left for another call: each costs two requests. */
const MAX_REFUSALS = 8;
/** First and longest pause between two questions for acknowledgements, in ms. */
const MIN_POLL_MS = 50;
const MAX_POLL_MS = 2000;

/** What has become of a batch so far. */
interface Progress {
  readonly acks: number[];
  readonly rejected: ItemTrouble[];
  /** Items from the first on that were taken or refused. */
  done: number;
}

/** Sends events, and waits until they are indexed. */
export class SplunkSink implements Sink {
  readonly #options: SplunkOptions;
  readonly #collector: Collector;
  /** Whether the token has been asked for acknowledgement, where that is required. */
  #isChecked: boolean;

  /**
   * @param options of the config.
   * @param context reads the token.
   */
  constructor(options: SplunkOptions, context: SinkContext) {
    this.#options = options;
    this.#collector = new Collector(options, context);
    this.#isChecked = options.acknowledge !== "required";
  }

  async write({ events }: Batch, signal: AbortSignal): Promise<Outcome> {
    if (!this.#isChecked) await this.#check(signal);
    const progress: Progress = { acks: [], rejected: [], done: 0 };
    let failure: SinkError | undefined;
    try {
      for (const part of splitByBytes(events)) await this.#send(events, part, { progress, signal });
    } catch (error) {
      if (!(error instanceof SinkError) || progress.done === 0) throw error;
      failure = error;
    }
    await this.#awaitIndexed(progress.acks, signal);
    const { rejected, done } = progress;
    if (failure !== undefined && rejected.length === 0) {
      const { message, retryable, retryAfterMs } = failure;
      const more = retryAfterMs === undefined ? {} : { retryAfterMs };
      throw new SinkError(message, retryable, { ...more, done, cause: failure });
    }
    const reason = failure?.message ?? "the collector refused others before it";
    const left = Array.from(
      { length: events.length - done },
      (_, i) => ({ index: done + i, reason }),
    );
    return { reply: this.#summarize(events.length, progress), rejected, postponed: left };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#collector[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Asks for an acknowledgement that is not there: the answer says whether there can be any. */
  async #check(signal: AbortSignal): Promise<void> {
    if (await this.#collector.indexed([0], signal) === NO_ACKNOWLEDGEMENT) {
      throw new SinkError(
        `Cannot deliver to ${this.#collector.destination}: the token has no indexer acknowledgement, ` +
          "must have it with acknowledge: required",
        true,
      );
    }
    this.#isChecked = true;
  }

  /**
   * Sends a part. Of a request with an event that is refused nothing counts as taken: what came before
   * that event is sent again, and what comes after it too.
   */
  async #send(
    events: readonly SensorEvent[],
    [from, to]: Part,
    call: { readonly progress: Progress; readonly signal: AbortSignal },
  ): Promise<void> {
    const { progress, signal } = call;
    while (from < to && progress.rejected.length < MAX_REFUSALS) {
      const items = events.slice(from, to);
      const body = await encodeInSlices(items, (event) => this.#encode(event));
      const verdict = await this.#collector.send(body, items.length, signal);
      if (!("refused" in verdict)) {
        if (verdict.ackId !== undefined) progress.acks.push(verdict.ackId);
        progress.done = to;
        return;
      }
      const index = from + verdict.refused;
      await this.#send(events, [from, index], call);
      if (progress.done < index) return;
      progress.rejected.push({ index, reason: verdict.reason });
      from = progress.done = index + 1;
    }
  }

  async #awaitIndexed(acks: readonly number[], signal: AbortSignal): Promise<void> {
    if (this.#options.acknowledge === "off") return;
    let pending = acks;
    for (let pauseMs = MIN_POLL_MS; pending.length > 0; pauseMs *= 2) {
      const isLate = await pause(Math.min(pauseMs, MAX_POLL_MS), signal);
      if (isLate) throw this.#notIndexed(pending.length, acks.length);
      const indexed = await this.#collector.indexed(pending, signal);
      if (indexed === NO_ACKNOWLEDGEMENT) return;
      pending = pending.filter((id) => !indexed.includes(id));
    }
  }

  #notIndexed(pending: number, all: number): SinkError {
    return new SinkError(
      `Cannot deliver to ${this.#collector.destination}: ${pending} of ${all} requests were not ` +
        "acknowledged within the deadline, must be within timeout_ms",
      true,
    );
  }

  #encode(event: SensorEvent): string {
    const { index, source, host, sourcetype, format } = this.#options;
    const quote = JSON.stringify;
    return `{"time":${(event.timeMs / 1000).toFixed(3)},"host":${
      quote(host || observerOf(event))
    },` +
      `"source":${quote(source)},"sourcetype":${quote(sourcetype || `duckblind:${format}`)},` +
      (index === "" ? "" : `"index":${quote(index)},`) + `"event":${encodeAs(format, event)}}\n`;
  }

  #summarize(count: number, { acks, rejected, done }: Progress): string {
    const isAwaited = acks.length > 0 && this.#options.acknowledge !== "off";
    const parts = [
      `${done - rejected.length} of ${count} ${isAwaited ? "indexed" : "taken, not yet indexed"}`,
    ];
    if (rejected.length > 0) parts.push(`${rejected.length} refused: ${rejected[0]!.reason}`);
    return parts.join(", ").slice(0, 1024);
  }
}

/** Events by their place: from the first, and up to, but without, the last. */
type Part = readonly [from: number, to: number];

function splitByBytes(events: readonly SensorEvent[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { json }] of events.entries()) {
    if (i > from && bytes + json.length > REQUEST_BYTES) {
      parts.push([from, i]);
      from = i;
      bytes = 0;
    }
    bytes += json.length;
  }
  return [...parts, [from, events.length]];
}

/** Waits; returns whether the signal ended the wait. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const onAbort = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(false);
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
