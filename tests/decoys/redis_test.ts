import { assert, assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { redis } from "../../lib/decoys/redis.ts";
import { startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/redis/", import.meta.url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const OPEN = [
  "auth",
  "channels",
  "cron",
  "garbage",
  "http",
  "multi",
  "quotes",
  "rogue_master",
  "script",
  "store",
  "tls",
].map((name) => [`open_${name}`, {}] as const);
const PASSWORD = ["limits", "login", "pipelined"]
  .map((name) => [`password_${name}`, { password: "s3cret" }] as const);
const PROTECTED = [["protected_key", { enable_protected_configs: true }]] as const;

for (const [name, options] of [...OPEN, ...PASSWORD, ...PROTECTED]) {
  for (const segmentation of ["whole", "bytes"] as const) {
    // What a source does stays with it: each play has a server of its own.
    Deno.test(`redis plays ${name}, ${segmentation}`, async (t) => {
      const decoy = await makeDecoy(redis, options);
      await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR), [segmentation]);
    });
  }
}

Deno.test("redis plays open_post, whose answers are lost only when they wait together", async (t) => {
  const decoy = await makeDecoy(redis);
  await assertTranscript(t, decoy, new URL("open_post.txt", DIR), ["whole"]);
});

/** What a decoy answers to lines, as text. */
async function ask(lines: readonly string[], options: Record<string, unknown> = {}) {
  const decoy = await makeDecoy(redis, options);
  const played = await play(decoy, lines.map((line) => encoder.encode(`${line}\r\n`)));
  const said = played.lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  return { said: said.join(""), events: played.events, end: played.lines.at(-1) };
}

Deno.test("redis INFO has every section and the figures that tools look for", async () => {
  const { said } = await ask(["INFO"]);
  const names = [...said.matchAll(/# (\w+)\\r\\n/g)].map((match) => match[1]);
  assertEquals(
    names.join(" "),
    "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace",
  );
  assert(said.includes("redis_version:7.0.15\\r\\n"));
  assert(said.includes("arch_bits:64\\r\\n"));
  assert(said.includes("config_file:/etc/redis/redis.conf\\r\\n"));
  assert(/run_id:[0-9a-f]{40}\\r\\n/.test(said));
  assert(/db0:keys=\d+,expires=\d+,avg_ttl=\d+\\r\\n/.test(said));
  assert(/uptime_in_seconds:[1-9]\d*\\r\\n/.test(said));
});

Deno.test("redis COMMAND tells of 240 commands, and of each in both protocols", async () => {
  const { said } = await ask(["COMMAND COUNT", "COMMAND", "HELLO 3", "COMMAND DOCS"]);
  assert(said.startsWith(":240\\r\\n*240\\r\\n*10\\r\\n"));
  assert(said.includes("%240\\r\\n"));
});

Deno.test("redis keeps what one source does from all others", async () => {
  const decoy = await makeDecoy(redis);
  await using host = startTestHost(decoy);
  const talk = async (hostname: string) => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
    await conn.write(encoder.encode(`SET only ${hostname}\r\nGET only\r\nQUIT\r\n`));
    const parts: string[] = [];
    const buffer = new Uint8Array(4096);
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      parts.push(decoder.decode(buffer.subarray(0, n)));
    }
    return parts.join("");
  };
  assertEquals(await talk("a"), "+OK\r\n$1\r\na\r\n+OK\r\n");
  const events = await host.waitFor("command", 3);
  assertEquals(events.map(({ process }) => process.command_line), [
    "SET only a",
    "GET only",
    "QUIT",
  ]);
});

