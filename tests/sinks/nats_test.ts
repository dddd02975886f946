// deno-lint-ignore-file no-console -- one test looks for what must not be printed
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { eventIdOf } from "../../lib/sinks/event_fields.ts";
import { type NatsOptions, natsSink } from "../../lib/sinks/nats.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";
import { NatsPeer, type NatsPeerOptions, type Published } from "../support/nats_peer.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";

/** Longest a test waits for what must come at once. */
const SOON_MS = 10_000;

function makeEvents(
  count: number,
  username = "root",
  sensor: string = TEST_SENSOR.name,
): SensorEvent[] {
  const events: SensorEvent[] = [];
  const store = {
    nextSequence: () => events.length + 1,
    append: (event: SensorEvent) => void events.push(event),
  };
  const emitter = new Emitter(store, { ...TEST_SENSOR, name: sensor });
  for (let n = 0; n < count; n++) {
    emitter.emit(testScope(), "auth.attempt", { method: "plain", username, secret: `${n}` });
  }
  return events;
}

function parse(options: Record<string, unknown>): NatsOptions {
  return v.parse(natsSink.options, options);
}

async function open(
  where: NatsPeer | number,
  options: Record<string, unknown> = {},
): Promise<Sink> {
  const port = typeof where === "number" ? where : where.port;
  return await natsSink.open(parse({ servers: [`127.0.0.1:${port}`], ...options }), TEST_CONTEXT);
}

const soon = () => AbortSignal.timeout(SOON_MS);

/** What a write that must fail is told as. */
async function failure(
  sink: Sink,
  events: readonly SensorEvent[],
  signal = soon(),
): Promise<SinkError> {
  const error = await assertRejects(() => sink.write(batchOf(events), signal), SinkError);
  assertEquals(error.retryable, true);
  return error;
}

Deno.test("nats publishes each event under its sensor and action, in order, with its id", async () => {
  await using peer: NatsPeer = new NatsPeer();
  await using sink = await open(peer, { prefix: "traps.eu" });
  const events = makeEvents(3, "root", "web.1 *");
  const outcome = await sink.write(batchOf(events), soon());
  assertEquals(peer.published.map(({ subject }) => subject), [
    "traps.eu.web%2E1%20%2A.credential-attempt",
    "traps.eu.web%2E1%20%2A.credential-attempt",
    "traps.eu.web%2E1%20%2A.credential-attempt",
  ]);
  assertEquals(peer.published.map(({ body }) => body), events.map(({ json }) => json));
  assertEquals(
    peer.published.map(({ headers }) => headers),
    events.map((event) => [`Nats-Msg-Id: ${eventIdOf(event)}`]),
  );
  assertEquals(outcome?.reply, `stream TEST at 127.0.0.1:${peer.port} took 3`);
});

Deno.test("nats takes an acknowledgement of what is there already for success", async () => {
  await using peer: NatsPeer = new NatsPeer();
  await using sink = await open(peer);
  const events = makeEvents(4);
  await sink.write(batchOf(events.slice(0, 2)), soon());
  const outcome = await sink.write(batchOf(events), soon());
  assertMatch(outcome?.reply ?? "", /took 4, 2 of them for the second time$/);
  assertEquals(peer.stored, events.map(eventIdOf));
  assertEquals(peer.connections, 1);
});

Deno.test("nats resolves only when every event is acknowledged, with a bounded number on their way", async () => {
  const waiting: (() => void)[] = [];
  let most = 0;
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using peer: NatsPeer = new NatsPeer({
    answer: (message) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(peer.acknowledge(message)));
        most = Math.max(most, waiting.length);
        if (peer.published.length === 4) arrived[0]!.resolve();
        if (peer.published.length === 6) arrived[1]!.resolve();
      }),
  });
  await using sink = await open(peer, { window: 4 });
  let isDone = false;
  const writing = Promise.resolve(sink.write(batchOf(makeEvents(6)), soon())).then(() =>
    isDone = true
  );
  await arrived[0]!.promise;
  assertEquals(peer.published.length, 4);
  waiting.shift()!();
  waiting.shift()!();
  await arrived[1]!.promise;
  for (const answer of waiting.splice(0, 3)) answer();
  assertEquals(isDone, false);
  waiting.shift()!();
  await writing;
  assertEquals(most, 4);
});

