import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { hpfeedsSink } from "../../lib/sinks/hpfeeds.ts";
import type { Outcome, Sink } from "../../lib/sinks/sink.ts";
import { FakeHpfeeds } from "../support/fake_hpfeeds.ts";
import { madeEvents } from "../support/made_events.ts";
import { hang, Receiver } from "../support/receiver.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { type TempFolder, tempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";

/** A folder with the secret in it. */
function secretFolder(secret = "secret"): TempFolder & { readonly secret: string } {
  const folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/secret`, secret);
  return Object.assign(folder, { secret: `file:${folder.path}/secret` });
}

function open(options: Record<string, unknown>): Promise<Sink> {
  const all = { ident: "sensor", channel: "events", ...options };
  return hpfeedsSink.open(v.parse(hpfeedsSink.options, all), TEST_CONTEXT);
}

/** Writes as the delivery does. */
async function put(
  sink: Sink,
  events: readonly SensorEvent[],
  withinMs = 10_000,
): Promise<Outcome> {
  return await sink.write(batchOf(events), AbortSignal.timeout(withinMs)) ?? {};
}

Deno.test("hpfeeds sink logs in by the nonce and publishes each event on its channel", async () => {
  using folder = secretFolder();
  await using broker = await FakeHpfeeds.start();
  await using sink = await open({ address: broker.address, secret: folder.secret });
  const events = madeEvents(150);
  const reply = "read to the end, and the next connection is accepted";
  assertEquals(await put(sink, events.slice(0, 120)), { reply, rejected: [] });
  await put(sink, events.slice(120));
  assertEquals(
    broker.published,
    events.map(({ json }) => ({ ident: "sensor", channel: "events", payload: json })),
  );
});

Deno.test("hpfeeds sink takes names and secrets as UTF-8, and the format of the config", async () => {
  using folder = secretFolder("g\u00e9heim");
  const names = { ident: "s\u00e9nsor", channel: "\u00e9vents" };
  await using broker = await FakeHpfeeds.start({
    idents: [names.ident],
    channels: [names.channel],
    secret: "g\u00e9heim",
  });
  const options = { ...names, format: "opencanary", secret: folder.secret };
  await using sink = await open({ address: broker.address, ...options });
  await put(sink, madeEvents(1));
  assert("logtype" in JSON.parse(broker.published[0]!.payload));
});

Deno.test("hpfeeds sink speaks TLS when told to", async () => {
  using folder = secretFolder();
  const ca = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(ca, (await testKeys()).ca);
  await using broker = await FakeHpfeeds.start({ tls: true });
  const address = `localhost:${broker.port}`;
  await using sink = await open({ address, tls: true, ca, secret: folder.secret });
  await put(sink, madeEvents(3));
  assertEquals(broker.published.length, 3);
});

for (const saysErrors of [false, true]) {
  const manner = saysErrors ? "says an error" : "ends the connection";
  Deno.test(`hpfeeds sink believes no broker that ${manner}: login, channel`, async () => {
    using folder = secretFolder();
    using wrong = secretFolder("wrong");
    await using broker = await FakeHpfeeds.start({ saysErrors });
    const address = broker.address;
    for (
      const [options, word] of [
        [{ secret: wrong.secret }, "authfail."],
        [{ secret: folder.secret, channel: "other" }, "accessfail."],
        [{ secret: folder.secret, ident: "someone" }, "authfail."],
      ] as const
    ) {
      await using sink = await open({ address, ...options });
      const error = await assertRejects(() => put(sink, madeEvents(3)), SinkError);
      const words = saysErrors ? `it refused: "${word}"` : "it may refuse ident, secret or channel";
      assert(error.retryable && error.message.endsWith(words), error.message);
      assert(error.message.startsWith(`Cannot deliver to hpfeeds broker ${address}: `));
      assert(!/wrong|"secret"/.test(error.message), error.message);
    }
    assertEquals(broker.published, []);
  });
}

Deno.test("hpfeeds sink says what is no broker, and believes it not", async () => {
  using folder = secretFolder();
  const bytes = (text: string) => new TextEncoder().encode(text);
  for (
    const [greeting, words] of [
      [bytes("HTTP/1.1 200 OK\r\n"), 'it began with "HTTP/", must be an INFO with a nonce'],
      [bytes("\0\0\0\x05\x01"), "must be an INFO with a nonce"],
      [bytes("\0\0\0\x04\x01"), "must be an INFO with a nonce"],
      [bytes("\0\xff\xff\xff\x01"), "must be an INFO with a nonce"],
      [bytes("\0\0\0\x0c\x03\x01a\x01bxyz"), "must be an INFO with a nonce"],
    ] as const
  ) {
    await using broker = await FakeHpfeeds.start({ greeting });
    await using sink = await open({ address: broker.address, secret: folder.secret });
    const error = await assertRejects(() => put(sink, madeEvents(1)), SinkError);
    assert(error.retryable && error.message.endsWith(words), error.message);
  }
});

Deno.test("hpfeeds sink fails while nobody listens or answers, and delivers when somebody does", async () => {
  using folder = secretFolder();
  let port: number;
  {
    await using silent = await Receiver.start(hang);
    port = silent.port;
    await using sink = await open({ address: silent.address, secret: folder.secret });
    const error = await assertRejects(() => put(sink, madeEvents(1), 200), SinkError);
    assertMatch(
      error.message,
      /^Cannot connect to hpfeeds broker .*: no answer within the deadline$/,
    );
  }
  await using sink = await open({ address: `127.0.0.1:${port}`, secret: folder.secret });
  const error = await assertRejects(() => put(sink, madeEvents(2)), SinkError);
  assert(error.retryable && error.message.startsWith("Cannot connect to hpfeeds broker"));
  await using broker = await FakeHpfeeds.start({ port });
  await put(sink, madeEvents(2));
  assertEquals(broker.published.length, 2);
});

Deno.test("hpfeeds sink with confirm none keeps its connection", async () => {
  using folder = secretFolder();
  await using broker = await FakeHpfeeds.start();
  const options = { secret: folder.secret, confirm: "none" };
  await using sink = await open({ address: broker.address, ...options });
  for (let i = 0; i < 3; i++) await put(sink, madeEvents(2));
  assertEquals([broker.logins, broker.published.length], [1, 6]);
});

Deno.test("hpfeeds sink does not publish what no broker takes", async () => {
  using folder = secretFolder();
  await using broker = await FakeHpfeeds.start();
  await using sink = await open({ address: broker.address, secret: folder.secret });
  const [event] = madeEvents(1) as [SensorEvent];
  const large = { ...event, json: JSON.stringify({ x: "x".repeat(1_048_576) }) };
  assertEquals((await put(sink, [event, large])).rejected, [
    { index: 1, reason: "has more than 1048064 bytes" },
  ]);
  assertEquals(broker.published.length, 1);
});

Deno.test("hpfeeds sink must have a secret by reference, and names that fit a byte", () => {
  const isTaken = (options: Record<string, unknown>) =>
    v.safeParse(hpfeedsSink.options, {
      ...{ address: "broker.example:10000", ident: "a", channel: "b", secret: "env:HP_SECRET" },
      ...options,
    }).success;
  assert(isTaken({}));
  assert(isTaken({ ident: "x".repeat(255) }));
  for (const key of ["ident", "channel"]) {
    assertEquals(isTaken({ [key]: "" }), false);
    assertEquals(isTaken({ [key]: "\u00e9".repeat(128) }), false);
  }
  assertEquals(isTaken({ secret: "hunter2" }), false);
  assertEquals(isTaken({ secret: undefined }), false);
});
