/**
 * OpenCanary's record format, for what reads its logs: Elastic's and Google SecOps' parsers.
 *
 * A record of a kind that OpenCanary has (`opencanary_logtypes.ts`) has exactly the keys of `logdata` that
 * OpenCanary's module writes, in its spelling; one that the event does not know is empty. What differs is
 * listed in `README.md`, as is what becomes of events for which OpenCanary has no record.
 *
 * Sources: `opencanary/logger.py` and `opencanary/modules/*.py` of OpenCanary 0.9, and the ingest
 * pipeline of Elastic's integration, which reads `utc_time` with six digits of a second.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "../../net/escape.ts";
import { chooseLogtype, LOGTYPE } from "./opencanary_logtypes.ts";
import type { JsonObject, WireEvent } from "./wire_event.ts";

/** How OpenCanary's HTTP module writes what a client did not send. */
const NOT_SUPPLIED = "<not supplied>";
/** How OpenCanary's VNC module writes a password that it could not guess. */
const NOT_GUESSED = "<Password was not in the common list>";
/** What OpenCanary's TCP module keeps of what was sent, in bytes. */
const MAX_DATA_BYTES = 255;

/** Makes the `logdata` of one kind of record. */
type LogdataMaker = (event: WireEvent) => JsonObject;

const LOGDATA: ReadonlyMap<number, LogdataMaker> = new Map<number, LogdataMaker>([
  [LOGTYPE.FTP_LOGIN_ATTEMPT, login],
  [LOGTYPE.TELNET_LOGIN_ATTEMPT, login],
  [LOGTYPE.HTTPPROXY_LOGIN_ATTEMPT, login],
  [LOGTYPE.MYSQL_LOGIN_ATTEMPT, login],
  [LOGTYPE.HTTP_GET, page],
  [LOGTYPE.HTTP_UNIMPLEMENTED_METHOD, (event) => ({
    ...page(event),
    REQUEST_TYPE: event.text("http", "request", "method") ?? "",
  })],
  [LOGTYPE.HTTP_POST_LOGIN_ATTEMPT, (event) => ({
    ...page(event),
    USERNAME: event.text("user", "name") || NOT_SUPPLIED,
    PASSWORD: password(event) || NOT_SUPPLIED,
  })],
  [LOGTYPE.SSH_NEW_CONNECTION, (event) => ({ SESSION: event.session ?? "" })],
  [LOGTYPE.SSH_REMOTE_VERSION_SENT, (event) => ({
    LOCALVERSION: "",
    REMOTEVERSION: event.text("duckblind", "ssh", "client_version") ?? "",
  })],
  [LOGTYPE.SSH_LOGIN_ATTEMPT, (event) => ({
    ...login(event),
    LOCALVERSION: "",
    REMOTEVERSION: "",
    ...publicKey(event),
  })],
  [LOGTYPE.TELNET_CONNECTION_MADE, () => ({})],
  [LOGTYPE.MYSQL_CONNECTION_MADE, () => ({})],
  [LOGTYPE.VNC, vnc],
  [LOGTYPE.GIT_CLONE_REQUEST, gitRequest],
  [LOGTYPE.REDIS_COMMAND, redisCommand],
  [LOGTYPE.TCP_BANNER_CONNECTION_MADE, (event) => ({
    FUNCTION: "CONNECTION_MADE",
    DATA: "",
    BANNER_ID: event.provider,
  })],
  [LOGTYPE.TCP_BANNER_DATA_RECEIVED, (event) => ({
    FUNCTION: "DATA_RECEIVED",
    DATA: keptBytes(event),
    BANNER_ID: event.provider,
  })],
  [LOGTYPE.USER_LOGIN, (event) => own(event, login(event))],
  [LOGTYPE.USER_COMMAND, (event) => own(event, ownCommand(event))],
  [LOGTYPE.USER_PAYLOAD, (event) =>
    own(event, {
      NAME: event.text("file", "name") ?? "",
      SIZE: String(event.number("file", "size") ?? ""),
      SHA256: event.text("file", "hash", "sha256") ?? "",
    })],
  [LOGTYPE.USER_LURE, (event) =>
    own(event, {
      LURE: event.text("duckblind", "lure", "id") ?? "",
      PLACE: event.text("duckblind", "lure", "place") ?? "",
    })],
  [LOGTYPE.USER_CLIENT, (event) =>
    own(event, {
      FINGERPRINT: event.text("duckblind", "tls", "ja4") ?? event.text("tls", "client", "ja3") ??
        "",
    })],
]);

/**
 * Makes OpenCanary's record of an event.
 * @param event any.
 */
export function encodeOpencanary(event: WireEvent): JsonObject {
  const logtype = chooseLogtype(event);
  const time = formatTime(event.timeMs);
  const make = LOGDATA.get(logtype);
  const isSensor = logtype < LOGTYPE.FTP_LOGIN_ATTEMPT;
  const logdata = make !== undefined ? make(event) : isSensor ? said(event) : own(event, {});
  return {
    dst_host: event.text("destination", "ip") ?? "",
    dst_port: event.number("destination", "port") ?? -1,
    // OpenCanary's own mark of a password that only whoever found it can know.
    ...(event.action === "breadcrumb-used" ? { honeycred: true } : {}),
    local_time: time,
    local_time_adjusted: time,
    logdata,
    logtype,
    node_id: event.sensor,
    src_host: event.source ?? "",
    src_port: event.number("source", "port") ?? -1,
    utc_time: time,
  };
}

