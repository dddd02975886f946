import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { describeIssues } from "../../lib/config/issues.ts";
import { SinkError } from "../../lib/errors.ts";
import { encodeAs } from "../../lib/events/encoders/encoder.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { webhookSink } from "../../lib/sinks/webhook.ts";
import { PRESET_FACTS } from "../../lib/sinks/webhook/address.ts";
import type { Batch, Notice, Sink } from "../../lib/sinks/sink.ts";
import { batchOf, noticeOf, noticesOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { makeKeys, testKeys } from "../support/test_tls.ts";
import { makeLogins, Receiver } from "../support/webhook_receiver.ts";

const encoder = new TextEncoder();

async function open(options: Record<string, unknown>): Promise<Sink> {
  return await webhookSink.open(v.parse(webhookSink.options, options), TEST_CONTEXT);
}

/** Writes as the delivery does: what a call leaves is given to the next one. */
async function put(sink: Sink, batch: Batch | readonly SensorEvent[], deadlineMs = 10_000) {
  let left = "notices" in batch ? batch : noticesOf(batch);
  for (let before = 0;;) {
    try {
      const { done, ...outcome } = (await call(sink, left, deadlineMs))!;
      before += done!;
      left = { ...left, notices: left.notices.slice(done) };
      if (left.notices.length === 0) return outcome;
    } catch (error) {
      if (!(error instanceof SinkError)) throw error;
      const { message, retryable, retryAfterMs } = error;
      const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
      throw new SinkError(message, retryable, { ...pause, done: before, cause: error.cause });
    }
  }
}

/** One call, with a deadline. */
async function call(sink: Sink, batch: Batch, deadlineMs: number) {
  // A timer that is ours, so that none is left behind.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  try {
    return await sink.write(batch, deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A batch of one notice that stands for many events. */
function digestOf(event: SensorEvent, changes: Partial<Notice> = {}): Batch {
  const notice: Notice = {
    ...noticeOf(event),
    reason: "digest",
    count: 7,
    actions: { "credential-attempt": 5, "connection-opened": 2 },
    group: "203.0.113.7",
    fromMs: Date.UTC(2026, 10, 22, 3, 0),
    toMs: Date.UTC(2026, 10, 22, 3, 5),
    ...changes,
  };
  return { ...batchOf([event]), notices: [notice] };
}

async function failure(work: Promise<unknown>): Promise<SinkError> {
  return await assertRejects(() => work, SinkError);
}

/** What is wrong with options, as `check` says it. */
function problems(options: Record<string, unknown>): string[] {
  const result = v.safeParse(webhookSink.options, options);
  return result.success
    ? []
    : describeIssues(result.issues).map(({ path, message }) => `${path} ${message}`);
}

Deno.test("webhook sends each event as its JSON, byte for byte and in order", async () => {
  await using receiver = new Receiver();
  const events = makeLogins(3);
  await using sink = await open({ url: `${receiver.url}/in?a=b`, headers: { "X-Team": "blue" } });
  const outcome = await put(sink, events);
  assertEquals(receiver.calls.map(({ text }) => text), events.map(({ json }) => json));
  const { method, target, headers } = receiver.calls[0]!;
  assertEquals([method, target], ["POST", "/in?a=b"]);
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals(headers.get("user-agent"), "Duckblind/0.0.0");
  assertEquals(headers.get("x-team"), "blue");
  assertEquals(headers.get("x-duckblind-signature"), null);
  assertEquals(outcome, { reply: "200 ok" });
});

Deno.test("webhook uses the method and the headers of the config", async () => {
  await using receiver = new Receiver({ answer: () => new Response(null, { status: 204 }) });
  using folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/token`, "Bearer abc\n");
  await using sink = await open({
    url: receiver.url,
    method: "PUT",
    headers: { Authorization: `file:${folder.path}/token`, "Content-Type": "application/x-ecs" },
  });
  assertEquals(await put(sink, makeLogins(1)), { reply: "204" });
  const { method, headers } = receiver.calls[0]!;
  assertEquals(method, "PUT");
  assertEquals(headers.get("authorization"), "Bearer abc");
  assertEquals(headers.get("content-type"), "application/x-ecs");
});

Deno.test("webhook tells a digest with what it stands for", async () => {
  await using receiver = new Receiver();
  const [event] = makeLogins(1);
  await using sink = await open({ url: receiver.url });
  await put(sink, digestOf(event!));
  await put(sink, digestOf(event!, { reason: "first", count: 1, actions: { x: 1 }, group: "g" }));
  assertEquals(receiver.json[0].notice, {
    reason: "digest",
    count: 7,
    actions: { "credential-attempt": 5, "connection-opened": 2 },
    group: "203.0.113.7",
    from: "2026-11-22T03:00:00.000Z",
    to: "2026-11-22T03:05:00.000Z",
  });
  assert(receiver.calls[0]!.text.endsWith(`,"event":${event!.json}}`));
  assertEquals(receiver.json[1].notice.reason, "first");
});

Deno.test("webhook sends lists of so many events", async () => {
  await using receiver = new Receiver();
  const events = makeLogins(5);
  await using sink = await open({ url: receiver.url, events_per_call: 2 });
  await put(sink, events);
  const lists = [events.slice(0, 2), events.slice(2, 4), events.slice(4)];
  assertEquals(
    receiver.calls.map(({ text }) => text),
    lists.map((list) => `[${list.map(({ json }) => json).join(",")}]`),
  );
});

Deno.test("webhook sends events in the other forms", async () => {
  await using receiver = new Receiver();
  const events = makeLogins(2);
  for (const format of ["opencanary", "ocsf"] as const) {
    await using sink = await open({ url: receiver.url, format });
    await put(sink, events);
    const texts = receiver.calls.splice(0).map(({ text }) => text);
    assertEquals(texts, events.map((event) => encodeAs(format, event)));
  }
  await using sink = await open({ url: receiver.url, format: "cef", events_per_call: 2 });
  await put(sink, events);
  await put(sink, digestOf(events[0]!));
  const [both, digest] = receiver.calls;
  assertEquals(both!.text, events.map((event) => encodeAs("cef", event)).join("\n"));
  assertEquals(both!.headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(digest!.text, `${encodeAs("cef", events[0]!)} cnt=7`);
});

Deno.test("webhook fills in templates, which a peer's text cannot leave", async () => {
  await using receiver = new Receiver();
  const [event] = makeLogins(1);
  const json = event!.json.replaceAll("user-0", '\\",\\"admin\\":\\"{{message}}');
  await using sink = await open({
    url: receiver.url,
    template: JSON.stringify({
      text: "{{user.name}} from {{source.ip}}:{{source.port}}{{no.such}}",
      severity: "{{event.severity}}",
      gone: "{{no.such}}",
      tags: ["{{related.ip.0}}", 7, null],
      of: "{{notice.count}} {{notice.reason}}",
      title: "{{ notice.title }}",
    }),
  });
  await put(sink, [{ ...event!, json }]);
  assertEquals(receiver.json[0], {
    text: '","admin":"{{message}} from 203.0.113.7:4000',
    severity: 50,
    gone: null,
    tags: ["203.0.113.7", 7, null],
    of: "1 event",
    title: "Duckblind: credential attempt on ftp, severity 50",
  });
});

Deno.test("webhook signs the body, and the time with the body", async () => {
  await using receiver = new Receiver();
  using folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/key`, "k€y\n");
  const hmac_secret = `file:${folder.path}/key`;
  await using sink = await open({ url: receiver.url, hmac_secret });
  const beginS = Math.floor(Date.now() / 1000);
  await put(sink, makeLogins(1));
  const { headers, body } = receiver.calls[0]!;
  // Checked by the runtime's own WebCrypto, as a receiver might.
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode("k€y"),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const verify = async (hex: string, data: Uint8Array<ArrayBuffer>) =>
    await crypto.subtle.verify("HMAC", key, Buffer.from(hex, "hex"), data);
  const plain = /^sha256=([0-9a-f]{64})$/.exec(headers.get("x-duckblind-signature")!)![1]!;
  assert(await verify(plain, body));
  const stamp = /^t=(\d+),sha256=([0-9a-f]{64})$/.exec(headers.get("x-duckblind-timestamp")!)!;
  const seconds = Number(stamp[1]);
  assert(seconds >= beginS && seconds <= Date.now() / 1000);
  const signed = (time: number) => new Uint8Array([...encoder.encode(`${time}.`), ...body]);
  assert(await verify(stamp[2]!, signed(seconds)));
  assertEquals(await verify(stamp[2]!, signed(seconds + 1)), false);

  await using other = await open({
    url: receiver.url,
    hmac_secret,
    hmac_header: "X-Hub-Signature-256",
  });
  await put(other, makeLogins(1));
  assertMatch(receiver.calls[1]!.headers.get("x-hub-signature-256")!, /^sha256=/);
});

Deno.test("webhook says how many were delivered before one failed", async () => {
  await using receiver = new Receiver({
    answer: (_call, index) => new Response("no", { status: index === 3 ? 422 : 200 }),
  });
  const events = makeLogins(5);
  await using sink = await open({ url: receiver.url });
  const error = await failure(put(sink, events));
  assertEquals([error.done, error.retryable], [3, false]);
  assertEquals(receiver.calls.length, 4);

  receiver.calls.length = 0;
  await using lists = await open({ url: receiver.url, events_per_call: 2 });
  receiver.answer = (_call, index) => new Response("no", { status: index === 1 ? 503 : 200 });
  const second = await failure(put(lists, events));
  assertEquals([second.done, second.retryable], [2, true]);
});

Deno.test("webhook tells what may be tried again from what is refused", async () => {
  await using receiver = new Receiver();
  await using sink = await open({ url: receiver.url });
  const events = makeLogins(1);
  const outcomes: Record<number, boolean> = {};
  for (const status of [400, 413, 422, 401, 403, 404, 408, 429, 500, 502, 503]) {
    receiver.answer = () => new Response("because\nof \x1b[31mreasons", { status });
    const error = await failure(put(sink, events));
    outcomes[status] = error.retryable;
    assertEquals(
      error.message,
      `Cannot deliver to 127.0.0.1:${receiver.port}: it answered ${status} ` +
        "because of \\x1b[31mreasons",
    );
  }
  assertEquals(outcomes, {
    400: false,
    413: false,
    422: false,
    401: true,
    403: true,
    404: true,
    408: true,
    429: true,
    500: true,
    502: true,
    503: true,
  });
});

Deno.test("webhook honours Retry-After in seconds and as a date", async () => {
  await using receiver = new Receiver();
  await using sink = await open({ url: receiver.url });
  const answer = (after: string) => () =>
    new Response("slow down", { status: 429, headers: { "retry-after": after } });
  receiver.answer = answer("7");
  assertEquals((await failure(put(sink, makeLogins(1)))).retryAfterMs, 7000);
  receiver.answer = answer(new Date(Date.now() + 60_000).toUTCString());
  const { retryAfterMs } = await failure(put(sink, makeLogins(1)));
  assert(retryAfterMs! > 50_000 && retryAfterMs! <= 60_000, String(retryAfterMs));
  receiver.answer = answer("soon");
  assertEquals((await failure(put(sink, makeLogins(1)))).retryAfterMs, undefined);
});

Deno.test("webhook delivers to a receiver that takes two seconds", async () => {
  await using receiver = new Receiver({
    answer: async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return new Response("ok");
    },
  });
  await using sink = await open({ url: receiver.url });
  const start = performance.now();
  await put(sink, makeLogins(1));
  assert(performance.now() - start >= 1990);
});

