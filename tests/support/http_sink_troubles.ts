/**
 * What every sink that calls over HTTP must stand: a receiver that is down, hangs, resets, stops in the
 * middle, drips, is full or refuses, and is back. Registers a test for each.
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { type Answerer, HttpReceiver, type Trouble, TroubledReceiver } from "./http_receiver.ts";
import { batchOf } from "./sinks.ts";
import { someEvents } from "./varied_events.ts";

/** A sink, and a receiver that takes what it sends. */
export interface TroubledSink {
  readonly kind: string;
  /** Opens the sink for an address. */
  open(url: string): Promise<Sink>;
  /** A receiver that is well, and what it has taken, as ids of events. */
  healthy(): { readonly answer: Answerer; ids(): string[] };
}

/** Deadline of a call that cannot succeed, in ms. */
const SHORT_MS = 400;
const TROUBLES: readonly Trouble[] = ["hangs", "resets", "stops in the answer", "drips"];

/**
 * Registers the tests.
 * @param sink the sink, and its receiver.
 */
export function testTroubles({ kind, open, healthy }: TroubledSink): void {
  const deliver = async (sink: Sink, events: readonly SensorEvent[]) =>
    await sink.write(batchOf(events), AbortSignal.timeout(10_000));

  Deno.test(`${kind} sink tells that a receiver is down, and delivers when it is up`, async () => {
    const events = someEvents(5);
    const { answer, ids } = healthy();
    const port = await freePort();
    await using sink = await open(`http://127.0.0.1:${port}`);
    const error = await assertRejects(() => deliver(sink, events), SinkError);
    assert(error.retryable);
    assertStringIncludes(error.message, `127.0.0.1:${port}`);
    await using _receiver = new HttpReceiver(answer, { port });
    await deliver(sink, events);
    assertEquals(ids(), idsOf(events));
  });

  for (const trouble of TROUBLES) {
    Deno.test(`${kind} sink ends within the deadline when a receiver ${trouble}, and goes on`, async () => {
      const events = someEvents(5);
      const { answer, ids } = healthy();
      const troubled = new TroubledReceiver(trouble);
      await using sink = await open(`http://127.0.0.1:${troubled.port}`);
      const startMs = performance.now();
      const signal = AbortSignal.timeout(SHORT_MS);
      const error = await assertRejects(() => sink.write(batchOf(events), signal), SinkError);
      assert(performance.now() - startMs < SHORT_MS + 2000);
      assert(error.retryable);
      assertStringIncludes(error.message, `127.0.0.1:${troubled.port}`);
      await troubled[Symbol.asyncDispose]();
      await using _receiver = new HttpReceiver(answer, { port: troubled.port });
      await deliver(sink, events);
      assertEquals(ids(), idsOf(events));
    });
  }

  Deno.test(`${kind} sink delivers again after its receiver was restarted`, async () => {
    const events = someEvents(6);
    const { answer, ids } = healthy();
    const first = new HttpReceiver(answer);
    await using sink = await open(first.url);
    await deliver(sink, events.slice(0, 3));
    await first[Symbol.asyncDispose]();
    await assertRejects(() => deliver(sink, events.slice(3)), SinkError);
    await using _second = new HttpReceiver(answer, { port: first.port });
    await deliver(sink, events.slice(3));
    assertEquals(ids(), idsOf(events));
  });

  Deno.test(`${kind} sink waits as long as a full receiver asks for`, async () => {
    const full: Answerer = () =>
      new Response("slow\x1b[31m down", { status: 429, headers: { "retry-after": "7" } });
    await using receiver = new HttpReceiver(full);
    await using sink = await open(receiver.url);
    const error = await assertRejects(() => deliver(sink, someEvents(2)), SinkError);
    assert(error.retryable);
    assertEquals(error.retryAfterMs, 7000);
    assertStringIncludes(error.message, "429 slow\\x1b[31m down");
  });

  for (const status of [301, 401, 403, 404, 500, 502, 503, 504]) {
    Deno.test(`${kind} sink tries again after a ${status}, whose words it bounds`, async () => {
      await using receiver = new HttpReceiver(() => new Response("x".repeat(100_000), { status }));
      await using sink = await open(receiver.url);
      const error = await assertRejects(() => deliver(sink, someEvents(2)), SinkError);
      assert(error.retryable, error.message);
      assert(error.message.length < 1500);
    });
  }

  Deno.test(`${kind} sink does not take a page for an acknowledgement`, async () => {
    const page: Answerer = () =>
      new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } });
    await using receiver = new HttpReceiver(page);
    await using sink = await open(receiver.url);
    const error = await assertRejects(() => deliver(sink, someEvents(2)), SinkError);
    assert(error.retryable);
    assertStringIncludes(error.message, "Welcome");
  });

  Deno.test(`${kind} sink ends a hanging call when it is disposed`, async () => {
    const arrived = Promise.withResolvers<void>();
    const never = Promise.withResolvers<Response>();
    await using receiver = new HttpReceiver(() => {
      arrived.resolve();
      return never.promise;
    });
    const sink = await open(receiver.url);
    const { signal } = new AbortController();
    const writing = assertRejects(() => sink.write(batchOf(someEvents(1)), signal), SinkError);
    await arrived.promise;
    await sink[Symbol.asyncDispose]();
    const error = await writing;
    assert(error.retryable);
    assertStringIncludes(error.message, "given up");
    await sink[Symbol.asyncDispose](); // twice is fine
    never.resolve(new Response());
  });
}

