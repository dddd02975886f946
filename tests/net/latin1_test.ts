import { assertEquals } from "@std/assert";
import { escapeBytes } from "../../lib/net/escape.ts";
import { escapeOctets, latin1, latin1Bytes, outgoing } from "../../lib/net/latin1.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

Deno.test("latin1Bytes() and outgoing() undo latin1() for every byte, wherever it stands", () => {
  for (let at = 0; at < 256; at++) {
    for (const bytes of [ALL.subarray(0, at), ALL.subarray(at), ALL.subarray(at, at + 1)]) {
      assertEquals(latin1Bytes(latin1(bytes)), bytes);
      assertEquals(outgoing(latin1(bytes)), bytes);
    }
  }
});

Deno.test("outgoing() makes long texts, and each its own bytes", () => {
  const texts = ["a".repeat(511), "b".repeat(512), "c".repeat(513), "d\xff".repeat(50_000), ""];
  const made = texts.map(outgoing);
  assertEquals(made.map(latin1), texts);
});

Deno.test("latin1Bytes() takes the lowest eight bits of what is no octet", () => {
  assertEquals([...latin1Bytes("a\u0141\ud83d")], [0x61, 0x41, 0x3d]);
});

Deno.test("escapeOctets() writes as escapeBytes() does", () => {
  const all = latin1(ALL);
  for (const text of [all, "plain text", "back\\slash", "", "\xc3\xa9"]) {
    assertEquals(escapeOctets(text), escapeBytes(latin1Bytes(text)));
  }
});
