import { assertEquals, assertThrows } from "@std/assert";
import { fillTemplate, parseTemplate } from "../../../lib/sinks/webhook/template.ts";

const EVENT = {
  "@timestamp": "2026-11-22T03:00:00.000Z",
  source: { ip: "203.0.113.7", port: 4000 },
  related: { ip: ["203.0.113.7", "192.0.2.1"] },
  user: { name: 'a"b\\c\n{{source.port}}' },
  empty: "",
  yes: true,
  nothing: null,
};

/** Through JSON, as a body. */
function fill(template: unknown): unknown {
  return JSON.parse(JSON.stringify(fillTemplate(parseTemplate(JSON.stringify(template)), EVENT)));
}

Deno.test("fillTemplate() makes a string that is one placeholder the value itself", () => {
  assertEquals(
    fill({
      port: "{{source.port}}",
      ip: "{{ source.ip }}",
      all: "{{source}}",
      list: "{{related.ip}}",
      second: "{{related.ip.1}}",
      time: "{{@timestamp}}",
      yes: "{{yes}}",
    }),
    {
      port: 4000,
      ip: "203.0.113.7",
      all: EVENT.source,
      list: EVENT.related.ip,
      second: "192.0.2.1",
      time: EVENT["@timestamp"],
      yes: true,
    },
  );
  assertEquals(fill("{{.}}"), EVENT);
});

Deno.test("fillTemplate() puts values into longer strings as text", () => {
  assertEquals(fill("{{source.ip}}:{{source.port}}"), "203.0.113.7:4000");
  assertEquals(
    fill("{{source}} {{yes}} {{related.ip}}"),
    [
      '{"ip":"203.0.113.7","port":4000}',
      "true",
      '["203.0.113.7","192.0.2.1"]',
    ].join(" "),
  );
});

Deno.test("fillTemplate() makes unknown fields null, or nothing within a string", () => {
  assertEquals(
    fill(["{{no}}", "{{source.no.no}}", "{{source.ip.0}}", "{{nothing}}", "{{empty}}"]),
    [
      null,
      null,
      null,
      null,
      "",
    ],
  );
  assertEquals(fill("<{{no}}{{nothing}}{{empty}}>"), "<>");
});

Deno.test("fillTemplate() finds own fields only", () => {
  assertEquals(fill(["{{constructor}}", "{{source.toString}}", "{{related.ip.length}}"]), [
    null,
    null,
    2,
  ]);
  assertEquals(fill("{{__proto__}}{{related.ip.map}}"), "");
});

Deno.test("fillTemplate() takes nothing of a value for template or JSON", () => {
  assertEquals(fill({ a: "{{user.name}}", b: "[{{user.name}}]" }), {
    a: EVENT.user.name,
    b: `[${EVENT.user.name}]`,
  });
});

Deno.test("fillTemplate() leaves all that is no placeholder as it is", () => {
  const template = { a: [1, -2.5, true, null, "{ } }} {x}", ""], "__proto__": "x" };
  const text = '{"a":[1,-2.5,true,null,"{ } }} {x}",""],"__proto__":"x"}';
  assertEquals(JSON.stringify(fillTemplate(parseTemplate(text), EVENT)), text);
  assertEquals(fill(template.a), template.a);
});

Deno.test("parseTemplate() says what is wrong and what would be right", () => {
  const message = (text: string) => assertThrows(() => parseTemplate(text), SyntaxError).message;
  assertEquals(message("{").startsWith("is no JSON: "), true);
  assertEquals(message('{"a":{{source.port}}}').startsWith("is no JSON: "), true);
  const right = "must have placeholders such as {{source.ip}}";
  assertEquals(message('"{{"'), `is with "{{", ${right}`);
  assertEquals(message('"x {{}}"'), `is with "{{}}", ${right}`);
  assertEquals(message('"{{a b}}"'), `is with "{{a b}}", ${right}`);
  assertEquals(message('"{{a..b}}"'), `is with "{{a..b}}", ${right}`);
  assertEquals(message('"{{{a}}}"'), `is with "{{{a}}}", ${right}`);
  assertEquals(message('["{{a}} {{b"]'), `is with "{{b", ${right}`);
  assertEquals(
    message('{"{{a}}":1}'),
    'is with a placeholder in the key "{{a}}", must have it in values',
  );
  assertEquals(message("[".repeat(70) + "]".repeat(70)), "is nested too deep, must be at most 64");
  assertEquals(
    message("[".repeat(20_000) + "]".repeat(20_000)).includes("must be at most 64"),
    true,
  );
});
