/**
 * An event as a log record of OpenTelemetry, in the JSON form of its protocol.
 *
 * Source: OpenTelemetry protocol 1.x (logs, JSON Protobuf encoding), logs data model. Fields keep their
 * names of the Elastic Common Schema, which OpenTelemetry's semantic conventions are merging with.
 * @module
 */
import type { SensorEvent } from "../../events/emitter.ts";
import { toObject } from "../../events/encoders/encoder.ts";

/** A value with its type; 64-bit numbers are texts in JSON. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } };

/** A named value. */
export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** A log record. */
export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly eventName: string;
}

/** A record, and who saw what it tells. */
export interface ObservedRecord {
  readonly record: LogRecord;
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

/**
 * Makes the record of an event.
 * @param event of this sensor or another.
 * @param nowMs when it is sent, in ms since 1970.
 */
export function encodeLogRecord(event: SensorEvent, nowMs: number): ObservedRecord {
  const fields = parse(event);
  const attributes: KeyValue[] = [];
  const known = new Map<string, string>();
  flatten(fields, "", (key, value) => {
    if (typeof value === "string" && (ELSEWHERE.has(key) || key === "event.id")) {
      known.set(key, value);
    }
    if (!ELSEWHERE.has(key)) attributes.push({ key, value: anyValue(value) });
  });
  const id = known.get("event.id");
  if (id !== undefined) attributes.push({ key: "log.record.uid", value: { stringValue: id } });
  const [, severityNumber, severityText] = SEVERITIES.find(([from]) => event.severity >= from) ??
    SEVERITIES.at(-1)!;
  return {
    record: {
      timeUnixNano: nanoseconds(event.timeMs),
      observedTimeUnixNano: nanoseconds(nowMs),
      severityNumber,
      severityText,
      body: { stringValue: known.get("message") ?? "" },
      attributes,
      eventName: `duckblind.${event.action}`,
    },
    sensor: known.get("observer.name") ?? "",
    version: known.get("observer.version") ?? "",
  };
}

/**
 * A value of JSON with its type.
 * @param value anything that JSON has.
 */
export function anyValue(value: unknown): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  const entries = Object.entries(value ?? {});
  return {
    kvlistValue: { values: entries.map(([key, part]) => ({ key, value: anyValue(part) })) },
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

/** Visits every field by its dotted name; lists are values. */
function flatten(
  node: Record<string, unknown>,
  prefix: string,
  visit: (key: string, value: unknown) => void,
): void {
  for (const [name, value] of Object.entries(node)) {
    if (value === null) continue;
    const key = prefix + name;
    if (typeof value !== "object" || Array.isArray(value)) visit(key, value);
    else flatten(value as Record<string, unknown>, `${key}.`, visit);
  }
}

/** Beyond what a number holds, so by its digits. */
function nanoseconds(ms: number): string {
  return `${Math.trunc(ms)}000000`;
}
