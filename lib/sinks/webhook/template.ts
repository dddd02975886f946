/**
 * Templates of bodies: JSON in whose strings `{{path.to.field}}` stands for a value of an event.
 *
 * The language has no more than that, so every template ends, and whatever a peer sent stays inside
 * the string where its placeholder stands. A string that is one placeholder and nothing else becomes
 * the value itself: a number, a list, `null` for what is not there. Within a longer string numbers,
 * lists and mappings become their JSON, and what is not there becomes nothing.
 * @module
 */

/** Deepest nesting. */
const MAX_DEPTH = 64;
/** Longest piece of a template in a message, in characters. */
const MAX_QUOTED = 40;

/** Name of a field and those within it, `@timestamp`, places in lists; or the event as a whole. */
const PATH = /^(?:\.|[\w@-]+(?:\.[\w@-]+)*)$/;

/** A template that has been read. */
export type Template =
  | { readonly kind: "value"; readonly value: string | number | boolean | null }
  | { readonly kind: "field"; readonly path: Path }
  | { readonly kind: "text"; readonly parts: readonly (string | Path)[] }
  | { readonly kind: "list"; readonly items: readonly Template[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [string, Template])[] };

/** Names of fields, from the outermost; none for the whole. */
type Path = readonly string[];

/**
 * Reads a template.
 * @param text JSON.
 * @throws {SyntaxError} saying what would be right, to follow on the name of the option.
 */
export function parseTemplate(text: string): Template {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`is no JSON: ${detail}`, { cause: error });
  }
  return parseNode(value, 0);
}

/**
 * Fills in a template.
 * @param template that was read.
 * @param root whose fields are named.
 * @returns what `JSON.stringify` takes.
 */
export function fillTemplate(template: Template, root: unknown): unknown {
  switch (template.kind) {
    case "value":
      return template.value;
    case "field":
      return find(root, template.path) ?? null;
    case "text":
      return template.parts
        .map((part) => typeof part === "string" ? part : textOf(find(root, part)))
        .join("");
    case "list":
      return template.items.map((item) => fillTemplate(item, root));
    case "map":
      return Object.fromEntries(
        template.entries.map(([key, entry]) => [key, fillTemplate(entry, root)]),
      );
  }
}

function parseNode(value: unknown, depth: number): Template {
  if (depth > MAX_DEPTH) throw new SyntaxError(`is nested too deep, must be at most ${MAX_DEPTH}`);
  if (typeof value === "string") return parseText(value);
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item) => parseNode(item, depth + 1)) };
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => {
      if (key.includes("{{")) {
        throw new SyntaxError(
          `is with a placeholder in the key ${quote(key)}, must have it in values`,
        );
      }
      return [key, parseNode(entry, depth + 1)] as const;
    });
    return { kind: "map", entries };
  }
  return { kind: "value", value: value as number | boolean | null };
}

function parseText(text: string): Template {
  const parts: (string | Path)[] = [];
  let at = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
    const close = text.indexOf("}}", open);
    const name = close < 0 ? "" : text.slice(open + 2, close).trim();
    if (!PATH.test(name)) {
      throw new SyntaxError(
        `is with ${quote(text.slice(open))}, must have placeholders such as {{source.ip}}`,
      );
    }
    if (open > at) parts.push(text.slice(at, open));
    parts.push(name === "." ? [] : name.split("."));
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  const [first] = parts;
  if (parts.length === 1 && typeof first === "object") return { kind: "field", path: first };
  return parts.some((part) => typeof part === "object")
    ? { kind: "text", parts }
    : { kind: "value", value: text };
}

/** The value of a field, its own ones only; `undefined` when there is none. */
function find(root: unknown, path: Path): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length <= MAX_QUOTED ? text : text.slice(0, MAX_QUOTED) + "...");
}
