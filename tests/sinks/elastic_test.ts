import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { elasticSink } from "../../lib/sinks/elastic.ts";
import type { Outcome, Sink } from "../../lib/sinks/sink.ts";
import { everyAction } from "../events/encoders/corpus.ts";
import { FakeCluster, type FakeClusterOptions } from "../support/fake_elastic.ts";
import { HttpReceiver, jsonAnswer, TroubledReceiver } from "../support/http_receiver.ts";
import { freePort, idsOf, testOddAnswers, testTroubles } from "../support/http_sink_troubles.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";
import { someEvents } from "../support/varied_events.ts";

const STREAM = "logs-duckblind-default";

function open(urls: string[], options: Record<string, unknown> = {}): Promise<Sink> {
  return elasticSink.open(v.parse(elasticSink.options, { urls, ...options }), TEST_CONTEXT);
}

async function put(sink: Sink, events: readonly SensorEvent[]): Promise<Outcome> {
  return await sink.write(batchOf(events), AbortSignal.timeout(10_000)) ?? {};
}

/** A cluster that listens, a sink for it, and what it said to some events. */
async function deliver(
  events: readonly SensorEvent[],
  options: FakeClusterOptions & { sink?: Record<string, unknown> } = {},
) {
  const cluster = new FakeCluster(options);
  await using receiver = new HttpReceiver(cluster.answer);
  await using sink = await open([receiver.url], options.sink);
  const outcome = await put(sink, events);
  return { cluster, outcome, calls: receiver.calls };
}

testTroubles({
  kind: "elastic",
  open: (url) => open([url]),
  healthy: () => {
    const cluster = new FakeCluster();
    return { answer: cluster.answer, ids: () => cluster.ids() };
  },
});

testOddAnswers({ kind: "elastic", open: (url) => open([url], { install_template: false }) });
testOddAnswers({ kind: "template-putting elastic", open: (url) => open([url]) });

Deno.test("elastic sink creates each event under its id in the data stream, as it is", async () => {
  const events = someEvents(250);
  const { cluster, outcome, calls } = await deliver(events);
  assertEquals([...cluster.streams.keys()], [STREAM]);
  assertEquals(cluster.ids(), idsOf(events));
  assertEquals(
    [...cluster.streams.get(STREAM)!.values()],
    events.map(({ json }) => JSON.parse(json)),
  );
  assertEquals(outcome, { reply: "250 of 250 taken", rejected: [], postponed: [] });
  assertEquals(calls.at(-1)!.headers.get("content-encoding"), "gzip");
});

Deno.test("elastic sink takes an event that is there already for delivered", async () => {
  const events = someEvents(4);
  const cluster = new FakeCluster();
  await using receiver = new HttpReceiver(cluster.answer);
  await using sink = await open([receiver.url]);
  await put(sink, events.slice(0, 3));
  const outcome = await put(sink, events);
  assertEquals(outcome.reply, "4 of 4 taken, 3 there already");
  assertEquals([outcome.rejected, outcome.postponed], [[], []]);
  assertEquals(cluster.ids(), idsOf(events));
});

Deno.test("elastic sink tells the refused from those that had no room", async () => {
  const events = someEvents(9);
  const ids = idsOf(events);
  const errors: Record<number, { status: number; type: string; reason: string; cause?: string }> = {
    1: {
      status: 400,
      type: "mapper_parsing_exception",
      reason: "failed to parse",
      cause: "bad ip\n",
    },
    2: { status: 429, type: "es_rejected_execution_exception", reason: "rejected execution" },
    3: { status: 400, type: "strict_dynamic_mapping_exception", reason: "[x] is not allowed" },
    4: { status: 503, type: "unavailable_shards_exception", reason: "primary is not active" },
    5: { status: 403, type: "cluster_block_exception", reason: "disk usage exceeded flood-stage" },
    6: { status: 400, type: "validation_exception", reason: "this action would add [2] shards" },
    7: {
      status: 400,
      type: "illegal_argument_exception",
      reason: "pipeline with id [p] does not exist",
    },
  };
  const trouble = (id: string) => {
    const found = errors[ids.indexOf(id)];
    if (found === undefined) return undefined;
    const { status, type, reason, cause } = found;
    const error = { type, reason, ...cause && { caused_by: { type: "x", reason: cause } } };
    return { status, error };
  };
  const { cluster, outcome } = await deliver(events, { trouble });
  assertEquals(cluster.ids(), [ids[0], ids[8]]);
  assertEquals(outcome.rejected!.map(({ index }) => index), [1, 3]);
  assertEquals(outcome.postponed!.map(({ index }) => index), [2, 4, 5, 6, 7]);
  assertEquals(
    outcome.rejected![0]!.reason,
    "400 mapper_parsing_exception failed to parse; bad ip\\x0a",
  );
});

