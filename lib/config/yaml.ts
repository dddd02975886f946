/**
 * YAML to values: the sole user of the parser.
 * @module
 */
import { parse } from "@std/yaml";
import { ConfigError } from "../errors.ts";

/** Longest reason given, in characters. */
const MAX_DETAIL_LENGTH = 200;

/**
 * Parses one YAML document with the types of JSON, plus comments.
 * @param text the document.
 * @returns its value; `null` for an empty one.
 * @throws {ConfigError} when it is no YAML, with line and column.
 */
export function parseYaml(text: string): unknown {
  try {
    return parse(text, { schema: "core" });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    // The parser quotes what it does not know in full, which may be most of the document.
    const line = detail.split("\n", 1)[0]!.replace(/^.*?: /, "").slice(0, MAX_DETAIL_LENGTH);
    throw new ConfigError([{ path: "", message: `is no YAML: ${line}` }], { cause: error });
  }
}
