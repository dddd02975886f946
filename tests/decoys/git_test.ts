import { assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { git } from "../../lib/decoys/git.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play, SILENCE } from "../support/transcript.ts";

const DIR = new URL("./transcripts/git/", import.meta.url);
const encoder = new TextEncoder();

/** A pkt-line. */
function packet(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return encoder.encode((bytes.length + 4).toString(16).padStart(4, "0") + text);
}

const TRANSCRIPTS = [
  "archive",
  "flush",
  "half",
  "http",
  "ls_remote",
  "odd_path",
  "push",
  "too_long",
  "unknown_service",
];
for (const name of TRANSCRIPTS) {
  Deno.test(`git plays git daemon 2.39.5: ${name}`, async (t) => {
    await assertTranscript(t, await makeDecoy(git), new URL(`${name}.txt`, DIR));
  });
}

Deno.test("git has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), TRANSCRIPTS);
});

Deno.test("git answers nothing when the answer would be longer than a pkt-line", async () => {
  for (const [size, isAnswered] of [[65_470, true], [65_471, false]] as const) {
    const request = packet(`git-upload-pack ${"/".padEnd(size, "a")}`);
    const { lines, events } = await play(await makeDecoy(git), [request]);
    assertEquals(lines.some((line) => line.startsWith("< fff0ERR ")), isAnswered);
    assertEquals(events.map(({ id }) => id), ["command"]);
  }
});

Deno.test("git says that there is no such repository where it may tell", async () => {
  const decoy = await makeDecoy(git, { informative_errors: true });
  const { lines } = await play(decoy, [packet("git-upload-pack /x\0host=y\0")]);
  assertEquals(lines.filter((line) => line.startsWith("<")), ["< 001eERR no such repository: /x"]);
});

Deno.test("git waits for a request no longer than init_timeout_ms", async () => {
  const decoy = await makeDecoy(git, { init_timeout_ms: 1000 });
  const { lines, events } = await play(decoy, [encoder.encode("00"), SILENCE]);
  assertEquals([lines.at(-1), events], ["= disconnect", []]);
});

Deno.test("git tells a request over a socket, once", async () => {
  await using host = startTestHost(await makeDecoy(git));
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  await conn.write(packet("git-receive-pack /srv/app.git\0host=git.example.com\0\0version=1\0"));
  assertEquals(
    new TextDecoder().decode(await readAll(conn)),
    "003eERR access denied or repository not exported: /srv/app.git",
  );
  const [event, ...more] = await host.waitFor("command");
  assertEquals(more, []);
  assertEquals(
    event.process.command_line,
    "git-receive-pack /srv/app.git host=git.example.com version=1",
  );
  assertEquals([event.event.severity, event.duckblind.command.reply_code], [60, "ERR"]);
});

Deno.test("git refuses options that cannot be", () => {
  for (const options of [{ product: "git-1" }, { init_timeout_ms: -1 }, { repositories: [] }]) {
    assertThrows(() => v.parse(git.options, options), v.ValiError);
  }
});
