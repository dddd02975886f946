/**
 * Classes and activities of the Open Cybersecurity Schema Framework 1.8, and which of them stands for an
 * event of ours. `README.md` has the table.
 * @module
 */
import type { WireEvent } from "./wire_event.ts";

/** Version of the schema. */
export const OCSF_VERSION = "1.8.0";

/** A class of the schema, as far as we use it. */
export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly categoryUid: number;
  readonly categoryName: string;
  /** Captions of the activities that we use. */
  readonly activities: Readonly<Record<number, string>>;
}

const NETWORK = { categoryUid: 4, categoryName: "Network Activity" } as const;
const APPLICATION = { categoryUid: 6, categoryName: "Application Activity" } as const;
const CONNECTION = { 1: "Open", 2: "Close", 5: "Refuse", 6: "Traffic" } as const;

/** The classes that we use. */
export const OCSF_CLASS = {
  base: {
    uid: 0,
    name: "Base Event",
    categoryUid: 0,
    categoryName: "Uncategorized",
    activities: {},
  },
  detectionFinding: {
    uid: 2004,
    name: "Detection Finding",
    categoryUid: 2,
    categoryName: "Findings",
    activities: { 1: "Create" },
  },
  authentication: {
    uid: 3002,
    name: "Authentication",
    categoryUid: 3,
    categoryName: "Identity & Access Management",
    activities: { 1: "Logon", 6: "Preauth" },
  },
  network: { uid: 4001, name: "Network Activity", ...NETWORK, activities: CONNECTION },
  http: {
    uid: 4002,
    name: "HTTP Activity",
    ...NETWORK,
    activities: {
      1: "Connect",
      2: "Delete",
      3: "Get",
      4: "Head",
      5: "Options",
      6: "Post",
      7: "Put",
      8: "Trace",
      9: "Patch",
    },
  },
  ssh: { uid: 4007, name: "SSH Activity", ...NETWORK, activities: CONNECTION },
  ftp: {
    uid: 4008,
    name: "FTP Activity",
    ...NETWORK,
    activities: { 1: "Put", 2: "Get", 3: "Poll", 4: "Delete", 5: "Rename", 6: "List" },
  },
  lifecycle: {
    uid: 6002,
    name: "Application Lifecycle",
    ...APPLICATION,
    activities: { 3: "Start", 4: "Stop" },
  },
  datastore: {
    uid: 6005,
    name: "Datastore Activity",
    ...APPLICATION,
    activities: { 3: "Connect", 4: "Query", 5: "Write" },
  },
  fileHosting: {
    uid: 6006,
    name: "File Hosting Activity",
    ...APPLICATION,
    activities: { 1: "Upload" },
  },
  applicationError: {
    uid: 6008,
    name: "Application Error",
    ...APPLICATION,
    activities: { 1: "General Error" },
  },
} as const satisfies Record<string, OcsfClass>;

/** `activity_id` of what has none in its class; `activity_name` says what it is then. */
export const OTHER_ACTIVITY = 99;

/** Methods that `http_request.http_method` may be, by the activity of HTTP Activity. */
const METHODS = [
  "",
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
  "PUT",
  "TRACE",
  "PATCH",
];

/** Activities of FTP Activity by verb: RFC 959 §4.1.3, RFC 3659. */
const FTP_VERBS: ReadonlyMap<string, number> = new Map([
  ["STOR", 1],
  ["STOU", 1],
  ["APPE", 1],
  ["RETR", 2],
  ["STAT", 3],
  ["SIZE", 3],
  ["MDTM", 3],
  ["DELE", 4],
  ["RMD", 4],
  ["XRMD", 4],
  ["RNFR", 5],
  ["RNTO", 5],
  ["LIST", 6],
  ["NLST", 6],
  ["MLSD", 6],
  ["MLST", 6],
]);

/** Verbs by which decoys of databases report that a client logs in, not that it asks something. */
const CONNECTING = new Set(["CONNECT", "STARTUP", "AUTH", "HELLO"]);

