/**
 * What a batch of 500 events costs the sinks that call over HTTP, a receiver in this process included
 * that counts and says yes: `deno bench --allow-net=127.0.0.1 --allow-read
 * tests/bench/http_sinks_bench.ts`. Events a second are 500 by the seconds of an iteration.
 * @module
 */
import { v } from "../../lib/config/schema.ts";
import { elasticSink } from "../../lib/sinks/elastic.ts";
import { otlpSink } from "../../lib/sinks/otlp.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { splunkSink } from "../../lib/sinks/splunk.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { someEvents } from "../support/varied_events.ts";

const BATCH = batchOf(someEvents(500));
const CONTEXT = { ...TEST_CONTEXT, secret: () => Promise.resolve("token") };

/** Yes, to each of them. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/services/collector/event": { text: "Success", code: 0, ackId: 0 },
  "/services/collector/ack": { acks: { "0": true } },
  "/v1/logs": {},
  "/logs-duckblind-default/_bulk": {
    errors: false,
    items: BATCH.events.map(() => ({ create: { status: 201 } })),
  },
};

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    await request.arrayBuffer();
    return Response.json(ANSWERS[new URL(request.url).pathname] ?? { number: "none" });
  },
);
server.unref();
const url = `http://127.0.0.1:${server.addr.port}`;

const SINKS: Readonly<Record<string, () => Promise<Sink>>> = {
  "elastic": () => elastic({}),
  "elastic, uncompressed": () => elastic({ gzip: false }),
  "elastic, ocsf": () => elastic({ format: "ocsf" }),
  "splunk": () => splunk({ acknowledge: "off" }),
  "splunk, acknowledged at once": () => splunk({}),
  "otlp": () => otlpSink.open(v.parse(otlpSink.options, { url }), CONTEXT),
};

for (const [name, open] of Object.entries(SINKS)) {
  const sink = await open();
  Deno.bench(name, async () => {
    await sink.write(BATCH, AbortSignal.timeout(60_000));
  });
}

function elastic(options: Record<string, unknown>): Promise<Sink> {
  const whole = { urls: [url], install_template: false, ...options };
  return elasticSink.open(v.parse(elasticSink.options, whole), CONTEXT);
}

function splunk(options: Record<string, unknown>): Promise<Sink> {
  return splunkSink.open(v.parse(splunkSink.options, { url, token: "env:T", ...options }), CONTEXT);
}
