/**
 * The Open Cybersecurity Schema Framework, 1.8.
 *
 * Class and activity are chosen by `ocsf_classes.ts`; what has no place in the class stands under
 * `unmapped` by its name in the wire form. `README.md` has the table.
 *
 * Source: the schema's definitions as published in `ocsf/ocsf-schema`, 1.8.
 * @module
 */
import { ALERT_SEVERITY } from "../ecs.ts";
import { chooseType, OCSF_CLASS, type OcsfType } from "./ocsf_classes.ts";
import {
  actor,
  clientHassh,
  connectionInfo,
  database,
  destinationEndpoint,
  file,
  httpRequest,
  httpResponse,
  ja4,
  metadata,
  observables,
  product,
  sourceEndpoint,
  tls,
  traffic,
  user,
} from "./ocsf_objects.ts";
import { isObject, type JsonObject, type WireEvent } from "./wire_event.ts";

/** `severity_id` and caption by the lowest severity of ours. */
const SEVERITIES: readonly (readonly [lowest: number, id: number, caption: string])[] = [
  [90, 5, "Critical"],
  [ALERT_SEVERITY, 4, "High"],
  [40, 3, "Medium"],
  [20, 2, "Low"],
  [0, 1, "Informational"],
];

/** `auth_protocol_id` by `duckblind.credential.method`. */
const AUTH_PROTOCOLS: ReadonlyMap<string, readonly [id: number, caption: string]> = new Map(
  [
    ["ntlmv1", [1, "NTLM"]],
    ["ntlmv2", [1, "NTLM"]],
    ["digest", [3, "Digest"]],
    ["basic", [11, "Basic Authentication"]],
  ] as const,
);

/** Makes the attributes that only some classes have. */
type ClassEncoder = (event: WireEvent) => JsonObject;

const ENCODERS: ReadonlyMap<number, ClassEncoder> = new Map<number, ClassEncoder>([
  [OCSF_CLASS.base.uid, () => ({})],
  [OCSF_CLASS.detectionFinding.uid, finding],
  [OCSF_CLASS.authentication.uid, authentication],
  [OCSF_CLASS.network.uid, network],
  [OCSF_CLASS.http.uid, (event) => ({
    ...network(event),
    http_request: httpRequest(event),
    http_response: httpResponse(event),
  })],
  [OCSF_CLASS.ssh.uid, (event) => ({
    ...network(event),
    client_hassh: clientHassh(event),
    protocol_ver: /^SSH-([0-9.]+)-/.exec(event.text("duckblind", "ssh", "client_version") ?? "")
      ?.[1],
  })],
  [OCSF_CLASS.ftp.uid, (event) => ({
    ...network(event),
    command: event.text("duckblind", "command", "name"),
    codes: replyCodes(event),
  })],
  [OCSF_CLASS.lifecycle.uid, (event) => ({ app: product(event) })],
  [OCSF_CLASS.datastore.uid, (event) => ({
    actor: actor(event),
    src_endpoint: sourceEndpoint(event) ?? { svc_name: event.kind },
    dst_endpoint: destinationEndpoint(event),
    database: database(event),
    type_id: 1,
    type: "Database",
  })],
  [OCSF_CLASS.fileHosting.uid, (event) => ({
    actor: actor(event),
    src_endpoint: sourceEndpoint(event) ?? { svc_name: event.kind },
    dst_endpoint: destinationEndpoint(event),
    connection_info: connectionInfo(event),
    file: file(event),
  })],
  [OCSF_CLASS.applicationError.uid, () => ({})],
]);

/**
 * Makes the OCSF form of an event.
 * @param event any.
 */
export function encodeOcsf(event: WireEvent): JsonObject {
  const type = chooseType(event);
  const { uid, name, categoryUid, categoryName } = type.class;
  const isFinding = type.class === OCSF_CLASS.detectionFinding;
  const [, severityId, severity] = SEVERITIES.find(([lowest]) => event.severity >= lowest)!;
  return {
    activity_id: type.activityId,
    activity_name: type.activityName,
    category_uid: categoryUid,
    category_name: categoryName,
    class_uid: uid,
    class_name: name,
    type_uid: uid * 100 + type.activityId,
    type_name: `${name}: ${typeCaption(type)}`,
    severity_id: severityId,
    severity,
    time: event.timeMs,
    timezone_offset: 0,
    message: event.message,
    metadata: metadata(event),
    ...period(event),
    ...(isFinding ? {} : status(event)),
    ...ENCODERS.get(uid)!(event),
    observables: observables(event, type.class),
    unmapped: unmapped(event, type),
  };
}

/** Of what the schema does not have, the type's name says "Other". */
function typeCaption({ activityId, activityName }: OcsfType): string {
  return activityId === 99 ? "Other" : activityName;
}