Deno.test("nats says that the server is down, and delivers when it is back", async () => {
  const events = makeEvents(2);
  let port: number;
  {
    await using gone = new NatsPeer();
    port = gone.port;
  }
  await using sink = await open(port);
  const error = await failure(sink, events);
  assertEquals(error.message, `Cannot connect to NATS: 127.0.0.1:${port}: connection refused`);
  assertEquals(error.done, 0);
  await using peer: NatsPeer = new NatsPeer({}, { port });
  await sink.write(batchOf(events), soon());
  assertEquals(peer.stored, events.map(eventIdOf));
});

Deno.test("nats goes to the next server when one does not answer, and dials no server it is told of", async () => {
  await using other = new NatsPeer();
  await using silent = new NatsPeer({ greeting: new Uint8Array() });
  await using peer: NatsPeer = new NatsPeer({
    info: { connect_urls: [`127.0.0.1:${other.port}`] },
  });
  const servers = [silent, peer].map(({ port }) => `127.0.0.1:${port}`);
  await using sink = await open(peer, { servers, connect_ms: 200 });
  await sink.write(batchOf(makeEvents(1)), soon());
  assertEquals(peer.stored.length, 1);
  assertEquals([silent.connections, peer.connections, other.connections], [1, 1, 0]);
});

Deno.test("nats gives up a server that hangs at the deadline, and connects anew", async () => {
  let answers = false;
  await using peer: NatsPeer = new NatsPeer({
    answer: (message) =>
      answers || peer.published.length === 1 ? peer.acknowledge(message) : undefined,
  });
  await using sink = await open(peer);
  const events = makeEvents(3);
  const error = await failure(sink, events, AbortSignal.timeout(300));
  assertMatch(error.message, /no acknowledgement before the deadline, 1 of 3 were taken$/);
  assertEquals(error.done, 1);
  answers = true;
  await sink.write(batchOf(events.slice(error.done)), soon());
  assertEquals(peer.stored, events.map(eventIdOf));
  assertEquals(peer.connections, 2);
});

Deno.test("nats tells how far a batch came when the connection is reset in the middle", async () => {
  let cuts = 1;
  await using peer: NatsPeer = new NatsPeer({
    answer: async (message, connection) => {
      if (cuts > 0 && message.body.includes('"password":"2"')) {
        cuts--;
        connection.close();
        return undefined;
      }
      return await Promise.resolve(peer.acknowledge(message));
    },
  });
  await using sink = await open(peer, { window: 1 });
  const events = makeEvents(5);
  const error = await failure(sink, events);
  assertEquals(error.done, 2);
  assertMatch(error.message, /^Cannot publish to NATS at 127\.0\.0\.1:\d+: /);
  await sink.write(batchOf(events.slice(error.done)), soon());
  assertEquals(peer.stored, events.map(eventIdOf));
});

