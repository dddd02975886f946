import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { toObject } from "../../lib/events/encoders/encoder.ts";
import type { Outcome, Sink } from "../../lib/sinks/sink.ts";
import { splunkSink } from "../../lib/sinks/splunk.ts";
import {
  collectorAnswer,
  FakeCollector,
  type FakeCollectorOptions,
} from "../support/fake_splunk.ts";
import { HttpReceiver, jsonAnswer } from "../support/http_receiver.ts";
import { idsOf, testOddAnswers, testTroubles } from "../support/http_sink_troubles.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { someEvents } from "../support/varied_events.ts";

const TOKEN = "00000000-0000-4000-8000-000000000001";
const REFERENCE = "env:SPLUNK_TOKEN";
const CONTEXT = {
  ...TEST_CONTEXT,
  secret: (text: string) => Promise.resolve(text === REFERENCE ? TOKEN : text),
};

function open(url: string, options: Record<string, unknown> = {}): Promise<Sink> {
  const whole = { url, token: REFERENCE, ...options };
  return splunkSink.open(v.parse(splunkSink.options, whole), CONTEXT);
}

async function put(sink: Sink, events: readonly SensorEvent[], ms = 10_000): Promise<Outcome> {
  return await sink.write(batchOf(events), AbortSignal.timeout(ms)) ?? {};
}

/** A collector that listens, a sink for it, and what it said to some events. */
async function deliver(
  events: readonly SensorEvent[],
  options: FakeCollectorOptions & { sink?: Record<string, unknown>; ms?: number } = {},
) {
  const collector = new FakeCollector(options);
  await using receiver = new HttpReceiver(collector.answer);
  await using sink = await open(receiver.url, options.sink);
  const result = await put(sink, events, options.ms).then(
    (outcome) => ({ outcome, error: undefined }),
    (error) => ({ outcome: {} as Outcome, error: error as SinkError }),
  );
  assert(result.error === undefined || result.error instanceof SinkError, String(result.error));
  return { ...result, collector, calls: receiver.calls };
}

for (const hasAcknowledgement of [false, true]) {
  testTroubles({
    kind: hasAcknowledgement ? "acknowledged splunk" : "splunk",
    open: (url) => open(url),
    healthy: () => {
      const collector = new FakeCollector({ hasAcknowledgement });
      return { answer: collector.answer, ids: () => collector.ids() };
    },
  });
}

testOddAnswers({ kind: "splunk", open: (url) => open(url) });

Deno.test("splunk sink sends events with time, host, source and sourcetype", async () => {
  const events = someEvents(3, 'edge "7" \\');
  const { collector, outcome, calls } = await deliver(events);
  assertEquals(
    collector.taken,
    events.map((event) => ({
      time: event.timeMs / 1000,
      host: 'edge "7" \\',
      source: "duckblind",
      sourcetype: "duckblind:ecs",
      event: JSON.parse(event.json),
    })),
  );
  assertEquals(outcome, { reply: "3 of 3 taken, not yet indexed", rejected: [], postponed: [] });
  const [call] = calls;
  assertEquals(call!.path, "/services/collector/event");
  assertEquals(call!.headers.get("authorization"), `Splunk ${TOKEN}`);
  assert(call!.body.includes(`"time":${(events[0]!.timeMs / 1000).toFixed(3)},`));
});

Deno.test("splunk sink gives index, host, source and sourcetype of the config, in each form", async () => {
  const events = someEvents(3);
  const own = { index: "honey", host: "h", source: "s", sourcetype: "t" };
  for (const format of ["ecs", "opencanary", "ocsf"] as const) {
    const { collector } = await deliver(events, { sink: { ...own, format } });
    const event = toObject(format, events[0]!);
    assertEquals(collector.taken[0], { time: events[0]!.timeMs / 1000, ...own, event });
  }
  const { collector } = await deliver(events, { sink: { format: "ocsf" } });
  assertEquals(collector.taken[0].sourcetype, "duckblind:ocsf");
});

Deno.test("splunk sink waits until a batch is indexed", async () => {
  const events = someEvents(10);
  const { collector, outcome, calls } = await deliver(events, {
    hasAcknowledgement: true,
    questions: 3,
  });
  assertEquals(outcome.reply, "10 of 10 indexed");
  assertEquals(collector.indexed.length, 10);
  const questions = calls.filter(({ path }) => path.endsWith("/ack"));
  assertEquals(questions.length, 3);
  const channels = new Set(calls.map(({ headers }) => headers.get("x-splunk-request-channel")));
  assertEquals(channels.size, 1);
  assertEquals(questions[0]!.query.get("channel"), [...channels][0]);
});

