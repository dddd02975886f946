/**
 * The wire form: makes an ECS object of an event.
 *
 * The common fields are put by `encodeEvent` from what the host knows; what a decoy supplies goes
 * only to fields that the event's own part below names, so nothing that a peer sends can set or
 * overwrite a stamped field. Texts are escaped already and are cut here; bytes become base64.
 * @module
 */
import { communityId } from "./community_id.ts";
import { ECS_VERSION, type EcsEvent } from "./fields.ts";
import { ACTIONS, type Endpoint, type EventId, type EventMap } from "./event.ts";
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
  /** Made once, when first needed. */
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

/** Severity from which an event is an alert. */
export const ALERT_SEVERITY = 70;

/**
 * Makes the wire form of an event.
 * @param stamp identity and time of the event.
 * @param scope what it belongs to.
 * @param event id, data and the sensor.
 * @returns the object; keys that are `undefined` are not to be written.
 */
export function encodeEvent<K extends EventId>(
  stamp: Stamp,
  scope: Scope,
  event: { id: K; data: EventMap[K]; sensor: SensorIdentity },
): EcsEvent {
  const { id, data, sensor } = event;
  const { peer, local } = scope;
  const part = PARTS[id](data, scope, sensor);
  const severity = Math.min(part.severity, stamp.maxSeverity ?? 100);
  const { fields } = part;
  return {
    "@timestamp": new Date(stamp.timeMs).toISOString(),
    ecs: { version: ECS_VERSION },
    message: describeEvent(part.message, scope),
    event: {
      id: stamp.id,
      sequence: stamp.sequence,
      kind: severity >= ALERT_SEVERITY ? "alert" : "event",
      category: part.category,
      type: part.type,
      action: ACTIONS[id],
      dataset: `duckblind.${scope.kind}`,
      module: "duckblind",
      provider: scope.provider,
      severity,
      outcome: part.outcome,
      duration: fields?.durationNs,
      reason: fields?.reason,
    },
    observer: {
      name: sensor.name,
      type: "honeypot",
      product: "Duckblind",
      version: sensor.version,
    },
    source: peer && { ip: peer.ip, port: peer.port, bytes: fields?.bytesIn },
    destination: local && { ip: local.ip, port: local.port, bytes: fields?.bytesOut },
    network: peer && local && {
      transport: "tcp",
      protocol: scope.kind,
      type: peer.ip.includes(":") ? "ipv6" : "ipv4",
      community_id: scope.communityId ??= communityId(peer, local),
    },
    related: peer && {
      ip: local && local.ip !== peer.ip ? [peer.ip, local.ip] : [peer.ip],
      user: fields?.user ? [fields.user] : undefined,
      hash: fields?.hashes,
    },
    threat: part.technique === undefined ? undefined : { technique: { id: [part.technique] } },
    user: part.user,
    process: part.process,
    http: part.http,
    url: part.url,
    user_agent: part.userAgent,
    file: part.file,
    duckblind: {
      session: scope.sessionId === undefined ? undefined : { id: scope.sessionId, ...part.session },
      decoy: peer && { kind: scope.kind },
      ...part.duckblind,
    },
  };
}
