/**
 * A cluster as far as an indexing client sees it: index templates, data streams, `_bulk`.
 *
 * Written from the published API of Elasticsearch 8 and 9 and OpenSearch 2 and 3; what these refuse is
 * refused in their words and with their statuses.
 * @module
 */
import { type Answerer, jsonAnswer, type ReceivedCall } from "./http_receiver.ts";

// deno-lint-ignore no-explicit-any -- JSON of any shape
type Json = any;

/** What the cluster is, and what is wrong with it. */
export interface FakeClusterOptions {
  readonly product?: "elasticsearch" | "opensearch";
  readonly version?: string;
  /** The only `Authorization` that is let in. */
  readonly authorization?: string;
  /** What it says of a document before anything else: an item's error, or nothing. */
  trouble?: (id: string, source: Json) => { status: number; error: Json } | undefined;
  readonly hasFailureStore?: boolean;
}

/** Keys that a template may have. */
const TEMPLATE_KEYS = ["index_patterns", "data_stream", "priority", "version", "_meta", "template"]
  .concat("composed_of", "allow_auto_create");
const INNER_KEYS = ["settings", "mappings", "aliases"];
const TYPES = ["keyword", "long", "date", "boolean", "ip", "text", "object", "nested", "binary"];
const ELASTIC_TYPES = ["match_only_text", "wildcard", "constant_keyword"];

/** A cluster. */
export class FakeCluster {
  readonly templates = new Map<string, Json>();
  /** Documents by their id, by data stream. */
  readonly streams = new Map<string, Map<string, Json>>();
  /** Those that a mapping refused, with a failure store. */
  readonly failures: Json[] = [];
  readonly #options: FakeClusterOptions;

  constructor(options: FakeClusterOptions = {}) {
    this.#options = options;
  }

  /** Ids of the documents, in the order in which they came. */
  ids(): string[] {
    return [...this.streams.values()].flatMap((documents) => [...documents.keys()]);
  }

  readonly answer: Answerer = (call) => {
    const { authorization } = this.#options;
    if (authorization !== undefined && call.headers.get("authorization") !== authorization) {
      return failure(401, "security_exception", "unable to authenticate user");
    }
    const [first = "", second = ""] = call.path.slice(1).split("/");
    if (call.path === "/") return this.#root();
    if (first === "_index_template") return this.#template(call, second);
    if (second === "_bulk" || first === "_bulk") return this.#bulk(call, second && first);
    return failure(400, "illegal_argument_exception", "no handler found for uri");
  };

