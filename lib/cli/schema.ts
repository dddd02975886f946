/**
 * `schema`: the JSON Schema of the config, for editors, and of the events, for whoever stores them; the
 * index template by which Elasticsearch and OpenSearch do.
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../config/document.ts";
import { UsageError } from "../errors.ts";
import { indexTemplate } from "../events/index_template.ts";
import { eventJsonSchema, type JsonSchema } from "../events/json_schema.ts";
import { VERSION } from "../version.ts";
import type { Arguments, Command } from "./command.ts";
import { KNOWN_KINDS } from "./load_config.ts";

/** What an index template can be for. */
const PRODUCTS = ["elasticsearch", "opensearch"] as const;

/** `schema [--events | --index-template PRODUCT]`. */
export const schema: Command = {
  name: "schema",
  examples: [
    [
      "schema > duckblind.schema.json",
      "line 1 of the config: # yaml-language-server: $schema=duckblind.schema.json",
    ],
    ["schema --events > events.schema.json", "what every line of the journal looks like"],
    ["schema --index-template opensearch > template.json", "PUT to _index_template/logs-duckblind"],
  ],
  usage: [
    "schema",
    "schema --events",
    "schema --index-template PRODUCT [--data-stream NAME]",
  ],
  positionals: [0, 0],
  options: [
    { name: "events", type: "flag", description: "The events' schema, not the config's" },
    {
      name: "index-template",
      type: "text",
      value: "PRODUCT",
      description: `The events' index template, for ${PRODUCTS.join(" or ")}`,
    },
    {
      name: "data-stream",
      type: "text",
      value: "NAME",
      description: "Data stream of that template, default logs-duckblind-default",
    },
  ],
  run(args, terminal) {
    terminal.out(JSON.stringify(chooseSchema(args), null, 2));
    return Promise.resolve(0);
  },
};

function chooseSchema(args: Arguments): JsonSchema {
  const name = args.text("index-template");
  const dataStream = args.text("data-stream");
  if (name === undefined) {
    if (dataStream !== undefined) {
      throw new UsageError("Option --data-stream stands alone, must stand with --index-template");
    }
    return args.flag("events") ? eventJsonSchema() : configJsonSchema();
  }
  const product = PRODUCTS.find((product) => product === name);
  if (product === undefined || args.flag("events")) {
    throw new UsageError(
      product === undefined
        ? `Option --index-template is ${JSON.stringify(name)}, must be ${PRODUCTS.join(" or ")}`
        : "Options --events and --index-template stand together, must be one of them",
    );
  }
  const stream = dataStream ?? "logs-duckblind-default";
  return indexTemplate({ product, dataStream: stream, format: "ecs", version: VERSION });
}

/**
 * The config's schema as editors want it.
 * @returns a JSON Schema, draft 07, which YAML editors know best. What it cannot say (addresses that
 * stand twice, say) only `check` finds.
 */
export function configJsonSchema(): JsonSchema {
  return {
    ...toJsonSchema(configSchema(KNOWN_KINDS), { typeMode: "input", errorMode: "ignore" }),
    title: "Config of a Duckblind sensor",
  };
}
