import { assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { imap } from "../../lib/decoys/imap.ts";
import { pop3 } from "../../lib/decoys/pop3.ts";
import { memoryStore } from "../support/memory_store.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play, TEST_CONTEXT } from "../support/transcript.ts";

const DIR = new URL("./transcripts/imap/", import.meta.url);
const encoder = new TextEncoder();

for (
  const name of ["login", "sasl", "scanner", "garbage", "pipelined", "timeout", "literal_too_large"]
) {
  Deno.test(`imap plays Dovecot 2.3.19: ${name}`, async (t) => {
    const decoy = await makeDecoy(imap, { slow_down: false });
    await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR));
  });
}

Deno.test("imap plays Dovecot 2.3.19: id", async (t) => {
  // Only whole: the genuine server loses count of brackets when nothing stands behind ID at first.
  await assertTranscript(t, await makeDecoy(imap), new URL("id.txt", DIR), ["whole"]);
});

Deno.test("imap as Dovecot answers ID otherwise to a peer that sends byte by byte", async () => {
  const sends = [encoder.encode('a ID ("name" "x")\r\n')];
  const { lines } = await play(await makeDecoy(imap), sends, { segmentation: "bytes" });
  assertEquals(lines.includes("< a BAD Missing ')'\\r\\n"), true);
});

Deno.test("imap refuses passwords in clear without TLS when it is told to, and tells them", async () => {
  const decoy = await makeDecoy(imap, { require_tls: true });
  const { lines } = await play(decoy, [
    encoder.encode("a CAPABILITY\r\n"),
    encoder.encode("a LOGIN alice wonderland\r\n"),
    encoder.encode(`b AUTHENTICATE PLAIN ${btoa("\0bob\0builder")}\r\n`),
  ]);
  assertEquals(lines[0]!.includes(" STARTTLS LOGINDISABLED] "), true);
  assertEquals(lines.filter((line) => line.startsWith("! auth.attempt")), [
    '! auth.attempt {"method":"password","username":"alice","secret":"wonderland"}',
    '! auth.attempt {"method":"plain","username":"bob","secret":"builder"}',
  ]);
  assertEquals(lines.filter((line) => line.startsWith("~")), [], "nothing is looked up");
});

Deno.test("imap makes an address wait that has failed by POP3", async () => {
  const context = { ...TEST_CONTEXT, store: memoryStore() };
  const first = await pop3.create(v.parse(pop3.options, {}), context);
  await play(first, [encoder.encode("USER a\r\nPASS b\r\n")]);
  const second = await imap.create(v.parse(imap.options, {}), context);
  const { lines } = await play(second, [encoder.encode("a LOGIN a c\r\n")]);
  assertEquals(lines.filter((line) => line.startsWith("~"))[0], "~ 4000..4000");
});

Deno.test("imap tells what of a command makes no sense", async () => {
  const sends = [encoder.encode("a LOGIN us\xe4r secret\r\n"), encoder.encode('b NOOP "x\r\n')];
  const { events } = await play(await makeDecoy(imap), sends);
  assertEquals(events.map(({ data }) => data), [
    { verb: "LOGIN", argument: "us\xe4r secret", reply: "BAD" },
    { verb: "NOOP", argument: '"x', reply: "BAD" },
  ]);
});

Deno.test("imap ends what does not fit its buffer", async () => {
  const decoy = await makeDecoy(imap);
  for (const [size, isTold] of [[1026, false], [1027, true]] as const) {
    const { lines } = await play(decoy, [encoder.encode(`a NOOP ${"x".repeat(size)}`)]);
    const limit = '! limit.hit {"limit":"input_bytes","max":1026}';
    assertEquals(lines.includes(limit), isTold, `${size} bytes`);
    assertEquals(lines.at(-1), isTold ? "= abrupt" : "= wait");
  }
});

Deno.test("imap over a socket takes literals one after the other", async () => {
  const decoy = await makeDecoy(imap, { pause_min_ms: 20, pause_max_ms: 20 });
  await using host = startTestHost(decoy);
  using conn = await host.connect();
  const sent = "a LOGIN {5}\r\nalice {10+}\r\nwonderland\r\nb LOGOUT\r\n";
  await conn.write(encoder.encode(sent));
  const said = new TextDecoder().decode(await readAll(conn)).split("\r\n").slice(1);
  assertEquals(said, [
    "+ OK",
    "a NO [AUTHENTICATIONFAILED] Authentication failed.",
    "* BYE Logging out",
    "b OK Logout completed.",
    "",
  ]);
  const [attempt] = await host.waitFor("credential-attempt");
  assertEquals(attempt.user.name, "alice");
  assertEquals(attempt.duckblind.credential.password, "wonderland");
});

Deno.test("imap reports at most 1000 events of a session, and says that there were more", async () => {
  const { events } = await play(await makeDecoy(imap), [encoder.encode("a NOOP\r\n".repeat(1100))]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("imap refuses options that cannot be", () => {
  for (
    const options of [{ product: "cyrus" }, { auth: ["x"] }, { starttls: 1 }, { no_such_key: 1 }]
  ) {
    assertThrows(() => v.parse(imap.options, options), v.ValiError);
  }
});
