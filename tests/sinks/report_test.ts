import { assert, assertEquals } from "@std/assert";
import type { Notice } from "../../lib/sinks/sink.ts";
import { levelOf, plainText, reportOf } from "../../lib/sinks/report.ts";
import { noticeOf } from "../support/sinks.ts";
import { type Happening, makeEvents } from "../support/webhook_receiver.ts";

const FROM_MS = Date.UTC(2026, 10, 22, 3, 0, 0);

function noticeFor(happening: Happening, changes: Partial<Notice> = {}): Notice {
  const event = { ...makeEvents([happening])[0]!, timeMs: FROM_MS };
  return { ...noticeOf(event), ...changes };
}

const LOGIN: Happening = [
  "auth.attempt",
  { method: "password", username: "root", secret: "123456" },
  "2001:db8::7",
];

Deno.test("reportOf() tells an event: what, who, where, when, with what, and how to see more", () => {
  const report = reportOf(noticeFor(LOGIN));
  assertEquals(report.title, "Duckblind: credential attempt on ftp, severity 50");
  assertEquals(
    plainText(report),
    [
      'FTP login as "root" with "123456" from 2001:db8::7',
      'Who: [2001:db8::7]:4000 as "root"',
      "Where: ftp at 192.0.2.1:21, sensor test",
      "When: 2026-11-22 03:00:00 UTC",
      'Credential: password "123456"',
      "duckblind session 01TEST00000000000000000000",
    ].join("\n"),
  );
});

Deno.test("reportOf() tells a digest with its counts, its time and its group", () => {
  const report = reportOf(noticeFor(LOGIN, {
    reason: "digest",
    count: 132,
    actions: { "connection-opened": 12, "credential-attempt": 120 },
    group: "2001:db8::7 at ftp",
    fromMs: FROM_MS,
    toMs: FROM_MS + 300_000,
  }));
  assertEquals(report.title, "Duckblind: 132 more of 2001:db8::7 at ftp, up to severity 50");
  const lines = plainText(report).split("\n");
  assert(lines.includes("When: 2026-11-22 03:00:00 to 03:05:00 UTC"), lines.join("\n"));
  assert(lines.includes("Events: 132: 120 credential-attempt, 12 connection-opened"));
  assertEquals(lines.at(-1), "duckblind events --source 2001:db8::7");
});

Deno.test("reportOf() tells that messages are held back, and how many were", () => {
  const first = reportOf(noticeFor(LOGIN, { reason: "capped" }));
  assertEquals(
    first.title,
    "Duckblind: credential attempt on ftp; the hour's messages are used up, what follows is held back",
  );
  const rest = reportOf(noticeFor(LOGIN, {
    reason: "capped",
    count: 54,
    actions: { "credential-attempt": 54 },
  }));
  assertEquals(rest.title, "Duckblind: 54 held back, as the hour's messages were used up");
  assertEquals(rest.command, "duckblind events --from 2026-11-22T03:00:00.000Z");
});

Deno.test("reportOf() tells hashes, keys and logins without a secret as what they are", () => {
  const credential = (data: Extract<Happening, readonly ["auth.attempt", ...unknown[]]>[1]) =>
    reportOf(noticeFor(["auth.attempt", data])).facts
      .find(({ label }) => label === "Credential")?.value;
  assertEquals(
    credential({
      method: "mysql-native",
      username: "a",
      hash: "$mysqlna$1*2",
      hashcatMode: 11_200,
    }),
    "mysql-native $mysqlna$1*2",
  );
  assertEquals(
    credential({
      method: "publickey",
      username: "a",
      publicKey: { type: "ssh-ed25519", sha256: "SHA256:abc" },
    }),
    "publickey SHA256:abc",
  );
  assertEquals(credential({ method: "none", username: "a" }), undefined);
});

Deno.test("reportOf() tells what the sensor says of itself", () => {
  const event = {
    ...makeEvents([["sensor.stopped", { reason: "signal", uptimeMs: 1000 }]])[0]!,
    session: "",
    source: "",
  };
  const json = JSON.parse(event.json);
  for (const key of ["source", "destination", "duckblind"]) delete json[key];
  const report = reportOf(noticeOf({ ...event, timeMs: FROM_MS, json: JSON.stringify(json) }));
  assertEquals(report.title, "Duckblind: sensor stopped, severity 5");
  assertEquals(report.facts, [
    { label: "Where", value: "sensor test" },
    { label: "When", value: "2026-11-22 03:00:00 UTC" },
  ]);
  assertEquals(report.command, "duckblind events --from 2026-11-22T03:00:00.000Z");
});

Deno.test("reportOf() bounds every part and makes no command of a stranger's words", () => {
  const long = "x".repeat(100_000);
  const notice = noticeFor(["auth.attempt", { method: "password", username: long, secret: long }]);
  const event = { ...notice.event, session: "$(reboot)", source: "`reboot`", decoy: long };
  const actions = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i}${long}`, i]));
  const report = reportOf({ ...notice, event, reason: "digest", group: "`reboot` x", actions });
  assert(report.title.length <= 140 && report.summary.length <= 1024);
  for (const { value } of report.facts) assert(value.length <= 400);
  assertEquals(report.command, "duckblind events --from 2026-11-22T03:00:00.000Z");
  for (const value of Object.values(report.subject)) assert(value.length <= 128);
});

Deno.test("levelOf() knows four levels", () => {
  assertEquals([0, 39, 40, 69, 70, 89, 90, 100].map(levelOf), [
    "info",
    "info",
    "warning",
    "warning",
    "error",
    "error",
    "critical",
    "critical",
  ]);
});
