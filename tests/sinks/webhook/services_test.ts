import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Ajv2020 } from "ajv/2020";
import { v } from "../../../lib/config/schema.ts";
import { SinkError } from "../../../lib/errors.ts";
import { toObject } from "../../../lib/events/encoders/encoder.ts";
import type { SensorEvent } from "../../../lib/events/emitter.ts";
import type { Notice } from "../../../lib/sinks/sink.ts";
import { webhookSink } from "../../../lib/sinks/webhook.ts";
import type { PresetName } from "../../../lib/sinks/webhook/address.ts";
import { reportOf } from "../../../lib/sinks/report.ts";
import { SERVICES } from "../../../lib/sinks/webhook/services.ts";
import { batchOf, noticeOf, TEST_CONTEXT } from "../../support/sinks.ts";
import { tempFolder } from "../../support/temp_folder.ts";
import { makeEvents, Receiver } from "../../support/webhook_receiver.ts";
import { MESSAGE_SCHEMAS } from "../../support/webhook_schemas.ts";

const PRESETS = Object.keys(SERVICES) as PresetName[];
const ROUTING_KEY = "0123456789abcdef0123456789abcdef";
const BOT_TOKEN = "123456:AbC-dEf_SECRET";
const SETTINGS = { token: BOT_TOKEN, chatId: -42, topic: "alerts", routingKey: ROUTING_KEY };

/** What one would send to be rude to whoever reads. */
const RUDE = "<!channel> <!here> <@U012AB> @everyone @all @here @channel &#64;all &lt;!here&gt; " +
  "*b* _i_ ~~s~~ `c` ||x|| > q # h 1. l - l [t](https://evil.example/a) " +
  "<https://evil.example/b|t> ![i](http://evil.example/c) www.evil.example :smile: <t:1:R> /cmd";
/** Long, in characters that become longer by every escape. */
const LONG = "&<>\"'\\`*_@|[]()#😀ä€".repeat(400);

function login(username: string, secret: string): SensorEvent {
  return makeEvents([["auth.attempt", { method: "password", username, secret }]])[0]!;
}

function digest(event: SensorEvent, changes: Partial<Notice> = {}): Notice {
  const actions = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`some-very-long-action-name-${i}`, 1000 + i]),
  );
  const times = { fromMs: Date.UTC(2026, 10, 22), toMs: Date.UTC(2026, 10, 23, 1, 2, 3) };
  return {
    ...noticeOf(event),
    reason: "digest",
    count: 31_000,
    actions,
    group: "203.0.113.7 at ftp",
    ...times,
    ...changes,
  };
}

/** Notices of every form, harmless and not. */
const NOTICES: readonly Notice[] = [
  ...[login("root", "123456"), login(RUDE, RUDE), login(LONG, LONG)].flatMap((event) => [
    noticeOf(event),
    digest(event),
    digest(event, { reason: "first", count: 1 }),
    digest(event, { reason: "capped", group: "", count: 1 }),
    digest(event, { reason: "capped", group: "" }),
  ]),
  noticeOf(makeEvents([["command", { verb: "RUN", argument: RUDE, changes: true }]])[0]!),
  noticeOf(
    makeEvents([[
      "payload",
      { name: RUDE, bytes: new Uint8Array(9), size: 9, sha256: "00".repeat(32) },
    ]])[0]!,
  ),
  // Of another sensor, which may call itself and its decoys anything.
  digest({ ...login("a", "b"), decoy: RUDE, action: RUDE, session: RUDE }, { group: RUDE + LONG }),
  noticeOf({ ...login("a", "b"), json: "no JSON" }),
  ...randomNotices(50),
];

