/**
 * Objects of the Open Cybersecurity Schema Framework 1.8, made from an event's fields. Each is
 * `undefined` when the event has nothing for it; a key whose value is `undefined` is not written.
 * @module
 */
import { boundText } from "../bound.ts";
import {
  DATABASE_TYPES,
  findMethod,
  OCSF_CLASS,
  OCSF_VERSION,
  type OcsfClass,
} from "./ocsf_classes.ts";
import type { JsonObject, WireEvent } from "./wire_event.ts";

/** Longest value of an observable, in bytes: it stands elsewhere in the event as a whole. */
const MAX_OBSERVABLE_BYTES = 1024;

/** `type_id` and caption of the observables that we tell. */
const OBSERVABLE = {
  ip: [2, "IP Address"],
  user: [4, "User Name"],
  hash: [8, "Hash"],
  commandLine: [13, "Command Line"],
  userAgent: [16, "HTTP User-Agent"],
  /** The schema has no type for it: 99 is "Other". */
  ja4: [99, "JA4"],
} as const;

/**
 * The metadata of an event, which is required.
 * @param event any.
 */
export function metadata(event: WireEvent): JsonObject {
  const id = event.text("event", "id");
  return {
    version: OCSF_VERSION,
    product: product(event),
    uid: id,
    original_event_uid: id,
    logged_time: ingestedMs(event),
    original_time: event.text("@timestamp") ?? new Date(event.timeMs).toISOString(),
    event_code: event.action,
    correlation_uid: event.session,
    sequence: event.number("event", "sequence"),
    log_source: event.sensor === "" ? undefined : event.sensor,
    is_truncated: event.isBrief ? true : undefined,
    untruncated_size: event.isBrief ? Math.ceil(event.columns.json.length / 1024) : undefined,
  };
}

/**
 * This program.
 * @param event any.
 */
export function product(event: WireEvent): JsonObject {
  return {
    name: "Duckblind",
    vendor_name: "Duckblind",
    version: event.text("observer", "version"),
    feature: event.provider === "" ? undefined : { name: event.provider },
  };
}

/**
 * The peer.
 * @param event any.
 */
export function sourceEndpoint(event: WireEvent): JsonObject | undefined {
  const ip = event.source;
  return ip === undefined ? undefined : { ip, port: event.number("source", "port") };
}

/**
 * Our end of the connection.
 * @param event any.
 */
export function destinationEndpoint(event: WireEvent): JsonObject | undefined {
  const ip = event.text("destination", "ip");
  if (ip === undefined) return undefined;
  return { ip, port: event.number("destination", "port"), svc_name: event.kind };
}

/**
 * The connection.
 * @param event any.
 */
export function connectionInfo(event: WireEvent): JsonObject | undefined {
  if (event.source === undefined) return undefined;
  const type = event.text("network", "type");
  return {
    direction_id: 1,
    direction: "Inbound",
    protocol_name: "tcp",
    protocol_num: 6,
    protocol_ver_id: type === "ipv6" ? 6 : type === "ipv4" ? 4 : 0,
    community_uid: event.text("network", "community_id"),
    uid: event.session,
  };
}

/**
 * The user that was tried.
 * @param event any.
 */
export function user(event: WireEvent): JsonObject | undefined {
  const name = event.text("user", "name");
  return name === undefined ? undefined : { name, domain: event.text("user", "domain") };
}

/**
 * Who acts: nobody is logged in, so it is the session.
 * @param event any.
 */
export function actor(event: WireEvent): JsonObject {
  return { session: { uid: event.session ?? "", is_remote: true } };
}

/**
 * How many bytes came and went; from the schema's point of view `out` is from source to destination.
 * @param event any.
 */
export function traffic(event: WireEvent): JsonObject | undefined {
  const received = event.number("source", "bytes");
  const sent = event.number("destination", "bytes");
  if (received === undefined || sent === undefined) return undefined;
  return { bytes: received + sent, bytes_in: sent, bytes_out: received };
}

/**
 * An HTTP request.
 * @param event any.
 */
export function httpRequest(event: WireEvent): JsonObject {
  const method = event.text("http", "request", "method");
  const headers = event.pairs("duckblind", "http", "headers");
  const target = event.text("url", "original") ?? "";
  const [path, query] = splitTarget(target);
  return {
    http_method: method === undefined ? undefined : findMethod(method),
    url: { url_string: target, path, query_string: query },
    version: event.text("http", "version"),
    user_agent: event.text("user_agent", "original"),
    referrer: headers?.find(({ name }) => name.toLowerCase() === "referer")?.value,
    http_headers: headers,
    body_length: event.number("http", "request", "body", "bytes"),
  };
}

/**
 * Our answer to it.
 * @param event any.
 * @returns `undefined` also when the connection was closed without one.
 */