/** Types of the databases that are played: `type_id` of the schema's database object. */
export const DATABASE_TYPES: ReadonlyMap<string, number> = new Map([
  ["mysql", 1], // relational
  ["postgres", 1],
  ["redis", 6], // NoSQL
  ["memcached", 6],
]);

/** Severity from which a command counts as one that changes something: `parts.ts`. */
const CHANGE_SEVERITY = 60;

/** What an event is in the schema. */
export interface OcsfType {
  readonly class: OcsfClass;
  readonly activityId: number;
  /** Caption of the activity, or our own word for one that the class does not have. */
  readonly activityName: string;
}

/**
 * Chooses class and activity for an event.
 * @param event any.
 */
export function chooseType(event: WireEvent): OcsfType {
  const isSsh = event.kind === "ssh";
  const network = isSsh ? OCSF_CLASS.ssh : OCSF_CLASS.network;
  switch (event.action) {
    case "connection-opened":
      return known(network, 1);
    case "connection-closed":
      return known(network, 2);
    case "limit-hit":
      return known(network, 5);
    case "credential-attempt": {
      const asksOnly = event.text("duckblind", "credential", "method") === "none";
      return known(OCSF_CLASS.authentication, asksOnly ? 6 : 1);
    }
    case "service-login":
      return known(OCSF_CLASS.authentication, 1);
    case "command":
      return chooseCommand(event);
    case "http-request": {
      const method = event.text("http", "request", "method") ?? "";
      return findMethod(method) === undefined
        ? other(OCSF_CLASS.http, method === "" ? "Unknown" : method)
        : known(OCSF_CLASS.http, METHODS.indexOf(method));
    }
    case "payload":
      return known(OCSF_CLASS.fileHosting, 1);
    case "ssh-client":
      return known(OCSF_CLASS.ssh, 6);
    case "telnet-client":
    case "tls-client-hello":
    case "protocol-error":
      return known(network, 6);
    case "lure-touched":
    case "breadcrumb-used":
    case "service-probe":
      return known(OCSF_CLASS.detectionFinding, 1);
    case "sensor-started":
      return known(OCSF_CLASS.lifecycle, 3);
    case "sensor-stopped":
      return known(OCSF_CLASS.lifecycle, 4);
    case "config-reloaded":
      return other(OCSF_CLASS.lifecycle, "Reload");
    case "sensor-recovered":
    case "sensor-returned":
    case "sink-recovered":
      return other(OCSF_CLASS.lifecycle, "Recover");
    case "sink-test":
      return other(OCSF_CLASS.lifecycle, "Test");
    case "sensor-degraded":
    case "sensor-silent":
    case "sink-failing":
      return known(OCSF_CLASS.applicationError, 1);
    default:
      return other(OCSF_CLASS.base, event.action);
  }
}

/**
 * A method as the schema allows it.
 * @param method as the peer sent it.
 * @returns the same, or `undefined` for one that the schema does not have.
 */
export function findMethod(method: string): string | undefined {
  return method !== "" && METHODS.includes(method) ? method : undefined;
}

function chooseCommand(event: WireEvent): OcsfType {
  const verb = (event.text("duckblind", "command", "name") ?? "").toUpperCase();
  if (event.kind === "ssh") return known(OCSF_CLASS.ssh, 6);
  if (event.kind === "ftp") {
    const activity = FTP_VERBS.get(verb);
    return activity === undefined
      ? other(OCSF_CLASS.ftp, verb === "" ? "Unknown" : verb)
      : known(OCSF_CLASS.ftp, activity);
  }
  if (DATABASE_TYPES.has(event.kind)) {
    const writes = event.severity >= CHANGE_SEVERITY;
    return known(OCSF_CLASS.datastore, CONNECTING.has(verb) ? 3 : writes ? 5 : 4);
  }
  return known(OCSF_CLASS.network, 6);
}

function known(ocsfClass: OcsfClass, activityId: number): OcsfType {
  return { class: ocsfClass, activityId, activityName: ocsfClass.activities[activityId]! };
}

function other(ocsfClass: OcsfClass, activityName: string): OcsfType {
  return { class: ocsfClass, activityId: OTHER_ACTIVITY, activityName };
}
