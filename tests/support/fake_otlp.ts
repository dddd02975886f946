/**
 * A receiver of OpenTelemetry logs, strict in what it takes: protocol 1.x, JSON Protobuf encoding.
 *
 * What the protocol's own JSON form refuses is refused: names in another case, numbers of 64 bits that
 * are no texts, values with no type or two.
 * @module
 */
import { type Answerer, jsonAnswer } from "./http_receiver.ts";

// deno-lint-ignore no-explicit-any -- JSON of any shape
type Json = any;

/** A record, and the resource it came under. */
export interface ReceivedRecord {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly record: Json;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A receiver. */
export class FakeLogsReceiver {
  readonly records: ReceivedRecord[] = [];
  /** What is answered to what was taken. */
  response: unknown = {};

  /** Ids of the records, in order. */
  ids(): string[] {
    return this.records.map(({ attributes }) => String(attributes["log.record.uid"]));
  }

  readonly answer: Answerer = ({ method, path, headers, body }) => {
    if (path !== "/v1/logs") return new Response("404 page not found", { status: 404 });
    if (method !== "POST") return new Response(null, { status: 405 });
    if (headers.get("content-type") !== "application/json") {
      return new Response(null, { status: 415 });
    }
    try {
      this.records.push(...readRequest(JSON.parse(body)));
    } catch (error) {
      return jsonAnswer({ code: 3, message: String(error) }, 400);
    }
    return jsonAnswer(this.response);
  };
}

/** The records of a request. Throws when it is not of the protocol. */
export function readRequest(request: Json): ReceivedRecord[] {
  const records: ReceivedRecord[] = [];
  check(request, { resourceLogs: "array" });
  for (const resourceLogs of request.resourceLogs) {
    check(resourceLogs, { resource: "object", scopeLogs: "array" });
    check(resourceLogs.resource, { attributes: "array" });
    for (const scopeLogs of resourceLogs.scopeLogs) {
      check(scopeLogs, { scope: "object", logRecords: "array" });
      check(scopeLogs.scope, { name: "string", version: "string" });
      for (const record of scopeLogs.logRecords) {
        checkRecord(record);
        const resource = valuesOf(resourceLogs.resource.attributes);
        const attributes = valuesOf(record.attributes);
        records.push({ resource, scope: scopeLogs.scope, record, attributes });
      }
    }
  }
  return records;
}

function checkRecord(record: Json): void {
  check(record, {
    timeUnixNano: "string",
    observedTimeUnixNano: "string",
    severityNumber: "number",
    severityText: "string",
    body: "object",
    attributes: "array",
    eventName: "string",
  });
  for (const time of [record.timeUnixNano, record.observedTimeUnixNano]) {
    if (!/^\d{1,20}$/.test(time)) throw new Error(`time is ${time}`);
  }
  const { severityNumber } = record;
  if (!Number.isInteger(severityNumber) || severityNumber < 1 || severityNumber > 24) {
    throw new Error(`severityNumber is ${severityNumber}`);
  }
  valueOf(record.body);
}

/** Attributes by their key, which may stand there once only. */
function valuesOf(attributes: readonly Json[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const attribute of attributes) {
    check(attribute, { key: "string", value: "object" });
    if (attribute.key in values) throw new Error(`${attribute.key} is there twice`);
    values[attribute.key] = valueOf(attribute.value);
  }
  return values;
}

/** What a value is without its type. Throws when it has no type or two. */
export function valueOf(value: Json): unknown {
  const entries: [string, Json][] = Object.entries(value);
  const [type, content] = entries[0] ?? [];
  if (entries.length !== 1) throw new Error(`a value has ${entries.length} types`);
  switch (type) {
    case "stringValue":
      return expect(content, typeof content === "string");
    case "boolValue":
      return expect(content, typeof content === "boolean");
    case "intValue":
      return Number(expect(content, typeof content === "string" && /^-?\d+$/.test(content)));
    case "doubleValue":
      return expect(content, typeof content === "number");
    case "arrayValue":
      check(content, { values: "array" });
      return content.values.map(valueOf);
    case "kvlistValue":
      check(content, { values: "array" });
      return valuesOf(content.values);
    default:
      throw new Error(`a value is of type ${type}`);
  }
}

function expect(content: Json, isRight: boolean): Json {
  if (!isRight) throw new Error(`a value is ${JSON.stringify(content)}`);
  return content;
}

function check(value: Json, members: Readonly<Record<string, string>>): void {
  if (typeof value !== "object" || value === null) throw new Error("an object is missing");
  for (const [name, part] of Object.entries(value)) {
    const type = Array.isArray(part) ? "array" : typeof part;
    if (members[name] !== type) throw new Error(`${name} is ${type}, must be ${members[name]}`);
  }
  for (const name of Object.keys(members)) {
    if (!(name in value)) throw new Error(`${name} is missing`);
  }
}