Deno.test("webhook gives a hanging receiver up at the deadline, and calls it again", async () => {
  const hanging = Promise.withResolvers<Response>();
  await using receiver = new Receiver({
    answer: (_call, index) => index === 1 ? hanging.promise : new Response("ok"),
  });
  await using sink = await open({ url: receiver.url });
  const events = makeLogins(3);
  const start = performance.now();
  const error = await failure(put(sink, events, 300));
  assert(performance.now() - start < 2000);
  assertEquals([error.done, error.retryable], [1, true]);
  assertEquals(
    error.message,
    `Cannot reach 127.0.0.1:${receiver.port}: no answer within the deadline`,
  );
  await put(sink, events.slice(1));
  assertEquals(receiver.calls.length, 4);
  hanging.resolve(new Response("late"));
});

Deno.test("webhook that is disposed of ends the call that hangs, and may be disposed of twice", async () => {
  const hanging = Promise.withResolvers<Response>();
  await using receiver = new Receiver({ answer: () => hanging.promise });
  const sink = await open({ url: receiver.url });
  const called = receiver.called();
  const write = failure(put(sink, makeLogins(1)));
  await called;
  await sink[Symbol.asyncDispose]();
  assertEquals((await write).retryable, true);
  await sink[Symbol.asyncDispose]();
  assertEquals((await failure(put(sink, makeLogins(1)))).retryable, true);
  hanging.resolve(new Response("late"));
});

