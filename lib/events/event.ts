/**
 * The vocabulary: what a decoy, the host and the sensor can say.
 *
 * Inside the program an event is an id of `EventMap` with its typed data; `ecs.ts` alone makes the
 * wire form of it. Texts that come from a peer are already escaped (`lib/net/escape.ts`); bytes stay
 * bytes. Data is frozen once emitted.
 * @module
 */
import type { SshClient } from "./ssh_data.ts";
import type { TlsClientHello } from "./tls_data.ts";

/** One end of a connection. IPv4 addresses that are mapped into IPv6 are written as IPv4. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** Why a session ended: `duckblind.session.reason` on the wire. */
export type EndReason =
  | "peer" // the peer closed or vanished
  | "done" // the dialogue was over and we closed
  | "idle" // nothing came for too long
  | "lifetime" // the session grew too old
  | "bytes" // the peer went over a byte limit
  | "protocol" // what came made no sense
  | "stop" // the sensor or the decoy stopped
  | "refused"; // a cap was reached

/** How a credential came: `duckblind.credential.method` on the wire. */
export type CredentialMethod =
  | "none" // no secret: the peer only asked by which methods one may log in; counts as no credential
  | "password" // a user name and a password in the protocol's own words
  | "publickey"
  | "keyboard-interactive" // SSH: answers to questions
  | "hostbased" // SSH: a key that speaks for a client host
  | "basic" // HTTP Basic
  | "digest" // HTTP, SIP, RTSP Digest
  | "bearer" // HTTP Bearer
  | "form" // fields of a login form
  | "plain" // SASL PLAIN
  | "login" // SASL LOGIN
  | "cram-md5"
  | "scram-sha-256"
  | "mysql-native"
  | "mysql-sha2" // MySQL caching_sha2_password
  | "postgres-md5"
  | "ntlmv1"
  | "ntlmv2"
  | "vnc-des"
  | "community" // SNMP
  | "token";

/** A public key by which a peer would log in. */
export interface PublicKeyTried {
  /** Type of the key as its blob names it, such as `ssh-ed25519`. */
  readonly type: string;
  /** Fingerprint as OpenSSH writes it: `SHA256:` and base64 without padding. */
  readonly sha256: string;
  /** Size of the key. */
  readonly bits?: number;
  /** The key itself as sent. */
  readonly blob?: Uint8Array;
  /** Algorithm that the request names, such as `rsa-sha2-512`. */
  readonly algorithm?: string;
  /** Whether a signature came with it; without one the peer only asked whether the key would do. */
  readonly signed?: boolean;
  /** Whether that signature verifies. */
  readonly signatureValid?: boolean;
}

