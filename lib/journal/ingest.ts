/**
 * Taking in the events of other sensors, and what is known of these: all of a batch with the position
 * that its sensor has reached, or nothing of it.
 *
 * Sensors send again whatever they cannot be sure of, so an event that is there already is passed over.
 * Positions are committed together with the events: when this journal loses both, as with the power, the
 * sensor is found to be ahead, and sends again what is missing.
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ForeignEvent } from "../events/foreign.ts";
import {
  type Database,
  REPLACE_SENSOR,
  ROWS_AT_ONCE,
  SELECT_SENSOR,
  type Statements,
} from "./database.ts";

/** What a sensor says of itself beside its events. */
export interface SensorReport {
  /** Its name, as its credential says. */
  readonly sensor: string;
  readonly version: string;
  /** What follows comes from a sensor that speaks for itself at least every minute or so. */
  readonly position?: {
    /** Id of its journal: positions of another one mean nothing. */
    readonly journal: string;
    /** Everything up to this sequence that it wants to send is here, with these events. */
    readonly upTo: number;
  };
  /** Sequence of its newest event. */
  readonly newest?: number;
  /** How many events of this batch's range it has lost before they could be sent. */
  readonly missing?: number;
  /** How many events of this batch were refused. */
  readonly refused?: number;
}

/** What is known besides the events. */
export interface IngestOptions {
  /** Our clock, in ms since 1970. */
  readonly nowMs: number;
  /** What their sensor said of itself. */
  readonly report?: SensorReport | undefined;
}

/** What became of a batch. */
export interface Ingested {
  /** Events that are now in the journal. */
  readonly stored: number;
  /** Events that were there already. */
  readonly known: number;
}

/** What is known of a sensor. */
export interface SensorRow {
  readonly name: string;
  readonly version: string;
  /** Id of its journal; empty for one that tells no positions. */
  readonly journal: string;
  readonly position: number;
  /** By our clock, in ms since 1970. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Events of it that were stored. */
  readonly events: number;
  /** Sequence of its newest event, as far as it has told; 0 if it has not. */
  readonly newest: number;
  /** Events that it has lost before it could send them. */
  readonly missing: number;
  readonly refused: number;
  /** Whether it reports at least every minute, so that its silence means something. */
  readonly reports: boolean;
  /** Whether its silence was told. */
  readonly isSilent: boolean;
}

/** Most sensors known; events of others are taken, but nobody counts them. */
export const MAX_SENSORS = 10_000;

/**
 * Stores events that are not there yet.
 *
 * Several rows at once cost half as much, but numbers have no gaps: where some of these rows are known
 * and some are not, they are taken back, and that and all that follows goes row by row. What comes again
 * is the beginning of a batch, or all of it, so this is met once in it.
 * @param statements of the journal, in a transaction.
 * @param events in order.
 * @param lastSequence number of the newest event that is there.
 * @returns those that were stored; their numbers follow that of the newest event.
 */
export function insertForeign(
  statements: Statements,
  events: readonly ForeignEvent[],
  lastSequence: number,
): ForeignEvent[] {
  const { insertForeign, insertForeigns, removeEvents } = statements;
  const stored: ForeignEvent[] = [];
  const values: (string | number)[] = [];
  let at = 0;
  while (at + ROWS_AT_ONCE <= events.length) {
    const first = lastSequence + stored.length + 1;
    values.length = 0;
    for (let i = 0; i < ROWS_AT_ONCE; i++) pushRow(values, events[at + i]!, first + i);
    const changes = Number(insertForeigns.run(...values).changes);
    if (changes > 0 && changes < ROWS_AT_ONCE) {
      removeEvents.run(first, first + ROWS_AT_ONCE - 1);
      break;
    }
    for (let i = 0; i < changes; i++) stored.push(events[at + i]!);
    at += ROWS_AT_ONCE;
  }
  for (; at < events.length; at++) {
    values.length = 0;
    pushRow(values, events[at]!, lastSequence + stored.length + 1);
    if (Number(insertForeign.run(...values).changes) > 0) stored.push(events[at]!);
  }
  return stored;
}

function pushRow(values: (string | number)[], e: ForeignEvent, sequence: number): void {
  values.push(sequence, e.timeMs, e.action, e.decoy, e.source, e.session, e.severity, e.json);
  values.push(e.sensor, e.id);
}