Deno.test("webhook says that a receiver is down, and delivers when it is back", async () => {
  const place = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = place.addr;
  place.close();
  await using sink = await open({ url: `http://127.0.0.1:${port}/` });
  const events = makeLogins(1);
  const error = await failure(put(sink, events));
  assertEquals(error.retryable, true);
  assertMatch(error.message, new RegExp(`^Cannot reach 127.0.0.1:${port}: .*refused`));
  const calls: string[] = [];
  await using _server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      calls.push(await request.text());
      return new Response("ok");
    },
  );
  await put(sink, events);
  assertEquals(calls, [events[0]!.json]);
});

Deno.test("webhook survives receivers that reset, and that end in the middle of an answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answers = [
    undefined, // closed with bytes unread, which makes the system send a reset
    "",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
    "220 mail.example.com ESMTP\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  ];
  const server = (async () => {
    for (const answer of answers) {
      using conn = await listener.accept();
      await conn.read(new Uint8Array(answer === undefined ? 1 : 65_536));
      if (answer !== undefined) await conn.write(encoder.encode(answer));
    }
  })();
  await using sink = await open({ url: `http://127.0.0.1:${listener.addr.port}/` });
  for (const _ of answers.slice(1)) {
    const error = await failure(put(sink, makeLogins(1)));
    assertEquals(error.retryable, true);
    assertMatch(error.message, /^Cannot reach 127\.0\.0\.1:\d+: ./);
  }
  assertEquals(await put(sink, makeLogins(1)), { reply: "200 ok" });
  await server;
  listener.close();
});

