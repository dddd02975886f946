import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Emitter } from "../../lib/events/emitter.ts";
import { readSensor } from "../../lib/journal/ingest.ts";
import { ServiceClient } from "../../lib/service/client.ts";
import { RequestError } from "../../lib/service/frames.ts";
import { PublishEncoder } from "../../lib/service/publish_encoder.ts";
import {
  formatPublish,
  formatPublishAnswer,
  MAX_PUBLISH_BYTES,
  parsePublish,
  parsePublishAnswer,
} from "../../lib/service/publish_frame.ts";
import { allEvents, testScope } from "../support/events.ts";
import { type ServiceFixture, startFixture } from "./fixture.ts";

const JOURNAL = "0123456789abcdef0123456789abcdef";

/** Events as a sensor makes them, as lines of JSON. */
function eventsOf(name: string, count: number): string[] {
  const lines: string[] = [];
  const store = {
    nextSequence: () => lines.length + 1,
    append: ({ json }: { json: string }) => void lines.push(json),
  };
  const sensor = { name, version: "0.1.0", secrets: "plain", salt: "" } as const;
  const emitter = new Emitter(store, sensor);
  for (let i = 0; i < count; i++) {
    emitter.emit(testScope(`203.0.113.${i % 200}`), "auth.attempt", {
      method: "password",
      username: `user${i}`,
      secret: "x",
    });
  }
  return lines;
}

/** Logs in as a sensor. */
async function sensorOf(f: ServiceFixture, name: string): Promise<ServiceClient> {
  const token = (await f.tokens.list()).some((t) => t.name === name)
    ? undefined
    : await f.tokens.add(name, "sensor");
  if (token !== undefined) tokens.set(f.dir + name, token);
  return await ServiceClient.connect({
    address: f.address,
    ca: f.ca,
    serverName: "127.0.0.1",
    credentials: { name, token: tokens.get(f.dir + name)! },
  });
}
const tokens = new Map<string, string>();

/** Hands over events of a range. */
function publish(
  client: ServiceClient,
  events: readonly string[],
  range?: { after: number; upTo: number; missing?: number; journal?: string; newest?: number },
) {
  const { newest, ...rest } = range ?? {};
  const frame = {
    version: "0.1.0",
    ...(range === undefined
      ? {}
      : { range: { journal: JOURNAL, missing: 0, after: 0, upTo: 0, ...rest } }),
    ...(newest === undefined ? {} : { newest }),
  };
  return client.publish(frame, events, AbortSignal.timeout(20_000));
}

// deno-lint-ignore no-explicit-any -- looks at whatever part it is about
async function sensors(f: ServiceFixture): Promise<any[]> {
  using peer = await f.login();
  return (await peer.list("SENSORS")).slice(1).map((line) => JSON.parse(line));
}

Deno.test("parsePublish() reads what formatPublish() writes, and names what is wrong", () => {
  const frames = [
    { version: "0.1.0", count: 0, bytes: 0 },
    { version: "0.1.0", count: 0, bytes: 0, newest: 9 },
    {
      version: "1.2.3-rc.1",
      count: 2000,
      bytes: MAX_PUBLISH_BYTES,
      range: { journal: JOURNAL, after: 0, upTo: 2 ** 49, missing: 3 },
      newest: 2 ** 49,
    },
  ];
  for (const frame of frames) {
    const [verb, ...words] = formatPublish(frame).split(" ");
    assertEquals(verb, "PUBLISH");
    assertEquals(parsePublish(words), frame);
  }
  const wrong = [
    "",
    "version=1 count=1",
    "version=1 count=2001 bytes=1",
    "version=1 count=1 bytes=99999999",
    "version=1 count=1 bytes=1 bytes=1",
    "version=1 count=-1 bytes=1",
    "version=1 count=1 bytes=1 journal=x after=1 upto=2",
    `version=1 count=1 bytes=1 journal=${JOURNAL} after=3 upto=2`,
    `version=1 count=1 bytes=1 journal=${JOURNAL} after=1`,
    `version=1 count=1 bytes=1 journal=${JOURNAL} after=1 upto=2 missing=2`,
    "version=1 count=1 bytes=1 after=1 upto=2",
    "version=1 count=1 bytes=1 constructor=1",
    "version=\\x1b count=1 bytes=1",
  ];
  for (const words of wrong) {
    assertThrows(() => parsePublish(words.split(" ")), RequestError);
  }
});