Deno.test("elastic sink fails as a whole when nothing was taken for now", async () => {
  const error = { type: "es_rejected_execution_exception", reason: "queue capacity = 10000" };
  const found = await assertRejects(
    () => deliver(someEvents(3), { trouble: () => ({ status: 429, error }) }),
    SinkError,
  );
  assert(found.retryable);
  assertStringIncludes(found.message, "took none of 3");
  assertStringIncludes(found.message, "queue capacity");
});

Deno.test("elastic sink bounds and escapes the reasons of a cluster", async () => {
  const reason = "\x1b]0;x\x07".repeat(10_000);
  const events = someEvents(2);
  const { outcome } = await deliver(events, {
    trouble: (id) =>
      id === idsOf(events)[0] ? { status: 400, error: { type: "x", reason } } : undefined,
  });
  const told = outcome.rejected![0]!.reason;
  assert(told.length < 3000 && !told.includes("\x1b") && told.includes("\\x1b]0;x"), told);
});

Deno.test("elastic sink counts what went to a failure store as kept, and says so", async () => {
  const events = everyAction().slice(0, 1).map(({ event }) => ({
    ...event,
    json: event.json.replace(/"source":\{"ip":"[^"]+"/, '"source":{"ip":"nobody"'),
  }));
  const { cluster, outcome } = await deliver(events, { hasFailureStore: true });
  assertEquals(cluster.failures.length, 1);
  assertEquals(outcome.reply, "1 of 1 taken, 1 in the failure store, which the mapping refused");
  const { outcome: other } = await deliver(events);
  assertStringIncludes(other.rejected![0]!.reason, "[source.ip] of type [ip]: nobody");
});

for (
  const [product, version, inner] of [
    ["elasticsearch", "9.1.4", ["lifecycle", "mappings", "settings"]],
    ["elasticsearch", "8.19.0", ["lifecycle", "mappings", "settings"]],
    ["elasticsearch", "8.6.2", ["mappings", "settings"]],
    ["opensearch", "2.11.1", ["mappings", "settings"]],
    ["opensearch", "3.2.0", ["mappings", "settings"]],
  ] as const
) {
  Deno.test(`elastic sink puts a template that ${product} ${version} takes, before all events`, async () => {
    const { cluster, calls } = await deliver(someEvents(3), { product, version });
    assertEquals(calls.map(({ method, path }) => `${method} ${path}`), [
      "GET /_index_template/logs-duckblind",
      "GET /",
      "PUT /_index_template/logs-duckblind",
      `POST /${STREAM}/_bulk`,
    ]);
    const template = cluster.templates.get("logs-duckblind");
    assertEquals(template.index_patterns, ["logs-duckblind-*"]);
    assertEquals(Object.keys(template.template).sort(), [...inner]);
  });
}

Deno.test("elastic sink: every event there can be fits the template's types", async () => {
  const events = everyAction().map(({ event }, i) => ({
    ...event,
    json: event.json.replace(/"id":"[^"]+"/, `"id":"${String(i).padStart(26, "0")}"`),
  }));
  assert(events.length > 300);
  for (const product of ["elasticsearch", "opensearch"] as const) {
    const { cluster, outcome } = await deliver(events, { product, version: "3.0.0" });
    assertEquals(outcome.rejected, []);
    assertEquals(cluster.ids().length, events.length);
  }
});

Deno.test("elastic sink replaces a template of an older sensor only", async () => {
  const other = {
    index_patterns: ["logs-duckblind-*"],
    _meta: { managed_by: "someone" },
    version: 1,
  };
  const older = { index_patterns: ["logs-*"], _meta: { managed_by: "duckblind" }, version: -1 };
  const newer = { ...older, version: 999_000_000 };
  for (const [template, isReplaced] of [[other, false], [older, true], [newer, false]] as const) {
    const cluster = new FakeCluster();
    cluster.templates.set("logs-duckblind", {
      ...template,
      template: { mappings: { properties: {} } },
    });
    await using receiver = new HttpReceiver(cluster.answer);
    await using sink = await open([receiver.url]);
    await put(sink, someEvents(1));
    const found = cluster.templates.get("logs-duckblind");
    assertEquals(found.priority !== undefined, isReplaced, JSON.stringify(template));
  }
});

Deno.test("elastic sink leaves templates alone when told to", async () => {
  const { cluster, calls } = await deliver(someEvents(1), { sink: { install_template: false } });
  assertEquals(cluster.templates.size, 0);
  assertEquals(calls.length, 1);
});

Deno.test("elastic sink waits for a template that it may not put, and refuses no event for it", async () => {
  const cluster = new FakeCluster();
  const answers = { status: 400 };
  await using receiver = new HttpReceiver((call) =>
    call.method === "PUT" && answers.status !== 0
      ? jsonAnswer({ error: { type: "illegal_argument_exception" } }, answers.status)
      : cluster.answer(call)
  );
  await using sink = await open([receiver.url]);
  for (const status of [400, 403]) {
    answers.status = status;
    const error = await assertRejects(() => put(sink, someEvents(1)), SinkError);
    assert(error.retryable);
    assertStringIncludes(error.message, "Cannot put the index template to 127.0.0.1:");
    if (status === 403) assertStringIncludes(error.message, "manage_index_templates");
  }
  assertEquals(cluster.ids(), []);
  answers.status = 0;
  await put(sink, someEvents(1));
  assertEquals(cluster.ids().length, 1);
});

Deno.test("elastic sink sends OCSF with the time that a data stream wants", async () => {
  const [event] = someEvents(1) as [SensorEvent];
  const { cluster } = await deliver([event], { sink: { format: "ocsf" } });
  const document = cluster.streams.get(STREAM)!.get(idsOf([event])[0]!);
  assertEquals(document["@timestamp"], new Date(event.timeMs).toISOString());
  assertEquals(document.class_uid, 3002);
});

Deno.test("elastic sink proves itself by key or password, and keeps both out of messages", async () => {
  using folder = tempFolder();
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
    return `file:${folder.path}/${name}`;
  };
  const encoded = btoa("id1:sesame");
  const ways: [Record<string, unknown>, string][] = [
    [{ api_key: write("raw", "id1:sesame\n") }, `ApiKey ${encoded}`],
    [{ api_key: write("encoded", encoded) }, `ApiKey ${encoded}`],
    [{ username: "dück", password: write("password", "sesame") }, `Basic ZMO8Y2s6c2VzYW1l`],
  ];
  for (const [sink, authorization] of ways) {
    const { cluster } = await deliver(someEvents(1), { authorization, sink });
    assertEquals(cluster.ids().length, 1);
    const error = await assertRejects(
      () => deliver(someEvents(1), { authorization: "other", sink }),
      SinkError,
    );
    assert(error.retryable);
    assertStringIncludes(error.message, "must be an api_key, or a username and password");
    assert(!error.message.includes("sesame") && !error.message.includes(encoded));
  }
  const none = await assertRejects(() => deliver([], { sink: { username: "u" } }), SinkError);
  assertStringIncludes(none.message, "password is not set");
  const split = { api_key: write("split", "se\nsame") };
  const error = await assertRejects(() => deliver([], { sink: split }), SinkError);
  assert(!error.message.includes("same"), error.message);
});

