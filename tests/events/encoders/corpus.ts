/**
 * Events for the encoders: all that the decoys' transcripts report, and one of every action for every
 * kind of decoy.
 * @module
 */
import { DECOY_KINDS } from "../../../lib/decoys/registry.ts";
import { encodeEvent, type Scope, type SensorIdentity } from "../../../lib/events/ecs.ts";
import type { SensorEvent } from "../../../lib/events/emitter.ts";
import { ACTIONS, type EventId, type EventMap } from "../../../lib/events/event.ts";
import { unescapeBytes } from "../../../lib/net/escape.ts";

/** The sensor of these events. */
export const SENSOR: SensorIdentity = {
  name: "edge-1",
  version: "1.2.3",
  secrets: "plain",
  salt: "aa",
};

/** 2026-11-21 21:20:00.123 UTC. */
export const TIME_MS = 1_795_296_000_123;

/** An event, and what it was made of. */
export interface Sample {
  readonly kind: string;
  readonly action: string;
  readonly event: SensorEvent;
}

const TRANSCRIPTS = new URL("../../decoys/transcripts/", import.meta.url);
const KINDS = DECOY_KINDS.map(({ kind }) => kind);
const OWN_KINDS: Partial<Record<EventId, string>> = {
  "service.login": "service",
  "service.probe": "service",
  "sensor.started": "sensor",
  "sensor.stopped": "sensor",
  "config.reloaded": "sensor",
  "sensor.degraded": "sensor",
  "sensor.recovered": "sensor",
  "sensor.silent": "sensor",
  "sensor.returned": "sensor",
  "sink.failing": "sensor",
  "sink.recovered": "sensor",
  "sink.test": "sensor",
};

/**
 * Makes the journal's event of something that happened.
 * @param kind of the decoy, `service` or `sensor`.
 * @param id what happened.
 * @param data its data.
 * @param sensor whose.
 */
export function makeEvent<K extends EventId>(
  kind: string,
  id: K,
  data: EventMap[K],
  sensor: SensorIdentity = SENSOR,
): SensorEvent {
  const scope: Scope = kind === "sensor" ? { provider: kind, kind } : {
    provider: `${kind}-2`,
    kind,
    sessionId: "01J00000000000000000000000",
    peer: { ip: "203.0.113.7", port: 40000 },
    local: { ip: "192.0.2.1", port: 21 },
  };
  const stamp = { id: "01J00000000000000000000001", sequence: 7, timeMs: TIME_MS };
  const { json, severity } = encodeEvent(stamp, scope, { id, data, sensor });
  return Object.freeze({
    sequence: stamp.sequence,
    timeMs: stamp.timeMs,
    action: ACTIONS[id],
    decoy: scope.provider,
    source: scope.peer?.ip ?? "",
    session: scope.sessionId ?? "",
    severity,
    json,
  });
}