Deno.test("splunk sink fails when a batch is not indexed in time", async () => {
  const { error } = await deliver(someEvents(2), {
    hasAcknowledgement: true,
    questions: 1000,
    ms: 500,
  });
  assert(error!.retryable);
  assertEquals(error!.done, 0);
  assertStringIncludes(error!.message, "1 of 1 requests were not acknowledged within the deadline");
});

Deno.test("splunk sink does not ask for acknowledgements when told not to", async () => {
  const { outcome, calls } = await deliver(someEvents(2), {
    hasAcknowledgement: true,
    sink: { acknowledge: "off" },
  });
  assertEquals(outcome.reply, "2 of 2 taken, not yet indexed");
  assertEquals(calls.length, 1);
});

Deno.test("splunk sink sends nothing to a token without acknowledgement when that is required", async () => {
  const { error, collector } = await deliver(someEvents(2), { sink: { acknowledge: "required" } });
  assert(error!.retryable);
  assertStringIncludes(error!.message, "the token has no indexer acknowledgement");
  assertEquals(collector.taken, []);
  const { outcome, calls } = await deliver(someEvents(2), {
    hasAcknowledgement: true,
    sink: { acknowledge: "required" },
  });
  assertEquals(outcome.reply, "2 of 2 indexed");
  assertEquals(calls.map(({ path }) => path.split("/").at(-1)), ["ack", "event", "ack"]);
});

for (const takesPartly of [true, false]) {
  const what = takesPartly ? "takes what comes before" : "takes nothing then";
  Deno.test(`splunk sink gives up the one event refused, by a collector that ${what}`, async () => {
    const events = someEvents(9);
    const ids = idsOf(events);
    const codes = new Map([[ids[0], 6], [ids[4], 12], [ids[5], 15], [ids[8], 13]]);
    for (const hasAcknowledgement of [false, true]) {
      const { collector, outcome } = await deliver(events, {
        takesPartly,
        hasAcknowledgement,
        refuses: ({ event }) => codes.get(event.event.id),
      });
      assertEquals(outcome.rejected!.map(({ index }) => index), [0, 4, 5, 8]);
      assertStringIncludes(outcome.rejected![0]!.reason, "Invalid data format");
      assertEquals(outcome.postponed, []);
      assertEquals(outcome.reply!.startsWith("5 of 9 "), true, outcome.reply);
      const wanted = ids.filter((id) => !codes.has(id));
      assertEquals([...new Set(collector.ids())].sort(), wanted);
      const indexed = new Set(collector.indexed.map(({ event }) => event.event.id));
      assertEquals([...indexed], wanted);
    }
  });
}