Deno.test("PublishEncoder puts the line before the events, in the place of the last request", () => {
  const encoder = new PublishEncoder();
  const frame = { version: "0.1.0", newest: 7 };
  const requests = [
    ['{"name":"Zo\u00eb \u5bc6\u{1f986}"}', "x".repeat(5000)],
    ["{}"],
    [],
    ["y".repeat(20_000)],
  ];
  for (const events of requests) {
    const [line = "", ...rest] = new TextDecoder().decode(encoder.encode(frame, events))
      .split("\r\n");
    const body = events.map((event) => event + "\n").join("");
    assertEquals(rest, [body]);
    assertEquals(parsePublish(line.split(" ").slice(1)), {
      ...frame,
      count: events.length,
      bytes: new TextEncoder().encode(body).length,
    });
  }
});

Deno.test("parsePublishAnswer() reads what formatPublishAnswer() writes", () => {
  for (
    const answer of [
      { upTo: 7, stored: 1, known: 2, refused: [] },
      {
        upTo: 0,
        stored: 0,
        known: 0,
        refused: [{ index: 0, reason: "no-json" }, { index: 7, reason: "field-@timestamp" }],
      },
    ]
  ) {
    assertEquals(parsePublishAnswer(formatPublishAnswer(answer)), answer);
  }
  for (
    const text of ["", "7", "7 stored=1", "7 stored=1 known=0 refused=x", "x stored=1 known=0"]
  ) {
    assertEquals(parsePublishAnswer(text), undefined);
  }
});

Deno.test("PUBLISH stores a sensor's events once, with when they came", async () => {
  await using f = await startFixture();
  f.record("own");
  using client = await sensorOf(f, "edge-2");
  const events = eventsOf("edge-2", 3);
  const range = { after: 0, upTo: 5, newest: 9 };
  const first = await publish(client, events, range);
  assertEquals(first, { upTo: 5, stored: 3, known: 0, refused: [] });
  assertEquals(await publish(client, events, range), {
    upTo: 5,
    stored: 0,
    known: 3,
    refused: [],
  });
  using peer = await f.login();
  const lines = (await peer.list("EVENTS sensor=edge-2")).slice(1).map((line) => JSON.parse(line));
  assertEquals(lines.map(({ user }) => user.name), ["user0", "user1", "user2"]);
  assert(lines.every(({ event }) => /^\d{4}-.*Z$/.test(event.ingested)));
  assertEquals(lines.map(({ event }) => event.sequence), [1, 2, 3]);
  const own = (await peer.list("EVENTS sensor=edge-1 type=credential-attempt")).slice(1);
  assertEquals(own.map((line) => JSON.parse(line).user.name), ["own"]);
  assertEquals((await peer.list("EVENTS type=credential-attempt")).length, 5);
  assertEquals((await peer.list("SOURCES")).length, 6, "of all sensors");
  const [sensor] = await sensors(f);
  assertEquals({ ...sensor, first_seen: "", last_seen: "" }, {
    name: "edge-2",
    version: "0.1.0",
    state: "connected",
    events: 3,
    first_seen: "",
    last_seen: "",
    position: 5,
    lag: 4,
    missing: 0,
    refused: 0,
  });
});

Deno.test("PUBLISH finds a gap, takes nothing behind it, and says from where to go on", async () => {
  await using f = await startFixture();
  using client = await sensorOf(f, "edge-2");
  const events = eventsOf("edge-2", 4);
  await publish(client, events.slice(0, 2), { after: 0, upTo: 2 });
  assertEquals(await publish(client, events.slice(3), { after: 3, upTo: 4 }), { expected: 2 });
  using peer = await f.login();
  assertEquals((await peer.list("EVENTS sensor=edge-2")).length, 3);
  // From there on, with what is left: here one was removed before it could be sent.
  const rest = await publish(client, events.slice(3), { after: 2, upTo: 4, missing: 1 });
  assertEquals(rest, { upTo: 4, stored: 1, known: 0, refused: [] });
  assertEquals((await sensors(f))[0]!.missing, 1);
  // Another journal has positions of its own; then the first one is another one again.
  const other = { journal: "f".repeat(32) };
  assertEquals(
    await publish(client, [], { ...other, after: 1, upTo: 1 }),
    { upTo: 1, stored: 0, known: 0, refused: [] },
  );
  assertEquals(await publish(client, [], { ...other, after: 2, upTo: 2 }), { expected: 1 });
});