/** One of each at least: what a decoy may report in any protocol. */
const DATA: { readonly [K in EventId]: readonly EventMap[K][] } = {
  "session.open": [{}],
  "session.close": [{
    durationNs: 1_500_000_000,
    bytesIn: 3,
    bytesOut: 4,
    reason: "idle",
    credentials: 1,
    commands: 2,
    payloads: 0,
    firstBytes: new Uint8Array([1, 2, 255]),
  }],
  "limit.hit": [{ limit: "sessions", max: 5, refused: 9 }],
  "auth.attempt": [
    { method: "password", username: "root", secret: " pass=word|\\\\ " },
    { method: "none", username: "root", service: "ssh-connection" },
    { method: "ntlmv2", username: "u", domain: "CORP", hash: "u::CORP:1:2:3", hashcatMode: 5600 },
    { method: "digest", username: "u", hash: "$sip$*a*b", hashcatMode: 11400 },
    { method: "basic", username: "u", secret: "" },
    {
      method: "publickey",
      username: "root",
      publicKey: { type: "ssh-rsa", sha256: "SHA256:x", bits: 2048, signed: false },
    },
  ],
  "command": [
    { verb: "STOR", argument: "a.php", reply: "530", changes: true },
    { verb: "RETR", argument: "a.php", reply: "530" },
    { verb: "SIZE", argument: "a.php", reply: "530" },
    { verb: "DELE", argument: "a.php", reply: "530" },
    { verb: "RNFR", argument: "a.php", reply: "530" },
    { verb: "LIST", argument: "", reply: "530" },
    { verb: "CONNECT", argument: "user=root" },
    { verb: "git-upload-pack", argument: "/project.git host=git.example:9418 version=2" },
    { verb: "", argument: "" },
  ],
  "http.request": ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
    .concat("PROPFIND", "get").map((method) => ({
      method,
      target: "http://www.example/a.php?x=1&y=<|>",
      version: "1.1",
      headers: [
        ["Host", "www.example:8080"],
        ["User-Agent", "curl/8 (a=b)"],
        ["Referer", "http://x.example/"],
      ],
      body: new TextEncoder().encode("a=b\r\n\x00"),
      bodyBytes: 6,
      bodySha256: "0".repeat(64),
      status: method === "TRACE" ? 0 : 404,
      attack: true,
    })),
  "payload": [
    { bytes: new Uint8Array([0x61, 0, 0xff]), size: 3, sha256: "f".repeat(64) },
    { name: "a=b|c.php", mimeType: "text/x", bytes: new Uint8Array(1e5), size: 1e6, sha256: "ff" },
  ],
  "telnet.client": [{ options: ["DO 3"], environment: [["USER", "-f root"]], terminalType: "vt" }],
  "ssh.client": [{
    clientVersion: "SSH-2.0-Go",
    hassh: "92674389fa1e47a27ddd8d9b63ecd42b",
    hasshAlgorithms: "a,b;c;d;none",
    kexAlgorithms: ["a", "b"],
  }, { clientVersion: "SSH-1.5-x" }],
  "tls.client-hello": [
    { notTls: "no-record", firstBytes: new Uint8Array([71]) },
    {
      ja3: "92674389fa1e47a27ddd8d9b63ecd42b",
      ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1",
      serverName: "www.example",
      alpn: ["h2"],
      versions: ["1.3", "1.2"],
      ciphers: [0x1301],
      established: true,
      version: "1.3",
    },
  ],
  "lure.touched": [{ lure: "env", place: "/.env" }],
  "breadcrumb.used": [{
    lure: "env",
    place: "/.env",
    username: "backup",
    method: "password",
    takenBy: { sessionId: "01J", ip: "198.51.100.9", decoy: "web", timeMs: 1e12 },
  }],
  "protocol.error": [{ offset: 5, expected: "a length", firstBytes: new Uint8Array([1]) }],
  "service.login": [
    { username: "eve", success: false },
    { username: "op", success: true, role: "operator" },
  ],
  "service.probe": [{ detail: "unknown words before login", firstBytes: new Uint8Array([22]) }],
  "sensor.started": [{ version: "1", decoys: 2, listeners: 3 }],
  "sensor.stopped": [{ reason: "SIGTERM", uptimeMs: 5 }],
  "config.reloaded": [{ started: ["a"], stopped: [], kept: ["b", "c"] }],
  "sensor.degraded": [{ component: "journal", detail: "disk full" }],
  "sensor.recovered": [{ component: "journal", detail: "disk full", lost: 3 }],
  "sensor.silent": [{ sensor: "edge-7", lastSeenMs: 1e12 }],
  "sensor.returned": [{ sensor: "edge-7", silentMs: 60_000 }],
  "sink.failing": [{ name: "siem", kind: "syslog", detail: "refused", failures: 3, lost: 0 }],
  "sink.recovered": [{ name: "siem", kind: "syslog", detail: "3 failures", failures: 3, lost: 1 }],
  "sink.test": [{ name: "siem", kind: "syslog" }],
};

/** Every action for every kind of decoy that could have it. */
export function everyAction(): Sample[] {
  const samples: Sample[] = [];
  for (const [id, list] of Object.entries(DATA) as [EventId, readonly EventMap[EventId][]][]) {
    for (const kind of OWN_KINDS[id] === undefined ? KINDS : [OWN_KINDS[id]]) {
      for (const data of list) {
        samples.push({ kind, action: ACTIONS[id], event: makeEvent(kind, id, data) });
      }
    }
  }
  return samples;
}

/** Everything that a transcript reports, with the kind of its decoy. */
export function transcriptEvents(): Sample[] {
  const samples: Sample[] = [];
  for (const path of findTranscripts(TRANSCRIPTS)) {
    const kind = path.href.slice(TRANSCRIPTS.href.length).split("/")[0]!;
    for (const [, id, json] of Deno.readTextFileSync(path).matchAll(/^! (\S+) (\{.*\})$/gm)) {
      const data = JSON.parse(json!, reviveBytes);
      const event = makeEvent(kind, id as EventId, data);
      samples.push({ kind, action: ACTIONS[id as EventId], event });
    }
  }
  return samples;
}

function findTranscripts(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    if (entry.isDirectory) return findTranscripts(new URL(`${entry.name}/`, folder));
    return entry.name.endsWith(".txt") ? [new URL(entry.name, folder)] : [];
  });
}

/** Bytes as transcripts write them; what a test masks there is no escape. */
function reviveBytes(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bytes" in value)) return value;
  return unescapeBytes(String(value.$bytes));
}
