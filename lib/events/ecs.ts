/**
 * The wire form: makes one line of ECS JSON of an event.
 *
 * The common fields are put by `encodeEvent` from what the host knows; what a decoy supplies goes
 * only to fields that the event's own part (`parts.ts`) names, so nothing that a peer sends can set or
 * overwrite a stamped field. Texts are escaped already and are cut; bytes become base64.
 *
 * The text is put together by hand, not by way of an object: a sensor under a flood spends more time
 * here than anywhere else.
 * @module
 */
import { boundText } from "./bound.ts";
import { communityId } from "./community_id.ts";
import { ECS_VERSION } from "./fields.ts";
import { ACTIONS, type Endpoint, type EventId, type EventMap } from "./event.ts";
import type { Part } from "./part.ts";
import { describeEvent, PARTS } from "./parts.ts";
import { formatTime } from "./time.ts";

/** What is the same for all events of a sensor. */
export interface SensorIdentity {
  /** Id of the sensor: `observer.name`. */
  readonly name: string;
  /** Version of the program. */
  readonly version: string;
  /** What becomes of passwords. */
  readonly secrets: "plain" | "sha256" | "off";
  /** Salt for `sha256`, hex. */
  readonly salt: string;
}

/** What is the same for all events of a connection, or of the sensor itself. */
export interface Scope {
  /** Name of the decoy, `service` or `sensor`. */
  readonly provider: string;
  /** Kind of the decoy, `service` or `sensor`. */
  readonly kind: string;
  readonly sessionId?: string;
  readonly peer?: Endpoint;
  readonly local?: Endpoint;
  /** Community ID of the connection, made when first needed. */
  communityId?: string;
}

/** What the recorder stamps on an event. */
export interface Stamp {
  /** ULID. */
  readonly id: string;
  readonly sequence: number;
  /** Wall clock, in ms since 1970. */
  readonly timeMs: number;
  /** Upper bound for the severity, by an ignore rule. */
  readonly maxSeverity?: number;
}

/** An event's text, and what of it a reader wants to know without parsing. */
export interface EncodedEvent {
  readonly json: string;
  readonly severity: number;
}

/** Longest message, in bytes of UTF-8. */
const MAX_MESSAGE_BYTES = 1024;

/** Severity from which an event is an alert. */
export const ALERT_SEVERITY = 70;

/**
 * Makes the wire form of an event.
 * @param stamp identity and time of the event.
 * @param scope what it belongs to.
 * @param event id, data and the sensor.
 */
export function encodeEvent<K extends EventId>(
  stamp: Stamp,
  scope: Scope,
  event: { id: K; data: EventMap[K]; sensor: SensorIdentity },
): EncodedEvent {
  const { id, data, sensor } = event;
  const part = PARTS[id](data, scope, sensor);
  const severity = Math.min(part.severity, stamp.maxSeverity ?? 100);
  const own = ownPieces(scope, sensor);
  const { fields } = part;
  const message = boundText(describeEvent(part.message, scope), MAX_MESSAGE_BYTES).text;
  let json = `{"@timestamp":"${formatTime(stamp.timeMs)}","ecs":{"version":"${ECS_VERSION}"},` +
    `"message":${JSON.stringify(message)},` +
    `"event":{"id":"${stamp.id}","sequence":${stamp.sequence},` +
    `"kind":"${severity >= ALERT_SEVERITY ? "alert" : "event"}",${part.classes.json},` +
    `"action":"${ACTIONS[id]}",${own.dataset},"severity":${severity}`;
  if (part.outcome !== undefined) json += `,"outcome":"${part.outcome}"`;
  if (fields?.durationNs !== undefined) json += `,"duration":${fields.durationNs}`;
  if (fields?.reason !== undefined) json += `,"reason":${JSON.stringify(fields.reason)}`;
  json += own.observer;
  json += encodeConnection(part, scope) + encodeOwn(part);
  const more = encodeDuckblind(part, scope);
  return { json: more === "" ? json + "}" : `${json},"duckblind":{${more}}}`, severity };
}