Deno.test("webhook follows no redirection", async () => {
  await using other = new Receiver();
  for (const status of [301, 302, 303, 307, 308]) {
    await using receiver = new Receiver({
      answer: () => new Response(null, { status, headers: { location: other.url } }),
    });
    await using sink = await open({ url: receiver.url });
    const error = await failure(put(sink, makeLogins(1)));
    assertEquals(error.retryable, true);
    assertMatch(error.message, new RegExp(`answered ${status}; redirections are not followed`));
    assert(!error.message.includes(String(other.port)));
  }
  assertEquals(other.calls, []);
});

Deno.test("webhook reads no more than it needs of an answer without end", async () => {
  let sent = 0;
  const endless = () =>
    new ReadableStream({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0xfe));
      },
    });
  await using receiver = new Receiver({ answer: () => new Response(endless(), { status: 500 }) });
  await using sink = await open({ url: receiver.url });
  const error = await failure(put(sink, makeLogins(1)));
  assert(error.message.length < 2200, String(error.message.length));
  receiver.answer = () => new Response(endless());
  const outcome = await put(sink, makeLogins(1));
  assert(outcome!.reply!.length <= 1024);
  assert(sent < 64 * 1_048_576, String(sent));
});

Deno.test("webhook trusts the authorities of the config, and no others", async () => {
  using folder = tempFolder();
  const keys = await testKeys();
  const ca = `${folder.path}/ca.pem`;
  await using receiver = new Receiver({ tls: keys });
  const events = makeLogins(1);

  await using strict = await open({ url: receiver.url });
  const unknown = await failure(put(strict, events));
  assertEquals(unknown.retryable, true);
  assertMatch(unknown.message, /UnknownIssuer|certificate/i);

  Deno.writeTextFileSync(ca, (await makeKeys()).ca);
  await using wrong = await open({ url: receiver.url, ca });
  assertMatch((await failure(put(wrong, events))).message, /certificate/i);

  Deno.writeTextFileSync(ca, keys.ca);
  await using right = await open({ url: receiver.url, ca });
  await put(right, events);
  assertEquals(receiver.calls.length, 1);

  await using missing = await open({ url: receiver.url, ca: `${folder.path}/none.pem` });
  assertMatch((await failure(put(missing, events))).message, /^Cannot read ca ".*none\.pem"/);
});

