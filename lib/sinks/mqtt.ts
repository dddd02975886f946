/**
 * MQTT sink: publishes each event with QoS 1; delivered when the broker has acknowledged it.
 *
 * The client is our own: what is needed of MQTT 3.1.1 and 5 is six packets, and libraries bring along a
 * store, a retry and timers of their own, which is what the delivery does. Messages are not retained.
 * @module
 */
import { choice, count, flag, secret, text, v } from "../config/schema.ts";
import { isTopicTemplate, TOPIC_PLACEHOLDERS } from "./mqtt/topic.ts";
import { peerAddress, TLS_ENTRIES, tlsReads, toHost } from "./peer_options.ts";
import type { SinkKind } from "./sink.ts";

const TOPIC_MESSAGE = "must be a topic without +, # and $ in front, with no placeholders but " +
  TOPIC_PLACEHOLDERS.map((name) => `{${name}}`).join(", ");

const Options = v.strictObject({
  address: peerAddress("broker.example:8883"),
  version: choice(
    "3.1.1",
    ["3.1.1", "5"],
    "Protocol version; with 5 a broker can say that it refuses a message, with 3.1.1 it cannot",
  ),
  tls: flag(true, "Whether TLS is spoken"),
  ...TLS_ENTRIES,
  username: text("", 1024, "User name, or env:NAME or file:PATH where it is; empty for none"),
  password: secret("Password"),
  client_id: v.optional(
    v.pipe(
      v.string("must be a text"),
      v.maxLength(128, "must have at most 128 characters"),
      v.regex(/^[\x20-\x7e]*$/, "must have printable ASCII only"),
      v.description("Client id; empty for duckblind and twelve random digits"),
    ),
    "",
  ),
  topic: v.optional(
    v.pipe(
      v.string(TOPIC_MESSAGE),
      v.maxLength(256, "must have at most 256 characters"),
      v.check(isTopicTemplate, TOPIC_MESSAGE),
      v.description("Topic of an event's message"),
    ),
    "duckblind/{sensor}/{action}",
  ),
  format: choice("ecs", ["ecs", "opencanary", "ocsf", "cef"], "What the events look like"),
  keep_alive_s: count(60, 5, 65_535, "Longest silence before the connection is tested, in s"),
  in_flight: count(20, 1, 1000, "Most messages sent and not acknowledged yet"),
});

/** Options of the sink. */
export type MqttOptions = v.InferOutput<typeof Options>;

/** `kind: mqtt`. */
export const mqttSink: SinkKind<MqttOptions> = {
  kind: "mqtt",
  isDurable: true,
  options: Options,
  reads: (options) => options.tls ? tlsReads(options) : [],
  hosts: ({ address }) => [toHost(address)],
  open: async (options, context) => {
    const { MqttSink } = await import("./mqtt/mqtt_sink.ts");
    return new MqttSink(options, context);
  },
};
