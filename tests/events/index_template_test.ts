import { assert, assertEquals } from "@std/assert";
import { FIELDS } from "../../lib/events/fields.ts";
import {
  indexTemplate,
  indexTemplateName,
  type IndexTemplateOptions,
  indexTemplateVersion,
} from "../../lib/events/index_template.ts";
import { everyAction, transcriptEvents } from "./encoders/corpus.ts";
import { misfit } from "../support/fake_elastic.ts";

// deno-lint-ignore no-explicit-any -- JSON of a template
type Json = any;

const BASE: IndexTemplateOptions = {
  product: "elasticsearch",
  dataStream: "logs-duckblind-default",
  format: "ecs",
  version: "1.2.3",
};

/** Mappings by the dotted name of their field; lists of objects have the names below them. */
function leaves(properties: Json, prefix = ""): Record<string, Json> {
  return Object.fromEntries(
    Object.entries<Json>(properties).flatMap(([name, mapping]) =>
      mapping.properties === undefined
        ? [[prefix + name, mapping]]
        : Object.entries(leaves(mapping.properties, `${prefix}${name}.`))
    ),
  );
}

function mappings(options: Partial<IndexTemplateOptions> = {}): Record<string, Json> {
  const template = indexTemplate({ ...BASE, ...options }) as Json;
  return leaves(template.template.mappings.properties);
}

/** What ECS 8.17 says of fields of ours, as far as it is not `keyword`. */
const ECS_TYPES: Record<string, string> = {
  "@timestamp": "date",
  "message": "match_only_text",
  "event.sequence": "long",
  "event.severity": "long",
  "event.duration": "long",
  "event.ingested": "date",
  "source.ip": "ip",
  "source.port": "long",
  "source.bytes": "long",
  "destination.ip": "ip",
  "destination.port": "long",
  "destination.bytes": "long",
  "related.ip": "ip",
  "process.command_line": "wildcard",
  "url.original": "wildcard",
  "http.request.body.bytes": "long",
  "http.request.body.content": "wildcard",
  "http.response.status_code": "long",
  "file.size": "long",
  "tls.established": "boolean",
};

Deno.test("indexTemplate() maps every field that events have, and no other", () => {
  const names = Object.entries(FIELDS).flatMap(([path, [type]]) =>
    type === "pairs" ? [`${path}.name`, `${path}.value`] : [path]
  );
  const streams = ["type", "dataset", "namespace"].map((name) => `data_stream.${name}`);
  assertEquals(Object.keys(mappings()).sort(), [...names, ...streams].sort());
  assertEquals(Object.keys(mappings({ product: "opensearch" })).sort(), names.sort());
});

Deno.test("indexTemplate() gives fields of ECS the types that ECS gives them", () => {
  const found = mappings();
  const own = Object.keys(FIELDS).filter((name) => !name.startsWith("duckblind."));
  assert(own.length > 40);
  for (const name of own) assertEquals(found[name].type, ECS_TYPES[name] ?? "keyword", name);
});

Deno.test("indexTemplate() gives our own fields the types of the table", () => {
  const found = mappings();
  const types: Record<string, string> = {
    long: "long",
    boolean: "boolean",
    ip: "ip",
    date: "date",
  };
  for (const [name, [type]] of Object.entries(FIELDS)) {
    if (!name.startsWith("duckblind.") || type === "pairs") continue;
    assertEquals(found[name].type, types[type] ?? "keyword", name);
    assertEquals(found[name].index, type === "base64" ? false : undefined, name);
  }
});

Deno.test("indexTemplate() takes every event there can be, for both products", () => {
  const samples = [...everyAction(), ...transcriptEvents()];
  assert(samples.length > 1000);
  for (const product of ["elasticsearch", "opensearch"] as const) {
    const template = indexTemplate({ ...BASE, product }) as Json;
    for (const { event, action } of samples) {
      const source = JSON.parse(event.json);
      assertEquals(misfit(source, template.template.mappings.properties, ""), undefined, action);
    }
  }
});

Deno.test("indexTemplate() has nothing in OpenSearch's that its 2.0 does not know", () => {
  const text = JSON.stringify(indexTemplate({ ...BASE, product: "opensearch" }));
  for (const word of ["match_only_text", "wildcard", "constant_keyword", "lifecycle"]) {
    assertEquals(text.includes(word), false, word);
  }
});

Deno.test("indexTemplate() has a lifecycle only where there is one", () => {
  const lifecycle = (options: Partial<IndexTemplateOptions>) =>
    (indexTemplate({ ...BASE, ...options }) as Json).template.lifecycle;
  assertEquals(lifecycle({}), { enabled: true });
  assertEquals(lifecycle({ hasLifecycle: false }), undefined);
  assertEquals(lifecycle({ product: "opensearch" }), undefined);
});

Deno.test("indexTemplate() for another format knows the time only, and guesses little", () => {
  const template = indexTemplate({ ...BASE, format: "ocsf", product: "opensearch" }) as Json;
  assertEquals(leaves(template.template.mappings.properties), {
    "@timestamp": { type: "date", ignore_malformed: false },
  });
  const [addresses] = template.template.mappings.dynamic_templates;
  assertEquals(addresses.addresses.match, "ip");
});

Deno.test("indexTemplateName() leaves the namespace out, and the pattern fits the stream", () => {
  for (
    const [dataStream, name, pattern] of [
      ["logs-duckblind-default", "logs-duckblind", "logs-duckblind-*"],
      ["logs-a.b-prod", "logs-a.b", "logs-a.b-*"],
      ["honey", "honey", "honey"],
      ["logs-honey", "logs-honey", "logs-honey"],
      ["a-b-c-d", "a-b-c-d", "a-b-c-d"],
    ] as const
  ) {
    assertEquals(indexTemplateName(dataStream), name);
    assertEquals(indexTemplate({ ...BASE, dataStream }).index_patterns, [pattern]);
  }
});

Deno.test("indexTemplateVersion() rises with the version", () => {
  const versions = ["0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0-rc.1", "1.0.1"];
  const numbers = versions.map(indexTemplateVersion);
  assertEquals(numbers, [...numbers].sort((a, b) => a - b));
  assertEquals(new Set(numbers).size, versions.length);
});