export function httpResponse(event: WireEvent): JsonObject | undefined {
  const code = event.number("http", "response", "status_code") ?? 0;
  return code === 0 ? undefined : { code };
}

/**
 * What a peer sent, as a file: its name is required, so one without has its hash for a name.
 * @param event any.
 */
export function file(event: WireEvent): JsonObject {
  const sha256 = event.text("file", "hash", "sha256");
  return {
    name: event.text("file", "name") || sha256 || "unknown",
    type_id: 0,
    size: event.number("file", "size"),
    mime_type: event.text("file", "mime_type"),
    hashes: sha256 === undefined ? undefined : [fingerprint(3, sha256)],
  };
}

/**
 * A hash.
 * @param algorithmId 1 is MD5, 3 is SHA-256.
 * @param value in hex.
 */
export function fingerprint(algorithmId: 1 | 3, value: string): JsonObject {
  return { algorithm_id: algorithmId, algorithm: algorithmId === 1 ? "MD5" : "SHA-256", value };
}

/**
 * What a TLS client offered; its version is required.
 * @param event any.
 */
export function tls(event: WireEvent): JsonObject | undefined {
  const version = event.text("tls", "version") ?? event.texts("duckblind", "tls", "versions")?.[0];
  if (version === undefined) return undefined;
  const ja3 = event.text("tls", "client", "ja3");
  return {
    version,
    sni: event.text("tls", "client", "server_name"),
    client_ciphers: event.texts("tls", "client", "supported_ciphers"),
    ja3_hash: ja3 === undefined ? undefined : fingerprint(1, ja3),
  };
}

/**
 * JA4 of a TLS client.
 * @param event any.
 */
export function ja4(event: WireEvent): JsonObject[] | undefined {
  const value = event.text("duckblind", "tls", "ja4");
  return value === undefined ? undefined : [{ type_id: 1, type: "JA4", value }];
}

/**
 * HASSH of an SSH client.
 * @param event any.
 */
export function clientHassh(event: WireEvent): JsonObject | undefined {
  const value = event.text("duckblind", "ssh", "hassh");
  if (value === undefined) return undefined;
  return {
    algorithm: event.text("duckblind", "ssh", "hassh_algorithms"),
    fingerprint: fingerprint(1, value),
  };
}

/**
 * The database that a decoy plays; it has no name, so it gets the decoy's.
 * @param event any.
 */
export function database(event: WireEvent): JsonObject {
  return { name: event.provider, type_id: DATABASE_TYPES.get(event.kind) ?? 0 };
}

/**
 * What is worth searching for, each with the name of the attribute that it is the value of.
 * @param event any.
 * @param ocsfClass decides where that stands.
 */
export function observables(event: WireEvent, ocsfClass: OcsfClass): JsonObject[] | undefined {
  const found: JsonObject[] = [];
  const add = (
    name: string,
    [typeId, type]: readonly [id: number, caption: string],
    value: string | undefined,
  ) => {
    if (value === undefined || value === "") return;
    const { text } = boundText(value, MAX_OBSERVABLE_BYTES);
    found.push({ name, type_id: typeId, type, value: text });
  };
  const { ip, user, hash, ja4, userAgent, commandLine } = OBSERVABLE;
  const ends = ocsfClass === OCSF_CLASS.detectionFinding ? "evidences[0]." : "";
  const agent = ocsfClass === OCSF_CLASS.http
    ? "http_request.user_agent"
    : "unmapped.user_agent.original";
  const taker = event.text("duckblind", "lure", "taken_by", "ip");
  add(`${ends}src_endpoint.ip`, ip, event.source);
  add(`${ends}dst_endpoint.ip`, ip, event.text("destination", "ip"));
  add("unmapped.duckblind.lure.taken_by.ip", ip, taker);
  add(`${ends}user.name`, user, event.text("user", "name"));
  add("file.hashes[0].value", hash, event.text("file", "hash", "sha256"));
  add("tls.ja3_hash.value", hash, event.text("tls", "client", "ja3"));
  add("client_hassh.fingerprint.value", hash, event.text("duckblind", "ssh", "hassh"));
  add("ja4_fingerprint_list[0].value", ja4, event.text("duckblind", "tls", "ja4"));
  add(agent, userAgent, event.text("user_agent", "original"));
  add("unmapped.process.command_line", commandLine, event.text("process", "command_line"));
  return found.length === 0 ? undefined : found;
}

/** When a collector took the event in, in ms since 1970. */
function ingestedMs(event: WireEvent): number | undefined {
  const timeMs = Date.parse(event.text("event", "ingested") ?? "");
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Path and query of a request target in origin or absolute form (RFC 9112 §3.2). */
function splitTarget(target: string): [path: string | undefined, query: string | undefined] {
  const [whole = "", ...rest] = target.split("?");
  const path = whole.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  return [
    path.startsWith("/") ? path : undefined,
    rest.length === 0 ? undefined : rest.join("?"),
  ];
}