Deno.test("redis sends a message to the other connection of its source", async () => {
  await using host = startTestHost(await makeDecoy(redis));
  using listener = await host.connect();
  using speaker = await host.connect();
  const buffer = new Uint8Array(4096);
  const read = async (conn: Deno.Conn, until: string) => {
    let text = "";
    while (!text.endsWith(until)) {
      const count = await conn.read(buffer);
      assert(count !== null, text);
      text += decoder.decode(buffer.subarray(0, count));
    }
    return text;
  };
  await listener.write(encoder.encode("SUBSCRIBE news\r\n"));
  await read(listener, ":1\r\n");
  await speaker.write(encoder.encode("PUBLISH news hello\r\n"));
  assertEquals(await read(speaker, "\r\n"), ":1\r\n");
  assertEquals(
    await read(listener, "hello\r\n"),
    "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n",
  );
  await listener.write(encoder.encode("UNSUBSCRIBE\r\nBLPOP jobs 10\r\n"));
  await read(listener, ":0\r\n");
  await host.waitFor("command", 3);
  await speaker.write(encoder.encode("RPUSH jobs one\r\n"));
  assertEquals(await read(listener, "one\r\n"), "*2\r\n$4\r\njobs\r\n$3\r\none\r\n");
});

Deno.test("redis ends a wait and a connection when another of its source says so", async () => {
  await using host = startTestHost(await makeDecoy(redis));
  using waiting = await host.connect();
  using other = await host.connect();
  const buffer = new Uint8Array(4096);
  const ask = async (conn: Deno.Conn, text: string) => {
    if (text !== "") await conn.write(encoder.encode(text));
    const count = await conn.read(buffer);
    return count === null ? "" : decoder.decode(buffer.subarray(0, count));
  };
  const id = (await ask(waiting, "CLIENT ID\r\n")).slice(1).trim();
  await waiting.write(encoder.encode("BLPOP nothing 0\r\n"));
  // The wait is on when the other connection sees it.
  while (!(await ask(other, "INFO clients\r\n")).includes("blocked_clients:1"));
  assertEquals(await ask(other, `CLIENT UNBLOCK ${id} ERROR\r\n`), ":1\r\n");
  assertEquals(await ask(waiting, ""), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  assertEquals(await ask(other, `CLIENT KILL ID ${id}\r\n`), ":1\r\n");
  assertEquals(await ask(waiting, ""), "");
});

Deno.test("redis stores no more of a source than it has room for", async () => {
  const value = "x".repeat(60_000);
  const lines = Array.from({ length: 60 }, (_, i) => `SET k${i} ${value}`);
  const { said } = await ask([...lines, "DEL k0 k1 k2 k3 k4 k5 k6 k7 k8 k9", "PING"]);
  assert(said.includes("-OOM command not allowed when used memory > 'maxmemory'.\\r\\n"));
  const stored = said.match(/\+OK/g)!.length;
  assert(stored > 20 && stored < 40, `${stored} values of 60000 bytes were stored`);
  assert(said.endsWith("+PONG\\r\\n"));
});

Deno.test("redis hashes and tells what is longer than it keeps", async () => {
  const decoy = await makeDecoy(redis);
  const size = 1_500_000;
  const head = `*3\r\n$3\r\nSET\r\n$1\r\nm\r\n$${size}\r\n`;
  const body = new Uint8Array(size + 2).fill(0x41);
  const { events, lines } = await play(decoy, [encoder.encode(head), body]);
  const payload = events.find(({ id }) => id === "payload")?.data as { size: number };
  assertEquals(payload.size, size);
  assert(lines.some((line) => line.startsWith("< -OOM ")));
});

Deno.test("redis reports at most 1000 commands of a session, and says that there were more", async () => {
  const { events, said } = await ask(["PING\r\n".repeat(1100).trimEnd()]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
  assertEquals(said.match(/PONG/g)!.length, 1100);
});

Deno.test("redis refuses options that cannot be", () => {
  for (
    const options of [
      { kernel: "" },
      { kernel: "two words" },
      { password: "x".repeat(257) },
      { shown_port: 65_536 },
      { enable_debug_command: "local" },
      { no_such_key: 1 },
    ]
  ) assertThrows(() => v.parse(redis.options, options), v.ValiError);
});