  #root(): Response {
    const { product = "elasticsearch", version = "9.1.4" } = this.#options;
    return jsonAnswer({
      name: "node-1",
      version: product === "opensearch"
        ? { distribution: "opensearch", number: version }
        : { number: version, build_flavor: "default" },
    });
  }

  #template({ method, body, headers }: ReceivedCall, name: string): Response {
    const found = this.templates.get(name);
    if (method === "GET") {
      if (found === undefined) {
        const reason = `index template matching [${name}] not found`;
        return failure(404, "resource_not_found_exception", reason);
      }
      return jsonAnswer({ index_templates: [{ name, index_template: found }] });
    }
    if (!headers.get("content-type")?.startsWith("application/json")) {
      return failure(406, "media_type_header_exception", "Content-Type header is not supported");
    }
    const template = JSON.parse(body);
    const wrong = this.#templateFault(template);
    if (wrong !== undefined) return failure(400, "x_content_parse_exception", wrong);
    this.templates.set(name, template);
    return jsonAnswer({ acknowledged: true });
  }

  #templateFault(template: Json): string | undefined {
    const { product = "elasticsearch", version = "9.1.4" } = this.#options;
    const [major, minor] = version.split(".").map(Number) as [number, number];
    const inner = [...INNER_KEYS];
    if (product === "elasticsearch" && (major > 8 || minor >= 11)) inner.push("lifecycle");
    for (const key of Object.keys(template)) {
      if (!TEMPLATE_KEYS.includes(key)) return `[index_template] unknown field [${key}]`;
    }
    for (const key of Object.keys(template.template)) {
      if (!inner.includes(key)) return `[template] unknown field [${key}]`;
    }
    const { "@timestamp": time } = template.template.mappings.properties;
    if (time?.type !== "date" || time.ignore_malformed !== false) {
      return "data stream timestamp field [@timestamp] has disallowed [ignore_malformed]";
    }
    const types = [...TYPES, ...product === "elasticsearch" ? ELASTIC_TYPES : []];
    const unknown = typesIn(template.template.mappings).find((type) => !types.includes(type));
    return unknown && `No handler for type [${unknown}] declared`;
  }

  #bulk(call: ReceivedCall, stream: string): Response {
    const type = call.headers.get("content-type") ?? "";
    if (!/^application\/(?:x-ndjson|json)/.test(type)) {
      return failure(406, "media_type_header_exception", `Content-Type [${type}] is not supported`);
    }
    if (!call.body.endsWith("\n")) {
      const reason = "The bulk request must be terminated by a newline [\\n]";
      return failure(400, "illegal_argument_exception", reason);
    }
    const lines = call.body.slice(0, -1).split("\n");
    const items: Json[] = [];
    for (let i = 0; i < lines.length; i += 2) {
      const [[verb, { _id: id = crypto.randomUUID(), _index: index = stream }]] = Object.entries<
        Json
      >(
        JSON.parse(lines[i]!),
      ) as [[string, Json]];
      items.push({
        [verb]: { _index: index, _id: id, ...this.#create(verb, index, id, lines[i + 1]!) },
      });
    }
    const errors = items.some((item) => Object.values<Json>(item)[0].error !== undefined);
    const whole = { errors, took: 3, items };
    const filter = call.query.get("filter_path");
    return jsonAnswer(filter === null ? whole : filtered(whole, filter.split(",")));
  }

  #create(verb: string, index: string, id: string, line: string): Json {
    const refuse = (status: number, type: string, reason: string) => ({
      status,
      error: { type, reason },
    });
    if (verb !== "create") {
      const reason = "only write ops with an op_type of create are allowed in data streams";
      return refuse(400, "illegal_argument_exception", reason);
    }
    let source: Json;
    try {
      source = JSON.parse(line);
    } catch {
      return refuse(400, "document_parsing_exception", "failed to parse");
    }
    const trouble = this.#options.trouble?.(id, source);
    if (trouble !== undefined) return trouble;
    const documents = this.streams.get(index) ?? new Map<string, Json>();
    this.streams.set(index, documents);
    if (documents.has(id)) {
      const reason = `[${id}]: version conflict, document already exists (current version [1])`;
      return refuse(409, "version_conflict_engine_exception", reason);
    }
    const fault = this.#documentFault(index, source);
    if (fault !== undefined && this.#options.hasFailureStore) {
      this.failures.push(source);
      return { _index: `.fs-${index}`, result: "created", failure_store: "used", status: 201 };
    }
    if (fault !== undefined) {
      const error = {
        type: "document_parsing_exception",
        reason: `[1:1] failed to parse: ${fault}`,
        caused_by: { type: "illegal_argument_exception", reason: fault },
      };
      return { status: 400, error };
    }
    documents.set(id, source);
    return { result: "created", status: 201, _shards: { total: 1, successful: 1, failed: 0 } };
  }

  #documentFault(index: string, source: Json): string | undefined {
    if (typeof source["@timestamp"] !== "string") {
      return "data stream timestamp field [@timestamp] is missing";
    }
    for (const { index_patterns: patterns, template } of this.templates.values()) {
      const isOurs = patterns.some((pattern: string) =>
        pattern.endsWith("*") ? index.startsWith(pattern.slice(0, -1)) : pattern === index
      );
      const fault = isOurs ? misfit(source, template.mappings.properties, "") : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

/**
 * The first thing in a document that an explicit mapping refuses, whatever it would ignore.
 * @param source the document.
 * @param properties of the mapping.
 * @param prefix of the names in the message.
 */
export function misfit(source: Json, properties: Json, prefix: string): string | undefined {
  for (const [name, value] of Object.entries<Json>(source)) {
    const mapping = properties[name];
    if (mapping === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      const fault = mapping.properties === undefined
        ? leafMisfit(one, mapping.type, prefix + name)
        : typeof one === "object" && one !== null
        ? misfit(one, mapping.properties, `${prefix}${name}.`)
        : `object mapping for [${prefix}${name}] found a concrete value`;
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function leafMisfit(value: Json, type: string, name: string): string | undefined {
  const fits: Record<string, boolean> = {
    ip: typeof value === "string" &&
      /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/.test(value),
    long: Number.isSafeInteger(value),
    boolean: typeof value === "boolean",
    date: typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value),
  };
  const isFit = fits[type] ?? (typeof value === "string" && value.length < 32_766);
  return isFit ? undefined : `failed to parse field [${name}] of type [${type}]: ${value}`;
}

function typesIn(mapping: Json): string[] {
  if (typeof mapping !== "object" || mapping === null) return [];
  const own = typeof mapping.type === "string" ? [mapping.type] : [];
  return [...own, ...Object.values(mapping).flatMap(typesIn)];
}

function failure(status: number, type: string, reason: string): Response {
  return jsonAnswer({ error: { root_cause: [{ type, reason }], type, reason }, status }, status);
}

/** `filter_path`: only these members, by dotted names in which `*` is any. */
function filtered(value: Json, paths: readonly string[]): Json {
  if (paths.includes("")) return value;
  if (Array.isArray(value)) return value.map((entry) => filtered(entry, paths));
  if (typeof value !== "object" || value === null) return undefined;
  const kept: Json = {};
  for (const [name, part] of Object.entries(value)) {
    const rest = paths.flatMap((path) => {
      const [head, ...tail] = path.split(".");
      return head === name || head === "*" ? [tail.join(".")] : [];
    });
    if (rest.length === 0) continue;
    const found = filtered(part, rest);
    if (found !== undefined) kept[name] = found;
  }
  return kept;
}