/** What the receivers say, each part of it in turn made something else. */
const ANSWERS: readonly unknown[] = [
  {
    errors: true,
    items: [{ create: { status: 201 } }, { create: { status: 400, error: { type: "x" } } }],
  },
  { index_templates: [{ index_template: { version: 1, _meta: { managed_by: "duckblind" } } }] },
  { version: { number: "9.0.0", distribution: "opensearch" } },
  { text: "Success", code: 0, ackId: 0, acks: { "0": true } },
  { text: "Invalid data format", code: 6, "invalid-event-number": 1 },
  { partialSuccess: { rejectedLogRecords: "1", errorMessage: "old" } },
];
const ODD: readonly unknown[] = [null, -1, 1e999, 2 ** 60, "", "\x1b[2J".repeat(9000), [], {}, [[
  null,
]]];

function* oddAnswers(): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (const answer of ANSWERS) {
    for (const changed of changes(answer)) yield encoder.encode(JSON.stringify(changed));
  }
  yield new Uint8Array([0xff, 0xfe, 0x00]);
  yield encoder.encode('{"items":' + "[".repeat(50_000));
  yield encoder.encode('{"__proto__":{"code":0},"constructor":1,"items":{"length":2}}');
}

/** A value with each of its parts in turn replaced. */
function* changes(value: unknown): Generator<unknown> {
  yield* ODD;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const changed of changes(part)) {
      yield Array.isArray(value)
        ? value.with(Number(name), changed)
        : { ...value, [name]: changed };
    }
  }
}

/**
 * Registers a test that gives the sink answers of all kinds, most of them odd.
 * @param sink the sink.
 */
export function testOddAnswers({ kind, open }: Pick<TroubledSink, "kind" | "open">): void {
  Deno.test(`${kind} sink: nothing that a receiver says makes it fail otherwise`, async () => {
    let body: Uint8Array<ArrayBuffer> = new Uint8Array();
    let status = 200;
    await using receiver = new HttpReceiver(() => new Response(body, { status }));
    await using sink = await open(receiver.url);
    const events = someEvents(2);
    for (const answer of oddAnswers()) {
      body = answer;
      for (status of [200, 400]) {
        const signal = AbortSignal.timeout(100);
        try {
          const outcome = await sink.write(batchOf(events), signal) ?? {};
          assert((outcome.reply ?? "").length <= 1024);
          const troubles = [...outcome.rejected ?? [], ...outcome.postponed ?? []];
          assert(troubles.every(({ index }) => index === 0 || index === 1));
          assert(troubles.every(({ reason }) => reason.length < 4096));
        } catch (error) {
          assert(error instanceof SinkError, `${error} at ${new TextDecoder().decode(answer)}`);
          assert(error.message.length < 4096);
        }
      }
    }
  });
}

/** `event.id` of events, in order. */
export function idsOf(events: readonly SensorEvent[]): string[] {
  return events.map(({ json }) => JSON.parse(json).event.id);
}

/** A port where nobody listens. */
// deno-lint-ignore require-await -- closed before it is given back
export async function freePort(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
