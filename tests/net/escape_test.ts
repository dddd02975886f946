import { assert, assertEquals, assertThrows } from "@std/assert";
import { escapeBytes, escapeText, unescapeBytes } from "../../lib/net/escape.ts";

const encoder = new TextEncoder();

Deno.test("escapeBytes() keeps printable text of any script", () => {
  for (const text of ["", "root:123456", "Größe", "пароль", "密码", "🔑", "a".repeat(10_000)]) {
    assertEquals(escapeBytes(encoder.encode(text)), text);
  }
});

Deno.test("escapeBytes() writes a backslash twice and controls as \\xNN", () => {
  assertEquals(escapeBytes(encoder.encode("a\\b")), "a\\\\b");
  assertEquals(escapeBytes(encoder.encode("\\x41")), "\\\\x41");
  assertEquals(
    escapeBytes(new Uint8Array([0, 9, 10, 13, 27, 127])),
    "\\x00\\x09\\x0a\\x0d\\x1b\\x7f",
  );
});

Deno.test("escapeBytes() writes C1 controls as their two bytes", () => {
  assertEquals(escapeBytes(encoder.encode("\u0080\u009b")), "\\xc2\\x80\\xc2\\x9b");
});

Deno.test("escapeBytes() lets nothing through that hides or turns text around", () => {
  const hidden = [
    "\u200b", // zero width space
    "\u200e", // left-to-right mark
    "\u202e", // right-to-left override
    "\u2066", // isolate
    "\u2028", // line separator
    "\ufeff", // byte order mark
    "\u00ad", // soft hyphen
    "\u{e0041}", // tag
    "\ufe0f", // variation selector
    "\ue000", // private use
    "\u3164", // Hangul filler
    "\u{10ffff}", // no character
  ];
  for (const character of hidden) {
    const escaped = escapeBytes(encoder.encode(`a${character}b`));
    assert(/^a(\\x[0-9a-f]{2}){2,4}b$/.test(escaped), JSON.stringify(character));
  }
});

Deno.test("escapeBytes() writes bytes that are no UTF-8 one by one", () => {
  const cases: [number[], string][] = [
    [[0xff], "\\xff"],
    [[0xc3], "\\xc3"], // cut short
    [[0xc3, 0x41], "\\xc3A"],
    [[0xc0, 0xaf], "\\xc0\\xaf"], // overlong
    [[0xe0, 0x80, 0xaf], "\\xe0\\x80\\xaf"], // overlong
    [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"], // surrogate
    [[0xf4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"], // beyond Unicode
    [[0xe2, 0x82, 0xac, 0x80], "€\\x80"], // what follows a character stands for itself
  ];
  for (const [bytes, text] of cases) assertEquals(escapeBytes(new Uint8Array(bytes)), text);
});

Deno.test("escapeBytes() and unescapeBytes() are exact opposites", () => {
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      const bytes = new Uint8Array([a, b, 0xbf, 0x5c, a]);
      const text = escapeBytes(bytes);
      assertEquals([...unescapeBytes(text)], [...bytes], text);
    }
  }
});

Deno.test("escapeBytes() writes only what a terminal shows", () => {
  const bytes = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 7919 + (i >> 8) * 31) & 0xff);
  // deno-lint-ignore no-control-regex -- these are what must not be there
  assertEquals(escapeBytes(bytes).match(/[\x00-\x1f\x7f-\x9f\p{Cf}\p{Cs}]/u), null);
});

Deno.test("escapeText() treats text as its UTF-8", () => {
  assertEquals(escapeText("a\nb\\"), "a\\x0ab\\\\");
  assertEquals(escapeText("\ud800"), "\ufffd");
});

Deno.test("unescapeBytes() refuses what escapeBytes() never writes", () => {
  for (const text of ["\\", "a\\n", "\\x", "\\x4", "\\xFF", "\\xg0", "\\ "]) {
    assertThrows(() => unescapeBytes(text), SyntaxError, "must be \\\\ or \\xNN");
  }
});
