/**
 * Publishes batches to JetStream: many events on their way at once, each with its acknowledgement.
 *
 * Events leave in order over one connection. When one is not taken, none is sent behind it, so what the
 * stream has of a batch is its begin, but for what was on its way already; that comes again with the
 * same message id, which the stream knows.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import { connectNats, type NatsLink } from "../../nats/connection.ts";
import { describeNatsError, isSilence } from "../../nats/failures.ts";
import { JetStreamApiError } from "../../nats/library.ts";
import { ensureStream, explainSilence } from "../../nats/stream.ts";
import { eventSubject } from "../../nats/subject.ts";
import { eventIdOf, observerOf } from "../event_fields.ts";
import type { NatsOptions } from "../nats.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";

/** Most bytes on their way. */
const WINDOW_BYTES = 4 * 1_048_576;
/** What a message has besides its body: `NATS/1.0`, `Nats-Msg-Id` and, at most, the stream's name. */
const HEADER_BYTES = 256;
/** Longest wait of the library for one acknowledgement, in ms: the batch's deadline comes before. */
const ACK_MS = 300_000;
/** `err_code`: the message is larger than the stream allows. */
const MESSAGE_TOO_LARGE = 10054;
/** Name of a stream that is made without one. */
const DEFAULT_STREAM = "DUCKBLIND";

/** What a header may hold. */
const MESSAGE_ID = /^[!-~]{1,128}$/;

const encoder = new TextEncoder();

/**
 * Opens the sink; it connects when there is something to send.
 * @param options as the config has them.
 * @param context secrets, and who we are.
 */
export function openNatsSink(options: NatsOptions, context: SinkContext): Sink {
  return new NatsSink(options, context);
}

/** What became of the events of a batch. */
interface Tally {
  readonly states: ("waiting" | "taken" | "refused")[];
  readonly rejected: ItemTrouble[];
  /** Why the batch cannot go on. */
  failure: { error: unknown; subject: string } | undefined;
  duplicates: number;
  stream: string;
}

class NatsSink implements Sink {
  readonly #options: NatsOptions;
  readonly #context: SinkContext;
  #link: NatsLink | undefined;
  readonly #disposing = new AbortController();

  constructor(options: NatsOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  async write({ events }: Batch, deadline: AbortSignal): Promise<Outcome> {
    const signal = AbortSignal.any([deadline, this.#disposing.signal]);
    const link = await this.#connect(signal);
    const tally: Tally = {
      states: events.map(() => "waiting"),
      rejected: [],
      failure: undefined,
      duplicates: 0,
      stream: "",
    };
    // What waits for an answer rejects once the connection is gone.
    const onAbort = () => link.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#publishAll(link, events, tally);
      if (tally.failure !== undefined) throw await this.#explain(link, tally, signal);
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (!link.isOpen) await this.#drop();
    }
    return {
      reply:
        `stream ${tally.stream || "?"} at ${link.server} took ${
          events.length - tally.rejected.length
        }` + (tally.duplicates === 0 ? "" : `, ${tally.duplicates} of them for the second time`),
      ...(tally.rejected.length === 0 ? {} : { rejected: tally.rejected }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort(new Error("it was closed"));
    await this.#drop();
  }

  async #drop(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    link?.close();
    await link?.closed;
  }

  async #connect(signal: AbortSignal): Promise<NatsLink> {
    if (this.#link?.isOpen) return this.#link;
    await this.#drop();
    const { name, sensor, secret } = this.#context;
    try {
      const link = await connectNats(this.#options, {
        name: `duckblind ${sensor.name} ${name}`,
        secret: (reference) => secret(reference),
        signal,
      });
      this.#link = link;
      if (this.#options.create_stream) await this.#ensureStream(link, signal);
      return link;
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

  /** Sends one after the other, as far as the window lets it; returns when nothing is on its way. */
  async #publishAll(
    link: NatsLink,
    events: readonly SensorEvent[],
    tally: Tally,
  ): Promise<void> {
    const { window, format } = this.#options;
    const pending = new Set<Promise<void>>();
    let bytes = 0;
    let onRoom = () => {};
    for (const [index, event] of events.entries()) {
      const body = encoder.encode(encodeAs(format, event));
      while (pending.size >= window || (pending.size > 0 && bytes + body.length > WINDOW_BYTES)) {
        await new Promise<void>((resolve) => onRoom = resolve);
      }
      if (tally.failure !== undefined) break;
      if (body.length + HEADER_BYTES > link.maxPayload) {
        tally.states[index] = "refused";
        tally.rejected.push({
          index,
          reason: `it has ${body.length} bytes, must have at most ` +
            `${link.maxPayload - HEADER_BYTES} (max_payload of the server)`,
        });
        continue;
      }
      bytes += body.length;
      const sending = this.#publish(link, event, { body, index, tally }).finally(() => {
        bytes -= body.length;
        pending.delete(sending);
        onRoom();
      });
      pending.add(sending);
    }
    await Promise.all(pending);
  }

  /** Sends one and waits for its acknowledgement; never throws. */
  async #publish(
    link: NatsLink,
    event: SensorEvent,
    { body, index, tally }: { body: Uint8Array; index: number; tally: Tally },
  ): Promise<void> {
    const { prefix, stream } = this.#options;
    const sensor = observerOf(event) || this.#context.sensor.name;
    const subject = eventSubject(prefix, sensor, event.action);
    const id = eventIdOf(event);
    try {
      const ack = await link.js.publish(subject, body, {
        ...(MESSAGE_ID.test(id) ? { msgID: id } : {}),
        ...(stream === "" ? {} : { expect: { streamName: stream } }),
        timeout: ACK_MS,
      });
      if (typeof ack.stream !== "string" || typeof ack.seq !== "number") {
        throw new Error("somebody else than a stream answered");
      }
      tally.states[index] = "taken";
      tally.stream = ack.stream;
      if (ack.duplicate) tally.duplicates++;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === MESSAGE_TOO_LARGE) {
        tally.states[index] = "refused";
        tally.rejected.push({ index, reason: describeNatsError(error) });
      } else {
        tally.failure ??= { error, subject };
      }
    }
  }

  /** What a failed batch is told as: how far it came, and what was in its way. */
  async #explain(link: NatsLink, tally: Tally, signal: AbortSignal): Promise<SinkError> {
    const { error, subject } = tally.failure!;
    const taken = tally.states.filter((state) => state === "taken").length;
    const done = tally.states.findIndex((state) => state !== "taken");
    let reason = link.trouble;
    if (signal.aborted) {
      reason =
        `no acknowledgement before the deadline, ${taken} of ${tally.states.length} were taken`;
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
