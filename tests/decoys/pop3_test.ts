import { assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { pop3 } from "../../lib/decoys/pop3.ts";
import { memoryStore } from "../support/memory_store.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play, TEST_CONTEXT } from "../support/transcript.ts";

const DIR = new URL("./transcripts/pop3/", import.meta.url);
const encoder = new TextEncoder();

const TRANSCRIPTS = [
  "login",
  "sasl",
  "scanner",
  "garbage",
  "pipelined",
  "timeout",
  "timeout_sasl",
  "end",
];
for (const name of TRANSCRIPTS) {
  Deno.test(`pop3 plays Dovecot 2.3.19: ${name}`, async (t) => {
    const decoy = await makeDecoy(pop3, { slow_down: false });
    await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR));
  });
}

Deno.test("pop3 refuses passwords in clear without TLS when it is told to, and tells them", async () => {
  const decoy = await makeDecoy(pop3, { require_tls: true });
  const { lines } = await play(decoy, [
    encoder.encode("CAPA\r\nAUTH\r\n"),
    encoder.encode("USER alice\r\nPASS wonderland\r\n"),
    encoder.encode(`AUTH PLAIN ${btoa("\0bob\0builder")}\r\n`),
  ]);
  const said = lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  assertEquals(said.join("").includes("SASL\\r\\n.\\r\\n+OK\\r\\n.\\r\\n"), true);
  assertEquals(lines.filter((line) => line.startsWith("! auth.attempt")), [
    '! auth.attempt {"method":"password","username":"","secret":"wonderland"}',
    '! auth.attempt {"method":"plain","username":"bob","secret":"builder"}',
  ]);
  assertEquals(lines.filter((line) => line.startsWith("~")), [], "nothing is looked up");
});

Deno.test("pop3 makes an address that has failed wait, and one that repeats a password not longer", async () => {
  const context = { ...TEST_CONTEXT, store: memoryStore() };
  const decoy = await pop3.create(v.parse(pop3.options, {}), context);
  const tries = ["b", "c", "c", "d", "e", "f"].map((secret) =>
    encoder.encode(`USER a\r\nPASS ${secret}\r\n`)
  );
  const { lines } = await play(decoy, tries);
  const waits = lines.filter((line) => /^~ (\d+)\.\.\1$/.test(line) && line !== "~ 2000..2000");
  assertEquals(waits, ["4000", "8000", "8000", "15000", "15000"].map((ms) => `~ ${ms}..${ms}`));
});

Deno.test("pop3 pauses as long as it is told, and not at all with a pause_max_ms of 0", async () => {
  const login = encoder.encode("USER a\r\nPASS b\r\n");
  for (
    const [options, pauses] of [
      [{ pause_min_ms: 30, pause_max_ms: 60 }, ["~ 30..60"]],
      [{ pause_max_ms: 0 }, []],
    ] as const
  ) {
    const { lines } = await play(await makeDecoy(pop3, { ...options, slow_down: false }), [login]);
    assertEquals(lines.filter((line) => line.startsWith("~")), [...pauses]);
  }
});

Deno.test("pop3 ends what does not fit its buffer", async () => {
  const decoy = await makeDecoy(pop3, { pause_max_ms: 0, slow_down: false });
  for (const [size, isTold] of [[1024, false], [1025, true]] as const) {
    const { lines } = await play(decoy, [encoder.encode(`USER ${"x".repeat(size)}\r\nQUIT\r\n`)]);
    const limit = '! limit.hit {"limit":"input_bytes","max":1026}';
    assertEquals(lines.includes(limit), isTold, `${size} bytes`);
    assertEquals(lines.join("\n").includes("-ERR Input buffer full, aborting"), isTold);
  }
});

Deno.test("pop3 over a socket keeps commands in order while a login is under way", async () => {
  const decoy = await makeDecoy(pop3, { pause_min_ms: 20, pause_max_ms: 20 });
  await using host = startTestHost(decoy);
  using conn = await host.connect();
  await conn.write(encoder.encode("USER alice\r\nPASS wonderland\r\nSTAT\r\nQUIT\r\n"));
  assertEquals(
    new TextDecoder().decode(await readAll(conn)),
    "+OK Dovecot (Debian) ready.\r\n+OK\r\n-ERR [AUTH] Authentication failed.\r\n" +
      "-ERR Unknown command.\r\n+OK Logging out\r\n",
  );
  const [attempt] = await host.waitFor("credential-attempt");
  assertEquals(attempt.user.name, "alice");
  assertEquals(attempt.duckblind.credential.password, "wonderland");
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.credentials, 1);
});

Deno.test("pop3 reports at most 1000 events of a session, and says that there were more", async () => {
  const { events } = await play(await makeDecoy(pop3), [encoder.encode("CAPA\r\n".repeat(1100))]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("pop3 refuses options that cannot be", () => {
  for (
    const options of [
      { product: "courier" },
      { greeting: "two\nlines" },
      { auth: [] },
      { auth: ["gssapi"] },
      { pause_min_ms: 2, pause_max_ms: 1 },
      { no_such_key: 1 },
    ]
  ) assertThrows(() => v.parse(pop3.options, options), v.ValiError);
});