Deno.test("webhook reads secrets anew for each call", async () => {
  await using receiver = new Receiver();
  using folder = tempFolder();
  const path = `${folder.path}/url`;
  await using sink = await open({ url: `file:${path}`, host: `127.0.0.1:${receiver.port}` });
  const events = makeLogins(1);
  const missing = await failure(put(sink, events));
  assertEquals(missing.retryable, true);
  assert(missing.message.startsWith(`Cannot read secret file:${path}: `), missing.message);
  for (const token of ["first-token", "second-token"]) {
    Deno.writeTextFileSync(path, `${receiver.url}/hook/${token}\n`);
    await put(sink, events);
  }
  assertEquals(receiver.calls.map(({ target }) => target), [
    "/hook/first-token",
    "/hook/second-token",
  ]);
  Deno.writeTextFileSync(path, `http://127.0.0.1:1/hook/third-token`);
  assertEquals(
    (await failure(put(sink, events))).message,
    `Cannot use file:${path}: it is a URL of another host, ` +
      `must be of 127.0.0.1:${receiver.port} as the config has it`,
  );
  Deno.writeTextFileSync(path, "fourth-token");
  assertEquals(
    (await failure(put(sink, events))).message,
    `Cannot use file:${path}: it is no URL, must be one of http or https`,
  );
});

Deno.test("webhook logs in with the user and the password of a secret URL", async () => {
  await using receiver = new Receiver();
  using folder = tempFolder();
  const path = `${folder.path}/url`;
  const { port } = receiver;
  Deno.writeTextFileSync(path, `http://al%40x:p%C3%A4ss@127.0.0.1:${port}/in`);
  await using sink = await open({ url: `file:${path}`, host: `127.0.0.1:${port}` });
  await put(sink, makeLogins(1));
  const [scheme, encoded] = receiver.calls[0]!.headers.get("authorization")!.split(" ");
  const bytes = Uint8Array.from(atob(encoded!), (character) => character.charCodeAt(0));
  assertEquals([scheme, new TextDecoder().decode(bytes)], ["Basic", "al@x:päss"]);
});

