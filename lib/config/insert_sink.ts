/**
 * Puts a sink's entry into a config file as text, so that its comments and its order stay.
 *
 * What comes out is parsed again and compared with what it must mean; a file that is written in a way
 * that this cannot see through is left to its owner.
 * @module
 */
import { parseYaml } from "./yaml.ts";

/** What is to stand in the file. */
export interface Insertion {
  /** The entry: `kind`, `name`, and texts. */
  readonly sink: Readonly<Record<string, string>> & { readonly name: string };
  /** `sensor.id`; absent when it is not to be changed. */
  readonly sensorId?: string;
}

/** An object of the document. */
type Mapping = Record<string, unknown>;

/**
 * The part as it can be pasted into a file that has neither.
 * @param insertion what is to stand there.
 * @returns lines of YAML.
 */
export function formatInsertion({ sink, sensorId }: Insertion): string[] {
  const sensor = sensorId === undefined ? [] : ["sensor:", `  id: ${quote(sensorId)}`, ""];
  return [...sensor, "sinks:", ...entryLines(sink, "  ")];
}

/**
 * Puts it into a document.
 * @param text the document, valid.
 * @param insertion what is to stand there.
 * @returns the new document, the same one if it stands there already; `undefined` when it cannot be put
 * there safely, or another sink has its name.
 */
export function insertSink(text: string, insertion: Insertion): string | undefined {
  const before = toMapping(parseYaml(text) ?? {});
  const wanted = before && describe(before, insertion);
  if (before === undefined || wanted === undefined) return undefined;
  if (isSame(before, wanted)) return text;
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const hasSink = isSame(before.sinks, wanted.sinks);
  const hasId = isSame(before.sensor, wanted.sensor);
  if (!hasSink) putSink(lines, before, insertion.sink);
  if (!hasId) putSensorId(lines, before, insertion.sensorId!);
  const after = lines.join(newline) + newline;
  try {
    return isSame(toMapping(parseYaml(after)), wanted) ? after : undefined;
  } catch {
    return undefined; // what this has made is no YAML: then the file is not as it seemed
  }
}

/** What the document must mean afterwards. */
function describe(before: Mapping, { sink, sensorId }: Insertion): Mapping | undefined {
  // Without the key there is a console; that must not go when the key comes.
  const sinks = before.sinks ?? [{ kind: "console" }];
  const sensor = toMapping(before.sensor ?? {});
  if (!Array.isArray(sinks) || sensor === undefined) return undefined;
  const known = sinks.find((entry) => toMapping(entry)?.name === sink.name);
  if (known !== undefined && !isSame(known, sink)) return undefined;
  if (sensorId !== undefined && (sensor.id ?? sensorId) !== sensorId) return undefined;
  return {
    ...before,
    ...(sensorId === undefined ? {} : { sensor: { ...sensor, id: sensorId } }),
    sinks: known === undefined ? [sink, ...sinks] : sinks,
  };
}

function putSink(lines: string[], before: Mapping, sink: Insertion["sink"]): void {
  if (before.sinks === undefined || before.sinks === null) {
    const at = lines.findIndex((line) => /^sinks:\s*(#.*)?$/.test(line));
    if (at >= 0) lines.splice(at, 1);
    lines.push("", "sinks:", ...entryLines(sink, "  "), "  - kind: console");
    return;
  }
  const empty = lines.findIndex((line) => /^sinks:\s*\[\s*\]\s*(#.*)?$/.test(line));
  if (empty >= 0) {
    lines.splice(empty, 1, "sinks:", ...entryLines(sink, "  "));
    return;
  }
  const at = lines.findIndex((line) => /^sinks:\s*(#.*)?$/.test(line));
  if (at < 0) return; // written in another way, which the comparison notices
  const item = lines.slice(at + 1).find((line) => /^ *- /.test(line)) ?? "  - ";
  lines.splice(at + 1, 0, ...entryLines(sink, /^ */.exec(item)![0]));
}

function putSensorId(lines: string[], before: Mapping, id: string): void {
  const at = lines.findIndex((line) => /^sensor:\s*(#.*)?$/.test(line));
  if (at < 0) {
    if (before.sensor === undefined) lines.push("", "sensor:", `  id: ${quote(id)}`);
    return;
  }
  const key = lines.slice(at + 1).find((line) => /^ +[a-z]/.test(line)) ?? "  ";
  lines.splice(at + 1, 0, `${/^ +/.exec(key)![0]}id: ${quote(id)}`);
}

function entryLines(sink: Insertion["sink"], indent: string): string[] {
  return Object.entries(sink).map(([key, value], i) =>
    `${indent}${i === 0 ? "- " : "  "}${key}: ${quote(value)}`
  );
}

/** As YAML has it: texts of JSON are texts of YAML; a word needs no quotes. */
function quote(text: string): string {
  return /^[a-z][a-z0-9_./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/.test(text)
    ? text
    : JSON.stringify(text);
}

function toMapping(value: unknown): Mapping | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Mapping
    : undefined;
}

/** Whether two values of a document mean the same; the order of keys does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    const mapping = toMapping(item);
    return mapping === undefined
      ? item
      : Object.fromEntries(Object.entries(mapping).sort(([x], [y]) => x < y ? -1 : 1));
  }) ?? "";
}