/** Notices whose texts are any mixture of what is special somewhere; the same in each run. */
function randomNotices(count: number): Notice[] {
  const pieces = [..."<>&@#*_~`|\\[](){}!:;./?=-+'\" \t\r\n\0\ud800", "😀", "\u202e", "\u200b"];
  pieces.push("http://", "https://", "www.", "@here", "<!here>", "&#64;", "{{", "word", "é");
  let state = 42;
  const next = (below: number) => {
    state = (1_103_515_245 * state + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
  const text = () =>
    Array.from({ length: next(40) ** 2 }, () => pieces[next(pieces.length)]).join("");
  const base = login("a", "b");
  return Array.from({ length: count }, () => {
    const json = JSON.stringify({
      message: text(),
      event: { id: next(2) === 0 ? "" : "01TEST" },
      observer: { name: text() },
      source: { ip: text(), port: next(65_536) },
      destination: { ip: text(), port: text() },
      user: { name: text() },
      duckblind: {
        decoy: { kind: text() },
        credential: { method: "password", password: text(), hash: text() },
      },
    });
    const event = {
      ...base,
      json,
      decoy: text(),
      action: text(),
      session: text(),
      source: next(2) === 0 ? base.source : text(),
      severity: next(101),
    };
    const reason = (["event", "first", "digest", "capped"] as const)[next(4)]!;
    const actions = { [text()]: next(1e6), [text()]: 1 };
    return digest(event, { reason, group: next(2) === 0 ? "" : text(), count: next(1e9), actions });
  });
}

// deno-lint-ignore no-explicit-any -- each service has messages of its own
function messageOf(preset: PresetName, notice: Notice): any {
  return JSON.parse(JSON.stringify(SERVICES[preset].message(reportOf(notice), SETTINGS)));
}

/** Every text in a message, wherever it stands. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

for (const preset of PRESETS) {
  Deno.test(`${preset}: every message is as the service's documentation demands`, () => {
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
    const validate = ajv.compile(MESSAGE_SCHEMAS[preset]);
    for (const notice of NOTICES) {
      const message = messageOf(preset, notice);
      assert(validate(message), JSON.stringify([validate.errors, message]));
      for (const text of textsOf(message)) assert(text.isWellFormed(), text);
    }
  });

  Deno.test(`${preset}: a message says who, what, where, when, and how to look closer`, () => {
    const event = login("root", "123456");
    const all = textsOf(messageOf(preset, noticeOf(event))).join("\n").replaceAll(
      /[\\\u200b]/g,
      "",
    );
    for (
      const part of [
        "203.0.113.7:4000",
        '"root"',
        'FTP login as "root" with "123456" from 203.0.113.7',
        "192.0.2.1:21",
        "sensor test",
        new Date(event.timeMs).toISOString().slice(0, 19).replace("T", " ") + " UTC",
        'password "123456"',
        "duckblind session 01TEST00000000000000000000",
      ]
    ) {
      assert(all.includes(part), `${part} is not in ${all}`);
    }
    const counted = digest(event, {
      count: 132,
      actions: { "credential-attempt": 120, "connection-opened": 12 },
    });
    const told = textsOf(messageOf(preset, counted)).join("\n").replaceAll(/[\\\u200b]/g, "");
    assert(told.includes("132 more of 203.0.113.7 at ftp"), told);
    assert(told.includes("132: 120 credential-attempt, 12 connection-opened"), told);
    assert(told.includes("2026-11-22 00:00:00 to 2026-11-23 01:02:03 UTC"), told);
    assert(told.includes("duckblind events --source 203.0.113.7"), told);
  });

  Deno.test(`${preset}: no address of the web is left that could be opened or fetched`, () => {
    for (const notice of NOTICES) {
      for (const text of textsOf(messageOf(preset, notice))) {
        if (text === "http://adaptivecards.io/schemas/adaptive-card.json") continue;
        assert(!/https?:\/\/|www\./i.test(text), text);
      }
    }
  });
}

Deno.test("slack: texts have no control sequence, and are what was meant when they are read", () => {
  for (const notice of NOTICES) {
    const message = messageOf("slack", notice);
    for (const text of textsOf(message)) {
      assert(!/[<>]|&(?!amp;|lt;|gt;)/.test(text), text);
    }
    const read = message.blocks[1].text.text
      .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    assertEquals(read, reportOf(notice).summary);
  }
});

Deno.test("teams: texts stand in runs, which know no Markdown, and the message is below 28 KB", () => {
  for (const notice of NOTICES) {
    const message = messageOf("teams", notice);
    assert(2 * JSON.stringify(message).length <= 28 * 1024);
    assertEquals(message.attachments[0].content.body[1].inlines[0].text, reportOf(notice).summary);
  }
});

Deno.test("discord: signs of Markdown and mentions are escaped, an embed has at most 6000", () => {
  for (const notice of NOTICES) {
    const [embed] = messageOf("discord", notice).embeds;
    const parts = [embed.title, embed.description];
    for (const { name, value } of embed.fields) parts.push(name, value);
    assert(parts.join("").length <= 6000);
    // The command is ours, and is shown as code.
    for (const part of parts.filter((part) => !/^`duckblind [\w.: -]+`$/.test(part))) {
      const rest = part.replaceAll(/\\[^0-9A-Za-z\s]/g, "");
      assert(!/[\\*_~|>#<:@`[\]()]/.test(rest), part);
    }
    const { summary } = reportOf(notice);
    const shown = embed.description.replaceAll(/\\([^0-9A-Za-z\s])/g, "$1");
    assert(shown === summary || summary.startsWith(shown.replace(/…$/, "")), shown);
  }
});

Deno.test("mattermost: nobody is mentioned, nothing is Markdown", () => {
  for (const notice of NOTICES) {
    const message = messageOf("mattermost", notice);
    assert(JSON.stringify(message.attachments).length <= 7900);
    const [{ title, text, fallback, fields }] = message.attachments;
    const values = fields.map(({ value }: { value: string }) => value);
    assertMatch(values.pop(), /^`duckblind [\w.: -]+`$/);
    for (const part of [title, text, fallback, ...values]) {
      assert(!/@[\w.-]|<[!@#h]|&(?!amp;)|:[\w+-]+:/.test(part), part);
      const rest = part.replaceAll(/\\[\\`*{}[\]()#+\-.!_>~|]/g, "");
      assert(!/[\\`*{}[\]()#_~|>]/.test(rest), part);
    }
  }
});

Deno.test("telegram: what was not ours is code, in which nothing is found, and fits", () => {
  for (const notice of NOTICES) {
    const { text, entities, ...rest } = messageOf("telegram", notice);
    assertEquals(rest, { chat_id: -42, link_preview_options: { is_disabled: true } });
    assert(text.length <= 4096);
    let bare = "";
    let at = 0;
    for (const { type, offset, length } of entities) {
      assert(offset >= at && offset + length <= text.length);
      bare += text.slice(at, offset) + (type === "code" ? "" : text.slice(offset, offset + length));
      at = offset + length;
    }
    bare += text.slice(at);
    assertMatch(bare, /^Duckblind: [\w.:;, ?'…[\]-]+\n\n(?:[A-Z][a-z]+: \n?)*$/);
    const first = entities.find(({ type }: { type: string }) => type === "code");
    assertEquals(text.slice(first.offset, first.offset + first.length), reportOf(notice).summary);
  }
});

Deno.test("ntfy: messages and titles fit in bytes, and ring by severity", () => {
  for (const notice of NOTICES) {
    const { title, message } = messageOf("ntfy", notice);
    const size = (text: string) => new TextEncoder().encode(text).length;
    assert(size(message) <= 4096 && size(title) <= 250);
  }
  const event = login("a", "b");
  const priorities = [0, 19, 20, 39, 40, 69, 70, 89, 90, 100].map((severity) =>
    messageOf("ntfy", noticeOf({ ...event, severity })).priority
  );
  assertEquals(priorities, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});

Deno.test("pagerduty: severities, and one alert for what belongs to one group", () => {
  const event = login("a", "b");
  const severities = [0, 39, 40, 69, 70, 89, 90, 100].map((severity) =>
    messageOf("pagerduty", noticeOf({ ...event, severity })).payload.severity
  );
  assertEquals(severities, [
    "info",
    "info",
    "warning",
    "warning",
    "error",
    "error",
    "critical",
    "critical",
  ]);
  const { event: { id } } = toObject("ecs", event) as { event: { id: string } };
  assertEquals(messageOf("pagerduty", noticeOf(event)).dedup_key, id);
  const first = digest(event, { reason: "first", count: 1 });
  const keys = [first, digest(event)].map((notice) => messageOf("pagerduty", notice).dedup_key);
  assertEquals(keys, ["duckblind/test/203.0.113.7 at ftp", "duckblind/test/203.0.113.7 at ftp"]);
});

/** An answer, and what becomes of the notice: its pause in ms, or whether it may be tried again. */
type Case = readonly [status: number, body: string, outcome: "delivered" | boolean | number];

const page = "<!DOCTYPE html><html><body>Log in to the network</body></html>";
const CASES: Readonly<Record<PresetName, readonly Case[]>> = {
  slack: [
    [200, "ok", "delivered"],
    [200, '{"ok":true}', "delivered"],
    [200, "", "delivered"],
    [200, page, true],
    [200, "invalid_payload", false],
    [200, '{"ok":false,"error":"invalid_blocks"}', false],
    [200, '{"ok":false,"error":"token_revoked"}', true],
    [400, "invalid_payload", false],
    [400, "user_not_found", true],
    [403, "action_prohibited", true],
    [404, "no_service", true],
    [410, "channel_is_archived", true],
    [429, "rate_limited", true],
    [500, "rollup_error", true],
  ],
  teams: [
    [202, "", "delivered"],
    [200, "1", "delivered"],
    [200, page, true],
    [200, "Webhook message delivery failed with error: HTTP error 429 with ContextId x", true],
    [200, "Webhook message delivery failed with error: HTTP error 413 with ContextId x", false],
    [400, '{"error":{"code":"InvalidRequestContent","message":"x"}}', false],
    [400, '{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"x"}}', true],
    [401, '{"error":{"code":"DirectApiAuthorizationRequired"}}', true],
    [413, "", false],
    [429, "", true],
  ],
  discord: [
    [204, "", "delivered"],
    [200, '{"id":"1","content":""}', "delivered"],
    [400, '{"message":"Invalid Form Body","code":50035,"errors":{}}', false],
    [400, '{"message":"Webhooks posted to forum channels must have a thread","code":220001}', true],
    [401, '{"message":"Invalid Webhook Token","code":50027}', true],
    [404, '{"message":"Unknown Webhook","code":10015}', true],
    [429, '{"message":"You are being rate limited.","retry_after":0.65,"global":false}', 650],
    [429, '{"retry_after":1e9}', 3_600_000],
    [429, '{"retry_after":"soon"}', true],
    [429, page, true],
  ],
  mattermost: [
    [200, "ok", "delivered"],
    [200, page, true],
    [400, '{"id":"web.incoming_webhook.parse.app_error","status_code":400}', false],
    [400, '{"id":"web.incoming_webhook.invalid.app_error","status_code":400}', true],
    [403, '{"id":"web.incoming_webhook.permissions.app_error","status_code":403}', true],
    [501, '{"id":"web.incoming_webhook.disabled.app_error","status_code":501}', true],
  ],
  telegram: [
    [200, '{"ok":true,"result":{"message_id":1}}', "delivered"],
    [200, page, true],
    [200, "", true],
    [
      200,
      '{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":5}}',
      5000,
    ],
    [
      429,
      '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}',
      35_000,
    ],
    [200, '{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}', false],
    [
      400,
      '{"ok":false,"error_code":400,"description":"Bad Request: message text is empty"}',
      false,
    ],
    [400, '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}', true],
    [401, '{"ok":false,"error_code":401,"description":"Unauthorized"}', true],
    [403, '{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked"}', true],
    [404, '{"ok":false,"error_code":404,"description":"Not Found"}', true],
    [502, page, true],
  ],
  ntfy: [
    [200, '{"id":"x","event":"message"}', "delivered"],
    [200, page, true],
    [400, '{"code":40024,"http":400,"error":"invalid request"}', false],
    [400, '{"code":40009,"http":400,"error":"invalid request: topic invalid"}', true],
    [403, '{"code":40301,"http":403,"error":"forbidden"}', true],
    [413, '{"code":41301,"http":413,"error":"attachment too large"}', false],
    [429, '{"code":42901,"http":429,"error":"limit reached"}', true],
    [507, '{"code":50701,"http":507,"error":"server is full"}', true],
  ],
  pagerduty: [
    [202, '{"status":"success","message":"Event processed","dedup_key":"x"}', "delivered"],
    [400, '{"status":"invalid event","errors":["\'payload.severity\' is invalid"]}', false],
    [400, '{"status":"invalid event","errors":["Length of \'routing_key\' is incorrect"]}', true],
    [400, '{"status":"invalid event","message":"Invalid routing key"}', true],
    [429, '{"status":"throttle exceeded"}', true],
    [500, "", true],
  ],
};

/** Options of each preset that point to a receiver. */
function optionsFor(preset: PresetName, url: string, folder: string): Record<string, unknown> {
  const secret = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, `${text}\n`);
    return `file:${folder}/${name}`;
  };
  switch (preset) {
    case "telegram":
      return { preset, url, token: secret("token", BOT_TOKEN), chat_id: -42 };
    case "ntfy":
      return {
        preset,
        url,
        topic: secret("topic", "TOPIC-SECRET"),
        token: secret("token", "tk_SECRET"),
      };
    case "pagerduty":
      return { preset, url: `${url}/v2/enqueue`, routing_key: secret("key", ROUTING_KEY) };
    default:
      return {
        preset,
        url: secret("url", `${url}/services/T0SECRET/B0SECRET?sig=xSECRET`),
        host: new URL(url).host,
      };
  }
}

