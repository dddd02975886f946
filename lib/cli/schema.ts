/**
 * `schema`: the JSON Schema of the config, for editors, and of the events, for whoever stores them.
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../config/document.ts";
import { eventJsonSchema, type JsonSchema } from "../events/json_schema.ts";
import type { Command } from "./command.ts";
import { KNOWN_KINDS } from "./load_config.ts";

/** `schema [--events]`. */
export const schema: Command = {
  name: "schema",
  examples: [
    ["schema > duckblind.schema.json", "for an editor: see below"],
    [
      "schema | head -3",
      "line 1 of the config: # yaml-language-server: $schema=duckblind.schema.json",
    ],
    ["schema --events > events.schema.json", "what every line of the journal looks like"],
  ],
  usage: ["schema", "schema --events"],
  positionals: [0, 0],
  options: [{ name: "events", type: "flag", description: "The events' schema, not the config's" }],
  run(args, terminal) {
    const found = args.flag("events") ? eventJsonSchema() : configJsonSchema();
    terminal.out(JSON.stringify(found, null, 2));
    return Promise.resolve(0);
  },
};

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
