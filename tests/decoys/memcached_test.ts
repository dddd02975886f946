import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { memcached } from "../../lib/decoys/memcached.ts";
import { createMemcachedDecoy } from "../../lib/decoys/memcached/create.ts";
import { plantedLure } from "../support/planted_lure.ts";
import { assertTranscript, makeDecoy, play, TEST_CONTEXT } from "../support/transcript.ts";

const DIR = new URL("./transcripts/memcached/", import.meta.url);
const encoder = new TextEncoder();
const OPTIONS = v.parse(memcached.options, {});

for (const name of ["store", "scanner", "meta", "binary", "long_line"]) {
  Deno.test(`memcached plays memcached 1.6.18: ${name}`, async (t) => {
    // Where something is stored, it is there the next time too: whole, in a decoy of its own.
    for (const segmentation of ["whole", "bytes"] as const) {
      const decoy = await makeDecoy(memcached);
      await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR), [segmentation]);
    }
  });
}

for (const auth of ["sasl", "file"]) {
  Deno.test(`memcached plays memcached 1.6.18 with a login: ${auth}`, async (t) => {
    const decoy = await makeDecoy(memcached, { auth });
    await assertTranscript(t, decoy, new URL(`${auth}.txt`, DIR));
  });
}

/** What is said to some lines. */
async function said(decoy: Awaited<ReturnType<typeof makeDecoy>>, text: string): Promise<string> {
  const { lines } = await play(decoy, [encoder.encode(text)]);
  return lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2)).join("");
}

Deno.test("memcached reports a stored value once, with its length and hash, and no more than it may", async () => {
  const decoy = await makeDecoy(memcached, { capture_bytes: 4 });
  const { events } = await play(decoy, [encoder.encode("set k 0 0 6\r\nabcdef\r\n")]);
  const payloads = events.filter(({ id }) => id === "payload").map(({ data }) => data);
  assertEquals(payloads, [{
    name: "k",
    bytes: encoder.encode("abcd"),
    size: 6,
    sha256: "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721",
  }]);
});

Deno.test("memcached reports what it refuses to store: its beginning, length and hash", async () => {
  const decoy = await makeDecoy(memcached, { capture_bytes: 4 });
  const value = "v".repeat(1_048_576);
  const { events, lines } = await play(decoy, [
    encoder.encode(`set k 0 0 1048576\r\n${value}\r\n`),
  ]);
  const payload = events.find(({ id }) => id === "payload")?.data as { size: number };
  assertEquals(payload.size, 1_048_578);
  assertEquals(
    lines.findLast((line) => line.startsWith("< ")),
    "< SERVER_ERROR object too large for cache\\r\\n",
  );
});

Deno.test("memcached keeps a bounded part of what a source stores: the oldest goes first", async () => {
  const decoy = await makeDecoy(memcached);
  const value = "v".repeat(500_000);
  for (let i = 0; i < 12; i++) await said(decoy, `set k${i} 0 0 500000\r\n${value}\r\n`);
  const stats = await said(decoy, "stats\r\n");
  const [, bytes] = /STAT bytes (\d+)/.exec(stats)!;
  assert(Number(bytes) <= 4_194_304, bytes);
  assertMatch(stats, /STAT evictions 4\\r/);
  assertEquals(await said(decoy, "mg k0\r\nmg k11 s\r\n"), "EN\\r\\nHD s500000\\r\\n");
});

Deno.test("memcached's stats agree with what was done", async () => {
  const decoy = await makeDecoy(memcached);
  const stats = await said(
    decoy,
    "set a 0 0 1\r\nx\r\nget a b\r\nget a\r\ndelete a\r\ntouch a 1\r\nstats\r\n",
  );
  const figures = {
    cmd_get: 3,
    get_hits: 2,
    get_misses: 1,
    cmd_set: 1,
    delete_hits: 1,
    touch_misses: 1,
    curr_items: 0,
    total_items: 1,
    curr_connections: 1,
    total_connections: 2,
  };
  for (const [name, value] of Object.entries(figures)) {
    assertMatch(stats, new RegExp(`STAT ${name} ${value}\\\\r`), name);
  }
});

Deno.test("memcached is full of what it is given to begin with, for every source anew", async () => {
  const lures = [plantedLure("session:1", encoder.encode("uid=0"))];
  const decoy = createMemcachedDecoy(OPTIONS, { ...TEST_CONTEXT, lures });
  assertEquals(
    await said(decoy, "get session:1\r\ndelete session:1\r\n"),
    "VALUE session:1 0 5\\r\\nuid=0\\r\\nEND\\r\\nDELETED\\r\\n",
  );
  assertEquals(await said(decoy, "get session:1\r\n"), "END\\r\\n");
});

Deno.test("memcached reports at most 1000 events of a session, and says that there were more", async () => {
  const decoy = await makeDecoy(memcached);
  const { events } = await play(decoy, [encoder.encode("version\r\n".repeat(1100))]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("memcached refuses options that cannot be", () => {
  for (
    const options of [{ auth: "ldap" }, { memory_mb: 0 }, { product: "memcached-1.4" }, { x: 1 }]
  ) {
    assertThrows(() => v.parse(memcached.options, options), v.ValiError);
  }
});
