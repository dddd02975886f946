/**
 * Publishes batches to JetStream: many events on their way at once, each with its acknowledgement.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import { connectNats, type NatsLink } from "../../nats/connection.ts";
import { describeNatsError, isSilence } from "../../nats/failures.ts";
import { type Message, Publisher } from "../../nats/publisher.ts";
import { ensureStream, explainSilence } from "../../nats/stream.ts";
import { eventSubject } from "../../nats/subject.ts";
import { eventIdOf, observerOf } from "../event_fields.ts";
import type { NatsOptions } from "../nats.ts";
import type { Batch, Outcome, Sink, SinkContext } from "../sink.ts";
import { Flight } from "./flight.ts";

/** Name of a stream that is made without one. */
const DEFAULT_STREAM = "DUCKBLIND";

/** What a header may hold. */
const MESSAGE_ID = /^[!-~]{1,128}$/;

/**
 * Opens the sink; it connects when there is something to send.
 * @param options as the config has them.
 * @param context secrets, and who we are.
 */
export function openNatsSink(options: NatsOptions, context: SinkContext): Sink {
  return new NatsSink(options, context);
}

/** An open connection, and what is published over it. */
interface Line {
  readonly link: NatsLink;
  readonly publisher: Publisher;
}

class NatsSink implements Sink {
  readonly #options: NatsOptions;
  readonly #context: SinkContext;
  #line: Line | undefined;
  readonly #disposing = new AbortController();

  constructor(options: NatsOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  async write({ events }: Batch, deadline: AbortSignal): Promise<Outcome> {
    const signal = AbortSignal.any([deadline, this.#disposing.signal]);
    const { link, publisher } = await this.#connect(signal);
    const { window } = this.#options;
    const flight = new Flight(publisher, events.length, { window, maxPayload: link.maxPayload });
    // What waits for an answer fails once the connection is gone.
    const onAbort = () => link.close();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await flight.publishAll(this.#messages(events));
      if (flight.failure !== undefined) {
        throw await this.#explain(link, flight, { count: events.length, signal });
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (publisher.end !== undefined || !link.isOpen) await this.#drop();
    }
    const { stream, duplicates, rejected } = flight;
    return {
      reply: `stream ${stream || "?"} at ${link.server} took ${events.length - rejected.length}` +
        (duplicates === 0 ? "" : `, ${duplicates} of them for the second time`),
      ...(rejected.length === 0 ? {} : { rejected }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort(new Error("it was closed"));
    await this.#drop();
  }

  async #drop(): Promise<void> {
    const link = this.#line?.link;
    this.#line = undefined;
    link?.close();
    await link?.closed;
  }

  async #connect(signal: AbortSignal): Promise<Line> {
    if (this.#line?.link.isOpen && this.#line.publisher.end === undefined) return this.#line;
    await this.#drop();
    const { name, sensor, secret } = this.#context;
    try {
      const link = await connectNats(this.#options, {
        name: `duckblind ${sensor.name} ${name}`,
        secret: (reference) => secret(reference),
        signal,
      });
      const publisher = new Publisher(link, this.#options.inbox_prefix);
      this.#line = { link, publisher };
      if (this.#options.create_stream) await this.#ensureStream(link, signal);
      return this.#line;
    } catch (error) {
      await this.#drop();
      if (error instanceof SinkError) throw error;
      throw new SinkError(error instanceof Error ? error.message : String(error), true, {
        cause: error,
      });
    }
  }

  async #ensureStream(link: NatsLink, signal: AbortSignal): Promise<void> {
    const onAbort = () => link.close();
    signal.addEventListener("abort", onAbort, { once: true });
    const options = this.#options;
    try {
      await ensureStream(link, {
        name: options.stream || DEFAULT_STREAM,
        subjects: [`${options.prefix}.>`],
        maxBytes: options.stream_max_mb * 1_048_576,
        maxAgeS: options.stream_max_age_hours * 3600,
        replicas: options.stream_replicas,
        duplicateS: options.stream_max_age_hours === 0
          ? options.stream_duplicate_s
          : Math.min(options.stream_duplicate_s, options.stream_max_age_hours * 3600),
        discard: options.stream_discard,
        retention: options.stream_retention,
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  *#messages(events: readonly SensorEvent[]): Iterable<Message> {
    const { prefix, stream, format } = this.#options;
    for (const event of events) {
      const sensor = observerOf(event) || this.#context.sensor.name;
      const id = eventIdOf(event);
      yield {
        subject: eventSubject(prefix, sensor, event.action),
        id: MESSAGE_ID.test(id) ? id : "",
        stream,
        body: encodeAs(format, event),
      };
    }
  }

  /** What a failed batch is told as: how far it came, and what was in its way. */
  async #explain(
    link: NatsLink,
    { failure, taken, done }: Flight,
    { count, signal }: { count: number; signal: AbortSignal },
  ): Promise<SinkError> {
    const { error, subject } = failure!;
    let reason = link.trouble;
    if (signal.aborted) {
      reason = `no acknowledgement before the deadline, ${taken} of ${count} were taken`;
    } else if (reason === "" && !link.isOpen) {
      reason = "it closed the connection";
    } else if (reason === "") {
      reason = isSilence(error) ? await explainSilence(link, subject) : describeNatsError(error);
    }
    return new SinkError(`Cannot publish to NATS at ${link.server}: ${reason}`, true, {
      cause: error,
      done,
    });
  }
}
