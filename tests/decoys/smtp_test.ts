import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { v } from "../../lib/config/schema.ts";
import { smtp } from "../../lib/decoys/smtp.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/smtp/", import.meta.url);
const encoder = new TextEncoder();
const OPTIONS = { hostname: "mail.example.net", slow_down: false };
const MAIL = "MAIL FROM:<>\r\nRCPT TO:<root>\r\nDATA\r\n";

/** Queue ids differ from one message to the next. */
const mask = (line: string) =>
  line.replace(/queued as [0-9A-F]{10}/g, "queued as {{ID}}")
    .replace(/"name":"[0-9A-F]{10}"/, '"name":"{{ID}}"');

const TRANSCRIPTS = [
  "login",
  "mail",
  "relay",
  "attachments",
  "chunks",
  "errors",
  "scanner",
  "garbage",
  "pipelined",
  "broken_off",
  "timeout",
];
for (const name of TRANSCRIPTS) {
  Deno.test(`smtp plays Postfix 3.7.11: ${name}`, async (t) => {
    const decoy = await makeDecoy(smtp, OPTIONS);
    await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR), ["whole", "bytes"], mask);
  });
}

Deno.test("smtp plays Postfix 3.7.11: submission", async (t) => {
  const decoy = await makeDecoy(smtp, { ...OPTIONS, service: "submission" });
  await assertTranscript(t, decoy, new URL("submission.txt", DIR));
});

/** All payloads of a talk. */
async function payloads(text: string | Uint8Array, options = {}) {
  const decoy = await makeDecoy(smtp, { ...OPTIONS, ...options });
  const data = typeof text === "string" ? encoder.encode(text) : text;
  const { events } = await play(decoy, [data]);
  return events.filter(({ id }) => id === "payload").map(({ data }) =>
    data as { name?: string; mimeType?: string; bytes: Uint8Array; size: number; sha256: string }
  );
}

Deno.test("smtp keeps the first bytes of a message, and length and hash of all of it", async () => {
  const body = "x".repeat(998) + "\r\n";
  const text = "Subject: big\r\n\r\n" + body.repeat(100);
  const [message] = await payloads(`${MAIL}${text}.\r\n`);
  assertEquals(message!.size, text.length);
  assertEquals(message!.sha256, createHash("sha256").update(text).digest("hex"));
  assertEquals(message!.bytes.length, 8192);
});

Deno.test("smtp tells what is attached in nested parts, at most 32 of them", async () => {
  const part = (i: number) =>
    `--in\r\nContent-Type: image/png; name="${i}.png"\r\n` +
    `Content-Transfer-Encoding: base64\r\n\r\n${btoa(`image ${i}`)}\r\n`;
  const inner = Array.from({ length: 40 }, (_, i) => part(i)).join("");
  const text = "Content-Type: multipart/mixed; boundary=out\r\n\r\n" +
    "--out\r\nContent-Type: multipart/related; boundary=in\r\n\r\n" + inner + "--in--\r\n" +
    "--out--\r\n";
  const [, ...attached] = await payloads(`${MAIL}${text}.\r\n`);
  assertEquals(attached.length, 32);
  assertEquals(attached[31]!.name, "31.png");
  assertEquals(new TextDecoder().decode(attached[31]!.bytes), "image 31");
});

Deno.test("smtp tells what an attachment's odd name is", async () => {
  const text = 'Content-Disposition: attachment; filename="a\x1b\u202etxt.exe"\r\n\r\nMZ\r\n';
  const [, attached] = await payloads(`${MAIL}${text}.\r\n`);
  assertEquals(attached!.name, "a\\x1b\\xe2\\x80\\xaetxt.exe");
  assertEquals(attached!.size, 4);
});

Deno.test("smtp tells a message in chunks that nobody takes", async () => {
  const [refused, ...others] = await payloads("BDAT 5 LAST\r\nhelloNOOP\r\n");
  assertEquals(new TextDecoder().decode(refused!.bytes), "hello\r\n");
  assertEquals(refused!.name, undefined);
  assertEquals(others, []);
});

Deno.test("smtp takes mail for the users and domains that it is given", async () => {
  const decoy = await makeDecoy(smtp, {
    ...OPTIONS,
    users: ["Alice"],
    domains: ["example.com"],
  });
  const recipients = ["alice@EXAMPLE.com", "bob@example.com", "alice@example.org", "alice@srv"];
  const { lines } = await play(decoy, [
    encoder.encode("MAIL FROM:<>\r\n"),
    ...recipients.map((address) => encoder.encode(`RCPT TO:<${address}>\r\n`)),
  ]);
  const codes = lines.filter((line) => line.startsWith("< ")).slice(2).map((line) =>
    line.slice(2, 5)
  );
  assertEquals(codes, ["250", "550", "454", "250"]);
});

