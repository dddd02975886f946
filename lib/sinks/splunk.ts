/**
 * Splunk sink: events to the HTTP Event Collector, with indexer acknowledgement.
 *
 * Splunk has no means to know an event again: one that is sent again, because its acknowledgement never
 * came, is there twice, with the same `event.id`.
 * @module
 */
import { choice, flag, secret, text, v } from "../config/schema.ts";
import { hostPortOf, httpUrl } from "./http_poster.ts";
import type { SinkKind } from "./sink.ts";

const Options = v.strictObject({
  url: httpUrl("Address of the collector, such as https://splunk.example:8088"),
  token: secret("Token of the collector").wrapped, // without it there is no collector
  acknowledge: choice(
    "auto",
    ["auto", "required", "off"],
    "Whether to wait until events are indexed: when the token has acknowledgement, always, never",
  ),
  index: text("", 255, "Index; empty for the token's own"),
  source: text("duckblind", 255, "What is given as source"),
  sourcetype: text("", 255, "What is given as sourcetype; empty for duckblind:FORMAT"),
  host: text("", 255, "What is given as host; empty for the sensor that saw it"),
  ca: text("", 1024, "PEM file of authorities to trust too; empty for none"),
  gzip: flag(true, "Whether bodies are compressed"),
  format: choice("ecs", ["ecs", "opencanary", "ocsf"], "What the events look like"),
});

/** Options of the sink. */
export type SplunkOptions = v.InferOutput<typeof Options>;

/** `kind: splunk`. */
export const splunkSink: SinkKind<SplunkOptions> = {
  kind: "splunk",
  isDurable: true,
  options: Options,
  // Indexing takes seconds, and until then nothing more is sent: so much at a time.
  defaults: { batch_events: 5000, batch_bytes: 4_194_304, timeout_ms: 60_000 },
  hosts: ({ url }) => [hostPortOf(url)],
  reads: ({ ca }) => ca === "" ? [] : [ca],
  open: async (options, context) => {
    const { SplunkSink } = await import("./splunk/splunk_sink.ts");
    return new SplunkSink(options, context);
  },
};