Deno.test("nats tells what the server said before it ended the connection", async () => {
  await using peer: NatsPeer = new NatsPeer({
    answer: async (_message, connection) => {
      await connection.send("-ERR 'Slow Consumer \u001b[2J'\r\n");
      connection.close();
      return undefined;
    },
  });
  await using sink = await open(peer);
  assertMatch((await failure(sink, makeEvents(1))).message, /: Slow Consumer \\x1b\[2J$/);
});

Deno.test("nats sends nothing behind an event that the stream did not take", async () => {
  const full = {
    error: { code: 503, err_code: 10077, description: "maximum \u001bbytes exceeded" },
    stream: "TEST",
    seq: 0,
  };
  await using peer: NatsPeer = new NatsPeer({
    answer: (message) =>
      message.body.includes('"password":"1"') ? JSON.stringify(full) : peer.acknowledge(message),
  });
  await using sink = await open(peer, { window: 1 });
  const error = await failure(sink, makeEvents(9));
  assertEquals(peer.published.length, 2);
  assertEquals(error.done, 1);
  assertMatch(error.message, /: the stream is full or cannot store: maximum \\x1bbytes exceeded$/);
});

Deno.test("nats says what is missing when nobody takes the events", async () => {
  const silence = { status: "503" };
  const account = JSON.stringify({ type: "x", memory: 0, storage: 0 });
  const names = (streams: string[]) =>
    JSON.stringify({ streams, total: 1, offset: 0, limit: 1024 });
  const answers: [RegExp, (subject: string) => string | { status: string }][] = [
    [
      /: JetStream does not answer, must be enabled on the server and for the account$/,
      () => silence,
    ],
    [
      /: no stream has subject "duckblind\.test\.credential-attempt", must be one \(or create_stream: true\)$/,
      (subject) =>
        subject.endsWith(".INFO") ? account : subject.includes("NAMES") ? names([]) : silence,
    ],
    [
      /: stream "DUCK" does not answer, which has the subject; its leader must be up$/,
      (subject) =>
        subject.endsWith(".INFO") ? account : subject.includes("NAMES") ? names(["DUCK"]) : silence,
    ],
  ];
  for (const [message, answer] of answers) {
    await using peer: NatsPeer = new NatsPeer({ answer: ({ subject }) => answer(subject) });
    await using sink = await open(peer);
    assertMatch((await failure(sink, makeEvents(2))).message, message);
    assert(peer.published.some(({ subject }) => subject === "duckblind.test.credential-attempt"));
  }
});

Deno.test("nats rejects the one event that is too large, for the server or for the stream", async () => {
  const tooLarge = {
    error: { code: 400, err_code: 10054, description: "message size exceeds maximum allowed" },
  };
  await using peer: NatsPeer = new NatsPeer({
    info: { max_payload: 4096 },
    answer: (message) =>
      message.body.includes("stream-large") ? JSON.stringify(tooLarge) : peer.acknowledge(message),
  });
  await using sink = await open(peer);
  const events = [
    ...makeEvents(1),
    ...makeEvents(1, "x".repeat(4000)),
    ...makeEvents(1, "stream-large"),
    ...makeEvents(1),
  ];
  const outcome = await sink.write(batchOf(events), soon());
  assertEquals(outcome?.rejected?.map(({ index }) => index), [1, 2]);
  assertMatch(outcome!.rejected![0]!.reason, /^it has \d+ bytes, must have at most 3840 /);
  assertMatch(outcome!.rejected![1]!.reason, /message size exceeds maximum allowed/);
  assertEquals(peer.stored, [events[0]!, events[3]!].map(eventIdOf));
  assertEquals(peer.published.length, 3);
});

Deno.test("nats takes no answer but a stream's for an acknowledgement", async () => {
  const answers = [
    "{}",
    "null",
    "[]",
    '"+OK"',
    "\u0000\u0001",
    '{"stream":"TEST"}',
    '{"stream":"","seq":1}',
    '{"stream":5,"seq":1}',
    '{"stream":"TEST","seq":"1"}',
    `{"stream":"TEST","seq":1,"x":"${"x".repeat(20_000)}"}`,
    { status: "200" },
  ];
  for (const answer of answers) {
    await using peer: NatsPeer = new NatsPeer({ answer: () => answer });
    await using sink = await open(peer);
    const { message, done } = await failure(sink, makeEvents(2));
    assertMatch(message, /: somebody else than a stream answered$/);
    assertEquals(done, 0);
  }
});

Deno.test("nats tells a refusal that makes no sense without what it says raw", async () => {
  const refusals: [unknown, RegExp][] = [
    ["no \u001b[2J", /: it answered 0 no reason given \(0\)$/],
    [
      { code: "\u001b[2J", err_code: [], description: {} },
      /: it answered 0 no reason given \(0\)$/,
    ],
    [
      { code: 400, err_code: 10060, description: "not \u001b\r\nit" },
      /: it answered 400 not \\x1b {2}it \(10060\)$/,
    ],
  ];
  for (const [error, message] of refusals) {
    const answer = JSON.stringify({ error, stream: "TEST", seq: 1 });
    await using peer: NatsPeer = new NatsPeer({ answer: () => answer });
    await using sink = await open(peer);
    const told = await failure(sink, makeEvents(1));
    assertMatch(told.message, message);
    assertEquals(told.done, 0);
  }
});

Deno.test("nats hears answers to what it has sent only, each once", async () => {
  const ack = '{"stream":"TEST","seq":1}';
  const answer = (subject: string) => `MSG ${subject} 1  ${ack.length}\r\n${ack}\r\n`;
  await using peer: NatsPeer = new NatsPeer({
    answer: async ({ reply, body }, connection) => {
      if (!body.includes('"password":"0"')) return undefined;
      const inbox = reply.slice(0, reply.lastIndexOf(".") + 1);
      // The first one's answer over and over, and those of messages that nobody has sent.
      for (
        const token of ["0", "0", "7", "00", "-1", "1.0", "1e0", "0x1", "99999999999999999999"]
      ) {
        await connection.send(answer(inbox + token));
      }
      return undefined;
    },
  });
  await using sink = await open(peer);
  const error = await failure(sink, makeEvents(3), AbortSignal.timeout(300));
  assertMatch(error.message, /no acknowledgement before the deadline, 1 of 3 were taken$/);
  assertEquals(error.done, 1);
});

Deno.test("nats takes no late answer to an earlier batch for one to this batch", async () => {
  const late: Published[] = [];
  const subject = "duckblind.test.credential-attempt";
  await using peer: NatsPeer = new NatsPeer({
    answer: async (message, connection) => {
      const ack = '{"stream":"TEST","seq":1}';
      late.push(message);
      if (late.length === 3) {
        await connection.send(`-ERR 'Permissions Violation for Publish to "${subject}"'\r\n`);
      }
      if (late.length === 6) {
        for (const { reply } of late.slice(0, 3)) {
          await connection.send(`MSG ${reply} 1  ${ack.length}\r\n${ack}\r\n`);
        }
      }
      return undefined;
    },
  });
  await using sink = await open(peer);
  const events = makeEvents(3);
  const denied = await failure(sink, events);
  assertMatch(denied.message, /: the user may not publish to duckblind\.test\.credential-attempt$/);
  assertEquals(denied.done, 0);
  const error = await failure(sink, events, AbortSignal.timeout(300));
  assertMatch(error.message, /no acknowledgement before the deadline, 0 of 3 were taken$/);
  assertEquals(error.done, 0);
  assertEquals([peer.connections, new Set(late.map(({ reply }) => reply)).size], [1, 6]);
});

Deno.test("nats that may not publish to one subject counts what was taken under others", async () => {
  await using peer: NatsPeer = new NatsPeer({
    answer: async (message, connection) => {
      if (!message.subject.includes(".edge.")) return peer.acknowledge(message);
      await connection.send(
        `-ERR 'Permissions Violation for Publish to "${message.subject}"'\r\n`,
      );
      return undefined;
    },
  });
  await using sink = await open(peer);
  const error = await failure(sink, [...makeEvents(2), ...makeEvents(2, "root", "edge")]);
  assertMatch(error.message, /: the user may not publish to duckblind\.edge\.credential-attempt$/);
  assertEquals(error.done, 2);
});

Deno.test("nats that may not hear answers says so at once, and tries anew", async () => {
  let mayHear = false;
  await using peer: NatsPeer = new NatsPeer({
    answer: async (message, connection) => {
      if (mayHear) return peer.acknowledge(message);
      const pattern = message.reply.replace(/\d+$/, "*");
      await connection.send(`-ERR 'Permissions Violation for Subscription to "${pattern}"'\r\n`);
      return undefined;
    },
  });
  await using sink = await open(peer, { inbox_prefix: "_INBOX.edge" });
  const events = makeEvents(2);
  const error = await failure(sink, events);
  assertMatch(error.message, /: the user may not subscribe to _INBOX\.edge\.[A-Za-z0-9]{22}\.\*$/);
  assertEquals(error.done, 0);
  mayHear = true;
  await sink.write(batchOf(events), soon());
  assertEquals(peer.connections, 2);
});

Deno.test("nats frames what has more bytes than characters, and large ones among small", async () => {
  await using peer: NatsPeer = new NatsPeer();
  await using sink = await open(peer, { stream: "TEST" });
  const texts = [
    "\u00e9",
    "\u{1f986}",
    "\ud83e",
    "x".repeat(300_000),
    "\u20ac".repeat(200_000),
    "",
  ];
  const events = texts.flatMap((text) =>
    makeEvents(40).map((event, n) =>
      n === 7 ? { ...event, json: event.json.replace("{", `{"x":"${text}",`) } : event
    )
  );
  await sink.write(batchOf(events), soon());
  const decoded = (text: string) => new TextDecoder().decode(new TextEncoder().encode(text));
  assertEquals(peer.published.map(({ body }) => body), events.map(({ json }) => decoded(json)));
  assertEquals(peer.published.map(({ headers }) => headers.length), events.map(() => 2));
});

Deno.test("nats tells a refused login without the secret, and reads a rotated one", async () => {
  await withTempFolder(async (folder) => {
    const password = `${folder}/password`;
    await Deno.writeTextFile(password, "first-secret\n");
    const options: NatsPeerOptions = {
      onConnect: (login, connection) => {
        if (login.pass === "second-secret") return void connection.send("PONG\r\n");
        connection.send("-ERR 'Authorization Violation'\r\n").then(() => connection.close());
      },
    };
    await using peer: NatsPeer = new NatsPeer(options);
    await using sink = await open(peer, { user: "duck", password: `file:${password}` });
    const error = await failure(sink, makeEvents(1));
    assertMatch(error.message, /: it refused the login \('?Authorization Violation'?\), must be /);
    assert(!error.message.includes("secret"));
    await Deno.writeTextFile(password, "second-secret\n");
    await sink.write(batchOf(makeEvents(1)), soon());
    assertEquals(peer.logins.map(({ user, pass }) => [user, pass]), [
      ["duck", "first-secret"],
      ["duck", "second-secret"],
    ]);
  });
});

Deno.test("nats shows a token, an nkey's signature or a JWT, and says which makes no sense", async () => {
  await withTempFolder(async (folder) => {
    // Made for this test; they open nothing.
    const seed = "SUAG5MUMXVZWPNMG4HD3GZOH4LXPD2SGVNY2EYHFDUH5JG5BXJ3KDYPUCM";
    const creds = `-----BEGIN NATS USER JWT-----\ne30.e30.sig\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
    const files = { token: "t0k", nkey: seed, creds };
    for (const [name, value] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, value);
    }
    await using peer: NatsPeer = new NatsPeer({ info: { nonce: "abc", auth_required: true } });
    for (const key of ["token", "nkey", "creds"]) {
      await using sink = await open(peer, { [key]: `file:${folder}/${key}` });
      await sink.write(batchOf(makeEvents(1)), soon());
    }
    const [token, nkey, jwt] = peer.logins;
    assertEquals(token!.auth_token, "t0k");
    assertEquals(nkey!.nkey, "UADRGKE5OIA7T7XWNUBL3K235ZOV7T6AB7HIUB6DUPNVZAP3VTW5Q22K");
    assert(typeof nkey!.sig === "string" && nkey!.sig.length > 80);
    assertEquals([jwt!.jwt, jwt!.nkey], ["e30.e30.sig", nkey!.nkey]);
    assert(!JSON.stringify(peer.logins).includes(seed));
    for (const key of ["nkey", "creds"]) {
      await using sink = await open(peer, { [key]: `file:${folder}/token` });
      const { message } = await failure(sink, makeEvents(1));
      assertMatch(message, new RegExp(`^Cannot use ${key}: it makes no sense, must be `));
      assert(!message.includes("t0k"));
    }
    await using sink = await open(peer, { token: `file:${folder}/absent` });
    assertMatch((await failure(sink, makeEvents(1))).message, /^Cannot read secret file:/);
  });
});

Deno.test("nats ends a connection over which something else than NATS comes, and prints nothing of it", async () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const greetings: [Uint8Array, RegExp][] = [
    [encode("220 mail ESMTP\r\n"), /does not speak NATS: byte 0 is something else, must be INFO$/],
    [encode("INFO nonsense\r\n"), /does not speak NATS/],
    [encode("I".repeat(70_000)), /must be INFO within 65536 bytes$/],
    [encode('INFO {"version":"2.1.0","max_payload":1}\r\n'), /version 2\.1\.0 has no headers/],
  ];
  for (const [greeting, message] of greetings) {
    await using peer: NatsPeer = new NatsPeer({ greeting });
    await using sink = await open(peer);
    assertMatch((await failure(sink, makeEvents(1))).message, message);
  }
  const replies: [string, RegExp][] = [
    ["\u001b[2JHTTP/1.1 200 OK\r\n", /does not speak NATS/],
    ["HMSG $INBOX $SID 16 16\r\nNATS/1.0\r\n(: \r\n\r\n\r\n", /Cannot publish/],
    [`MSG ${"x".repeat(70_000)}`, /it went over line_bytes, the maximum is 65536$/],
  ];
  const log = console.log;
  const printed: unknown[] = [];
  console.log = (...words) => void printed.push(words);
  try {
    for (const [reply, message] of replies) {
      await using peer: NatsPeer = new NatsPeer({
        answer: (published, connection) => {
          const text = reply.replace("$INBOX", published.reply).replace("$SID", "1");
          return connection.send(text).then(() => undefined);
        },
      });
      await using sink = await open(peer);
      assertMatch((await failure(sink, makeEvents(1))).message, message);
    }
  } finally {
    console.log = log;
  }
  assertEquals(printed, []);
});

Deno.test("nats speaks TLS first where told to, and insists on TLS", async () => {
  const { cert, key, ca } = await testKeys();
  await withTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/ca.pem`, ca);
    await using peer: NatsPeer = new NatsPeer({ tls: { cert, key } });
    const servers = [`localhost:${peer.port}`];
    await using sink = await open(peer, { servers, tls_first: true, ca: `${folder}/ca.pem` });
    await sink.write(batchOf(makeEvents(1)), soon());
    assertEquals(peer.stored.length, 1);
    await using stranger = await open(peer, { servers, tls_first: true });
    assertMatch((await failure(stranger, makeEvents(1))).message, /UnknownIssuer/);
    await using blind = await open(peer, { servers, tls_first: true, ca: `${folder}/none.pem` });
    assertMatch((await failure(blind, makeEvents(1))).message, /^Cannot read ca /);
  });
  await using plain = new NatsPeer();
  await using insisting = await open(plain, { tls: true });
  assertMatch((await failure(insisting, makeEvents(1))).message, /it offers no TLS, must have it/);
  assertEquals(plain.logins, []);
  await using demanding = new NatsPeer({ info: { tls_required: true } });
  await using clear = await open(demanding);
  assertMatch(
    (await failure(clear, makeEvents(1))).message,
    /it takes TLS only, which needs tls: true/,
  );
  assertEquals(demanding.logins, []);
});

