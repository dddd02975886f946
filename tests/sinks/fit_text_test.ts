import { assert, assertEquals } from "@std/assert";
import { escapeAll, escapeBy, fit } from "../../lib/sinks/fit_text.ts";

const escape = escapeBy({ "&": "&amp;", "*": "\\*" });

Deno.test("fit() leaves what fits as it is, to the last character", () => {
  assertEquals(fit("", 0), "");
  assertEquals(fit("abc", 3), "abc");
  assertEquals(fit("a&b", 7, { escape }), "a&amp;b");
  assertEquals(fit("äb", 3, { inBytes: true }), "äb");
});

Deno.test("fit() cuts between characters, and never in an escaped one", () => {
  assertEquals(fit("abcd", 3), "ab…");
  assertEquals(fit("a&b", 6, { escape }), "a…");
  assertEquals(fit("😀😀", 3), "😀…");
  assertEquals(fit("😀😀", 2), "…");
  assertEquals(fit("ääää", 7, { inBytes: true }), "ää…");
});

Deno.test("fit() keeps to its bound at every length", () => {
  const text = "a&ä*😀€".repeat(5);
  for (let max = 3; max < 100; max++) {
    const cut = fit(text, max, { escape });
    assert(cut.length <= max && cut.isWellFormed());
    const bytes = new TextEncoder().encode(fit(text, max, { escape, inBytes: true }));
    assert(bytes.length <= max, `${bytes.length} of ${max}`);
  }
});

Deno.test("escapeAll() escapes every character once", () => {
  assertEquals(escapeAll("*&*", escape), "\\*&amp;\\*");
});