Deno.test("webhook shows no secret, whatever is answered or goes wrong", async () => {
  using folder = tempFolder();
  const secrets = {
    url: "T0SECRETURL/B0)SECRET=PART",
    header: "hdr-SECRET&<value>",
    key: "hmac-SECRET-key",
    login: "url-SECRET-pw",
  };
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
    return `file:${folder.path}/${name}`;
  };
  const echo = new Receiver({
    answer: ({ target, headers }, index) => {
      const seen = [
        target,
        decodeURIComponent(target),
        headers.get("authorization"),
        headers.get("x-api-key"),
        JSON.stringify({ key: headers.get("x-api-key") }),
        encodeURIComponent(headers.get("x-api-key")!),
        headers.get("x-api-key")!.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
        secrets.key,
      ].join(" ");
      // Behind the bound of a message too: a secret may be cut there.
      const text = index % 2 === 0 ? seen : "x".repeat(500) + seen;
      const status = [200, 200, 404, 404, 302, 500][index]!;
      return new Response(text, { status, headers: { location: target } });
    },
  });
  await using receiver = echo;
  const options = (port: number) => ({
    url: write("url", `http://me:${secrets.login}@127.0.0.1:${port}/${secrets.url}?token=qSECRETq`),
    host: `127.0.0.1:${port}`,
    headers: { "X-Api-Key": write("header", secrets.header) },
    hmac_secret: write("key", secrets.key),
  });
  const told: string[] = [];
  const hear = async (sink: Sink, deadlineMs = 10_000) => {
    try {
      told.push((await put(sink, makeLogins(1), deadlineMs))!.reply!);
    } catch (error) {
      assert(error instanceof SinkError);
      told.push(error.message, Deno.inspect(error, { depth: 10 }));
    }
  };
  await using sink = await open(options(receiver.port));
  for (let i = 0; i < 6; i++) await hear(sink);
  assertEquals(receiver.calls.length, 6);
  const { port } = receiver;

  const hanging = Promise.withResolvers<Response>();
  receiver.answer = () => hanging.promise;
  await hear(sink, 200);
  hanging.resolve(new Response("late"));

  write("header", `${secrets.header}\nand more`);
  await hear(sink);
  write("header", secrets.header);
  write("url", `http://127.0.0.1:${port}:80/${secrets.url}`);
  await hear(sink);
  write("url", `http://127.0.0.1:1/${secrets.url}`);
  await hear(sink);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  await using down = await open(options(listener.addr.port));
  await hear(down);
  await using notTls = await open({
    ...options(port),
    url: write("url", `https://127.0.0.1:${port}/${secrets.url}`),
  });
  await hear(notTls);

  assert(told.length >= 18, String(told.length));
  assert(told.some((text) => text.includes("[secret]")));
  for (const text of told) {
    // Every secret has this word in it; a piece of one shows too.
    assert(!/SECRET|B0\)|hdr-|hmac-|url-S/.test(text.replaceAll("[secret]", "")), text);
  }
});

Deno.test("webhook options: what is missing, or does not go together, is told with its path", () => {
  assertEquals(problems({ url: "https://hook.example.com/x" }), []);
  assertEquals(problems({}), ["url is missing, must say where to"]);
  assertEquals(problems({ url: "ftp://hook.example.com" }), ["url is no URL of http or https"]);
  assertEquals(problems({ url: "https://me:pw@hook.example.com" }), [
    "url is with a password in it, must be env:NAME or file:PATH then",
  ]);
  assertEquals(problems({ url: "env:HOOK" }), [
    "host is missing, must say where the secret url points",
  ]);
  assertEquals(problems({ url: "env:HOOK", host: "hook.example.com" }), []);
  assertEquals(problems({ url: "env:HOOK", host: "https://x/" }), [
    'host is "https://x/", must be a host such as hooks.example.com or hooks.example.com:8443',
  ]);
  assertEquals(problems({ url: "https://a.example", host: "a.example" }), [
    "host is only for a url of env:NAME or file:PATH",
  ]);
  const url = "https://hook.example.com/";
  assertEquals(problems({ url, headers: { "X-A": "é", "X B": "fine" } }), [
    'headers.X-A is "é", must have printable ASCII characters only',
    'headers.X B is "X B", must be the name of a header',
  ]);
  assertEquals(problems({ url, headers: { Authorization: "Bearer x", Host: "y" } }), [
    "headers.Authorization is no env:NAME nor file:PATH, must be one: it is a secret",
    "headers.Host is a header that the connection sets itself",
  ]);
  assertEquals(problems({ url, hmac_secret: "my key" }), [
    "hmac_secret is no reference, must be env:NAME or file:PATH, where the secret is",
  ]);
  assertEquals(
    problems({ url, template: '{"a": {{source.ip}}}' })[0]!.slice(0, 20),
    "template is no JSON:",
  );
  assertEquals(problems({ url, template: '{"a": "{{source ip}}"}' }), [
    'template is with "{{source ip}}", must have placeholders such as {{source.ip}}',
  ]);
  assertEquals(problems({ url, template: "{}", format: "cef" }), [
    "format is of no use with a template, which has a form of its own",
  ]);
  assertEquals(problems({ url, events_per_call: 0 }), ["events_per_call is 0, must be 1 to 1000"]);
});

