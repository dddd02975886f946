import { assert, assertEquals } from "@std/assert";
import { fitJson, fitText } from "../../../lib/sinks/syslog/fit.ts";

Deno.test("fitText() cuts between characters, at the bound or just before it", () => {
  const text = "ab\u00e9\u20ac\u{1f600}"; // 1, 1, 2, 3 and 4 bytes
  const lengths = Array.from(
    { length: 13 },
    (_, max) => new TextEncoder().encode(fitText(text, max)),
  );
  assertEquals(lengths.map(({ length }) => length), [0, 1, 2, 2, 4, 4, 4, 7, 7, 7, 7, 11, 11]);
  assertEquals(fitText(text, 11), text);
});

Deno.test("fitJson() shortens no more than is needed, and tells it by a tag", () => {
  const json = JSON.stringify({
    tags: ["a"],
    n: 1,
    short: "s".repeat(500),
    long: "l".repeat(5000),
  });
  assertEquals(JSON.parse(fitJson(json, 3000)), {
    tags: ["a", "truncated"],
    n: 1,
    short: "s".repeat(500),
    long: "l".repeat(2048),
  });
});

Deno.test("fitJson() shortens lists, and leaves no half character", () => {
  const json = JSON.stringify({
    list: Array(1000).fill("x".repeat(20)),
    text: "\u{1f600}".repeat(999),
  });
  const fitted = JSON.parse(fitJson(json, 1000));
  assert(fitted.list.length > 0 && fitted.list.length < 20, String(fitted.list.length));
  assert(fitted.text.isWellFormed() && fitted.text.length > 0);
});

Deno.test("fitJson() cuts what cannot be shortened, and what is no object", () => {
  const many = JSON.stringify(
    Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, i])),
  );
  assertEquals(fitJson(many, 100), many.slice(0, 100));
  for (const text of ["null", "[1,2,3", "x".repeat(200)]) {
    assertEquals(fitJson(text, 3), text.slice(0, 3));
  }
});
