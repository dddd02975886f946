/**
 * NATS JetStream sink: every event a message of a stream, acknowledged by the stream.
 *
 * The engine for fleets: any number of sensors publish, any number of collectors share the work. The
 * id of a message is the event's, so the stream knows what comes twice.
 * @module
 */
import { choice, count, flag, text, v } from "../config/schema.ts";
import { SERVER_KEYS, serverFiles, serverHosts, serverRules } from "../nats/options.ts";
import { SUBJECT_PREFIX } from "../nats/subject.ts";
import type { SinkKind } from "./sink.ts";

/** What a stream may be called. */
const STREAM_NAME = /^[A-Za-z0-9_-]{0,128}$/;

const Options = v.pipe(
  v.strictObject({
    ...SERVER_KEYS,
    prefix: v.optional(
      v.pipe(
        v.string("must be a text"),
        v.regex(
          SUBJECT_PREFIX,
          "must have parts of a-z, A-Z, 0-9, dash, underscore with dots between",
        ),
        v.description("What subjects begin with; the sensor's name and the action follow"),
      ),
      "duckblind",
    ),
    stream: v.pipe(
      text("", 128, "Stream that must be the one to take the events; empty for any"),
      v.regex(STREAM_NAME, "must have at most 128 of a-z, A-Z, 0-9, dash, underscore"),
    ),
    create_stream: flag(
      false,
      "Whether the stream is made if there is none, as DUCKBLIND if unnamed",
    ),
    stream_max_mb: count(1024, 1, 16_777_216, "With `create_stream`: its largest size, in MiB"),
    stream_max_age_hours: count(
      168,
      0,
      87_600,
      "With `create_stream`: greatest age of a message, in hours; 0 for any",
    ),
    stream_replicas: count(1, 1, 5, "With `create_stream`: servers that keep a copy"),
    stream_duplicate_s: count(
      600,
      1,
      86_400,
      "With `create_stream`: how long an event that comes again is known as such, in s",
    ),
    stream_discard: choice(
      "new",
      ["new", "old"],
      "With `create_stream`: what a full stream does: refuse what is new, or drop what is oldest",
    ),
    stream_retention: choice(
      "limits",
      ["limits", "interest", "workqueue"],
      "With `create_stream`: when a message may go: by size and age, or once it is acknowledged",
    ),
    format: choice(
      "ecs",
      ["ecs", "opencanary", "ocsf", "cef"],
      "Form of the events; collectors take ecs",
    ),
    window: count(512, 1, 8192, "Events that may be on their way unacknowledged"),
  }),
  serverRules(),
);

/** Options of the sink, defaults included. */
export type NatsOptions = v.InferOutput<typeof Options>;

/** `kind: nats`; keys: those of the servers, `prefix`, `stream` and what it is made with, `window`. */
export const natsSink: SinkKind<NatsOptions> = {
  kind: "nats",
  isDurable: true,
  options: Options,
  hosts: serverHosts,
  reads: serverFiles,
  open: async (options, context) => {
    const { openNatsSink } = await import("./nats/sink.ts");
    return openNatsSink(options, context);
  },
};
