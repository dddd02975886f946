import { assertEquals, assertThrows } from "@std/assert";
import { splitInline } from "../../../lib/decoys/redis/inline.ts";
import { Fault, Parser } from "../../../lib/decoys/redis/parser.ts";

const encoder = new TextEncoder();

/** Commands of some text, in pieces of so many bytes. */
function parse(text: string, pieceBytes = Infinity, isStranger = false): (readonly string[])[] {
  const parser = new Parser();
  const bytes = encoder.encode(text);
  const found: (readonly string[])[] = [];
  for (let at = 0; at < bytes.length; at += Math.min(pieceBytes, bytes.length)) {
    parser.feed(bytes.slice(at, at + Math.min(pieceBytes, bytes.length)));
    for (let next; (next = parser.next(isStranger)) !== undefined;) found.push(next.argv);
  }
  return found;
}

Deno.test("Parser takes lines and arrays, however they are cut", () => {
  const text = 'PING\r\n*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n\r\nSET k "a b"\n*0\r\n*1\r\n$0\r\n\r\n';
  const expected = [["PING"], ["ECHO", "a\r\n"], ["SET", "k", "a b"], [""]];
  for (const size of [1, 2, 3, 5, 7, Infinity]) assertEquals(parse(text, size), expected);
});

Deno.test("Parser finds no end of a line behind a NUL", () => {
  assertEquals(parse("PING\0\r\nPING\r\n"), []);
  assertEquals(parse("*1\0\r\n$4\r\nPING\r\n"), []);
});

Deno.test("Parser refuses what Redis refuses", () => {
  const cases: [string, boolean, string][] = [
    ["*x\r\n", false, "invalid multibulk length"],
    ["*2147483648\r\n", false, "invalid multibulk length"],
    ["*11\r\n", true, "unauthenticated multibulk length"],
    ["*1\r\n$16385\r\n", true, "unauthenticated bulk length"],
    ["*1\r\n$536870913\r\n", false, "invalid bulk length"],
    ["*1\r\nPING\r\n", false, "expected '$', got 'P'"],
    ['PING "\r\n', false, "unbalanced quotes in request"],
    ["x".repeat(65_537), false, "too big inline request"],
    ["*" + "1".repeat(65_537), false, "too big mbulk count string"],
  ];
  for (const [text, isStranger, message] of cases) {
    assertThrows(() => parse(text, Infinity, isStranger), Fault, message);
  }
});

Deno.test("Parser hashes what it does not keep, and goes on behind it", () => {
  const parser = new Parser();
  const size = 2_000_000;
  const piece = new Uint8Array(16_384).fill(0x61);
  parser.feed(encoder.encode(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${size}\r\n`));
  assertEquals(parser.next(false), undefined);
  for (let left = size; left > 0; left -= piece.length) {
    parser.feed(piece.subarray(0, Math.min(left, piece.length)));
    assertEquals(parser.next(false), undefined);
    assertEquals(parser.held < 100_000, true);
  }
  parser.feed(encoder.encode("\r\nPING\r\n"));
  const command = parser.next(false)!;
  assertEquals([command.isCut, command.oversized?.size], [true, size]);
  assertEquals(command.oversized?.bytes().length, 65_536);
  assertEquals(parser.next(false)?.argv, ["PING"]);
});

Deno.test("splitInline() takes quotes and escapes, and nothing for those that do not match", () => {
  assertEquals(splitInline(' a  "b c" \'d\\\'e\' "\\x41\\n\\q" '), ["a", "b c", "d'e", "A\nq"]);
  assertEquals(splitInline('a"b c"'), ["ab c"]);
  for (const line of ['"a', "'a", '"a"b', "'a'b"]) assertEquals(splitInline(line), undefined);
});
