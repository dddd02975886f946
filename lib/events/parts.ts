/**
 * What each event puts into the wire form beside the common fields: category, severity, message and
 * the fields of its own.
 * @module
 */
import { boundBase64, boundText } from "./bound.ts";
import type { Scope, SensorIdentity } from "./ecs.ts";
import { encodeCredential, LOGIN_DENIED } from "./credential_part.ts";
import type { EventId, EventMap, SinkData } from "./event.ts";
import { encodeHttp } from "./http_part.ts";
import { classes, type Part, quote } from "./part.ts";
import { encodeSshClient } from "./ssh_part.ts";
import { encodeTlsClientHello } from "./tls_part.ts";
import { isSecretName, WITHHELD, withholds } from "./withhold.ts";

/** Makes the part of one kind of event. */
type Encoder<K extends EventId> = (
  data: EventMap[K],
  scope: Scope,
  sensor: SensorIdentity,
) => Part;

/** Longest list of words of a command. */
const MAX_ARGS = 64;
/** Longest name of a peer's program, in bytes. */
const MAX_AGENT_BYTES = 1024;

const OPENED = classes(["network"], ["connection", "start"]);
const CLOSED = classes(["network"], ["connection", "end"]);
const DENIED = classes(["network"], ["denied"]);
const PROTOCOL = classes(["network"], ["protocol"]);
const FILE = classes(["file"], ["creation"]);
const LOGIN = classes(["authentication"], ["start"]);
const INTRUSION = classes(["intrusion_detection"], ["info"]);
const ACCESS = classes(["intrusion_detection"], ["access"]);
const INDICATOR = classes(["intrusion_detection"], ["indicator"]);
const PROCESS = classes(["process"], ["info"]);
const HOST_INFO = classes(["host"], ["info"]);
const HOST_ERROR = classes(["host"], ["error"]);

