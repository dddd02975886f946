/**
 * What a sink is given, for tests: batches, notices, and a context.
 * @module
 */
import type { SinkConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { sinkKeys, takeSinkKeys } from "../../lib/config/sink_keys.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { noticeOf as makeNotice } from "../../lib/sinks/grouping.ts";
import { resolveSecret } from "../../lib/sinks/secrets.ts";
import type { Batch, Notice, SinkContext } from "../../lib/sinks/sink.ts";

/**
 * A batch for machines.
 * @param events in order; sequences need not be without gaps.
 */
export function batchOf(events: readonly SensorEvent[]): Batch {
  return {
    events,
    notices: [],
    after: (events[0]?.sequence ?? 1) - 1,
    upTo: events.at(-1)?.sequence ?? 0,
  };
}

/**
 * A batch for people, in which every event is a notice of its own.
 * @param events in order.
 */
export function noticesOf(events: readonly SensorEvent[]): Batch {
  return { ...batchOf(events), notices: events.map(noticeOf) };
}

/** The notice of an event that is not grouped. */
export function noticeOf(event: SensorEvent): Notice {
  return makeNotice(event, "event", "");
}

/** A context in which secrets are read as in earnest. */
export const TEST_CONTEXT: SinkContext = {
  name: "test",
  sensor: { name: "test-sensor", version: "0.0.0" },
  secret: resolveSecret,
};

/**
 * A sink's entry of a config, with the pauses of tests.
 * @param keys as in a config, such as `min_severity`.
 * @param kind `isForPeople` for one that groups.
 */
export function sinkConfig(
  keys: Record<string, unknown> = {},
  kind: { readonly isForPeople?: boolean } = {},
): SinkConfig {
  const schema = v.strictObject(
    sinkKeys({ kind: "test", options: v.strictObject({}), ...kind }),
  );
  const entry = { retry_min_ms: 10, retry_max_ms: 20, ...keys };
  return {
    kind: "test",
    name: "test",
    ...takeSinkKeys(v.parse(schema, entry) as Record<string, unknown>),
  };
}