/** As Python's `%Y-%m-%d %H:%M:%S.%f`, in UTC; `Date` knows no microseconds. */
function formatTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, -14)} ${iso.slice(-13, -1)}000`;
}

/** What OpenCanary's daemon says of itself. */
function said(event: WireEvent): JsonObject {
  return { msg: { logdata: event.message } };
}

/** A record that OpenCanary has no module for. */
function own(event: WireEvent, more: JsonObject): JsonObject {
  return { ...said(event), ACTION: event.action, SERVICE: event.kind, ...more };
}

function login(event: WireEvent): JsonObject {
  return { USERNAME: event.text("user", "name") ?? "", PASSWORD: password(event) };
}

/** The password; else what was sent in its place, as OpenCanary's MySQL module does. */
function password(event: WireEvent): string {
  const clear = event.text("duckblind", "credential", "password");
  if (clear !== undefined) return clear;
  const salted = event.text("duckblind", "credential", "password_sha256");
  if (salted !== undefined) return `<salted SHA-256 ${salted}>`;
  const hash = event.text("duckblind", "credential", "hash") ?? "";
  return event.kind === "mysql" ? hash.slice(hash.lastIndexOf("*") + 1) : hash;
}

/** A public key that was tried, which OpenCanary does not tell: a key of ours. */
function publicKey(event: WireEvent): JsonObject {
  const type = event.text("duckblind", "credential", "public_key", "type");
  if (type === undefined) return {};
  return { KEY: `${type} ${event.text("duckblind", "credential", "public_key", "sha256") ?? ""}` };
}

/** A request of the web decoys; of a login there is no more than the decoy's name. */
function page(event: WireEvent): JsonObject {
  const host = event.pairs("duckblind", "http", "headers")
    ?.find(({ name }) => name.toLowerCase() === "host")?.value ?? "";
  return {
    SKIN: event.provider,
    HOSTNAME: host.replace(/:\d*$/, ""),
    PATH: event.text("url", "original") ?? "",
    USERAGENT: event.text("user_agent", "original") || NOT_SUPPLIED,
  };
}

/** Challenge and answer are in the line for john: `$vnc$*CHALLENGE*ANSWER`. */
function vnc(event: WireEvent): JsonObject {
  const [, challenge = "", response = ""] = (event.text("duckblind", "credential", "hash") ?? "")
    .split("*");
  const clear = event.text("duckblind", "credential", "password") ??
    event.text("duckblind", "credential", "password_sha256");
  const username = event.text("user", "name") ?? "";
  return {
    "VNC Server Challenge": challenge.toLowerCase(),
    "VNC Client Response": response.toLowerCase(),
    "VNC Password": clear === undefined ? NOT_GUESSED : password(event),
    ...(username === "" ? {} : { USERNAME: username }),
  };
}

/** Repository and host out of `git-upload-pack PATH host=NAME ...`. */
function gitRequest(event: WireEvent): JsonObject {
  const line = event.text("process", "command_line") ?? "";
  const rest = line.slice("git-upload-pack ".length);
  // A request with spaces in it has NULs, escaped, between its parts.
  const at = Math.max(rest.lastIndexOf(" host="), rest.lastIndexOf("\\x00host="));
  if (at < 0) return { REPO: rest, HOST: "" };
  const host = rest.slice(rest.indexOf("=", at) + 1);
  return { REPO: rest.slice(0, at), HOST: host.split(/ |\\x00/)[0]! };
}

/** A command, or a login, which is a command of redis too. */
function redisCommand(event: WireEvent): JsonObject {
  if (event.action !== "command") {
    const words = [event.text("user", "name") ?? "", password(event)];
    return { CMD: "AUTH", ARGS: words.filter((word) => word !== "").join(" ") };
  }
  const [name = "", ...args] = (event.text("process", "command_line") ?? "").split(" ");
  return { CMD: name.toUpperCase(), ARGS: args.join(" ") };
}

function ownCommand(event: WireEvent): JsonObject {
  if (event.action === "http-request") {
    const { HOSTNAME, PATH, USERAGENT } = page(event);
    return {
      CMD: event.text("http", "request", "method") ?? "",
      ARGS: PATH,
      HOSTNAME,
      USERAGENT,
    };
  }
  const [name = "", ...args] = (event.text("process", "command_line") ?? "").split(" ");
  return { CMD: name, ARGS: args.join(" ") };
}

/** Start of a payload, escaped. */
function keptBytes(event: WireEvent): string {
  const base64 = event.text("duckblind", "payload", "base64") ?? "";
  return escapeBytes(
    Buffer.from(base64.slice(0, 2 * MAX_DATA_BYTES), "base64")
      .subarray(0, MAX_DATA_BYTES),
  );
}
