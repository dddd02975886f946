import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { formatInsertion, insertSink } from "../../lib/config/insert_sink.ts";
import { parseYaml } from "../../lib/config/yaml.ts";

const SINK = {
  kind: "duckblind",
  name: "collector",
  address: "[2001:db8::1]:9443",
  ca: "data/collector-ca.pem",
  token: "file:data/collector.token",
};

/** Inserts, and returns the document and what it means. */
// deno-lint-ignore no-explicit-any -- looks at whatever part it is about
function insert(text: string, sensorId?: string): { text: string; value: any } {
  const insertion = { sink: SINK, ...(sensorId === undefined ? {} : { sensorId }) };
  const after = insertSink(text, insertion);
  assert(after !== undefined, text);
  assertEquals(insertSink(after, insertion), after, "twice is once");
  return { text: after, value: parseYaml(after) };
}

Deno.test("insertSink() keeps comments, order and everything else", () => {
  const before = "# mine\nsinks: # where it goes\n  # first\n  - kind: console # people\n" +
    "    min_severity: 50\n\nsensor:\n    data: d # here\n";
  const { text, value } = insert(before, "Edge-7");
  assertEquals(value, {
    sinks: [SINK, { kind: "console", min_severity: 50 }],
    sensor: { id: "Edge-7", data: "d" },
  });
  for (const line of before.split("\n")) assertStringIncludes(text, line);
});

Deno.test("insertSink() works on the configs that the program writes itself", () => {
  for (const form of ["tryout", "real"] as const) {
    const before = defaultConfig(form);
    const { value } = insert(before, "edge-7");
    // deno-lint-ignore no-explicit-any -- the parsed document
    const old = parseYaml(before) as any;
    assertEquals(value.sinks, [SINK, ...old.sinks ?? [{ kind: "console" }]]);
    assertEquals(value.decoys, old.decoys);
    assertEquals(value.sensor.id, "edge-7");
  }
});

Deno.test("insertSink() makes the list where there is none, and leaves the console in it", () => {
  for (const before of ["", "\n", "# nothing\n", "sinks:\n", "journal: {max_mb: 5}"]) {
    const { value } = insert(before, "edge-7");
    assertEquals(value.sinks, [SINK, { kind: "console" }]);
    assertEquals(value.sensor, { id: "edge-7" });
  }
  assertEquals(insert("sinks: []\n").value, { sinks: [SINK] });
  assertEquals(insert("sinks:\n- kind: console\nsensor: {id: edge-7}\n", "edge-7").value, {
    sinks: [SINK, { kind: "console" }],
    sensor: { id: "edge-7" },
  });
  assertStringIncludes(
    insert("sinks:\r\n  - kind: console\r\n").text,
    "sinks:\r\n  - kind: duckblind\r\n",
  );
});

Deno.test("insertSink() leaves alone what it cannot see through", () => {
  const alone = [
    "sinks: [{kind: console}]\n",
    "{sinks: [{kind: console}]}\n",
    "sinks:\n  - kind: file\n    name: collector\n    path: x\n",
    "sinks: {}\n",
    "'sinks':\n  - kind: console\n",
    "sinks:\n  [{kind: console}]\n",
    "- 1\n",
  ];
  for (const text of alone) assertEquals(insertSink(text, { sink: SINK }), undefined, text);
  for (const text of ["sensor: {data: d}\n", "sensor:\n  id: other\n", "sensor: 1\n"]) {
    assertEquals(insertSink(text, { sink: SINK, sensorId: "edge-7" }), undefined, text);
  }
});

Deno.test("formatInsertion() can be pasted into an empty file", () => {
  const text = formatInsertion({ sink: SINK, sensorId: "on" }).join("\n");
  assertEquals(parseYaml(text), { sensor: { id: "on" }, sinks: [SINK] });
});