Deno.test("elastic sink goes on with the next address, and keeps the one that answers", async () => {
  const cluster = new FakeCluster();
  const port = await freePort();
  await using sick = new HttpReceiver(() => jsonAnswer({ error: "no master" }, 503));
  await using well = new HttpReceiver(cluster.answer);
  await using sink = await open([`http://127.0.0.1:${port}`, sick.url, well.url]);
  const events = someEvents(4);
  await put(sink, events.slice(0, 2));
  await put(sink, events.slice(2));
  assertEquals(cluster.ids(), idsOf(events));
  assertEquals(sick.calls.length, 1);
});

Deno.test("elastic sink, opened anew with the same options, does not begin with what hung", async () => {
  const cluster = new FakeCluster();
  await using hanging = new TroubledReceiver("hangs");
  await using well = new HttpReceiver(cluster.answer);
  const urls = [`http://127.0.0.1:${hanging.port}`, well.url];
  const options = v.parse(elasticSink.options, { urls });
  const first = await elasticSink.open(options, TEST_CONTEXT);
  const events = someEvents(2);
  await assertRejects(() => first.write(batchOf(events), AbortSignal.timeout(300)), SinkError);
  await first[Symbol.asyncDispose]();
  await using second = await elasticSink.open(options, TEST_CONTEXT);
  await put(second, events);
  assertEquals(cluster.ids(), idsOf(events));
});

