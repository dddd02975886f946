/**
 * What the encrypted service may see of the sensor.
 * @module
 */
import type { DeadLetter, ReplayReport } from "../journal/dead_letters.ts";
import type { JournalStatus } from "../journal/journal.ts";
import type { LureReport } from "../lures/book.ts";
import type { ListenerReport } from "../net/bind.ts";

export type { DeadLetter, ListenerReport, LureReport, ReplayReport };

/** One decoy. */
export interface DecoyReport {
  readonly name: string;
  readonly kind: string;
  readonly listeners: readonly ListenerReport[];
  /** Open sessions. */
  readonly sessions: number;
  /** Since the start. */
  readonly accepted: number;
  readonly refused: number;
  readonly events: number;
}

/** One sink. */
export interface SinkReport {
  readonly name: string;
  readonly kind: string;
  readonly delivered: number;
  /** Events given up, because the config bounds how long or how many may wait. */
  readonly dropped: number;
  /** What its destination refused for good. */
  readonly dead_letters: number;
  /** Calls that failed, since the start. */
  readonly failures: number;
  /** Events that it has not had yet. */
  readonly lag: number;
  /** RFC 3339; absent before the first. */
  readonly last_success?: string;
  /** What is wrong; absent when all is well. */
  readonly trouble?: string;
}

/** A place from which events of other sensors are collected. */
export interface CollectorReport {
  readonly name: string;
  readonly kind: string;
  /** Events stored since the start. */
  readonly received: number;
  /** Events that were here already. */
  readonly duplicates: number;
  /** What was no event, or not of the sensor that it was said to be of. */
  readonly refused: number;
  /** Events that wait there, as far as is known. */
  readonly pending: number;
  /** What is wrong; absent when all is well. */
  readonly trouble?: string;
}

/** The answer to `STATUS`. */
export interface StatusReport {
  readonly sensor: string;
  readonly version: string;
  /** RFC 3339. */
  readonly started: string;
  readonly uptime_ms: number;
  readonly decoys: { readonly total: number; readonly open: number; readonly waiting: number };
  readonly sessions: {
    readonly open: number;
    readonly max: number;
    readonly accepted: number;
    readonly refused: number;
  };
  /** Per second, over the last minute. */
  readonly rates: { readonly sessions: number; readonly events: number };
  readonly journal: JournalStatus;
  readonly sinks: readonly SinkReport[];
  /** Absent where nothing is collected. */
  readonly collect?: readonly CollectorReport[];
  readonly limits: Readonly<Record<string, number>>;
  /** Bytes. */
  readonly memory: { readonly rss: number; readonly heap_used: number };
}

/** Which dead letters are wanted. */
export interface DeadLetterQuery {
  /** Of this sink only. */
  readonly sink?: string;
  /** Id after which to look. */
  readonly after?: number;
  readonly limit: number;
}

/** The sensor as the encrypted service sees it. */
export interface SensorView {
  /** What sinks could not deliver for good. */
  deadLetters(options: DeadLetterQuery): DeadLetter[];
  /** Tries a sink's dead letters again; `undefined` when there is no such sink. */
  replay(sink: string): Promise<ReplayReport | undefined>;
  /** Throws a sink's dead letters away and says how many; `undefined` when there is no such sink. */
  discard(sink: string): number | undefined;
  /** The lures that are planted, and who took them. */
  lures(): LureReport[];
  status(): StatusReport;
  decoys(): DecoyReport[];
}

/** How the encrypted service itself is doing: `service` in the answer to `STATUS`. */
export interface ServiceReport {
  readonly listeners: readonly ListenerReport[];
  /** Open connections. */
  readonly sessions: number;
  /** Of these, how many have logged in. */
  readonly logged_in: number;
  readonly max_sessions: number;
  /** Since the start. */
  readonly accepted: number;
  /** Connections that were refused or had to make room. */
  readonly refused: number;
  readonly refused_logins: number;
  readonly probes: number;
  /** Sensors that send their events here. */
  readonly sensors: {
    /** That ever have. */
    readonly known: number;
    readonly connected: number;
    /** Whose silence was told. */
    readonly silent: number;
  };
}
