import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { v } from "../../lib/config/schema.ts";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { findRepository } from "../../lib/decoys/git/paths.ts";
import { makeRepository } from "../../lib/decoys/git/repository.ts";
import { git } from "../../lib/decoys/git.ts";
import type { EventMap } from "../../lib/events/event.ts";
import { latin1 } from "../../lib/net/latin1.ts";
import { readAll, startTestHost } from "../support/host.ts";
import {
  assertTranscript,
  makeDecoy,
  play,
  SILENCE,
  TEST_CONTEXT,
  TRANSCRIPT_NOW_MS,
  wireBytes,
} from "../support/transcript.ts";

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
/** Talks about a repository that is there. */
const REPOSITORY_TRANSCRIPTS = [
  "fetch_v0",
  "fetch_v1_not_ours",
  "fetch_v2",
  "fetch_v2_filter",
  "ls_remote_v0",
  "ls_remote_v2",
  "object_info",
  "push_declined",
  "push_half",
  "push_no_pack",
];
const WITH_REPOSITORY = { repositories: ["/infra.git"], receive_pack: true };

for (const name of [...TRANSCRIPTS, ...REPOSITORY_TRANSCRIPTS]) {
  const options = REPOSITORY_TRANSCRIPTS.includes(name) ? WITH_REPOSITORY : {};
  Deno.test(`git plays git daemon 2.39.5: ${name}`, async (t) => {
    await assertTranscript(t, await makeDecoy(git, options), new URL(`${name}.txt`, DIR));
  });
}

Deno.test("git has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), [...TRANSCRIPTS, ...REPOSITORY_TRANSCRIPTS].sort());
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

/** What `git upload-pack` is asked in version 2, in one segment. */
function askV2(...lines: string[]): Uint8Array {
  const all = ["git-upload-pack /infra.git\0host=x\0\0version=2\0", ...lines];
  return Buffer.concat(
    all.map((line) => /^000[0-2]$/.test(line) ? encoder.encode(line) : packet(line)),
  );
}

/** Bytes that a decoy sent. */
function saidIn(lines: readonly string[]): Uint8Array {
  return wireBytes(
    lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2)).join(""),
  );
}

/** The band of data, put together. */
function packIn(said: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  const text = latin1(said);
  for (let at = 0; at < said.length;) {
    const length = parseInt(text.slice(at, at + 4), 16);
    if (said[at + 4] === 1 && length > 4) parts.push(said.subarray(at + 5, at + length));
    at += Math.max(4, length);
  }
  return Buffer.concat(parts);
}

/** Objects of a pack in which all are whole. */
function unpack(pack: Buffer): string[] {
  assertEquals(pack.toString("latin1", 0, 4), "PACK");
  const end = pack.length - 20;
  assertEquals(createHash("sha1").update(pack.subarray(0, end)).digest(), pack.subarray(end));
  const found: string[] = [];
  let at = 12;
  for (let count = pack.readUInt32BE(8); count > 0; count--) {
    while (pack[at++]! & 0x80);
    // Where its stream ends is where a shorter one can no longer be unpacked.
    const content = inflateSync(pack.subarray(at, end));
    found.push(content.toString("latin1"));
    at += lengthOf(pack.subarray(at, end), content);
  }
  assertEquals(at, end);
  return found;
}

/** Length of the stream at the start of bytes: it ends with the Adler-32 of its content. */
function lengthOf(bytes: Buffer, content: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of content) b = (b + (a = (a + byte) % 65_521)) % 65_521;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((b * 65_536 + a) >>> 0);
  return bytes.indexOf(sum, 2) + 4;
}

const LURE = {
  id: "vars",
  place: "/deploy/../.git/prod.env",
  content: encoder.encode("password=Kq8\n"),
  mediaType: "text/plain",
  markers: [encoder.encode("Kq8")],
};

async function decoyWithLure(): Promise<Decoy> {
  const options = v.parse(git.options, WITH_REPOSITORY);
  return await git.create(options, { ...TEST_CONTEXT, lures: [LURE] });
}

Deno.test("git says that a lure was read when it is in a pack, and only then", async () => {
  const listed = await play(await decoyWithLure(), [askV2("command=ls-refs", "0000"), null]);
  const head = /([0-9a-f]{40}) HEAD/.exec(latin1(saidIn(listed.lines)))![1]!;
  assertEquals(listed.events.map(({ id }) => id), ["command", "command"]);

  const fetch = ["command=fetch", "0001", `want ${head}`, "no-progress", "done", "0000"];
  const cloned = await play(await decoyWithLure(), [askV2(...fetch), null]);
  assertEquals(cloned.events.map(({ id }) => id), ["command", "lure.touched", "command"]);
  assertEquals(cloned.events[1]!.data, { lure: "vars", place: LURE.place });
  const objects = unpack(packIn(saidIn(cloned.lines)));
  assert(objects.includes("password=Kq8\n"));
  assert(objects.some((text) => text.includes("100644 prod.env\0"))); // nothing that git refuses
  assert(!objects.some((text) => text.includes("40000 .git\0")));
  assert(objects.some((text) => text.endsWith("\n\nAdd prod.env\n")));

  // What the client has, it does not read again.
  const again = ["command=fetch", "0001", `want ${head}`, `have ${head}`, "done", "0000"];
  const updated = await play(await decoyWithLure(), [askV2(...again), null]);
  assertEquals(updated.events.map(({ id }) => id), ["command", "command"]);
});