Deno.test("smtp has a new queue id for each message, of one file system", async () => {
  const ids = (await payloads((MAIL + "x\r\n.\r\n").repeat(20))).map(({ name }) => name!);
  assertEquals(ids.length, 20);
  assert(new Set(ids).size > 1);
  for (const id of ids) {
    assertMatch(id, /^[0-9A-F]{5}2?[0-9A-F]{5}$/);
    assert(parseInt(id.slice(0, 5), 16) < 1_000_000, "microseconds of a second");
  }
  assertEquals(new Set(ids.map((id) => id.slice(5, -2))).size, 1);
});

Deno.test("smtp is as patient as it is told", async () => {
  const decoy = await makeDecoy(smtp, { ...OPTIONS, soft_errors: 2, hard_errors: 3 });
  const { lines } = await play(decoy, [encoder.encode("A\r\nA\r\nA\r\nA\r\n")]);
  assertEquals(lines.filter((line) => line.startsWith("~")), ["~ 1000..1000", "~ 1000..1000"]);
  assertEquals(lines.at(-2), "< 421 4.7.0 mail.example.net Error: too many errors\\r\\n");
  assertEquals(lines.at(-1), "= abrupt");
});

Deno.test("smtp offers what it is told to offer", async () => {
  const offers = async (options: Record<string, unknown>) => {
    const decoy = await makeDecoy(smtp, { ...OPTIONS, ...options });
    const { lines } = await play(decoy, [encoder.encode("EHLO x\r\n")]);
    return lines.join("").match(/STARTTLS|AUTH [A-Z0-9 -]+|SIZE \d+/g);
  };
  assertEquals(await offers({}), ["SIZE 10240000", "STARTTLS", "AUTH PLAIN LOGIN"]);
  assertEquals(await offers({ auth: [], starttls: false }), ["SIZE 10240000"]);
  assertEquals(await offers({ auth: ["cram-md5", "plain"], max_message_bytes: 9 }), [
    "SIZE 9",
    "STARTTLS",
    "AUTH PLAIN CRAM-MD5",
  ]);
  assertEquals(await offers({ service: "submission" }), ["SIZE 10240000", "STARTTLS"]);
  assertEquals(await offers({ service: "submission", require_tls: false }), [
    "SIZE 10240000",
    "STARTTLS",
    "AUTH PLAIN LOGIN",
  ]);
  assertEquals(await offers({ service: "submissions" }), ["SIZE 10240000", "AUTH PLAIN LOGIN"]);
});

Deno.test("smtp over a socket takes a message, and reports who sent it", async () => {
  const decoy = await makeDecoy(smtp, { ...OPTIONS, pause_min_ms: 20, pause_max_ms: 20 });
  await using host = startTestHost(decoy);
  using conn = await host.connect();
  await conn.write(
    encoder.encode(`AUTH PLAIN ${btoa("\0alice\0x")}\r\n${MAIL}hi\r\n.\r\nQUIT\r\n`),
  );
  const said = new TextDecoder().decode(await readAll(conn)).split("\r\n");
  assertEquals(said.map((line) => line.slice(0, 3)), [
    "220",
    "535",
    "250",
    "250",
    "354",
    "250",
    "221",
    "",
  ]);
  const [attempt] = await host.waitFor("credential-attempt");
  assertEquals(attempt.user.name, "alice");
  const [message] = await host.waitFor("payload");
  assertEquals(message.file.mime_type, "message/rfc822");
  assertEquals(said[5], `250 2.0.0 Ok: queued as ${message.file.name}`);
});

Deno.test("smtp reports at most 1000 events of a session, and says that there were more", async () => {
  const talk = ("RSET\r\n" + MAIL + ".\r\n").repeat(300);
  const { events } = await play(await makeDecoy(smtp, OPTIONS), [encoder.encode(talk)]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("smtp refuses options that cannot be", () => {
  for (
    const options of [
      { product: "exim" },
      { service: "lmtp" },
      { hostname: "two words" },
      { banner: "two\nlines" },
      { auth: ["ntlm"] },
      { users: [""] },
      { hard_errors: 0 },
      { pause_min_ms: 2, pause_max_ms: 1 },
      { no_such_key: 1 },
    ]
  ) assertThrows(() => v.parse(smtp.options, options), v.ValiError);
});
