import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { otlpSink } from "../../lib/sinks/otlp.ts";
import { encodeAnyValue, encodeLogRecord } from "../../lib/sinks/otlp/log_record.ts";
import type { Outcome, Sink } from "../../lib/sinks/sink.ts";
import { everyAction, transcriptEvents } from "../events/encoders/corpus.ts";
import { FakeLogsReceiver, valueOf } from "../support/fake_otlp.ts";
import { HttpReceiver, jsonAnswer } from "../support/http_receiver.ts";
import { idsOf, testOddAnswers, testTroubles } from "../support/http_sink_troubles.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { someEvents } from "../support/varied_events.ts";

function open(url: string, options: Record<string, unknown> = {}): Promise<Sink> {
  return otlpSink.open(v.parse(otlpSink.options, { url, ...options }), TEST_CONTEXT);
}

async function put(sink: Sink, events: readonly SensorEvent[]): Promise<Outcome> {
  return await sink.write(batchOf(events), AbortSignal.timeout(10_000)) ?? {};
}

/** A receiver that listens, a sink for it, and what it said to some events. */
async function deliver(
  events: readonly SensorEvent[],
  options: { response?: unknown; sink?: Record<string, unknown>; path?: string } = {},
) {
  const logs = new FakeLogsReceiver();
  logs.response = options.response ?? {};
  await using receiver = new HttpReceiver(logs.answer);
  await using sink = await open(receiver.url + (options.path ?? ""), options.sink);
  const outcome = await put(sink, events);
  return { logs, outcome, calls: receiver.calls };
}

testTroubles({
  kind: "otlp",
  open: (url) => open(url),
  healthy: () => {
    const logs = new FakeLogsReceiver();
    return { answer: logs.answer, ids: () => logs.ids() };
  },
});

testOddAnswers({ kind: "otlp", open: (url) => open(url) });

Deno.test("otlp sink sends every event as a log record of the protocol", async () => {
  const samples = [...everyAction(), ...transcriptEvents()].map(({ event }) => event);
  assert(samples.length > 1000);
  const { logs, outcome, calls } = await deliver(samples);
  assertEquals(outcome, { reply: `${samples.length} of ${samples.length} taken` });
  assertEquals(logs.records.length, samples.length);
  assertEquals(calls.length, 1);
  for (const [i, { record, attributes, resource }] of logs.records.entries()) {
    const { json, action } = samples[i]!;
    const { "@timestamp": time, message, observer, event, ...rest } = JSON.parse(json);
    assertEquals(record.timeUnixNano, `${Date.parse(time)}000000`);
    assertEquals(record.body, { stringValue: message });
    assertEquals(record.eventName, `duckblind.${action}`);
    assertEquals(resource["service.version"], observer.version);
    const { name: _name, version: _version, ...kept } = observer;
    assertEquals(attributes, {
      ...dotted({ ...rest, event, observer: kept }),
      "log.record.uid": event.id,
    });
  }
});

Deno.test("otlp sink says who sends, and keeps sensors apart", async () => {
  const events = [...someEvents(2, "a"), ...someEvents(1, "b"), ...someEvents(1, "a")];
  const { logs, calls } = await deliver(events, { sink: { service_name: "honey" } });
  assertEquals(logs.ids(), idsOf(events));
  assertEquals(logs.records.map(({ resource }) => resource["host.name"]), ["a", "a", "b", "a"]);
  assertEquals(logs.records[0]!.resource, {
    "service.name": "honey",
    "service.version": "0",
    "service.instance.id": "a",
    "host.name": "a",
  });
  assertEquals(logs.records[0]!.scope, { name: "duckblind", version: "0.0.0" });
  assertEquals(JSON.parse(calls[0]!.body).resourceLogs.length, 3);
});

Deno.test("otlp sink gives alerts higher severities", () => {
  const [event] = someEvents(1) as [SensorEvent];
  const found = [0, 39, 40, 69, 70, 89, 90, 100].map((severity) =>
    JSON.parse(encodeLogRecord({ ...event, severity }, 0).json).severityNumber
  );
  assertEquals(found, [9, 9, 13, 13, 17, 17, 18, 18]);
});

Deno.test("encodeAnyValue() types every value of JSON so that it can be read back", () => {
  const value = {
    text: "ä\u0000",
    whole: -5,
    big: 2 ** 53,
    fraction: 1.5,
    truth: true,
    list: [1, "a", [false]],
    pairs: [{ name: "a", value: "b" }],
    empty: {},
  };
  assertEquals(valueOf(JSON.parse(encodeAnyValue(value))), value);
  assertEquals(encodeAnyValue(5), '{"intValue":"5"}');
  assertEquals(encodeAnyValue(2 ** 53), '{"doubleValue":9007199254740992}');
});