/** Addresses and what is known of the connection, as members that follow others. */
function encodeConnection({ fields }: Part, scope: Scope): string {
  const { peer, local, kind } = scope;
  if (peer === undefined || local === undefined) return "";
  const { bytesIn, bytesOut, users, hashes } = fields ?? {};
  scope.communityId ??= communityId(peer, local);
  let json = `,"source":{"ip":"${peer.ip}","port":${peer.port}` +
    (bytesIn === undefined ? "}" : `,"bytes":${bytesIn}}`) +
    `,"destination":{"ip":"${local.ip}","port":${local.port}` +
    (bytesOut === undefined ? "}" : `,"bytes":${bytesOut}}`) +
    `,"network":{"transport":"tcp","protocol":"${kind}",` +
    `"type":"${peer.ip.includes(":") ? "ipv6" : "ipv4"}",` +
    `"community_id":"${scope.communityId}"},"related":{"ip":["${peer.ip}"` +
    (local.ip === peer.ip ? "]" : `,"${local.ip}"]`);
  const named = users?.filter((name) => name !== "");
  if (named !== undefined && named.length > 0) json += `,"user":${JSON.stringify(named)}`;
  if (hashes !== undefined) json += `,"hash":${JSON.stringify(hashes)}`;
  return json + "}";
}

/** The ECS objects that only some events have, as members that follow others. */
function encodeOwn(part: Part): string {
  let json = "";
  if (part.technique !== undefined) json += `,"threat":{"technique":{"id":["${part.technique}"]}}`;
  if (part.user !== undefined) json += `,"user":${JSON.stringify(part.user)}`;
  if (part.process !== undefined) json += `,"process":${JSON.stringify(part.process)}`;
  if (part.http !== undefined) json += `,"http":${JSON.stringify(part.http)}`;
  if (part.url !== undefined) json += `,"url":${JSON.stringify(part.url)}`;
  if (part.userAgent !== undefined) json += `,"user_agent":${JSON.stringify(part.userAgent)}`;
  if (part.file !== undefined) json += `,"file":${JSON.stringify(part.file)}`;
  if (part.tls !== undefined) json += `,"tls":${JSON.stringify(part.tls)}`;
  return json;
}

/** The members of `duckblind`. */
function encodeDuckblind(part: Part, scope: Scope): string {
  let json = "";
  if (scope.sessionId !== undefined) {
    const more = part.session === undefined ? "{}" : JSON.stringify(part.session);
    json = `"session":{"id":"${scope.sessionId}"${more === "{}" ? "}" : "," + more.slice(1)}`;
  }
  if (scope.peer !== undefined) {
    json += `${json === "" ? "" : ","}"decoy":{"kind":"${scope.kind}"}`;
  }
  if (part.duckblind !== undefined) {
    const members = JSON.stringify(part.duckblind).slice(1, -1);
    if (members !== "") json += (json === "" ? "" : ",") + members;
  }
  return json;
}

/** The pieces that are the same for all connections of a decoy. */
interface OwnPieces {
  /** Who said whose: they hold its name. */
  readonly sensor: SensorIdentity;
  readonly dataset: string;
  readonly observer: string;
}

/** As many entries as there are decoys, plus the service and the sensor. */
const ownByProvider = new Map<string, OwnPieces>();

function ownPieces({ kind, provider }: Scope, sensor: SensorIdentity): OwnPieces {
  const key = `${kind} ${provider}`;
  const known = ownByProvider.get(key);
  if (known?.sensor === sensor) return known;
  const quote = JSON.stringify;
  const pieces = {
    sensor,
    dataset: `"dataset":"duckblind.${kind}","module":"duckblind","provider":${quote(provider)}`,
    observer: `},"observer":{"name":${quote(sensor.name)},"type":"honeypot",` +
      `"product":"Duckblind","version":${quote(sensor.version)}}`,
  };
  ownByProvider.set(key, pieces);
  return pieces;
}