/**
 * Notes what is known of sensors after a batch.
 * @param database the journal, in the batch's transaction.
 * @param stored the batch's new events.
 * @param options the clock, and what the sensor said of itself.
 */
export function updateSensors(
  { db, statements }: Database,
  stored: readonly ForeignEvent[],
  { nowMs, report }: IngestOptions,
): void {
  const counts = new Map<string, { events: number; version: string }>();
  if (report !== undefined) counts.set(report.sensor, { events: 0, version: report.version });
  for (const { sensor, version } of stored) {
    const count = counts.get(sensor);
    if (count === undefined) counts.set(sensor, { events: 1, version });
    else count.events++;
  }
  for (const [name, { events, version }] of counts) {
    const row = statements.readSensor.get(name);
    const old = row && parseRow(row);
    if (old === undefined && countSensors(db) >= MAX_SENSORS) continue;
    const own = report?.sensor === name ? report : undefined;
    writeSensor(statements.writeSensor, {
      ...merge(old ?? newSensor(name, nowMs), own),
      version,
      events: (old?.events ?? 0) + events,
      lastSeenMs: nowMs,
    });
  }
}

/**
 * What is known of a sensor.
 * @param db the journal.
 * @param name of the sensor.
 */
export function readSensor(db: DatabaseSync, name: string): SensorRow | undefined {
  const row = db.prepare(SELECT_SENSOR).get(name);
  return row && parseRow(row);
}

/**
 * What is known of all sensors, by name.
 * @param db the journal.
 */
export function readSensors(db: DatabaseSync): SensorRow[] {
  return db.prepare("SELECT * FROM sensors ORDER BY name").all().map(parseRow);
}

/**
 * Notes that a sensor's silence was told.
 * @param db the journal.
 * @param name of the sensor.
 */
export function markSilent(db: DatabaseSync, name: string): void {
  const row = readSensor(db, name);
  if (row !== undefined) writeSensor(db.prepare(REPLACE_SENSOR), { ...row, isSilent: true });
}

function merge(row: SensorRow, report: SensorReport | undefined): SensorRow {
  if (report === undefined) return { ...row, isSilent: false };
  const { position, newest, missing = 0, refused = 0 } = report;
  const isSame = position?.journal === row.journal;
  // What comes again was counted before.
  const isNews = position === undefined || !isSame || position.upTo > row.position;
  return {
    ...row,
    journal: position?.journal ?? row.journal,
    position: position === undefined
      ? row.position
      : isSame
      ? Math.max(row.position, position.upTo)
      : position.upTo,
    newest: newest ?? row.newest,
    missing: row.missing + (isNews ? missing : 0),
    refused: row.refused + (isNews ? refused : 0),
    reports: true,
    isSilent: false,
  };
}

function newSensor(name: string, nowMs: number): SensorRow {
  return {
    name,
    version: "",
    journal: "",
    position: 0,
    firstSeenMs: nowMs,
    lastSeenMs: nowMs,
    events: 0,
    newest: 0,
    missing: 0,
    refused: 0,
    reports: false,
    isSilent: false,
  };
}

function countSensors(db: DatabaseSync): number {
  return Number((db.prepare("SELECT count(*) AS n FROM sensors").get() as { n: number }).n);
}

/** What of a row stands in its column `state`. */
type State = Pick<SensorRow, "newest" | "missing" | "refused" | "reports" | "isSilent">;

function writeSensor(statement: StatementSync, row: SensorRow): void {
  const { newest, missing, refused, reports, isSilent } = row;
  const state: State = { newest, missing, refused, reports, isSilent };
  statement.run(
    ...[row.name, row.version, row.journal, row.position, row.firstSeenMs, row.lastSeenMs],
    ...[row.events, JSON.stringify(state)],
  );
}

function parseRow(row: Record<string, unknown>): SensorRow {
  const state: Partial<State> = row.state === "" ? {} : JSON.parse(String(row.state));
  return {
    ...newSensor(String(row.name), Number(row.first_seen_ms)),
    version: String(row.version),
    journal: String(row.journal),
    position: Number(row.position),
    lastSeenMs: Number(row.last_seen_ms),
    events: Number(row.events),
    ...state,
  };
}
