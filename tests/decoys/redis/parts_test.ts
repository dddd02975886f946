import { assert, assertEquals } from "@std/assert";
import { Catalogue } from "../../../lib/decoys/redis/catalogue.ts";
import { addDecimals } from "../../../lib/decoys/redis/decimal.ts";
import { isDenied } from "../../../lib/decoys/redis/denied.ts";
import { dumpValue, isWholeDump, readDump } from "../../../lib/decoys/redis/dump.ts";
import { globMatches } from "../../../lib/decoys/redis/glob.ts";
import { HANDLERS } from "../../../lib/decoys/redis/handlers.ts";
import { initialKeys } from "../../../lib/decoys/redis/initial_keys.ts";
import { scanTable } from "../../../lib/decoys/redis/keyed_hash.ts";
import { formatDouble } from "../../../lib/decoys/redis/refusal.ts";
import { Identity, Server } from "../../../lib/decoys/redis/server.ts";

Deno.test("every command of the table has a handler, but those that nobody may run", () => {
  const all = [...new Catalogue(1).everything()];
  assertEquals(all.length, 366);
  const missing = all.filter((facts) =>
    facts.subcommands.size === 0 && !isDenied(facts) && HANDLERS[facts.name] === undefined
  );
  assertEquals(missing.map(({ name }) => name), []);
});

Deno.test("scanTable() shows everything once, in steps and also when the table grows between", () => {
  const names = Array.from({ length: 300 }, (_, i) => `key:${i}`);
  const seen: string[] = [];
  let cursor = 0n;
  let steps = 0;
  do {
    const known = steps++ < 5 ? names.slice(0, 100) : names;
    const step = scanTable(known, 7, { cursor, count: 10 });
    seen.push(...step.names);
    cursor = step.cursor;
  } while (cursor !== 0n);
  assert(steps > 10, `${steps} steps`);
  for (const name of names.slice(0, 100)) {
    assertEquals(seen.filter((other) => other === name).length, 1, name);
  }
});

Deno.test("globMatches() is Redis's, and takes no time for a pattern full of stars", () => {
  const cases: [string, string, boolean][] = [
    ["*", "", true],
    ["a*c", "abbc", true],
    ["a?c", "ac", false],
    ["[a-c]x", "bx", true],
    ["[^a]x", "ax", false],
    ["\\*", "*", true],
    ["[abc", "a", true],
    ["h[c-a]y", "hby", true],
  ];
  for (const [pattern, text, expected] of cases) {
    assertEquals(globMatches(pattern, text), expected, `${pattern} ${text}`);
  }
  assertEquals(globMatches("*a".repeat(100) + "b", "a".repeat(5000)), false);
});

Deno.test("addDecimals() has the digits of a long double", () => {
  assertEquals(addDecimals("3200", "0.1"), "3200.10000000000000009");
  assertEquals(addDecimals("10.50", "0.1"), "10.6");
  assertEquals(addDecimals("5.0e3", "-5000"), "0");
  assertEquals(addDecimals("1", "inf"), undefined);
});

Deno.test("formatDouble() writes scores as printf's %.17g", () => {
  const cases: [number, string][] = [
    [0.1, "0.10000000000000001"],
    [1e300, "1.0000000000000001e+300"],
    [3, "3"],
    [-Infinity, "-inf"],
    [1e17, "1e+17"],
    [0.00001, "1.0000000000000001e-05"],
  ];
  for (const [value, text] of cases) assertEquals(formatDouble(value), text);
});

Deno.test("a dump is whole with its checksum, and read again", () => {
  const dump = dumpValue({ type: "string", text: "x" })!;
  assertEquals(dump, '\0\x01x\n\0"\x80\x86_\xbd\xe8H\xd0');
  assertEquals(readDump(dump), { type: "string", text: "x" });
  assertEquals(isWholeDump(dump), true);
  assertEquals(isWholeDump(dump.slice(0, -1) + "\xd1"), false);
});

Deno.test("initialKeys() are the same for a seed, others for another, and lures take their places", () => {
  const seeds = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const [first, again, other] = [seeds[0]!, seeds[0]!, seeds[1]!].map((seed) => initialKeys(seed));
  assertEquals(first, again);
  assert(JSON.stringify(first) !== JSON.stringify(other));
  assertEquals(new Set(first!.map(({ value }) => value.type)).size, 5);
  const lure = { key: "backup:last", value: { type: "string", text: "lure" } } as const;
  const lured = initialKeys(seeds[0]!, [lure]);
  assertEquals(lured.length, first!.length);
  assertEquals(lured.filter(({ key }) => key === lure.key), [lure]);
});

Deno.test("Server forgets the source that was longest not seen, and its memory", () => {
  const settings = {
    ...{ password: "", kernel: "x", shownPort: 0 },
    ...{ protectedConfigs: false, moduleCommand: false, debugCommand: false },
  };
  const seed = new Uint8Array(32).fill(3);
  const server = new Server(settings, new Identity(seed), initialKeys(seed));
  const first = server.source("192.0.2.1", 1000);
  first.database(0).put("mine", { type: "string", text: "x".repeat(1000) });
  assertEquals(server.source("192.0.2.1", 2000), first);
  for (let i = 0; i < 600; i++) server.source(`198.51.${i >> 8}.${i & 255}`, 3000).database(0);
  assert(server.usage.sources <= 512);
  assert(server.usage.bytes < 33_554_432);
  assert(server.source("192.0.2.1", 4000) !== first);
});