/** What each event carries, by its id. */
export interface EventMap {
  /** A peer connected. Emitted by the host alone. */
  "session.open": Record<never, never>;
  /** A session is over. Emitted by the host alone. */
  "session.close": {
    /** How long it lasted, in nanoseconds of the monotonic clock. */
    readonly durationNs: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly reason: EndReason;
    /** How many `auth.attempt` events it had. */
    readonly credentials: number;
    readonly commands: number;
    readonly payloads: number;
    /** What the peer sent first, bounded. */
    readonly firstBytes?: Uint8Array;
  };
  /** A peer met a limit. */
  "limit.hit": {
    /** Name of the limit, such as `sessions_per_source`. */
    readonly limit: string;
    readonly max: number;
    /** How many were refused since the last such event. */
    readonly refused?: number;
  };
  /** A peer tried to log in. One event for each secret tried, and for each `none`. */
  "auth.attempt": {
    readonly method: CredentialMethod;
    readonly username: string;
    /** The password or token, when it came in clear; of several answers the first. */
    readonly secret?: string;
    /** All answers, when there were several. */
    readonly responses?: readonly string[];
    /** The password that the peer would have instead of `secret`. */
    readonly newSecret?: string;
    readonly domain?: string;
    /** A line that hashcat reads. */
    readonly hash?: string;
    readonly hashcatMode?: number;
    readonly publicKey?: PublicKeyTried;
    /** What the peer wanted to use after the login, such as `ssh-connection` or a database. */
    readonly service?: string;
    /** Name that the client host gave itself. */
    readonly clientHost?: string;
    /** Name of the user on the client host. */
    readonly clientUser?: string;
  };
  /** A peer asked for something to be done. */
  "command": {
    readonly verb: string;
    readonly argument: string;
    /** The answer's code, such as `530`. */
    readonly reply?: string;
    /** Whether it would have changed or executed something: raises the severity. */
    readonly changes?: boolean;
    /** What the peer's program calls itself, where the command says so. */
    readonly agent?: string;
  };
  /** A whole HTTP request. */
  "http.request": {
    readonly method: string;
    readonly target: string;
    /** Such as `1.1`; `0.9` for a request without version. */
    readonly version: string;
    /** Names and values in the peer's order and case. */
    readonly headers: readonly (readonly [name: string, value: string])[];
    /** What of the body was kept. */
    readonly body: Uint8Array;
    /** The body's length as received, in bytes. */
    readonly bodyBytes: number;
    /** Hex SHA-256 of the whole body as received; absent when there is none. */
    readonly bodySha256?: string;
    /** Status code of the answer; 0 when the connection was closed without one. */
    readonly status: number;
    /** Whether the path or the query is known from attacks. */
    readonly attack?: boolean;
    /** Whether it carried a credential. */
    readonly credentials?: boolean;
  };
  /** A peer sent something worth keeping. */
  "payload": {
    readonly name?: string;
    readonly mimeType?: string;
    /** What was kept, bounded by the decoy. */
    readonly bytes: Uint8Array;
    /** Full length, in bytes. */
    readonly size: number;
    /** Hex SHA-256 of all `size` bytes. */
    readonly sha256: string;
  };
  /** A telnet client said what it can and is. */
  "telnet.client": {
    /** Options in the order in which the client named them, such as `DO 3`. */
    readonly options: readonly string[];
    /** NEW-ENVIRON (RFC 1572) and ENVIRON variables. */
    readonly environment: readonly (readonly [name: string, value: string])[];
    readonly terminalType?: string;
    readonly terminalSpeed?: string;
    /** Columns and rows. */
    readonly window?: readonly [columns: number, rows: number];
  };
  /** An SSH client said what it is and which algorithms it can. */
  "ssh.client": SshClient;
  /** A TLS client said what it can, or none spoke where TLS was due. */
  "tls.client-hello": TlsClientHello;
  /** A peer read a lure. */
  "lure.touched": {
    /** Its name in the config. */
    readonly lure: string;
    /** Its path, key or topic. */
    readonly place: string;
  };
  /** A peer tried the password that is in a lure, and nowhere else. Follows the `auth.attempt`. */
  "breadcrumb.used": {
    readonly lure: string;
    readonly place: string;
    /** The name with which it was tried. */
    readonly username: string;
    readonly method: CredentialMethod;
    /** Who had read the lure, as far as is known. */
    readonly takenBy?: {
      readonly sessionId: string;
      readonly ip: string;
      readonly decoy: string;
      /** In ms since 1970. */
      readonly timeMs: number;
    };
  };
  /** A peer's bytes made no sense. */
  "protocol.error": {
    /** Where in the peer's bytes, from 0. */
    readonly offset: number;
    readonly expected: string;
    readonly firstBytes?: Uint8Array;
  };
  /** Someone logged in, or failed to, on the encrypted service. */
  "service.login": {
    readonly username: string;
    readonly success: boolean;
    readonly role?: string;
  };
  /** Something touched the encrypted service that is no client of ours. */
  "service.probe": {
    /** What it did, such as `TLS handshake failed`. */
    readonly detail: string;
    readonly firstBytes?: Uint8Array;
  };
  "sensor.started": {
    readonly version: string;
    readonly decoys: number;
    readonly listeners: number;
  };
  "sensor.stopped": { readonly reason: string; readonly uptimeMs: number };
  "config.reloaded": {
    readonly started: readonly string[];
    readonly stopped: readonly string[];
    readonly kept: readonly string[];
  };
  "sensor.degraded": { readonly component: string; readonly detail: string };
  "sensor.recovered": {
    readonly component: string;
    readonly detail: string;
    /** How many events were lost. */
    readonly lost: number;
  };
  /** A sensor that reports to this one has stopped doing so. */
  "sensor.silent": {
    /** Its name. */
    readonly sensor: string;
    /** When it last spoke, by our clock, in ms since 1970. */
    readonly lastSeenMs: number;
  };
  /** A sensor that was silent reports again. */
  "sensor.returned": { readonly sensor: string; readonly silentMs: number };
  /** A sink cannot deliver. What it has not had waits for it in the journal. */
  "sink.failing": SinkData;
  "sink.recovered": SinkData;
  /** Sent to one sink by `test-sink`; in no journal. */
  "sink.test": { readonly name: string; readonly kind: string };
}

/** A sink's trouble. */
export interface SinkData {
  readonly name: string;
  readonly kind: string;
  readonly detail: string;
  /** Calls that failed in a row. */
  readonly failures: number;
  /** Events that it will never have, because the config bounds how long or how many may wait. */
  readonly lost: number;
}

/** Id of an event inside the program. */
export type EventId = keyof EventMap;

/** `event.action` of each id on the wire. */
export const ACTIONS = {
  "session.open": "connection-opened",
  "session.close": "connection-closed",
  "limit.hit": "limit-hit",
  "auth.attempt": "credential-attempt",
  "command": "command",
  "http.request": "http-request",
  "payload": "payload",
  "telnet.client": "telnet-client",
  "ssh.client": "ssh-client",
  "tls.client-hello": "tls-client-hello",
  "lure.touched": "lure-touched",
  "breadcrumb.used": "breadcrumb-used",
  "protocol.error": "protocol-error",
  "service.login": "service-login",
  "service.probe": "service-probe",
  "sensor.started": "sensor-started",
  "sensor.stopped": "sensor-stopped",
  "config.reloaded": "config-reloaded",
  "sensor.degraded": "sensor-degraded",
  "sensor.recovered": "sensor-recovered",
  "sensor.silent": "sensor-silent",
  "sensor.returned": "sensor-returned",
  "sink.failing": "sink-failing",
  "sink.recovered": "sink-recovered",
  "sink.test": "sink-test",
} as const satisfies Record<EventId, string>;