Deno.test("PUBLISH takes events in the name of the token's holder only", async () => {
  await using f = await startFixture();
  using client = await sensorOf(f, "edge-2");
  const mixed = [eventsOf("edge-3", 1)[0]!, eventsOf("edge-2", 1)[0]!, "no JSON"];
  assertEquals(await publish(client, mixed, { after: 0, upTo: 3 }), {
    upTo: 3,
    stored: 1,
    known: 0,
    refused: [{ index: 0, reason: "field-observer.name" }, { index: 2, reason: "no-json" }],
  });
  using peer = await f.login();
  assertEquals((await peer.list("EVENTS sensor=edge-3")).length, 1);
  assertEquals((await sensors(f))[0]!.refused, 2);
  // Who has the collector's own name would speak as the collector itself.
  using self = await sensorOf(f, "edge-1");
  const failed = await publish(self, eventsOf("edge-1", 1)).catch((error) => error.message);
  assertMatch(String(failed), /forbidden|name of the collector/);
});

Deno.test("PUBLISH that makes no sense ends the session, since what follows is no request", async () => {
  await using f = await startFixture();
  const token = await f.tokens.add("edge-2", "sensor");
  for (
    const request of [
      "PUBLISH count=1",
      `PUBLISH version=1 count=1 bytes=${MAX_PUBLISH_BYTES + 1}`,
    ]
  ) {
    using peer = await f.dial();
    await peer.ask(`AUTH edge-2 ${token}`);
    assertMatch(await peer.ask(request) ?? "", /^-ERR bad-request /);
    assertEquals(await peer.line(), null);
  }
  // Where the lines do not fit their count, their end is known all the same.
  using peer = await f.dial();
  await peer.ask(`AUTH edge-2 ${token}`);
  for (const body of ["{}", "{}\n{}\n", "\n\n"]) {
    await peer.send(`PUBLISH version=1 count=1 bytes=${body.length}\r\n${body}`);
    assertMatch(await peer.line() ?? "", /^-ERR bad-request /);
  }
  assertEquals(await peer.ask("PING"), "+OK PONG");
  using operator = await f.login();
  assertEquals(
    await operator.ask("PUBLISH version=1 count=0 bytes=0"),
    "-ERR forbidden The role operator may not do that",
  );
});

Deno.test("PUBLISH is answered busy while the disk is full, and taken afterwards", async () => {
  await using f = await startFixture();
  using client = await sensorOf(f, "edge-2");
  const events = eventsOf("edge-2", 2000);
  const pages = (sql: string) => f.journal.withDatabase((db) => db.exec(sql));
  pages("PRAGMA max_page_count = 20");
  const failed = await publish(client, events, { after: 0, upTo: 2000 }).catch((error) => error);
  assertMatch(failed.message, /Cannot be written now: .*full.*busy/);
  assertEquals(failed.isTransient, true);
  pages("PRAGMA max_page_count = 100000");
  const answer = await publish(client, events, { after: 0, upTo: 2000 });
  assertEquals("stored" in answer && answer.stored, 2000);
});

Deno.test("PUBLISH is answered busy while the journal is full of what sinks have not had", async () => {
  await using f = await startFixture();
  const { Retention } = await import("../../lib/journal/retention.ts");
  using client = await sensorOf(f, "edge-2");
  const debtors = { releasedTo: 0, abandon: () => {} };
  const limits = { maxAgeMs: 86_400_000, maxBytes: 1_048_576, maxSources: 1000 };
  const retention = new Retention(f.journal, limits, debtors);
  const events = eventsOf("edge-2", 2100);
  await publish(client, events.slice(0, 2000), { after: 0, upTo: 2000 });
  retention.step(Date.now());
  const failed = await publish(client, events.slice(2000), { after: 2000, upTo: 2100 })
    .catch((error) => error);
  assertMatch(failed.message, /full of what sinks have not had yet \(busy\)/);
  const { lastSeenMs } = f.journal.withDatabase((db) => readSensor(db, "edge-2"))!;
  assertEquals(await publish(client, []), { upTo: 0, stored: 0, known: 0, refused: [] });
  assert(lastSeenMs <= f.journal.withDatabase((db) => readSensor(db, "edge-2"))!.lastSeenMs);
  debtors.releasedTo = Infinity;
  while (retention.step(Date.now()));
  const answer = await publish(client, events.slice(2000), { after: 2000, upTo: 2100 });
  assertEquals("stored" in answer && answer.stored, 100);
});

