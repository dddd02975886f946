/**
 * The sinks there are. A written list: typed, greppable, compiled in.
 * @module
 */
import { consoleSink } from "./console.ts";
import { duckblindSink } from "./duckblind.ts";
import { elasticSink } from "./elastic.ts";
import { emailSink } from "./email.ts";
import { fileSink } from "./file.ts";
import { hpfeedsSink } from "./hpfeeds.ts";
import { mqttSink } from "./mqtt.ts";
import { natsSink } from "./nats.ts";
import { otlpSink } from "./otlp.ts";
import type { SinkKind } from "./sink.ts";
import { syslogSink } from "./syslog.ts";
import { splunkSink } from "./splunk.ts";
import { webhookSink } from "./webhook.ts";

/** Every sink kind. */
// deno-lint-ignore no-explicit-any -- each kind has options of its own; the config validates them
export const SINK_KINDS: readonly SinkKind<any>[] = [
  consoleSink,
  duckblindSink,
  emailSink,
  fileSink,
  hpfeedsSink,
  mqttSink,
  natsSink,
  syslogSink,
  webhookSink,
  elasticSink,
  splunkSink,
  otlpSink,
];

/**
 * Finds a kind.
 * @param kind as in `kind:` of the config.
 * @returns the kind, or `undefined` if there is none of that name.
 */
// deno-lint-ignore no-explicit-any -- as above
export function findSinkKind(kind: string): SinkKind<any> | undefined {
  return SINK_KINDS.find((entry) => entry.kind === kind);
}