/** The encoder of every event. */
export const PARTS: { readonly [K in EventId]: Encoder<K> } = {
  "session.open": () => ({
    classes: OPENED,
    severity: 10,
    message: "{decoy} connection from {from}",
  }),
  "session.close": (data, _scope, sensor) => ({
    classes: CLOSED,
    severity: 10,
    message: `{decoy} connection from {from} closed (${data.reason}) after ${
      formatDuration(data.durationNs)
    }`,
    fields: { durationNs: data.durationNs, bytesIn: data.bytesIn, bytesOut: data.bytesOut },
    session: {
      reason: data.reason,
      credentials: data.credentials,
      commands: data.commands,
      payloads: data.payloads,
      first_bytes: encodeFirstBytes(data.firstBytes, sensor),
    },
  }),
  "limit.hit": (data) => ({
    classes: DENIED,
    severity: 30,
    message: `{decoy} limit ${data.limit} (${data.max}) met by {from}` +
      (data.refused === undefined ? "" : `, ${data.refused} refused`),
    duckblind: { limit: { name: data.limit, max: data.max, refused: data.refused } },
  }),
  "auth.attempt": encodeCredential,
  "command": encodeCommand,
  "http.request": encodeHttp,
  "payload": (data) => {
    const kept = boundBase64(data.bytes);
    return {
      classes: FILE,
      severity: 60,
      message: `{decoy} payload of ${data.size} bytes from {from}`,
      fields: { hashes: [data.sha256] },
      file: {
        name: data.name === undefined ? undefined : boundText(data.name).text,
        size: data.size,
        mime_type: data.mimeType === undefined ? undefined : boundText(data.mimeType).text,
        hash: { sha256: data.sha256 },
      },
      duckblind: {
        payload: { base64: kept.text, truncated: kept.isCut || data.bytes.length < data.size },
      },
    };
  },
  "telnet.client": (data, _scope, sensor) => {
    const isExploit = data.environment.some(([name, value]) =>
      name.toUpperCase() === "USER" && value.startsWith("-")
    );
    return {
      classes: PROTOCOL,
      severity: isExploit ? 60 : 10,
      technique: isExploit ? "T1190" : undefined,
      message: isExploit
        ? `{decoy} login with options as user name from {from}`
        : `{decoy} client of {from} named its options`,
      duckblind: {
        telnet: {
          options: data.options.slice(0, 256).map((option) => boundText(option, 64).text),
          environment: data.environment.slice(0, 32).map(([name, value]) => ({
            name: boundText(name, 256).text,
            value: withholds(sensor) && isSecretName(name) ? WITHHELD : boundText(value, 512).text,
          })),
          terminal_type: data.terminalType === undefined
            ? undefined
            : boundText(data.terminalType, 256).text,
          terminal_speed: data.terminalSpeed === undefined
            ? undefined
            : boundText(data.terminalSpeed, 256).text,
          columns: data.window?.[0],
          rows: data.window?.[1],
        },
      },
    };
  },
  "ssh.client": encodeSshClient,
  "tls.client-hello": (data, _scope, sensor) =>
    encodeTlsClientHello(data, encodeFirstBytes(data.firstBytes, sensor)),
  "lure.touched": (data) => ({
    classes: ACCESS,
    severity: 80,
    message: `{decoy} lure ${data.lure} (${quote(data.place)}) read by {from}`,
    duckblind: { lure: { id: data.lure, place: boundText(data.place).text } },
  }),
  "breadcrumb.used": (data) => ({
    classes: INDICATOR,
    severity: 95,
    message: `{decoy} login with the password of lure ${data.lure} from {from}` +
      (data.takenBy === undefined ? "" : `, read before by ${data.takenBy.ip}`),
    outcome: "failure",
    technique: "T1078",
    fields: { users: [boundText(data.username).text] },
    user: { name: boundText(data.username).text },
    duckblind: {
      credential: { method: data.method },
      lure: {
        id: data.lure,
        place: boundText(data.place).text,
        taken_by: data.takenBy && {
          session: data.takenBy.sessionId,
          ip: data.takenBy.ip,
          decoy: data.takenBy.decoy,
          at: new Date(data.takenBy.timeMs).toISOString(),
        },
      },
    },
  }),
  "protocol.error": (data, _scope, sensor) => ({
    classes: PROTOCOL,
    severity: 20,
    message: `{decoy} bytes make no sense, expected ${data.expected}, from {from}`,
    duckblind: {
      protocol: { offset: data.offset, expected: boundText(data.expected).text },
      first_bytes: encodeFirstBytes(data.firstBytes, sensor),
    },
  }),
  "service.login": (data) => ({
    classes: data.success ? LOGIN : LOGIN_DENIED,
    severity: data.success ? 20 : 80,
    outcome: data.success ? "success" : "failure",
    message: data.success
      ? `${data.role === "sensor" ? "Sensor" : "Operator"} ${quote(data.username)} ` +
        "logged in to the encrypted service from {from}"
      : `Login as ${quote(data.username)} on the encrypted service refused, from {from}`,
    fields: { users: [boundText(data.username, 256).text] },
    user: { name: boundText(data.username, 256).text },
    duckblind: { service: { role: data.role } },
  }),
  "service.probe": (data, _scope, sensor) => ({
    classes: INTRUSION,
    severity: 80,
    message: `Encrypted service probed (${data.detail}) from {from}`,
    fields: { reason: boundText(data.detail).text },
    duckblind: { first_bytes: encodeFirstBytes(data.firstBytes, sensor) },
  }),
  "sensor.started": (data) => ({
    classes: HOST_INFO,
    severity: 5,
    message: `Sensor started with ${data.decoys} decoys on ${data.listeners} addresses`,
    duckblind: { sensor: { decoys: data.decoys, listeners: data.listeners } },
  }),
  "sensor.stopped": (data) => ({
    classes: HOST_INFO,
    severity: 5,
    message: `Sensor stopped (${data.reason}) after ${formatDuration(data.uptimeMs * 1e6)}`,
    fields: { reason: data.reason },
    duckblind: { sensor: { uptime_ms: data.uptimeMs } },
  }),
  "config.reloaded": (data) => ({
    classes: HOST_INFO,
    severity: 10,
    message: `Config reloaded: ${data.started.length} decoys started, ${data.stopped.length} ` +
      `stopped, ${data.kept.length} kept`,
    duckblind: { sensor: { started: data.started, stopped: data.stopped, kept: data.kept } },
  }),
  "sensor.degraded": (data) => ({
    classes: HOST_ERROR,
    severity: 70,
    message: `Sensor degraded: ${data.component}: ${data.detail}`,
    fields: { reason: boundText(data.detail).text },
    duckblind: { sensor: { component: data.component } },
  }),
  "sensor.recovered": (data) => ({
    classes: HOST_INFO,
    severity: 30,
    message: `Sensor recovered: ${data.component}: ${data.detail}, ${data.lost} events lost`,
    fields: { reason: boundText(data.detail).text },
    duckblind: { sensor: { component: data.component, lost: data.lost } },
  }),
  "sensor.silent": ({ sensor, lastSeenMs }) => {
    const lastSeen = new Date(lastSeenMs).toISOString();
    return {
      classes: HOST_ERROR,
      severity: 70,
      message: `Sensor ${quote(sensor)} is silent, it last spoke at ${lastSeen}`,
      duckblind: { fleet: { sensor, last_seen: lastSeen } },
    };
  },
  "sensor.returned": ({ sensor, silentMs }) => ({
    classes: HOST_INFO,
    severity: 20,
    message: `Sensor ${quote(sensor)} is back after ${formatDuration(silentMs * 1e6)}`,
    duckblind: { fleet: { sensor, silent_ms: silentMs } },
  }),
  "sink.failing": (data) => encodeSink(data, { classes: HOST_ERROR, severity: 70 }, "fails"),
  "sink.recovered": (data) =>
    encodeSink(data, { classes: HOST_INFO, severity: 30 }, "works again after"),
  "sink.test": ({ name, kind }) => ({
    classes: HOST_INFO,
    severity: 50,
    message: `Test of sink ${name}: nothing happened, this event was asked for`,
    duckblind: { sink: { name, kind } },
  }),
};

