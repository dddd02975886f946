/**
 * The JSON Schema of the wire form, made from the table of fields.
 * @module
 */
import { FIELDS, type FieldType, MAX_FIELD_BYTES, REQUIRED_FIELDS } from "./fields.ts";

/** A node of a JSON Schema (draft 2020-12). */
export type JsonSchema = { [key: string]: unknown };

const TEXT = { type: "string", maxLength: MAX_FIELD_BYTES };
const TYPES: Record<FieldType, JsonSchema> = {
  "date": { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" },
  "text": TEXT,
  "text[]": { type: "array", items: TEXT },
  "long": { type: "integer" },
  "boolean": { type: "boolean" },
  "ip": { type: "string", pattern: "^[0-9a-f.:]{2,45}$" },
  "ip[]": { type: "array", items: { type: "string", pattern: "^[0-9a-f.:]{2,45}$" } },
  "base64": { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$", maxLength: MAX_FIELD_BYTES },
  "pairs": {
    type: "array",
    items: {
      type: "object",
      properties: { name: TEXT, value: TEXT },
      required: ["name", "value"],
      additionalProperties: false,
    },
  },
};

/** An object node that grows while the table is read. */
interface ObjectNode {
  type: "object";
  properties: Record<string, JsonSchema | ObjectNode>;
  required?: string[];
  additionalProperties: false;
}

/**
 * Makes the schema that every event of the wire form satisfies.
 * @returns a JSON Schema, draft 2020-12.
 */
export function eventJsonSchema(): JsonSchema {
  const root: ObjectNode = { type: "object", properties: {}, additionalProperties: false };
  for (const [path, [type, description]] of Object.entries(FIELDS)) {
    const names = path.split(".");
    const isRequired = (REQUIRED_FIELDS as readonly string[]).includes(path);
    let node = root;
    for (const [i, name] of names.entries()) {
      if (isRequired && !node.required?.includes(name)) (node.required ??= []).push(name);
      if (i === names.length - 1) {
        node.properties[name] = { ...TYPES[type], description };
      } else {
        node = (node.properties[name] ??= {
          type: "object",
          properties: {},
          additionalProperties: false,
        }) as ObjectNode;
      }
    }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "An event of a Duckblind sensor",
    description: "Elastic Common Schema; peer text is escaped reversibly, peer bytes are base64",
    ...root,
  };
}