Deno.test("elastic sink tells when all addresses fail", async () => {
  await using a = new HttpReceiver(() => jsonAnswer({ error: "no master" }, 503));
  await using b = new HttpReceiver(() => jsonAnswer({ error: "no master" }, 503));
  await using sink = await open([a.url, b.url]);
  const error = await assertRejects(() => put(sink, someEvents(1)), SinkError);
  assert(error.retryable);
  assertEquals([a.calls.length, b.calls.length], [1, 1]);
});

Deno.test("elastic sink splits what is too large, by refusing the whole", async () => {
  const tooLarge = () => jsonAnswer({ error: "too large" }, 413);
  await using receiver = new HttpReceiver(tooLarge);
  await using sink = await open([receiver.url], { install_template: false });
  const error = await assertRejects(() => put(sink, someEvents(2)), SinkError);
  assertEquals(error.retryable, false);
});

for (
  const [what, body] of [
    ["too few items", { errors: false, items: [{ create: { status: 201 } }] }],
    ["no items", { errors: false }],
    ["odd items", { items: [1, null] }],
    ["no object", 5],
    ["null", null],
  ] as const
) {
  Deno.test(`elastic sink does not take an answer with ${what} for a success`, async () => {
    await using receiver = new HttpReceiver(() => jsonAnswer(body));
    await using sink = await open([receiver.url], { install_template: false });
    const error = await assertRejects(() => put(sink, someEvents(2)), SinkError);
    assert(error.retryable);
    assertStringIncludes(error.message, "must be a bulk answer with 2 items");
  });
}

Deno.test("elastic sink postpones items whose answer says nothing", async () => {
  const items = [{ create: { status: 201 } }, {}, { create: { status: "201" } }, { index: {} }];
  await using receiver = new HttpReceiver(() => jsonAnswer({ items }));
  await using sink = await open([receiver.url], { install_template: false });
  const { postponed, rejected } = await put(sink, someEvents(4));
  assertEquals(postponed!.map(({ index }) => index), [1, 2, 3]);
  assertEquals(rejected, []);
});

Deno.test("elastic sink sends uncompressed to who knows no gzip", async () => {
  for (const status of [400, 415]) {
    const cluster = new FakeCluster();
    await using receiver = new HttpReceiver((call) =>
      call.headers.has("content-encoding") ? new Response("?", { status }) : cluster.answer(call)
    );
    await using sink = await open([receiver.url], { install_template: false });
    const events = someEvents(20);
    await put(sink, events.slice(0, 10));
    await put(sink, events.slice(10));
    assertEquals(cluster.ids(), idsOf(events));
    assertEquals(receiver.calls.length, 3); // compressed, then not; from then on not
  }
});

Deno.test("elastic sink trusts the authority of the operator's own only when told", async () => {
  using folder = tempFolder();
  const { cert, key, ca } = await testKeys();
  const path = `${folder.path}/ca.pem`;
  const cluster = new FakeCluster();
  await using receiver = new HttpReceiver(cluster.answer, { tls: { cert, key } });
  {
    await using sink = await open([receiver.url]);
    const error = await assertRejects(() => put(sink, someEvents(1)), SinkError);
    assertStringIncludes(error.message, "certificate");
  }
  await using sink = await open([receiver.url], { ca: path });
  const missing = await assertRejects(() => put(sink, someEvents(1)), SinkError);
  assertStringIncludes(missing.message, "Cannot read ca");
  Deno.writeTextFileSync(path, ca);
  await put(sink, someEvents(1));
  assertEquals(cluster.ids().length, 1);
});

Deno.test("elastic sink asks for the rights to its addresses and files", () => {
  const options = v.parse(elasticSink.options, {
    urls: ["https://es.example", "http://[::1]:9200/path", "http://192.0.2.1"],
    ca: "/etc/ca.pem",
  });
  assertEquals(elasticSink.hosts!(options), ["es.example:443", "[::1]:9200", "192.0.2.1:80"]);
  assertEquals(elasticSink.reads!(options), ["/etc/ca.pem"]);
});

Deno.test("elastic sink refuses options that cannot work", () => {
  const wrong = [
    {},
    { urls: [] },
    { urls: ["ftp://es.example"] },
    { urls: ["https://user:secret@es.example"] },
    { urls: ["https://es.example/?a=b"] },
    { urls: ["https://es.example:99999"] },
    { urls: ["https://es.example"], data_stream: "Logs" },
    { urls: ["https://es.example"], data_stream: "a/b" },
    { urls: ["https://es.example"], api_key: "sesame" },
    { urls: ["https://es.example"], format: "cef" },
  ];
  for (const options of wrong) {
    assertEquals(v.safeParse(elasticSink.options, options).success, false, JSON.stringify(options));
  }
});