for (const preset of PRESETS) {
  Deno.test(`${preset}: answers are taken for what they mean, and show no secret`, async () => {
    using folder = tempFolder();
    await using receiver = new Receiver();
    const options = v.parse(webhookSink.options, optionsFor(preset, receiver.url, folder.path));
    await using sink = await webhookSink.open(options, TEST_CONTEXT);
    const event = login("root", "123456");
    const batch = { ...batchOf([event]), notices: [noticeOf(event)] };
    const deadline = new AbortController();
    for (const [status, body, outcome] of CASES[preset]) {
      receiver.answer = ({ target }) =>
        new Response(status === 204 ? null : body, {
          status,
          headers: { "x-path": target },
        });
      if (outcome === "delivered") {
        await sink.write(batch, deadline.signal);
        continue;
      }
      const error = await assertRejects(() => sink.write(batch, deadline.signal), SinkError, body);
      const { retryable, retryAfterMs } = error;
      assertEquals(
        { retryable, retryAfterMs },
        typeof outcome === "number"
          ? { retryable: true, retryAfterMs: outcome }
          : { retryable: outcome, retryAfterMs: undefined },
        `${status} ${body}`,
      );
    }
    assertEquals(receiver.calls.length, CASES[preset].length);
    // What the message repeats of the call, in its path, its headers and its body.
    receiver.answer = ({ target, text, headers }) =>
      new Response(`${target} ${headers.get("authorization")} ${text}`, { status: 500 });
    const error = await assertRejects(() => sink.write(batch, deadline.signal), SinkError);
    assert(!/SECRET/.test(error.message), error.message);
    assert(!error.message.includes(ROUTING_KEY), error.message);
  });
}