Deno.test("webhook options of presets: a secret URL, and what each service needs", () => {
  for (const preset of ["slack", "discord"]) {
    assertEquals(problems({ preset, url: "env:HOOK" }), []);
  }
  for (const preset of ["teams", "mattermost"]) {
    assertEquals(problems({ preset, url: "env:HOOK", host: "hook.example.com" }), []);
    assertEquals(problems({ preset, url: "env:HOOK" }), [
      "host is missing, must say where the secret url points",
    ]);
  }
  assertEquals(problems({ preset: "slack", url: "https://hook.example.com/T0KEN" }), [
    "url is no env:NAME nor file:PATH, must be one: a URL of slack is a secret",
  ]);
  assertEquals(problems({ preset: "telegram" }), [
    "token is missing, preset telegram needs it",
    "chat_id is missing, preset telegram needs it",
  ]);
  assertEquals(problems({ preset: "telegram", token: "env:BOT", chat_id: -1001234567890 }), []);
  assertEquals(problems({ preset: "telegram", token: "env:BOT", chat_id: "@ops_team" }), []);
  assertEquals(problems({ preset: "telegram", token: "env:BOT", chat_id: "ops" }), [
    'chat_id is "ops", must be a chat\'s number or @name',
  ]);
  assertEquals(problems({ preset: "ntfy" }), ["topic is missing, preset ntfy needs it"]);
  assertEquals(problems({ preset: "ntfy", topic: "env:TOPIC", token: "env:TOKEN" }), []);
  assertEquals(problems({ preset: "pagerduty", routing_key: "file:/run/key" }), []);
  assertEquals(problems({ preset: "pagerduty", routing_key: "file:/run/key", topic: "x" }), [
    "topic is of no use with preset pagerduty",
  ]);
  assertEquals(problems({ preset: "slack", url: "env:HOOK", template: "{}", method: "PUT" }), [
    "method is of no use with preset slack, which has messages of its own",
    "template is of no use with preset slack, which has messages of its own",
  ]);
});

Deno.test("webhook hosts() and reads() name what is dialled and read", () => {
  const parse = (options: Record<string, unknown>) => v.parse(webhookSink.options, options);
  const hosts = (options: Record<string, unknown>) => webhookSink.hosts!(parse(options));
  assertEquals(hosts({ url: "https://hook.example.com/x" }), ["hook.example.com:443"]);
  assertEquals(hosts({ url: "http://hook.example.com/x" }), ["hook.example.com:80"]);
  assertEquals(hosts({ url: "http://[2001:db8::1]:8080/x" }), ["[2001:db8::1]:8080"]);
  assertEquals(hosts({ url: "env:HOOK", host: "hook.example.com:8443" }), [
    "hook.example.com:8443",
  ]);
  assertEquals(hosts({ preset: "mattermost", url: "env:HOOK", host: "chat.example.com" }), [
    "chat.example.com:443",
  ]);
  for (
    const options of [
      { preset: "slack", url: "env:HOOK" },
      { preset: "discord", url: "env:HOOK" },
      { preset: "telegram", token: "env:BOT", chat_id: 1 },
      { preset: "ntfy", topic: "t" },
      { preset: "pagerduty", routing_key: "env:KEY" },
    ]
  ) {
    assertMatch(hosts(options)[0]!, /^[a-z.]+:443$/);
  }
  const url = "https://hook.example.com/";
  assertEquals(webhookSink.reads!(parse({ url })), []);
  assertEquals(webhookSink.reads!(parse({ url, ca: "/etc/ca.pem" })), ["/etc/ca.pem"]);
});

Deno.test("README's webhooks are valid, with an example of each preset", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const section = readme.split("\n## Webhooks\n")[1]!.split("\n## ")[0]!;
  const text = /```yaml\n([\s\S]*?)```/.exec(section)![1]!;
  const { sinks } = parseConfig(text, {
    decoys: [],
    sinks: [webhookSink],
    lures: [],
    collectors: [],
  });
  const presets = new Set(sinks.map(({ options }) => options.preset));
  assertEquals([...presets].sort(), ["none", ...Object.keys(PRESET_FACTS)].sort());
});
