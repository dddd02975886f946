import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { inflateRawSync } from "node:zlib";
import { LURE_KINDS, type LureKind } from "../../lib/lures/kinds.ts";
import { type LureConfig, makeLure } from "../../lib/lures/lure.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const context = (secret: number) => ({
  hostname: "srv",
  seed: () => new Uint8Array(32).fill(secret),
});
const entry = (kind: LureKind, more: Partial<LureConfig> = {}): LureConfig => ({
  kind,
  name: kind,
  place: "",
  content: "",
  username: "",
  ...more,
});

Deno.test("makeLure() gives each lure of each sensor a password of its own, the same at every start", () => {
  const passwords = [1, 2].flatMap((secret) =>
    ["a", "b"].map((name) => makeLure(entry("env", { name }), context(secret)).password)
  );
  assertEquals(new Set(passwords).size, 4);
  assertEquals(makeLure(entry("env", { name: "a" }), context(1)).password, passwords[0]);
  for (const password of passwords) assertMatch(password, /^[A-HJ-NP-Za-km-z2-9]{20}$/);
});

Deno.test("makeLure() puts name, password and host into every kind, and leaves no mark behind", () => {
  for (const kind of Object.keys(LURE_KINDS) as LureKind[]) {
    if (kind === "backup") continue;
    const lure = makeLure(entry(kind), context(1));
    const content = text(lure.content);
    assert(content.includes(lure.password), kind);
    assert(content.includes(lure.username), kind);
    assert(!content.includes("{{"), kind);
    assertNotEquals(lure.place, "");
  }
});

Deno.test("makeLure() takes the operator's words", () => {
  const own = {
    place: "/x",
    content: "{{username}}:{{password}}@{{hostname}} {{other}}",
    username: "bob",
  };
  const lure = makeLure(entry("file", own), context(1));
  assertEquals(text(lure.content), `bob:${lure.password}@srv {{other}}`);
  assertEquals(lure.place, "/x");
});

Deno.test("makeLure() packs a backup whose files unpack to what was packed", () => {
  const lure = makeLure(entry("backup"), context(1));
  const view = new DataView(lure.content.buffer, lure.content.byteOffset, lure.content.length);
  const end = lure.content.length - 22;
  assertEquals(view.getUint32(end, true), 0x06054b50);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const files = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    assertEquals(view.getUint32(at, true), 0x02014b50);
    const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = text(lure.content.subarray(at + 46, at + 46 + nameLength));
    assertEquals(view.getUint32(local, true), 0x04034b50);
    const start = local + 30 + nameLength;
    const bytes = inflateRawSync(lure.content.subarray(start, start + packed));
    assertEquals(bytes.length, size);
    files.set(name, text(bytes));
    at += 46 + nameLength;
  }
  assertEquals([...files.keys()], ["backup/.env", "backup/portal.sql"]);
  for (const content of files.values()) assert(content.includes(lure.password));
});