function encodeSink(
  { name, kind, detail, failures, lost }: SinkData,
  rank: Pick<Part, "classes" | "severity">,
  verb: string,
): Part {
  return {
    ...rank,
    message: `Sink ${name} ${verb}: ${detail}${lost === 0 ? "" : `, ${lost} events lost`}`,
    fields: { reason: boundText(detail).text },
    duckblind: { sink: { name, kind, failures, lost } },
  };
}

function encodeCommand(data: EventMap["command"]): Part {
  const line = boundText(data.argument === "" ? data.verb : `${data.verb} ${data.argument}`);
  const [name = "", ...args] = line.text.split(" ");
  return {
    classes: PROCESS,
    severity: data.changes ? 60 : 30,
    message: `{decoy} command ${quote(line.text)} from {from}`,
    process: { command_line: line.text },
    userAgent: data.agent === undefined
      ? undefined
      : { original: boundText(data.agent, MAX_AGENT_BYTES).text },
    duckblind: {
      command: {
        name,
        args: args.slice(0, MAX_ARGS),
        reply_code: data.reply,
        line_truncated: line.fullBytes === undefined ? undefined : true,
        line_bytes: line.fullBytes,
      },
    },
  };
}

/** What a peer sent first, which may be a password. */
function encodeFirstBytes(
  bytes: Uint8Array | undefined,
  sensor: SensorIdentity,
): string | undefined {
  return bytes === undefined || withholds(sensor) ? undefined : boundBase64(bytes).text;
}

/** Nanoseconds as a person reads them. */
function formatDuration(ns: number): string {
  const ms = ns / 1e6;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Completes a message.
 * @param template the sentence with `{from}` and `{decoy}` outside of quoted text.
 * @param scope what the event belongs to.
 */
export function describeEvent(template: string, scope: Scope): string {
  const text = template.startsWith("{decoy}")
    ? scope.kind.toUpperCase() + template.slice(7)
    : template;
  const at = text.lastIndexOf("{from}");
  return at < 0 ? text : text.slice(0, at) + (scope.peer?.ip ?? "") + text.slice(at + 6);
}
