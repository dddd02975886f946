/**
 * An event as a log record of OpenTelemetry, in the JSON form of its protocol.
 *
 * Source: OpenTelemetry protocol 1.x (logs, JSON Protobuf encoding), logs data model. Fields keep their
 * names of the Elastic Common Schema, which OpenTelemetry's semantic conventions are merging with.
 * @module
 */
import type { SensorEvent } from "../../events/emitter.ts";
import { toObject } from "../../events/encoders/encoder.ts";

/** A record as text, and who saw what it tells. */
export interface ObservedRecord {
  /** JSON, in one line. */
  readonly json: string;
  /** `observer.name`. */
  readonly sensor: string;
  /** `observer.version`. */
  readonly version: string;
}

/**
 * Severities of the data model by ours, highest first: alerts are errors, and of these the gravest have
 * the number that the data model gives to syslog's `critical`.
 */
const SEVERITIES = [
  [90, 18, "ERROR2"],
  [70, 17, "ERROR"],
  [40, 13, "WARN"],
  [0, 9, "INFO"],
] as const;

/** What is in the record itself, or in its resource. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "@timestamp",
  "message",
  "observer.name",
  "observer.version",
]);

/** A field's name, and what is known of it: put together once, as events are all alike. */
interface FieldName {
  readonly key: string;
  /** What comes before an attribute's value. */
  readonly begin: string;
  readonly isElsewhere: boolean;
  readonly parts: Map<string, FieldName>;
}

/** Names that are remembered: beyond these they are somebody else's. */
const MAX_NAMES = 2000;

const names = nameOf("");
const UID = nameOf("log.record.uid");
let nameCount = 0;

/**
 * Makes the record of an event. Its text is put together by hand: a receiver gets thousands a second,
 * and values that are objects with their type cost three times as much.
 * @param event of this sensor or another.
 * @param nowMs when it is sent, in ms since 1970.
 */
export function encodeLogRecord(event: SensorEvent, nowMs: number): ObservedRecord {
  const known: Partial<Record<string, string>> = {};
  const attributes = encodeAttributes(parse(event), names, known);
  const id = known["event.id"];
  const uid = id === undefined ? "" : `${UID.begin}${encodeAnyValue(id)}}`;
  const [, severityNumber, severityText] = SEVERITIES.find(([from]) => event.severity >= from) ??
    SEVERITIES.at(-1)!;
  return {
    json: `{"timeUnixNano":"${nanoseconds(event.timeMs)}",` +
      `"observedTimeUnixNano":"${nanoseconds(nowMs)}",` +
      `"severityNumber":${severityNumber},"severityText":"${severityText}",` +
      `"body":${encodeAnyValue(known.message ?? "")},` +
      `"attributes":[${(attributes + uid).slice(1)}],` +
      `"eventName":${JSON.stringify(`duckblind.${event.action}`)}}`,
    sensor: known["observer.name"] ?? "",
    version: known["observer.version"] ?? "",
  };
}

/**
 * A value with its type, as JSON.
 * @param value anything that JSON has.
 * @returns such as `{"intValue":"5"}`: 64-bit numbers are texts.
 */
export function encodeAnyValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `{"stringValue":${JSON.stringify(value)}}`;
    case "boolean":
      return `{"boolValue":${value}}`;
    case "number":
      return Number.isSafeInteger(value)
        ? `{"intValue":"${value}"}`
        : `{"doubleValue":${JSON.stringify(value)}}`;
    default:
  }
  if (Array.isArray(value)) {
    return `{"arrayValue":{"values":[${value.map(encodeAnyValue).join(",")}]}}`;
  }
  const pairs = Object.entries(value ?? {}).map(([key, part]) =>
    `{"key":${JSON.stringify(key)},"value":${encodeAnyValue(part)}}`
  );
  return `{"kvlistValue":{"values":[${pairs.join(",")}]}}`;
}

/** Every field by its dotted name, lists as values; each with a comma before it. */
function encodeAttributes(
  node: Record<string, unknown>,
  parent: FieldName,
  known: Partial<Record<string, string>>,
): string {
  let text = "";
  for (const part in node) {
    const value = node[part];
    if (value === null) continue;
    const name = parent.parts.get(part) ?? namePart(parent, part);
    if (typeof value === "object" && !Array.isArray(value)) {
      text += encodeAttributes(value as Record<string, unknown>, name, known);
      continue;
    }
    if (typeof value === "string" && (name.isElsewhere || name.key === "event.id")) {
      known[name.key] = value;
    }
    if (!name.isElsewhere) text += name.begin + encodeAnyValue(value) + "}";
  }
  return text;
}

function namePart(parent: FieldName, part: string): FieldName {
  const name = nameOf(parent === names ? part : `${parent.key}.${part}`);
  if (nameCount++ < MAX_NAMES) parent.parts.set(part, name);
  return name;
}

function nameOf(key: string): FieldName {
  return {
    key,
    begin: `,{"key":${JSON.stringify(key)},"value":`,
    isElsewhere: ELSEWHERE.has(key),
    parts: new Map(),
  };
}

/** What the encoders make of an event whose wire form cannot be read is parsed twice as long. */
function parse(event: SensorEvent): Record<string, unknown> {
  try {
    return JSON.parse(event.json);
  } catch {
    return toObject("ecs", event);
  }
}

/** Beyond what a number holds, so by its digits. */
function nanoseconds(ms: number): string {
  return `${Math.trunc(ms)}000000`;
}
