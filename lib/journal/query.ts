/**
 * Reading events: filters, and the reader that goes through the journal in bounded steps.
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SensorEvent } from "../events/emitter.ts";
import type { Cursor } from "./contract.ts";

/** Which events are wanted. An empty filter wants all. */
export interface EventFilter {
  /** Wanted `event.action`s. */
  readonly actions?: readonly string[];
  /** Wanted decoy names. */
  readonly decoys?: readonly string[];
  readonly source?: string;
  readonly session?: string;
  /** Wanted sensors by name; the empty name is this one. */
  readonly sensors?: readonly string[];
  readonly minSeverity?: number;
  /** Earliest time, in ms since 1970. */
  readonly fromMs?: number;
  /** Latest time, in ms since 1970. */
  readonly toMs?: number;
}

/** Events and how far the reader has looked. */
export interface Page {
  readonly events: SensorEvent[];
  /** Everything up to this sequence was looked at. */
  readonly scannedTo: number;
}

/** What is known of one source. */
export interface SourceRow {
  readonly ip: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly sessions: number;
  readonly credentials: number;
  readonly maxSeverity: number;
  readonly decoys: readonly string[];
}

/** The columns that make a `SensorEvent`. */
const COLUMNS = "sequence, time_ms, action, decoy, source, session, severity, json, sensor";

/** How many sequence numbers one step looks at: a few ms of work. */
export const STEP_ROWS = 2000;

/**
 * Whether an event passes a filter.
 * @param event the event.
 * @param filter what is wanted.
 */
export function matchesFilter(event: SensorEvent, filter: EventFilter): boolean {
  return (filter.actions === undefined || filter.actions.includes(event.action)) &&
    (filter.decoys === undefined || filter.decoys.includes(event.decoy)) &&
    (filter.source === undefined || filter.source === event.source) &&
    (filter.session === undefined || filter.session === event.session) &&
    (filter.sensors === undefined || filter.sensors.includes(event.sensor ?? "")) &&
    event.severity >= (filter.minSeverity ?? 0) &&
    event.timeMs >= (filter.fromMs ?? -Infinity) &&
    event.timeMs <= (filter.toMs ?? Infinity);
}

/**
 * Looks at the next stretch of the journal.
 * @param db the journal.
 * @param after sequence after which to look.
 * @param options filter, most events wanted, and the sequence up to which to look.
 * @returns at most `limit` events of at most `STEP_ROWS` sequence numbers.
 */
export function readStep(
  db: DatabaseSync,
  after: number,
  options: { filter: EventFilter; limit: number; upTo: number },
): Page {
  const { filter, limit } = options;
  const first = prepared(db, "SELECT min(sequence) AS s FROM events WHERE sequence > ?")
    .get(after) as { s: number | null } | undefined;
  if (first?.s === null || first === undefined || first.s > options.upTo) {
    return { events: [], scannedTo: Math.max(after, options.upTo) };
  }
  const upTo = Math.min(options.upTo, first.s + STEP_ROWS - 1);
  const { sql, values } = whereClause(filter);
  const rows = prepared(
    db,
    `SELECT ${COLUMNS} FROM events WHERE sequence BETWEEN ? AND ?${sql} ORDER BY sequence LIMIT ?`,
  ).all(first.s, upTo, ...values, limit);
  const events = rows.map((row) => parseRow(row as unknown as EventRow));
  const isFull = events.length === limit && limit > 0;
  return { events, scannedTo: isFull ? events.at(-1)!.sequence : upTo };
}

/**
 * Everything of one session, in order.
 * @param db the journal.
 * @param session its id.
 * @param options most events returned, and the sequence after which to look.
 */
export function readSession(
  db: DatabaseSync,
  session: string,
  { limit, after = 0 }: { limit: number; after?: number },
): SensorEvent[] {
  if (session === "") return [];
  return db.prepare(
    `SELECT ${COLUMNS} FROM events WHERE session = ? AND session <> '' AND sequence > ?
     ORDER BY sequence LIMIT ?`,
  ).all(session, after, limit).map((row) => parseRow(row as unknown as EventRow));
}

/**
 * The sources seen last.
 * @param db the journal.
 * @param limit most rows returned.
 */
export function readSources(db: DatabaseSync, limit: number): SourceRow[] {
  const rows = db.prepare("SELECT * FROM sources ORDER BY last_seen_ms DESC LIMIT ?").all(limit);
  return (rows as unknown as Record<string, string | number>[]).map((row) => ({
    ip: String(row.ip),
    firstSeenMs: Number(row.first_seen_ms),
    lastSeenMs: Number(row.last_seen_ms),
    sessions: Number(row.sessions),
    credentials: Number(row.credentials),
    maxSeverity: Number(row.max_severity),
    decoys: JSON.parse(String(row.decoys)),
  }));
}

/**
 * Where a reader stands.
 * @param db the journal.
 * @param name of the reader.
 */
export function readCursor(db: DatabaseSync, name: string): Cursor | undefined {
  const row = db.prepare("SELECT sequence, state FROM cursors WHERE name = ?").get(name);
  return row as Cursor | undefined;
}

/** A row of the table of events. */
interface EventRow {
  readonly sequence: number;
  readonly time_ms: number;
  readonly action: string;
  readonly decoy: string;
  readonly source: string;
  readonly session: string;
  readonly severity: number;
  readonly json: string;
  readonly sensor: string;
}

/** Statements of each open database: every sink reads by the same one after every commit. */
const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
/** Most statements kept of a database; filters come in many shapes. */
const MAX_STATEMENTS = 32;

function prepared(db: DatabaseSync, sql: string): StatementSync {
  let known = statements.get(db);
  if (known === undefined) statements.set(db, known = new Map());
  let statement = known.get(sql);
  if (statement === undefined) {
    statement = db.prepare(sql);
    if (known.size >= MAX_STATEMENTS) known.clear();
    known.set(sql, statement);
  }
  return statement;
}

function parseRow(row: EventRow): SensorEvent {
  const { time_ms, sensor, ...rest } = row;
  return Object.freeze({ ...rest, timeMs: time_ms, ...(sensor === "" ? {} : { sensor }) });
}

function whereClause(filter: EventFilter): { sql: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...more: (string | number)[]) => {
    parts.push(" AND " + sql);
    values.push(...more);
  };
  const list = (items: readonly string[]) => items.map(() => "?").join(", ");
  if (filter.actions) add(`action IN (${list(filter.actions)})`, ...filter.actions);
  if (filter.decoys) add(`decoy IN (${list(filter.decoys)})`, ...filter.decoys);
  if (filter.source !== undefined) add("source = ?", filter.source);
  if (filter.session !== undefined) add("session = ?", filter.session);
  if (filter.sensors) add(`sensor IN (${list(filter.sensors)})`, ...filter.sensors);
  if (filter.minSeverity !== undefined) add("severity >= ?", filter.minSeverity);
  if (filter.fromMs !== undefined) add("time_ms >= ?", filter.fromMs);
  if (filter.toMs !== undefined) add("time_ms <= ?", filter.toMs);
  return { sql: parts.join(""), values };
}
