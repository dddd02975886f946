/**
 * The kinds of record that OpenCanary's logger has (`opencanary/logger.py`), and which of them stands
 * for an event of ours.
 *
 * What OpenCanary has no record for gets one of those that it leaves to its users, `LOG_USER_0` to
 * `LOG_USER_9`, always the same for the same thing. `README.md` has the table.
 * @module
 */
import type { WireEvent } from "./wire_event.ts";

/** `logtype` of a record: OpenCanary's names without `LOG_`. */
export const LOGTYPE = {
  BASE_BOOT: 1000,
  BASE_MSG: 1001,
  BASE_ERROR: 1003,
  BASE_CONFIG_SAVE: 1005,
  BASE_EXAMPLE: 1006,
  FTP_LOGIN_ATTEMPT: 2000,
  HTTP_GET: 3000,
  HTTP_POST_LOGIN_ATTEMPT: 3001,
  HTTP_UNIMPLEMENTED_METHOD: 3002,
  SSH_NEW_CONNECTION: 4000,
  SSH_REMOTE_VERSION_SENT: 4001,
  SSH_LOGIN_ATTEMPT: 4002,
  TELNET_LOGIN_ATTEMPT: 6001,
  TELNET_CONNECTION_MADE: 6002,
  HTTPPROXY_LOGIN_ATTEMPT: 7001,
  MYSQL_LOGIN_ATTEMPT: 8001,
  MYSQL_CONNECTION_MADE: 9003,
  VNC: 12001,
  GIT_CLONE_REQUEST: 16001,
  REDIS_COMMAND: 17001,
  TCP_BANNER_CONNECTION_MADE: 18001,
  TCP_BANNER_DATA_RECEIVED: 18005,
  /** A login at a decoy that OpenCanary does not have. */
  USER_LOGIN: 99000,
  /** A command or request for which OpenCanary has no record. */
  USER_COMMAND: 99001,
  /** Something sent that is worth keeping. */
  USER_PAYLOAD: 99002,
  /** A connection came or went. */
  USER_CONNECTION: 99003,
  /** What a client said of itself. */
  USER_CLIENT: 99004,
  /** Bytes that make no sense. */
  USER_PROTOCOL_ERROR: 99005,
  /** A limit was met. */
  USER_LIMIT: 99006,
  /** A lure was read. */
  USER_LURE: 99007,
  /** The encrypted service was touched. */
  USER_SERVICE: 99008,
  /** Whatever else a peer did. */
  USER_OTHER: 99009,
} as const;

/** Logtypes of a kind of decoy, and of all others. */
interface Choice {
  readonly byKind?: Readonly<Record<string, number>>;
  readonly otherwise: number;
}

const LOGIN: Choice = {
  byKind: {
    ftp: LOGTYPE.FTP_LOGIN_ATTEMPT,
    http: LOGTYPE.HTTP_POST_LOGIN_ATTEMPT,
    https: LOGTYPE.HTTP_POST_LOGIN_ATTEMPT,
    ssh: LOGTYPE.SSH_LOGIN_ATTEMPT,
    telnet: LOGTYPE.TELNET_LOGIN_ATTEMPT,
    "http-proxy": LOGTYPE.HTTPPROXY_LOGIN_ATTEMPT,
    mysql: LOGTYPE.MYSQL_LOGIN_ATTEMPT,
    vnc: LOGTYPE.VNC,
    redis: LOGTYPE.REDIS_COMMAND,
  },
  otherwise: LOGTYPE.USER_LOGIN,
};

const CHOICES: ReadonlyMap<string, Choice> = new Map<string, Choice>([
  ["connection-opened", {
    byKind: {
      ssh: LOGTYPE.SSH_NEW_CONNECTION,
      telnet: LOGTYPE.TELNET_CONNECTION_MADE,
      mysql: LOGTYPE.MYSQL_CONNECTION_MADE,
      tcp: LOGTYPE.TCP_BANNER_CONNECTION_MADE,
    },
    otherwise: LOGTYPE.USER_CONNECTION,
  }],
  ["connection-closed", { otherwise: LOGTYPE.USER_CONNECTION }],
  ["limit-hit", { otherwise: LOGTYPE.USER_LIMIT }],
  ["credential-attempt", LOGIN],
  ["command", {
    byKind: { git: LOGTYPE.GIT_CLONE_REQUEST, redis: LOGTYPE.REDIS_COMMAND },
    otherwise: LOGTYPE.USER_COMMAND,
  }],
  ["http-request", {
    byKind: { http: LOGTYPE.HTTP_GET, https: LOGTYPE.HTTP_GET },
    otherwise: LOGTYPE.USER_COMMAND,
  }],
  ["payload", {
    byKind: { tcp: LOGTYPE.TCP_BANNER_DATA_RECEIVED },
    otherwise: LOGTYPE.USER_PAYLOAD,
  }],
  ["telnet-client", { otherwise: LOGTYPE.USER_CLIENT }],
  ["ssh-client", { otherwise: LOGTYPE.SSH_REMOTE_VERSION_SENT }],
  ["tls-client-hello", { otherwise: LOGTYPE.USER_CLIENT }],
  ["lure-touched", { otherwise: LOGTYPE.USER_LURE }],
  ["breadcrumb-used", LOGIN],
  ["protocol-error", { otherwise: LOGTYPE.USER_PROTOCOL_ERROR }],
  ["service-login", { otherwise: LOGTYPE.USER_SERVICE }],
  ["service-probe", { otherwise: LOGTYPE.USER_SERVICE }],
  ["sensor-started", { otherwise: LOGTYPE.BASE_BOOT }],
  ["sensor-stopped", { otherwise: LOGTYPE.BASE_MSG }],
  ["config-reloaded", { otherwise: LOGTYPE.BASE_CONFIG_SAVE }],
  ["sensor-degraded", { otherwise: LOGTYPE.BASE_ERROR }],
  ["sensor-recovered", { otherwise: LOGTYPE.BASE_MSG }],
  ["sensor-silent", { otherwise: LOGTYPE.BASE_ERROR }],
  ["sensor-returned", { otherwise: LOGTYPE.BASE_MSG }],
  ["sink-failing", { otherwise: LOGTYPE.BASE_ERROR }],
  ["sink-recovered", { otherwise: LOGTYPE.BASE_MSG }],
  ["sink-test", { otherwise: LOGTYPE.BASE_EXAMPLE }],
]);

/**
 * Chooses the kind of record for an event.
 * @param event any.
 * @returns a `logtype`.
 */
export function chooseLogtype(event: WireEvent): number {
  const choice = CHOICES.get(event.action);
  if (choice === undefined) {
    return event.source === undefined ? LOGTYPE.BASE_MSG : LOGTYPE.USER_OTHER;
  }
  const { byKind = {}, otherwise } = choice;
  const logtype = Object.hasOwn(byKind, event.kind) ? byKind[event.kind]! : otherwise;
  if (isMethodQuery(event)) return LOGTYPE.USER_CLIENT;
  if (logtype === LOGTYPE.HTTP_GET && event.text("http", "request", "method") !== "GET") {
    return LOGTYPE.HTTP_UNIMPLEMENTED_METHOD;
  }
  if (
    logtype === LOGTYPE.GIT_CLONE_REQUEST &&
    event.text("duckblind", "command", "name") !== "git-upload-pack"
  ) return LOGTYPE.USER_COMMAND;
  return logtype;
}

/** Whether the peer only asked by which methods one may log in. */
function isMethodQuery(event: WireEvent): boolean {
  return event.action === "credential-attempt" &&
    event.text("duckblind", "credential", "method") === "none";
}
