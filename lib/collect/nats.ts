/**
 * Collects from NATS JetStream: a durable consumer of the stream to which sensors publish, of which any
 * number of collectors share the work.
 * @module
 */
import { count, flag, text, v } from "../config/schema.ts";
import { SERVER_KEYS, serverFiles, serverHosts, serverRules } from "../nats/options.ts";
import { SUBJECT_PREFIX } from "../nats/subject.ts";
import type { CollectorKind } from "./collector.ts";

/** What streams and consumers may be called. */
const NAME = /^[A-Za-z0-9_-]{1,128}$/;
const NAME_RULE = "must have 1 to 128 of a-z, A-Z, 0-9, dash, underscore";

const Options = v.pipe(
  v.strictObject({
    ...SERVER_KEYS,
    stream: v.pipe(text("DUCKBLIND", 128, "Stream to take from"), v.regex(NAME, NAME_RULE)),
    durable: v.pipe(
      text("duckblind", 128, "Name of the consumer; collectors that share the work have the same"),
      v.regex(NAME, NAME_RULE),
    ),
    prefix: v.optional(
      v.pipe(
        v.string("must be a text"),
        v.regex(
          SUBJECT_PREFIX,
          "must have parts of a-z, A-Z, 0-9, dash, underscore with dots between",
        ),
        v.description("What subjects begin with, as the sensors' sinks have it"),
      ),
      "duckblind",
    ),
    create_consumer: flag(true, "Whether the consumer is made if there is none"),
    ack_wait_s: count(
      30,
      1,
      3600,
      "With `create_consumer`: time after which what was not acknowledged goes to another, in s",
    ),
    max_ack_pending: count(
      10_000,
      1,
      1_000_000,
      "With `create_consumer`: events that all collectors together may hold unacknowledged",
    ),
    fetch_events: count(500, 1, 10_000, "Events that this collector may have on their way to it"),
  }),
  serverRules(),
);

/** Options of the collector, defaults included. */
export type NatsCollectorOptions = v.InferOutput<typeof Options>;

/** `kind: nats`; keys: those of the servers, `stream`, `durable`, `prefix`, and how it is made. */
export const natsCollector: CollectorKind<NatsCollectorOptions> = {
  kind: "nats",
  options: Options,
  hosts: serverHosts,
  reads: serverFiles,
  open: async (options, context) => {
    const { openNatsCollector } = await import("./nats/consumer.ts");
    return openNatsCollector(options, context);
  },
};