Deno.test("nats refuses what is slipped in between the greeting and TLS", async () => {
  const info = { version: "2.9.10", max_payload: 1024, headers: true, tls_required: true };
  const greeting = new TextEncoder().encode(`INFO ${JSON.stringify(info)}\r\n-ERR 'x'\r\n`);
  await using peer: NatsPeer = new NatsPeer({ greeting });
  await using sink = await open(peer, { tls: true });
  assertMatch(
    (await failure(sink, makeEvents(1))).message,
    /must be nothing between INFO and TLS$/,
  );
});

Deno.test("nats that is disposed of while it waits rejects, and twice is fine", async () => {
  const arrived = Promise.withResolvers<void>();
  await using peer: NatsPeer = new NatsPeer({
    answer: () => {
      arrived.resolve();
      return undefined;
    },
  });
  const sink = await open(peer);
  const writing = failure(sink, makeEvents(1));
  await arrived.promise;
  await sink[Symbol.asyncDispose]();
  await writing;
  await sink[Symbol.asyncDispose]();
});

Deno.test("nats makes the stream it is told to, once", async () => {
  const requests: string[] = [];
  let isThere = false;
  await using peer: NatsPeer = new NatsPeer({
    answer: (message) => {
      if (!message.subject.startsWith("$JS.API.STREAM.")) return peer.acknowledge(message);
      requests.push(`${message.subject} ${message.body}`);
      if (message.subject.includes("CREATE")) isThere = true;
      if (isThere) return JSON.stringify({ config: JSON.parse(message.body || "{}"), state: {} });
      return JSON.stringify({
        error: { code: 404, err_code: 10059, description: "stream not found" },
      });
    },
  });
  const options = {
    create_stream: true,
    stream: "TRAPS",
    prefix: "traps",
    stream_max_mb: 2,
    stream_max_age_hours: 1,
    stream_replicas: 3,
    stream_duplicate_s: 7200,
  };
  for (const _ of [1, 2]) {
    await using sink = await open(peer, options);
    await sink.write(batchOf(makeEvents(1)), soon());
  }
  assertEquals(requests.map((text) => text.split(" ", 1)[0]), [
    "$JS.API.STREAM.INFO.TRAPS",
    "$JS.API.STREAM.CREATE.TRAPS",
    "$JS.API.STREAM.INFO.TRAPS",
  ]);
  const { name, subjects, max_bytes, max_age, num_replicas, duplicate_window, discard } = JSON
    .parse(
      requests[1]!.slice(requests[1]!.indexOf("{")),
    );
  assertEquals(
    { name, subjects, max_bytes, max_age, num_replicas, duplicate_window, discard },
    {
      name: "TRAPS",
      subjects: ["traps.>"],
      max_bytes: 2_097_152,
      max_age: 3_600_000_000_000,
      num_replicas: 3,
      // Not longer than a message stays.
      duplicate_window: 3_600_000_000_000,
      discard: "new",
    },
  );
  assertEquals(
    peer.published.at(-1)!.headers.filter((line) => line.startsWith("Nats-Expected-Stream")),
    ["Nats-Expected-Stream: TRAPS"],
  );
});

