/**
 * What the validator found, in the words that an operator reads.
 * @module
 */
import type { ConfigProblem } from "../errors.ts";
import type { v } from "./schema.ts";

/** Longest value quoted in a problem, in characters. */
const MAX_QUOTED = 60;

/**
 * Describes all issues, one problem a path.
 * @param issues of a failed validation.
 * @param prefix path of what was validated.
 * @returns the problems, in the order of the document.
 */
export function describeIssues(
  issues: readonly v.BaseIssue<unknown>[],
  prefix = "",
): ConfigProblem[] {
  const seen = new Set<string>();
  return issues.flatMap((issue) => {
    const path = formatPath(issue.path ?? [], prefix);
    if (seen.has(path)) return [];
    seen.add(path);
    return [{ path, message: describeIssue(issue) }];
  });
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (issue.message.startsWith("is ")) return issue.message;
  const isKeyIssue = issue.type === "strict_object" && issue.expected !== "Object";
  if (isKeyIssue) return issue.expected === "never" ? "is not a known key" : "is missing";
  if (issue.input === undefined) return `is missing, ${mustBe(issue)}`;
  return `is ${quoteValue(issue.input)}, ${mustBe(issue)}`;
}

/** The schema's own words, or what the validator expected. */
function mustBe(issue: v.BaseIssue<unknown>): string {
  if (issue.message.startsWith("must")) return issue.message;
  const expected = (issue.expected ?? "something else")
    .replaceAll(/^\(|\)$/g, "")
    .replaceAll(" | ", " or ");
  const words: Record<string, string> = {
    Object: "a mapping",
    Array: "a list",
    string: "a text",
    number: "a number",
    boolean: "true or false",
  };
  return `must be ${words[expected] ?? expected.replaceAll('"', "")}`;
}

/** A value as JSON, cut short. Lists and mappings, which may be huge or hold themselves, by name. */
function quoteValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_QUOTED ? text : text.slice(0, MAX_QUOTED) + "...";
}

/** `decoys[2].listen[0]` of the validator's path. */
function formatPath(items: readonly { key?: unknown }[], prefix: string): string {
  let text = prefix;
  for (const { key } of items) {
    if (typeof key === "number") text += `[${key}]`;
    else text += (text === "" ? "" : ".") + String(key);
  }
  return text;
}