Deno.test("splunk sink leaves the rest for another call after many refusals", async () => {
  const { outcome, calls } = await deliver(someEvents(40), {
    refuses: () => 6,
    sink: { gzip: false }, // or each would come twice: 400 may be about that
  });
  assertEquals(outcome.rejected!.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(outcome.postponed!.length, 32);
  assertEquals(outcome.postponed![0]!.index, 8);
  assertEquals(calls.length, 8);
});

for (
  const [code, words] of [
    [1, `must be an enabled token of the collector in ${REFERENCE}`],
    [2, `must be an enabled token of the collector in ${REFERENCE}`],
    [3, `must be an enabled token of the collector in ${REFERENCE}`],
    [4, `must be an enabled token of the collector in ${REFERENCE}`],
    [7, 'index must be one that the token may use, is "honey"'],
    [8, "Internal server error"],
    [9, "Server is busy"],
    [10, "must know the channel"],
    [11, "must know the channel"],
    [14, "acknowledge must be auto or off"],
    [23, "Server is shutting down"],
    [24, "Queue at capacity"],
  ] as const
) {
  Deno.test(`splunk sink tries again after code ${code}, and blames no event`, async () => {
    const { error, collector } = await deliver(someEvents(2), {
      instead: () => collectorAnswer(code, { "invalid-event-number": 0 }),
      sink: { index: "honey" },
    });
    assert(error!.retryable);
    assertStringIncludes(error!.message, words);
    assert(!error!.message.includes(TOKEN));
    assertEquals(collector.taken, []);
  });
}

Deno.test("splunk sink says what is wrong with a token's own index", async () => {
  const { error } = await deliver(someEvents(1), { instead: () => collectorAnswer(7) });
  assertStringIncludes(error!.message, "the token must have an index that is there");
});

Deno.test("splunk sink trusts no invalid-event-number beyond what was sent", async () => {
  for (const number of [2, -1, 1.5, "0", 1e300, null]) {
    const { error } = await deliver(someEvents(2), {
      instead: () => collectorAnswer(6, { "invalid-event-number": number }),
    });
    assertEquals(error!.retryable, false); // then the batch is halved
  }
});

Deno.test("splunk sink makes requests of less than a MiB, and tells what was done before one failed", async () => {
  const events = someEvents(3000);
  const { collector, outcome, calls } = await deliver(events, { maxBytes: 1_048_576 });
  assertEquals(collector.ids(), idsOf(events));
  assertEquals(outcome.reply, "3000 of 3000 taken, not yet indexed");
  assert(calls.length >= 3, `${calls.length}`);
  const sizes = calls.map(({ body }) => splitCount(body));
  for (const hasAcknowledgement of [false, true]) {
    const { error } = await deliver(events, {
      hasAcknowledgement,
      instead: (call, nth) =>
        nth === 2 && !call.path.endsWith("ack") ? collectorAnswer(9) : undefined,
    });
    assert(error!.retryable);
    assertEquals(error!.done, sizes[0]! + sizes[1]!);
    assertStringIncludes(error!.message, "Server is busy");
  }
});

Deno.test("splunk sink forgets no refusal when what follows fails", async () => {
  const events = someEvents(2500);
  const ids = idsOf(events);
  const { outcome, error } = await deliver(events, {
    refuses: ({ event }) => event.event.id === ids[1] ? 6 : undefined,
    instead: (_call, nth) => nth === 3 ? collectorAnswer(9) : undefined,
  });
  assertEquals(error, undefined);
  assertEquals(outcome.rejected!.map(({ index }) => index), [1]);
  assertEquals(outcome.postponed!.at(-1)!.index, 2499);
  assertStringIncludes(outcome.postponed![0]!.reason, "Server is busy");
});

for (
  const [what, answer] of [
    ["another code", { text: "?", code: 17 }],
    ["no code", { ok: true }],
    ["null", null],
  ] as const
) {
  Deno.test(`splunk sink does not take an answer with ${what} for a success`, async () => {
    const { error } = await deliver(someEvents(1), { instead: () => jsonAnswer(answer) });
    assert(error!.retryable);
    assertStringIncludes(error!.message, "must be a collector's answer");
  });
}

Deno.test("splunk sink takes no odd acknowledgement for one", async () => {
  for (const acks of [undefined, null, { "0": "true" }, { "1": true }, []]) {
    const { error } = await deliver(someEvents(1), {
      hasAcknowledgement: true,
      instead: ({ path }) => path.endsWith("/ack") ? jsonAnswer({ acks }) : undefined,
      ms: 300,
    });
    assert(error!.retryable, JSON.stringify(acks));
  }
});

Deno.test("splunk sink has the right of its address, and no default for the token", () => {
  const options = { url: "https://splunk.example:8088", token: REFERENCE };
  assertEquals(splunkSink.hosts!(v.parse(splunkSink.options, options)), ["splunk.example:8088"]);
  for (const wrong of [{ url: options.url }, { ...options, token: TOKEN }, { token: REFERENCE }]) {
    assertEquals(v.safeParse(splunkSink.options, wrong).success, false);
  }
});

Deno.test("splunk sink keeps a load balancer's cookies, few of them and none that is odd", async () => {
  const collector = new FakeCollector({ hasAcknowledgement: true });
  const lines = ["LB=node-1; Path=/; Secure", "odd=a b;", 'x="q"', "=", `long=${"x".repeat(2000)}`];
  for (let i = 0; i < 20; i++) lines.push(`n${i}=${i}`);
  await using receiver = new HttpReceiver(async (call) => {
    const answer = await collector.answer(call);
    if (call.path.endsWith("/event")) {
      for (const line of lines) answer.headers.append("set-cookie", line);
    }
    return answer;
  });
  await using sink = await open(receiver.url);
  await put(sink, someEvents(1));
  assertEquals(receiver.calls[0]!.headers.get("cookie"), null);
  assertEquals(
    receiver.calls[1]!.headers.get("cookie"),
    "LB=node-1; odd=a; x=; n0=0; n1=1; n2=2; n3=3; n4=4",
  );
});

Deno.test("splunk sink's token is read anew for each call", async () => {
  const collector = new FakeCollector();
  await using receiver = new HttpReceiver(collector.answer);
  let token = "old";
  const context = { ...TEST_CONTEXT, secret: () => Promise.resolve(token) };
  const options = v.parse(splunkSink.options, { url: receiver.url, token: REFERENCE });
  await using sink = await splunkSink.open(options, context);
  await assertRejects(() => put(sink, someEvents(1)), SinkError, "Invalid token");
  token = TOKEN;
  await put(sink, someEvents(1));
  assertEquals(collector.taken.length, 1);
});

/** How many events a request had. */
function splitCount(body: string): number {
  return body.trimEnd().split("\n").length;
}