Deno.test("a sensor has two sessions at most, the newest", async () => {
  await using f = await startFixture();
  const token = await f.tokens.add("edge-2", "sensor");
  const login = async () => {
    const peer = await f.dial();
    await peer.ask(`AUTH edge-2 ${token}`);
    return peer;
  };
  using first = await login();
  using second = await login();
  using third = await login();
  await first.ended();
  assertEquals(await second.ask("PING"), "+OK PONG");
  assertEquals(await third.ask("PING"), "+OK PONG");
});

Deno.test("EVENTS and TAIL give cursors that are good among events of other sensors", async () => {
  await using f = await startFixture();
  f.record("own");
  using client = await sensorOf(f, "edge-2");
  await publish(client, eventsOf("edge-2", 300), { after: 0, upTo: 300 });
  using peer = await f.login();
  let since = 0;
  let seen = 0;
  for (;;) {
    const [head, ...lines] = await peer.list(
      `EVENTS since=${since} limit=100 type=credential-attempt`,
    );
    seen += lines.length;
    const next = / next=(\d+)$/.exec(head!)?.[1];
    if (next === undefined) break;
    since = Number(next);
  }
  assertEquals(seen, 301);
  const journal = allEvents(f.journal);
  const last = journal.findLast(({ sensor }) => sensor === "edge-2")!;
  assertEquals(
    await peer.ask(`TAIL since=${last.sequence - 2} sensor=edge-2 heartbeat=1`),
    `+OK tail since=${last.sequence - 2}`,
  );
  assertMatch((await peer.line())!, /user298/);
  assertMatch((await peer.line())!, /user299/);
  assertEquals(await peer.line(), `# ${last.sequence}`);
});

Deno.test("a sensor that reports and falls silent is told about, and when it is back", async () => {
  await using f = await startFixture({ sensor_silent_s: 10 });
  const { Intake } = await import("../../lib/service/intake.ts");
  const intake = new Intake({ journal: f.journal, emitter: f.emitter, silentMs: 1000 });
  try {
    const delivery = (sensor: string) => ({
      sensor,
      frame: { version: "0.1.0", count: 0, bytes: 0 },
      body: () => Promise.resolve(new Uint8Array()),
      pause: () => Promise.resolve(),
      isOver: () => false,
    });
    await intake.take(delivery("edge-2"));
    const now = Date.now();
    intake.look(now + 500);
    assertEquals(f.events("sensor-silent"), []);
    intake.look(now + 2000);
    intake.look(now + 9000);
    const [silent] = await f.until("sensor-silent", 1) as { message: string; event: unknown }[];
    assertMatch(silent!.message, /^Sensor "edge-2" is silent, it last spoke at /);
    assertEquals(f.events("sensor-silent").length, 1);
    assertEquals(intake.sensors()[0]!.isSilent, true);
    await intake.take(delivery("edge-2"));
    assertEquals((await f.until("sensor-returned", 1)).length, 1);
    assertEquals(intake.sensors()[0]!.isSilent, false);
    await intake.take(delivery("edge-2"));
    assertEquals(f.events("sensor-returned").length, 1);
  } finally {
    intake.stop();
  }
});

Deno.test("a revoked sensor's session ends, and what it was sending is not stored", async () => {
  await using f = await startFixture();
  const token = await f.tokens.add("edge-2", "sensor");
  using peer = await f.dial();
  await peer.ask(`AUTH edge-2 ${token}`);
  const line = eventsOf("edge-2", 1)[0]! + "\n";
  const bytes = new TextEncoder().encode(line).length;
  await peer.send(`PUBLISH version=1 count=1 bytes=${bytes}\r\n${line.slice(0, 10)}`);
  await f.tokens.revoke("edge-2");
  await peer.ended();
  assertEquals(f.journal.read(0, { sensors: ["edge-2"] }, 10).events, []);
});

Deno.test("a full journal with foreign events stays within retention's bounds", async () => {
  await using f = await startFixture();
  const { Retention } = await import("../../lib/journal/retention.ts");
  using client = await sensorOf(f, "edge-2");
  const retention = new Retention(f.journal, {
    maxAgeMs: 86_400_000,
    maxBytes: 1_048_576,
    maxSources: 1000,
  });
  for (let i = 0; i < 3; i++) {
    await publish(client, eventsOf("edge-2", 2000));
    while (retention.step(Date.now()));
    const { bytes } = f.journal.status();
    assert(bytes <= 1_048_576, `${bytes} bytes after ${i + 1} batches`);
  }
});