Deno.test("presets are called where, and with what, their documentations say", async () => {
  using folder = tempFolder();
  await using receiver = new Receiver({ answer: () => Response.json({ ok: true }) });
  const event = login("root", "123456");
  const deadline = new AbortController();
  for (const preset of PRESETS) {
    const options = v.parse(webhookSink.options, optionsFor(preset, receiver.url, folder.path));
    await using sink = await webhookSink.open(options, TEST_CONTEXT);
    await sink.write({ ...batchOf([event]), notices: [noticeOf(event)] }, deadline.signal);
  }
  const called = Object.fromEntries(
    PRESETS.map((preset, i) => [preset, receiver.calls[i]!.target]),
  );
  const hook = "/services/T0SECRET/B0SECRET?sig=xSECRET";
  assertEquals(called, {
    slack: hook,
    teams: hook,
    discord: `${hook}&wait=true`,
    mattermost: hook,
    telegram: `/bot${BOT_TOKEN}/sendMessage`,
    ntfy: "/",
    pagerduty: "/v2/enqueue",
  });
  const of = (preset: PresetName) => receiver.calls[PRESETS.indexOf(preset)]!;
  assertEquals(of("ntfy").headers.get("authorization"), "Bearer tk_SECRET");
  assertEquals(JSON.parse(of("ntfy").text).topic, "TOPIC-SECRET");
  for (const { method, headers } of receiver.calls) {
    assertEquals([method, headers.get("content-type")], ["POST", "application/json"]);
  }
});

Deno.test("presets say which secret cannot be what it should be, and not the secret", async () => {
  using folder = tempFolder();
  await using receiver = new Receiver();
  const event = login("root", "123456");
  const deadline = new AbortController();
  for (
    const [preset, name, text, expected] of [
      ["telegram", "token", "SECRET/../x", "it is no token of a bot"],
      ["ntfy", "topic", "SECRET topic", "it is no topic"],
      ["ntfy", "token", "SECRET€", "it cannot stand in a header"],
    ] as const
  ) {
    const options = v.parse(webhookSink.options, optionsFor(preset, receiver.url, folder.path));
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
    await using sink = await webhookSink.open(options, TEST_CONTEXT);
    const error = await assertRejects(
      () => sink.write({ ...batchOf([event]), notices: [noticeOf(event)] }, deadline.signal),
      SinkError,
      `Cannot use file:${folder.path}/${name}: ${expected}`,
    );
    assertEquals([error.retryable, error.message.includes("SECRET")], [true, false]);
  }
  assertEquals(receiver.calls, []);
});
