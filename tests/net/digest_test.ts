import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { Capture } from "../../lib/net/digest.ts";

Deno.test("Capture keeps the first bytes, and the length and hash of all, of none too", () => {
  const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
  const capture = new Capture(4);
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals([capture.size, capture.sha256(), capture.bytes()], [0, hashOf(""), bytes("")]);
  capture.add(bytes(""));
  capture.add(bytes("abc"));
  assertEquals([capture.size, capture.sha256(), capture.bytes()], [3, hashOf("abc"), bytes("abc")]);
  capture.add(bytes("defg"));
  const all = [7, hashOf("abcdefg"), bytes("abcd")];
  assertEquals([capture.size, capture.sha256(), capture.bytes()], all);
});
