/**
 * The wire form: makes one line of ECS JSON of an event.
 *
 * The common fields are put by `encodeEvent` from what the host knows; what a decoy supplies goes
 * only to fields that the event's own part (`parts.ts`) names, so nothing that a peer sends can set or
 * overwrite a stamped field. Texts are escaped already and are cut; bytes become base64.
 *
 * The text is put together from pieces of which those of the connection are made once: a sensor under
 * a flood spends more time here than anywhere else.
 * @module
 */
import { boundText } from "./bound.ts";
import { communityId } from "./community_id.ts";
import { ECS_VERSION } from "./fields.ts";
import { ACTIONS, type Endpoint, type EventId, type EventMap } from "./event.ts";
import type { Part } from "./part.ts";
import { describeEvent, PARTS } from "./parts.ts";

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
  /** Pieces of the text, made when first needed. */
  pieces?: ScopePieces;
}

/** The pieces of the text that are the same for all events of a scope. */
interface ScopePieces {
  /** Who said whose: they hold its name. */
  readonly sensor: SensorIdentity;
  readonly dataset: string;
  /** From `observer` up to the start of `source`'s members that may follow. */
  readonly observer: string;
  readonly source: string;
  readonly destination: string;
  readonly network: string;
  readonly relatedIp: string;
  readonly decoy: string;
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
  if (scope.pieces?.sensor !== sensor) scope.pieces = makePieces(scope, sensor);
  const pieces = scope.pieces!;
  const { fields } = part;
  const message = boundText(describeEvent(part.message, scope), MAX_MESSAGE_BYTES).text;
  let json = `{"@timestamp":"${formatTime(stamp.timeMs)}","ecs":{"version":"${ECS_VERSION}"},` +
    `"message":${JSON.stringify(message)},` +
    `"event":{"id":"${stamp.id}","sequence":${stamp.sequence},` +
    `"kind":"${severity >= ALERT_SEVERITY ? "alert" : "event"}",${part.classes.json},` +
    `"action":"${ACTIONS[id]}",${pieces.dataset},"severity":${severity}`;
  if (part.outcome !== undefined) json += `,"outcome":"${part.outcome}"`;
  if (fields?.durationNs !== undefined) json += `,"duration":${fields.durationNs}`;
  if (fields?.reason !== undefined) json += `,"reason":${JSON.stringify(fields.reason)}`;
  json += pieces.observer;
  if (pieces.network !== "") {
    const { bytesIn, bytesOut } = fields ?? {};
    json += pieces.source + (bytesIn === undefined ? "}" : `,"bytes":${bytesIn}}`) +
      pieces.destination + (bytesOut === undefined ? "}" : `,"bytes":${bytesOut}}`) +
      pieces.network + pieces.relatedIp;
    if (fields?.user) json += `,"user":[${JSON.stringify(fields.user)}]`;
    if (fields?.hashes !== undefined) json += `,"hash":${JSON.stringify(fields.hashes)}`;
    json += "}";
  }
  json += encodeOwn(part);
  const own = encodeDuckblind(part, scope, pieces);
  return { json: own === "" ? json + "}" : `${json},"duckblind":{${own}}}`, severity };
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
  return json;
}

/** The members of `duckblind`. */
function encodeDuckblind(part: Part, scope: Scope, pieces: ScopePieces): string {
  let json = "";
  if (scope.sessionId !== undefined) {
    const more = part.session === undefined ? "{}" : JSON.stringify(part.session);
    json = `"session":{"id":"${scope.sessionId}"${more === "{}" ? "}" : "," + more.slice(1)}`;
  }
  if (pieces.decoy !== "") json += (json === "" ? "" : ",") + pieces.decoy;
  if (part.duckblind !== undefined) {
    const members = JSON.stringify(part.duckblind).slice(1, -1);
    if (members !== "") json += (json === "" ? "" : ",") + members;
  }
  return json;
}

function makePieces(scope: Scope, sensor: SensorIdentity): ScopePieces {
  const { peer, local, kind } = scope;
  const own = ownPieces(scope, sensor);
  if (peer === undefined || local === undefined) {
    return { ...own, source: "", destination: "", network: "", relatedIp: "", decoy: "" };
  }
  const ips = local.ip === peer.ip ? `"${peer.ip}"` : `"${peer.ip}","${local.ip}"`;
  return {
    sensor,
    dataset: own.dataset,
    observer: own.observer,
    source: `,"source":{"ip":"${peer.ip}","port":${peer.port}`,
    destination: `,"destination":{"ip":"${local.ip}","port":${local.port}`,
    network: `,"network":{"transport":"tcp","protocol":"${kind}",` +
      `"type":"${peer.ip.includes(":") ? "ipv6" : "ipv4"}",` +
      `"community_id":"${communityId(peer, local)}"}`,
    relatedIp: `,"related":{"ip":[${ips}]`,
    decoy: `"decoy":{"kind":"${kind}"}`,
  };
}

/** The pieces that are the same for all connections of a decoy. */
type OwnPieces = Pick<ScopePieces, "sensor" | "dataset" | "observer">;

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

let lastTimeMs = NaN;
let lastTime = "";

/** RFC 3339 in UTC; events come in bursts, so the last one is kept. */
function formatTime(ms: number): string {
  if (ms !== lastTimeMs) {
    lastTimeMs = ms;
    lastTime = new Date(ms).toISOString();
  }
  return lastTime;
}
