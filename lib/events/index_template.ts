/**
 * The index template for Elasticsearch and OpenSearch, made from the table of fields.
 *
 * Types are those of the Elastic Common Schema 8.17 where it has the field. What OpenSearch has only in
 * its later releases (`match_only_text`, `wildcard`), or not at all (`constant_keyword`, the lifecycle of
 * a data stream), is not in its template.
 * @module
 */
import { FIELDS, type FieldType, MAX_FIELD_BYTES } from "./fields.ts";
import type { JsonSchema } from "./json_schema.ts";

/** What a template is for. */
export interface IndexTemplateOptions {
  readonly product: "elasticsearch" | "opensearch";
  /** Whose indexes get it, such as `logs-duckblind-default`. */
  readonly dataStream: string;
  /** Which fields the events have: `ecs`, or others, which are then mapped as they come. */
  readonly format: "ecs" | "ocsf";
  /** Version of the program. */
  readonly version: string;
  /** Whether data streams have a lifecycle of their own: Elasticsearch from 8.11 on. */
  readonly hasLifecycle?: boolean;
}

/** Above the built-in template of `logs-*-*`, which has 100, and those of integrations, 200. */
const PRIORITY = 250;

type Mapping = Readonly<Record<string, unknown>>;

/** Every text of ours is shorter, so that all can be searched; Lucene takes terms up to 32766 bytes. */
const KEYWORD: Mapping = { type: "keyword", ignore_above: MAX_FIELD_BYTES };
/** Kept and shown, but never searched. */
const OPAQUE: Mapping = { type: "keyword", index: false, doc_values: false };

const TYPES: Record<FieldType, Mapping> = {
  "date": { type: "date" },
  "text": KEYWORD,
  "text[]": KEYWORD,
  "long": { type: "long" },
  "boolean": { type: "boolean" },
  "ip": { type: "ip" },
  "ip[]": { type: "ip" },
  "base64": OPAQUE,
  "pairs": { properties: { name: KEYWORD, value: KEYWORD } },
};

/** How a text is searched where ECS has more than `keyword` for it. */
const SEARCHED: Partial<Record<keyof typeof FIELDS, "text" | "wildcard" | "keyword and text">> = {
  "message": "text",
  "event.reason": "keyword and text",
  "user.name": "keyword and text",
  "file.name": "keyword and text",
  "user_agent.original": "keyword and text",
  "process.command_line": "wildcard",
  "url.original": "wildcard",
  "http.request.body.content": "wildcard",
};

/**
 * The name of the template: the data stream without its namespace.
 * @param dataStream such as `logs-duckblind-default`.
 * @returns such as `logs-duckblind`.
 */
export function indexTemplateName(dataStream: string): string {
  return /^([^-]+-[^-]+)-[^-]+$/.exec(dataStream)?.[1] ?? dataStream;
}

/**
 * A version as the one number that a template has.
 * @param version `major.minor.patch`.
 */
export function indexTemplateVersion(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => parseInt(part) || 0);
  return (major * 1000 + minor) * 1000 + patch;
}

/**
 * Makes the body of `PUT _index_template/NAME`.
 * @param options for what it is.
 */
export function indexTemplate(options: IndexTemplateOptions): JsonSchema {
  const { product, dataStream, format, version, hasLifecycle = true } = options;
  const name = indexTemplateName(dataStream);
  return {
    index_patterns: [name === dataStream ? name : `${name}-*`],
    data_stream: {},
    priority: PRIORITY,
    version: indexTemplateVersion(version),
    _meta: {
      managed_by: "duckblind",
      description: `Events of Duckblind sensors (${format})`,
    },
    template: {
      settings: {
        index: {
          codec: "best_compression",
          // A field that came in another type than expected must not keep the event out.
          mapping: { ignore_malformed: true },
        },
      },
      mappings: {
        date_detection: false,
        dynamic_templates: dynamicTemplates(),
        properties: {
          ...(format === "ecs" ? ecsProperties(product) : timestampOnly()),
          ...dataStreamProperties(options),
        },
      },
      // From it on, what ends an index and begins the next is the cluster's own default.
      ...(product === "elasticsearch" && hasLifecycle ? { lifecycle: { enabled: true } } : {}),
    },
  };
}

/** For fields of a newer sensor or of another format: no guess but one. */
function dynamicTemplates(): JsonSchema[] {
  const strings = { match_mapping_type: "string" };
  return [
    { addresses: { ...strings, match: "ip", mapping: { type: "ip" } } },
    { texts: { ...strings, mapping: KEYWORD } },
  ];
}

/** A data stream refuses `ignore_malformed` for its time, which the index would hand down. */
function timestampOnly(): JsonSchema {
  return { "@timestamp": { type: "date", ignore_malformed: false } };
}

function ecsProperties(product: IndexTemplateOptions["product"]): JsonSchema {
  const root: JsonSchema = {};
  for (const [path, [type]] of Object.entries(FIELDS)) {
    const names = path.split(".");
    let properties = root;
    for (const name of names.slice(0, -1)) {
      const node = (properties[name] ??= { properties: {} }) as { properties: JsonSchema };
      properties = node.properties;
    }
    properties[names.at(-1)!] = mappingOf(path as keyof typeof FIELDS, type, product);
  }
  return { ...root, ...timestampOnly() };
}

function mappingOf(
  path: keyof typeof FIELDS,
  type: FieldType,
  product: IndexTemplateOptions["product"],
): Mapping {
  const isElastic = product === "elasticsearch";
  const text = { type: isElastic ? "match_only_text" : "text" };
  switch (SEARCHED[path]) {
    case "text":
      return text;
    case "keyword and text":
      return { ...KEYWORD, fields: { text } };
    case "wildcard":
      return {
        ...(isElastic ? { type: "wildcard", ignore_above: MAX_FIELD_BYTES } : KEYWORD),
        fields: { text },
      };
    default:
      return TYPES[type];
  }
}

/** What Elastic's naming scheme has in every index of a data stream with a name in three parts. */
function dataStreamProperties({ product, dataStream }: IndexTemplateOptions): JsonSchema {
  const [, type, dataset] = /^([^-]+)-([^-]+)-[^-]+$/.exec(dataStream) ?? [];
  if (product !== "elasticsearch" || type === undefined || dataset === undefined) return {};
  return {
    data_stream: {
      properties: {
        type: { type: "constant_keyword", value: type },
        dataset: { type: "constant_keyword", value: dataset },
        namespace: { type: "constant_keyword" },
      },
    },
  };
}