Deno.test("otlp sink sends an event that cannot be read by what the journal knows of it", async () => {
  const [event] = someEvents(1) as [SensorEvent];
  const { logs } = await deliver([{ ...event, json: "{broken" }]);
  assertEquals(logs.records[0]!.attributes["event.action"], event.action);
});

Deno.test("otlp sink adds the path to an address that does not have it", async () => {
  for (const path of ["", "/", "/v1/logs", "/v1/logs/"]) {
    const { logs } = await deliver(someEvents(1), { path });
    assertEquals(logs.records.length, 1, path);
  }
});

Deno.test("otlp sink sends token and headers, secrets read when they are needed", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/secret`;
  Deno.writeTextFileSync(path, "sesame\n");
  const headers = { "X-Scope-OrgID": "7", "X-Key": `file:${path}`, "Content-Type": "x" };
  const { calls } = await deliver(someEvents(1), { sink: { token: `file:${path}`, headers } });
  const sent = calls[0]!.headers;
  assertEquals(sent.get("authorization"), "Bearer sesame");
  assertEquals([sent.get("x-scope-orgid"), sent.get("x-key")], ["7", "sesame"]);
  assertEquals(sent.get("content-type"), "application/json");
  Deno.removeSync(path);
  const error = await assertRejects(
    () => deliver(someEvents(1), { sink: { token: `file:${path}` } }),
    SinkError,
  );
  assert(error.retryable);
});

Deno.test("otlp sink gives up a batch of which the receiver refused some, as it must not repeat it", async () => {
  for (const rejectedLogRecords of ["1", 1]) {
    const response = { partialSuccess: { rejectedLogRecords, errorMessage: "too old\x1b[1m" } };
    const { outcome } = await deliver(someEvents(3), { response });
    assertEquals(outcome.rejected!.map(({ index }) => index), [0, 1, 2]);
    assertEquals(
      outcome.rejected![0]!.reason,
      "refused were 1 of the 3 records of its request, this one or others: too old\\x1b[1m",
    );
  }
  const response = { partialSuccess: { rejectedLogRecords: "2", errorMessage: "too old" } };
  const { outcome } = await deliver(someEvents(2), { response });
  assertEquals(outcome.rejected!.map(({ reason }) => reason), [
    "refused: too old",
    "refused: too old",
  ]);
});

Deno.test("otlp sink takes a success with words for a success", async () => {
  for (
    const [response, words] of [
      [{ partialSuccess: { errorMessage: "slow down" } }, ": slow down"],
      [{ partialSuccess: { rejectedLogRecords: "0" } }, ""],
      [{ partialSuccess: { rejectedLogRecords: "-5", errorMessage: 7 } }, ""],
      [{ partialSuccess: null, more: 1 }, ""],
    ] as const
  ) {
    const { outcome } = await deliver(someEvents(2), { response });
    assertEquals(outcome, { reply: `2 of 2 taken${words}` });
  }
});

Deno.test("otlp sink takes an empty success for a success, and nothing else that is no JSON", async () => {
  await using receiver = new HttpReceiver(() => new Response(null, { status: 200 }));
  await using sink = await open(receiver.url);
  assertEquals(await put(sink, someEvents(1)), { reply: "1 of 1 taken" });
  await using other = new HttpReceiver(() => jsonAnswer(5));
  await using wrong = await open(other.url);
  await assertRejects(() => put(wrong, someEvents(1)), SinkError, "must be an export response");
});

Deno.test("otlp sink has its content refused by a 400, in the receiver's words", async () => {
  await using receiver = new HttpReceiver(() => jsonAnswer({ code: 3, message: "bad" }, 400));
  await using sink = await open(receiver.url);
  const error = await assertRejects(() => put(sink, someEvents(2)), SinkError);
  assertEquals(error.retryable, false);
  assertStringIncludes(error.message, '400 {"code":3,"message":"bad"}');
});

Deno.test("otlp sink refuses options that cannot work", () => {
  const url = "https://otel.example";
  assertEquals(otlpSink.hosts!(v.parse(otlpSink.options, { url })), ["otel.example:443"]);
  const wrong = [
    {},
    { url: "otel.example" },
    { url, token: "sesame" },
    { url, headers: { "a b": "c" } },
    { url, headers: { a: "b\nc" } },
    { url, headers: { a: "" } },
    { url, headers: { "X-API-Key": "sesame" } },
    { url, headers: { authorization: "Basic sesame" } },
    { url, headers: ["a: b"] },
  ];
  for (const options of wrong) {
    assertEquals(v.safeParse(otlpSink.options, options).success, false, JSON.stringify(options));
  }
});

/** Members by their dotted names; lists are values. */
function dotted(node: Record<string, unknown>, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node).flatMap(([name, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(dotted(value as Record<string, unknown>, `${prefix}${name}.`))
        : [[prefix + name, value]]
    ),
  );
}
