import { assert, assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/2020";
import { main } from "../../lib/cli/main.ts";
import { defaultConfig } from "../../lib/config/default.ts";
import { parseYaml } from "../../lib/config/yaml.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";

/** What `schema` prints, parsed. */
async function printed(...argv: string[]): Promise<Record<string, unknown>> {
  const terminal = new FakeTerminal();
  assertEquals(await main(["schema", ...argv], terminal), 0, terminal.stderr);
  return JSON.parse(terminal.stdout);
}

Deno.test("schema prints a JSON Schema that the default configs satisfy", async () => {
  const isValid = new Ajv({ strict: false }).compile(await printed());
  for (const ports of ["tryout", "real"] as const) {
    assert(isValid(parseYaml(defaultConfig(ports))), JSON.stringify(isValid.errors));
  }
});

Deno.test("schema prints a JSON Schema that refuses what check refuses", async () => {
  const isValid = new Ajv({ strict: false }).compile(await printed());
  const wrong = [
    "sensor: {dat: x}",
    "limits: {sessions: 1}",
    "limits: {sessions: many}",
    "decoys: [{kind: tpc, listen: ['127.0.0.1:1']}]",
    "decoys: [{kind: tcp, listen: []}]",
    "decoys: [{kind: tcp}]",
    "decoys: [{kind: tcp, listen: ['127.0.0.1:1'], banner: 5}]",
    "ignore: [{action: drop}]",
  ];
  for (const text of wrong) assertEquals(isValid(parseYaml(text)), false, text);
});

Deno.test("schema describes keys and their defaults, for editors", async () => {
  const { properties } = await printed() as {
    properties: Record<string, { properties: Record<string, Record<string, unknown>> }>;
  };
  const sessions = properties.limits!.properties.sessions!;
  assertEquals(sessions.default, 4096);
  assertEquals(typeof sessions.description, "string");
});

Deno.test("schema --events prints the schema of the events", async () => {
  const schema = await printed("--events");
  const isValid = new Ajv2020({ strict: false }).compile(schema);
  assertEquals(isValid({ message: "no event" }), false);
  assertEquals(schema.title, "An event of a Duckblind sensor");
});

Deno.test("schema --index-template prints the template for either product and any data stream", async () => {
  const elastic = await printed("--index-template", "elasticsearch");
  assertEquals(elastic.index_patterns, ["logs-duckblind-*"]);
  assertEquals("lifecycle" in (elastic.template as object), true);
  const args = ["--index-template", "opensearch", "--data-stream", "honey"];
  const open = await printed(...args);
  assertEquals(open.index_patterns, ["honey"]);
  assertEquals("lifecycle" in (open.template as object), false);
});

Deno.test("schema refuses a template for what it does not know, and options that do not fit", async () => {
  for (
    const argv of [
      ["--index-template", "solr"],
      ["--data-stream", "honey"],
      ["--events", "--index-template", "opensearch"],
    ]
  ) {
    const terminal = new FakeTerminal();
    assertEquals(await main(["schema", ...argv], terminal), 2, argv.join(" "));
    assertEquals(terminal.stdout, "");
  }
});