Deno.test("git has another history in each repository and on each sensor, the same at every start", () => {
  const ids = ["/a.git", "/b.git", "/a.git"].map((path, i) => {
    const seed = createHash("sha256").update(`${path}${i === 2 ? "other sensor" : ""}`).digest();
    return makeRepository("a", seed, { hostname: "srv", lures: [] }).refs[0]!.id;
  });
  assertEquals(new Set(ids).size, 3);
  for (let n = 0; n < 200; n++) {
    const seed = createHash("sha256").update(String(n)).digest();
    const { commits } = makeRepository("a", seed, { hostname: "srv", lures: [] });
    const times = [...commits.values()].map(({ time }) => time);
    for (const [i, time] of times.entries()) {
      assert(i === 0 || time > times[i - 1]!, `history ${n} goes back in time`);
      assert(time * 1000 < TRANSCRIPT_NOW_MS);
    }
  }
});

Deno.test("git keeps no more of a push than it may, and tells the length and hash of all", async () => {
  const decoy = await makeDecoy(git, { ...WITH_REPOSITORY, capture_bytes: 1000 });
  const noise = Buffer.alloc(300_000, "noise");
  const body = Buffer.concat([encoder.encode("PACK\0\0\0\x02\0\0\0\x01"), noise]);
  const pack = Buffer.concat([body, createHash("sha1").update(body).digest()]);
  const update = `${"0".repeat(40)} ${"1".repeat(40)} refs/heads/x\0report-status`;
  const sends = [packet("git-receive-pack /infra.git\0host=x\0"), packet(update), pack];
  sends.splice(2, 0, encoder.encode("0000"));
  const { lines, events } = await play(decoy, sends);
  const payload = events.find(({ id }) => id === "payload")!.data as EventMap["payload"];
  assertEquals([payload.bytes.length, payload.size], [1000, pack.length]);
  assertEquals(payload.sha256, createHash("sha256").update(pack).digest("hex"));
  assert(lines.some((line) => line.includes("ng refs/heads/x pre-receive hook declined")));
});

Deno.test("git bounds what a peer can make it keep", async () => {
  const decoy = await makeDecoy(git, WITH_REPOSITORY);
  const [first] = (await play(decoy, [askV2("command=ls-refs", "0000"), null])).lines
    .filter((line) => line.includes(" HEAD"));
  const head = /([0-9a-f]{40}) HEAD/.exec(first!)![1]!;
  const push = packet("git-receive-pack /infra.git\0host=x\0");
  const name = `${"0".repeat(40)} ${"1".repeat(40)} ${"n".repeat(65_000)}`;
  const cases: [limit: string, ...sends: Uint8Array[]][] = [
    ["git_haves", askV2("command=fetch", "0001", ...Array(4097).fill(`have ${head}`))],
    [
      "git_object_ids_bytes",
      askV2("command=object-info", "0001", ...Array(5).fill(`oid ${"x".repeat(65_000)}`)),
    ],
    ["git_names_bytes", push, ...Array(5).fill(packet(name))],
  ];
  for (const [limit, ...sends] of cases) {
    const { lines } = await play(decoy, sends);
    assertEquals(lines.at(-1), `= limit ${limit}`);
  }
  // A flood of commands is no flood of events.
  const flood = askV2(...Array(1500).fill(["command=ls-refs", "0000"]).flat());
  const { events } = await play(decoy, [flood, null]);
  assertEquals(events.length, 1 + 1000 + 1);
  assertEquals(events.at(-1)!.id, "limit.hit");
});

Deno.test("git waits for a request no longer than init_timeout_ms, and then as long as the host", async () => {
  const decoy = await makeDecoy(git, { ...WITH_REPOSITORY, init_timeout_ms: 1000 });
  const { events } = await play(decoy, [askV2("command=ls-refs", "0000"), SILENCE]);
  assertEquals(events.map(({ id }) => id), ["command", "command"]);
});

Deno.test("git tells a client's name for itself as its user agent, over a socket", async () => {
  await using host = startTestHost(await makeDecoy(git, WITH_REPOSITORY));
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  await conn.write(askV2("command=ls-refs", "agent=git/2.39.5-Linux\n", "0000", "0000"));
  assert(latin1(await readAll(conn)).endsWith(" refs/tags/v1.0\n0000"));
  const [, event] = await host.waitFor("command", 2);
  assertEquals(event.user_agent, { original: "git/2.39.5-Linux" });
  assertEquals(event.process.command_line, "ls-refs agent=git/2.39.5-Linux");
});

Deno.test("git finds a repository as enter_repo and path_ok of git do", () => {
  const repositories = new Map([["/a.git", 1], ["/b/.git", 2], ["/c", 3]]);
  const found = (path: string) => findRepository(repositories, path);
  for (const path of ["/a.git", "/a", "/a/", "/a.git/"]) assertEquals(found(path), 1);
  for (const path of ["/b", "/b/", "/b/.git", "/b/.git/"]) assertEquals(found(path), 2);
  for (const path of ["/c", "/c/"]) assertEquals(found(path), 3);
  const others = "a.git|//a|/a//|/./a|/a/.|/a/..|/b/../a|/b/.|/c.git|/|||/a.git.git|~a".split("|");
  for (const path of others) assertEquals(found(path), undefined);
});

Deno.test("git refuses options that cannot be", () => {
  const paths = ["infra.git", "/", "/a//b", "/../etc", "/a/..", "/a/./b", "/a b", "/é", "/a/", ""];
  for (
    const options of [
      { product: "git-1" },
      { init_timeout_ms: -1 },
      { repository: [] },
      { repositories: Array.from({ length: 17 }, (_, i) => `/${i}`) },
      { repositories: ["/".padEnd(129, "a")] },
      ...paths.map((path) => ({ repositories: [path] })),
    ]
  ) assertThrows(() => v.parse(git.options, options), v.ValiError);
});