function status(event: WireEvent): JsonObject {
  const outcome = event.text("event", "outcome");
  const isError = event.action === "protocol-error";
  const id = outcome === "success" ? 1 : outcome === "failure" || isError ? 2 : undefined;
  return {
    status_id: id,
    status: id === undefined ? undefined : id === 1 ? "Success" : "Failure",
    status_detail: event.text("duckblind", "session", "reason") ?? event.text("event", "reason") ??
      event.text("duckblind", "protocol", "expected"),
  };
}

/** From when to when a session was, in ms. */
function period(event: WireEvent): JsonObject {
  const durationNs = event.number("event", "duration");
  if (durationNs === undefined || durationNs < 0) return {};
  const duration = Math.round(durationNs / 1e6);
  return { start_time: event.timeMs - duration, end_time: event.timeMs, duration };
}

/** What all classes of the network category have. One end at least is required. */
function network(event: WireEvent): JsonObject {
  return {
    src_endpoint: sourceEndpoint(event),
    dst_endpoint: destinationEndpoint(event) ?? { svc_name: event.kind },
    connection_info: connectionInfo(event),
    app_name: event.kind,
    traffic: traffic(event),
    tls: tls(event),
    ja4_fingerprint_list: ja4(event),
  };
}

function authentication(event: WireEvent): JsonObject {
  const method = event.text("duckblind", "credential", "method");
  const [id, caption] = AUTH_PROTOCOLS.get(method ?? "") ?? [99, method ?? "token"];
  return {
    user: user(event) ?? { name: "" },
    service: { name: event.kind },
    src_endpoint: sourceEndpoint(event),
    dst_endpoint: destinationEndpoint(event),
    auth_protocol_id: id,
    auth_protocol: caption,
    logon_type_id: 3,
    logon_type: "Network",
    is_remote: true,
  };
}

function finding(event: WireEvent): JsonObject {
  const lure = event.text("duckblind", "lure", "id");
  const techniques = event.texts("threat", "technique", "id");
  return {
    finding_info: {
      uid: event.text("event", "id") ?? `${event.sensor}-${event.columns.sequence}`,
      title: event.message,
      types: [event.action],
      created_time: event.timeMs,
      analytic: { name: event.action, type_id: 1, type: "Rule", uid: lure },
      attacks: techniques?.map((uid) => ({ technique: { uid } })),
    },
    evidences: [{
      src_endpoint: sourceEndpoint(event),
      dst_endpoint: destinationEndpoint(event) ?? { svc_name: event.kind },
      connection_info: connectionInfo(event),
      user: user(event),
    }],
    is_alert: event.severity >= ALERT_SEVERITY,
    confidence_id: 3,
    confidence: "High",
    status_id: 1,
    status: "New",
  };
}

/** FTP's three digits as numbers. */
function replyCodes(event: WireEvent): number[] | undefined {
  const code = event.text("duckblind", "command", "reply_code") ?? "";
  return /^\d{3}$/.test(code) ? [Number(code)] : undefined;
}

/** Objects of the wire form that every class but the base has attributes for. */
const USUALLY_MAPPED = ["source", "destination", "user", "file", "url"] as const;

/** What of the wire form has no attribute, by its names there. */
function unmapped(event: WireEvent, { class: { uid } }: OcsfType): JsonObject {
  const { http, ssh, ...more } = event.object("duckblind") ?? {};
  delete more.decoy; // `app_name`, `svc_name`
  const isBase = uid === OCSF_CLASS.base.uid;
  const isHttp = uid === OCSF_CLASS.http.uid;
  const established = event.boolean("tls", "established");
  const rest: JsonObject = {
    event: {
      kind: event.text("event", "kind"),
      category: event.texts("event", "category"),
      type: event.texts("event", "type"),
      severity: event.number("event", "severity"),
    },
    threat: uid === OCSF_CLASS.detectionFinding.uid ? undefined : event.object("threat"),
    process: event.object("process"),
    http: isHttp ? bodyOf(event) : event.object("http"),
    user_agent: isHttp ? undefined : event.object("user_agent"),
    tls: established === undefined ? undefined : { established },
    duckblind: {
      ...more,
      http: isHttp ? without(http, ["headers"]) : http,
      ssh: uid === OCSF_CLASS.ssh.uid ? without(ssh, ["hassh", "hassh_algorithms"]) : ssh,
    },
  };
  if (isBase) { for (const name of USUALLY_MAPPED) rest[name] = event.object(name); }
  return rest;
}

/** Start of a request's body. */
function bodyOf(event: WireEvent): JsonObject | undefined {
  const content = event.text("http", "request", "body", "content");
  return content === undefined ? undefined : { request: { body: { content } } };
}

/** An object without some of its members. */
function without(value: unknown, names: readonly string[]): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
