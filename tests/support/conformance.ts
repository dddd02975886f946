/**
 * Checks events of the wire form against the JSON Schema that ships with the program.
 * @module
 */
import { assertEquals } from "@std/assert";
import { eventJsonSchema, type JsonSchema } from "../../lib/events/json_schema.ts";
import { MAX_EVENT_BYTES } from "../../lib/events/fields.ts";

const SCHEMA = eventJsonSchema();
const encoder = new TextEncoder();

/**
 * Finds what of a value a schema forbids: the part of JSON Schema that ours uses.
 * @param schema a node of the schema.
 * @param value what is checked.
 * @param path where it stands.
 * @returns a line for each mistake.
 */
export function findMistakes(schema: JsonSchema, value: unknown, path = "$"): string[] {
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  const wanted = schema.type === "integer" ? "number" : schema.type;
  if (wanted !== undefined && type !== wanted) return [`${path} is ${type}, not ${schema.type}`];
  const mistakes: string[] = [];
  if (schema.type === "integer" && !Number.isSafeInteger(value)) {
    mistakes.push(`${path} is ${value}, not a safe integer`);
  }
  if (typeof value === "string") {
    if (schema.pattern !== undefined && !new RegExp(schema.pattern as string).test(value)) {
      mistakes.push(`${path} is ${JSON.stringify(value)}, does not match ${schema.pattern}`);
    }
    const { length } = encoder.encode(value);
    if (schema.maxLength !== undefined && length > (schema.maxLength as number)) {
      mistakes.push(`${path} has ${length} bytes, at most ${schema.maxLength}`);
    }
  } else if (Array.isArray(value)) {
    const items = schema.items as JsonSchema;
    for (const [i, item] of value.entries()) {
      mistakes.push(...findMistakes(items, item, `${path}[${i}]`));
    }
  } else if (type === "object") {
    const properties = schema.properties as Record<string, JsonSchema>;
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const known = properties[key];
      if (known === undefined) mistakes.push(`${path}.${key} is not in the schema`);
      else mistakes.push(...findMistakes(known, item, `${path}.${key}`));
    }
    for (const key of (schema.required ?? []) as string[]) {
      if (!(key in (value as object))) mistakes.push(`${path}.${key} is missing`);
    }
  }
  return mistakes;
}

/**
 * Checks one event.
 * @param json a line of the wire form.
 * @returns the event, parsed.
 */
// deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
export function assertConforms(json: string): any {
  const value = JSON.parse(json);
  assertEquals(findMistakes(SCHEMA, value), []);
  assertEquals(encoder.encode(json).length <= MAX_EVENT_BYTES, true, "event is too large");
  // deno-lint-ignore no-control-regex -- that none is there is the point
  assertEquals(/[\x00-\x1f\x7f-\x9f]/.test(json), false, "control character in an event");
  return value;
}
