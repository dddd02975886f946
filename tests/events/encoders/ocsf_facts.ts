/**
 * What the Open Cybersecurity Schema Framework 1.8 says of the classes and objects that we use: names,
 * types, enumerations, what is required and of what one at least must be there. Facts of its published
 * definitions (`ocsf/ocsf-schema`, v1.8.0: `events/`, `objects/`, `dictionary.json`), written down by
 * hand; attributes that we never write are left out.
 * @module
 */

/** A type of the schema's dictionary, the name of an object, or a list of either. */
type Type = "string" | "integer" | "long" | "boolean" | "object" | string;

/** A class or an object. */
export interface Definition {
  /** Type of each attribute; `?` behind it: optional, `!`: required. Lists end in `[]`. */
  readonly attributes: Readonly<Record<string, Type>>;
  /** Values that an attribute may have. */
  readonly enums?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly atLeastOne?: readonly string[];
}

const STATUS = [0, 1, 2, 99];

const BASE: Definition = {
  attributes: {
    activity_id: "integer!",
    activity_name: "string",
    category_uid: "integer!",
    category_name: "string",
    class_uid: "integer!",
    class_name: "string",
    type_uid: "long!",
    type_name: "string",
    severity_id: "integer!",
    severity: "string",
    time: "long!",
    timezone_offset: "integer",
    start_time: "long",
    end_time: "long",
    duration: "long",
    message: "string",
    metadata: "metadata!",
    observables: "observable[]",
    status: "string",
    status_id: "integer",
    status_detail: "string",
    unmapped: "object",
  },
  enums: { severity_id: [0, 1, 2, 3, 4, 5, 6, 99], status_id: STATUS },
};

const NETWORK_ATTRIBUTES = {
  app_name: "string",
  connection_info: "network_connection_info",
  dst_endpoint: "network_endpoint",
  ja4_fingerprint_list: "ja4_fingerprint[]",
  src_endpoint: "network_endpoint",
  tls: "tls",
  traffic: "network_traffic",
};
const CONNECTION = [0, 1, 2, 3, 4, 5, 6, 7, 99];

function extend(
  attributes: Record<string, Type>,
  activities: readonly number[],
  more: Omit<Definition, "attributes"> = {},
): Definition {
  return {
    attributes: { ...BASE.attributes, ...attributes },
    enums: { ...BASE.enums, activity_id: activities, ...more.enums },
    ...(more.atLeastOne === undefined ? {} : { atLeastOne: more.atLeastOne }),
  };
}

function network(
  attributes: Record<string, Type>,
  activities: readonly number[],
  atLeastOne = ["dst_endpoint", "src_endpoint"],
) {
  return extend({ ...NETWORK_ATTRIBUTES, ...attributes }, activities, { atLeastOne });
}

/** Classes by `class_uid`, with category and caption. */
export const CLASSES: Readonly<
  Record<number, { category: number; caption: string; definition: Definition }>
> = {
  0: { category: 0, caption: "Base Event", definition: extend({}, [0, 99]) },
  2004: {
    category: 2,
    caption: "Detection Finding",
    definition: extend(
      {
        confidence: "string",
        confidence_id: "integer",
        evidences: "evidences[]",
        finding_info: "finding_info!",
        is_alert: "boolean",
      },
      [0, 1, 2, 3, 99],
      { enums: { confidence_id: [0, 1, 2, 3, 99], status_id: [0, 1, 2, 3, 4, 5, 6, 99] } },
    ),
  },
  3002: {
    category: 3,
    caption: "Authentication",
    definition: extend(
      {
        auth_protocol: "string",
        auth_protocol_id: "integer",
        dst_endpoint: "network_endpoint",
        is_remote: "boolean",
        logon_type: "string",
        logon_type_id: "integer",
        service: "service",
        src_endpoint: "network_endpoint",
        user: "user!",
      },
      [0, 1, 2, 3, 4, 5, 6, 7, 99],
      {
        atLeastOne: ["service", "dst_endpoint"],
        enums: {
          auth_protocol_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99],
          logon_type_id: [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 99],
        },
      },
    ),
  },
  4001: { category: 4, caption: "Network Activity", definition: network({}, CONNECTION) },
  4002: {
    category: 4,
    caption: "HTTP Activity",
    definition: network(
      { http_request: "http_request", http_response: "http_response" },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99],
      ["http_request", "http_response"],
    ),
  },
  4007: {
    category: 4,
    caption: "SSH Activity",
    definition: network({ client_hassh: "hassh", protocol_ver: "string" }, CONNECTION),
  },
  4008: {
    category: 4,
    caption: "FTP Activity",
    definition: network({ codes: "integer[]", command: "string" }, [0, 1, 2, 3, 4, 5, 6, 99]),
  },
  6002: {
    category: 6,
    caption: "Application Lifecycle",
    definition: extend({ app: "product!" }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 99]),
  },
  6005: {
    category: 6,
    caption: "Datastore Activity",
    definition: extend(
      {
        actor: "actor!",
        database: "database",
        dst_endpoint: "network_endpoint",
        src_endpoint: "network_endpoint!",
        type: "string",
        type_id: "integer",
      },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99],
      { atLeastOne: ["database", "databucket", "table"], enums: { type_id: [0, 1, 2, 3, 99] } },
    ),
  },
  6006: {
    category: 6,
    caption: "File Hosting Activity",
    definition: extend(
      {
        actor: "actor!",
        connection_info: "network_connection_info",
        dst_endpoint: "network_endpoint",
        file: "file!",
        src_endpoint: "network_endpoint!",
      },
      [0, ...Array.from({ length: 17 }, (_, i) => i + 1), 99],
    ),
  },
  6008: { category: 6, caption: "Application Error", definition: extend({}, [0, 1, 2, 99]) },
};

const METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/** Objects by name. */
export const OBJECTS: Readonly<Record<string, Definition>> = {
  actor: {
    attributes: { session: "session" },
    atLeastOne: ["process", "user", "invoked_by", "session", "app_name", "app_uid"],
  },
  analytic: {
    attributes: { name: "string", type: "string", type_id: "integer!", uid: "string" },
    enums: { type_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99] },
    atLeastOne: ["name", "uid"],
  },
  attack: { attributes: { technique: "technique" }, atLeastOne: ["technique"] },
  database: {
    attributes: { name: "string", type_id: "integer!" },
    enums: { type_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 99] },
    atLeastOne: ["name", "uid"],
  },
  evidences: {
    attributes: {
      connection_info: "network_connection_info",
      dst_endpoint: "network_endpoint",
      src_endpoint: "network_endpoint",
      user: "user",
    },
    atLeastOne: ["connection_info", "dst_endpoint", "src_endpoint", "user"],
  },
  feature: { attributes: { name: "string" }, atLeastOne: ["name", "uid"] },
  file: {
    attributes: {
      hashes: "fingerprint[]",
      mime_type: "string",
      name: "string!",
      size: "long",
      type_id: "integer!",
    },
    enums: { type_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 99] },
  },
  finding_info: {
    attributes: {
      analytic: "analytic",
      attacks: "attack[]",
      created_time: "long",
      title: "string",
      types: "string[]",
      uid: "string!",
    },
  },
  fingerprint: {
    attributes: { algorithm: "string", algorithm_id: "integer!", value: "string!" },
    enums: { algorithm_id: [...Array.from({ length: 19 }, (_, i) => i), 99] },
  },
  hassh: { attributes: { algorithm: "string", fingerprint: "fingerprint!" } },
  http_header: { attributes: { name: "string!", value: "string!" } },
  http_request: {
    attributes: {
      body_length: "integer",
      http_headers: "http_header[]",
      http_method: "string",
      referrer: "string",
      url: "url",
      user_agent: "string",
      version: "string",
    },
    enums: { http_method: METHODS },
  },
  http_response: { attributes: { code: "integer!" } },
  ja4_fingerprint: {
    attributes: { type: "string", type_id: "integer!", value: "string!" },
    enums: { type_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99] },
  },
  metadata: {
    attributes: {
      correlation_uid: "string",
      event_code: "string",
      is_truncated: "boolean",
      log_source: "string",
      logged_time: "long",
      original_event_uid: "string",
      original_time: "string",
      product: "product!",
      sequence: "integer",
      uid: "string",
      untruncated_size: "integer",
      version: "string!",
    },
  },
  network_connection_info: {
    attributes: {
      community_uid: "string",
      direction: "string",
      direction_id: "integer!",
      protocol_name: "string",
      protocol_num: "integer",
      protocol_ver_id: "integer",
      uid: "string",
    },
    enums: { direction_id: [0, 1, 2, 3, 4, 99], protocol_ver_id: [0, 4, 6, 99] },
  },
  network_endpoint: {
    attributes: { ip: "string", port: "integer", svc_name: "string" },
    atLeastOne: ["ip", "uid", "name", "hostname", "svc_name"],
  },
  network_traffic: { attributes: { bytes: "long", bytes_in: "long", bytes_out: "long" } },
  observable: {
    attributes: { name: "string", type: "string", type_id: "integer!", value: "string" },
    enums: {
      type_id: [...Array.from({ length: 28 }, (_, i) => i), 30, 31, 32, 33, 34, 35, 36, 37, 99],
    },
  },
  product: {
    attributes: { feature: "feature", name: "string", vendor_name: "string", version: "string" },
    atLeastOne: ["name", "uid"],
  },
  service: { attributes: { name: "string" }, atLeastOne: ["name", "uid"] },
  session: { attributes: { is_remote: "boolean", uid: "string" } },
  technique: { attributes: { uid: "string" }, atLeastOne: ["name", "uid"] },
  tls: {
    attributes: {
      client_ciphers: "string[]",
      ja3_hash: "fingerprint",
      sni: "string",
      version: "string!",
    },
  },
  url: {
    attributes: { path: "string", query_string: "string", url_string: "string" },
    atLeastOne: ["path", "url_string"],
  },
  user: {
    attributes: { domain: "string", name: "string" },
    atLeastOne: ["account", "name", "uid"],
  },
};
