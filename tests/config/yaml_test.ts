import { assertEquals, assertThrows } from "@std/assert";
import { parseYaml } from "../../lib/config/yaml.ts";
import { ConfigError } from "../../lib/errors.ts";

Deno.test("parseYaml() gives the types of JSON", () => {
  assertEquals(parseYaml("a: [1, 1.5, x, true, null, '2']\n# comment\nb: {c: ~}"), {
    a: [1, 1.5, "x", true, null, "2"],
    b: { c: null },
  });
});

Deno.test("parseYaml() leaves addresses, times and words alone", () => {
  assertEquals(parseYaml("[10.0.0.1, 12:30:45, 2026-01-02, yes, no, on]"), [
    "10.0.0.1",
    "12:30:45",
    "2026-01-02",
    "yes",
    "no",
    "on",
  ]);
});

Deno.test("parseYaml() gives null for an empty document", () => {
  assertEquals(parseYaml(""), null);
  assertEquals(parseYaml("# only a comment"), null);
});

Deno.test("parseYaml() says where a document is no YAML, in one line", () => {
  const { problems } = assertThrows(() => parseYaml("a: 1\nb: [1, 2\nc: 3\n"), ConfigError);
  assertEquals(problems.length, 1);
  const { path, message } = problems[0]!;
  assertEquals(path, "");
  assertEquals(/^is no YAML: .*\b(line|at)\b.*\d/.test(message), true, message);
  assertEquals(message.includes("\n"), false);
});

Deno.test("parseYaml() refuses a key that stands twice, a second document and types of its own", () => {
  for (const yaml of ["a: 1\na: 2", "a: 1\n---\nb: 2", "!!js/function 'x'", "a: *nothing"]) {
    assertThrows(() => parseYaml(yaml), ConfigError, "is no YAML");
  }
});

Deno.test("parseYaml() does not blow up on references to references", () => {
  const levels = Array.from(
    { length: 20 },
    (_, i) => `l${i}: &l${i} [${Array(9).fill(i === 0 ? "x" : `*l${i - 1}`).join(", ")}]`,
  );
  const value = parseYaml(levels.join("\n")) as Record<string, unknown[]>;
  assertEquals(value.l19!.length, 9); // shared, not copied
});