Deno.test("nats names what it dials and reads", () => {
  const options = parse({
    servers: ["nats.example.org:4222", "[2001:db8::1]:4222"],
    tls: true,
    ca: "/etc/nats/ca.pem",
  });
  assertEquals(natsSink.hosts?.(options), ["nats.example.org:4222", "[2001:db8::1]:4222"]);
  assertEquals(natsSink.reads?.(options), ["/etc/nats/ca.pem"]);
});

Deno.test("nats refuses options that do not go together", () => {
  const servers = ["nats.example.org:4222"];
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ servers: [] }, /at least one entry/],
    [{ servers: ["nats.example.org"] }, /host:port/],
    [{ servers: ["nats.example.org:0"] }, /host:port/],
    [{ servers, user: "u", token: "env:T" }, /one of user, token, nkey and creds/],
    [{ servers, password: "env:P" }, /must have user/],
    [{ servers, user: "u", password: "hunter2" }, /env:NAME or file:PATH/],
    [{ servers, ca: "ca.pem" }, /must have tls: true/],
    [{ servers, tls: true, cert: "env:C" }, /both cert and key/],
    [{ servers, tls: true, cert: "env:C", key: "env:K" }, /must have tls_first: true/],
    [{ servers, prefix: "a.*" }, /dash, underscore/],
    [{ servers, stream: "a.b" }, /dash, underscore/],
  ];
  for (const [options, message] of wrong) {
    const result = v.safeParse(natsSink.options, options);
    assert(!result.success, JSON.stringify(options));
    assertMatch(result.issues.map((issue) => issue.message).join(), message);
  }
});
