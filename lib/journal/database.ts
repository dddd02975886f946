/**
 * The journal's file: opening, the schema, setting a damaged one aside.
 * @module
 */
import { CommandError } from "../errors.ts";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** Version of the schema below: `PRAGMA user_version`. */
const SCHEMA_VERSION = 2;

/** Rows that `insertEvents` and `insertForeigns` take. */
export const ROWS_AT_ONCE = 8;
const COLUMNS = "sequence, time_ms, action, decoy, source, session, severity, json";
const ROW = "(?, ?, ?, ?, ?, ?, ?, ?)";
const FOREIGN_COLUMNS = `${COLUMNS}, sensor, origin`;
const FOREIGN_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/** An event that is there already is passed over. */
const UNLESS_KNOWN = "ON CONFLICT (sensor, origin) WHERE origin <> '' DO NOTHING";

/** Selects what is known of a sensor, by its name. */
export const SELECT_SENSOR = "SELECT * FROM sensors WHERE name = ?";
/** Writes all that is known of a sensor, in the columns' order. */
export const REPLACE_SENSOR = "INSERT OR REPLACE INTO sensors VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  decoy TEXT NOT NULL,
  source TEXT NOT NULL,
  session TEXT NOT NULL,
  severity INTEGER NOT NULL,
  json TEXT NOT NULL,
  sensor TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS events_origin ON events (sensor, origin) WHERE origin <> '';
CREATE INDEX IF NOT EXISTS events_session ON events (session) WHERE session <> '';
CREATE TABLE IF NOT EXISTS sources (
  ip TEXT PRIMARY KEY,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  credentials INTEGER NOT NULL,
  max_severity INTEGER NOT NULL,
  decoys TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sources_last_seen ON sources (last_seen_ms);
CREATE TABLE IF NOT EXISTS cursors (
  name TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sink TEXT NOT NULL,
  parked_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  item TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS dead_letters_sink ON dead_letters (sink, id);
CREATE TABLE IF NOT EXISTS sensors (
  name TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  journal TEXT NOT NULL,
  position INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  events INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('id', lower(hex(randomblob(16))));
`;

/**
 * What turns a file of version 1 into one of version 2, before the schema above adds what is new.
 * An own event has neither `sensor` nor `origin`; one of another sensor has its name and its `event.id`:
 * both together are unique, so that no sensor can keep out another one's events by their ids.
 */
const MIGRATION_TO_2 = `
ALTER TABLE events ADD COLUMN sensor TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE cursors ADD COLUMN state TEXT NOT NULL DEFAULT '';
`;

/** The statements that the journal runs, prepared once. */
export interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly insertEvent: StatementSync;
  /** Takes the values of `ROWS_AT_ONCE` events; half the cost of as many single rows. */
  readonly insertEvents: StatementSync;
  /** As `insertEvent` for one of another sensor, with `sensor` and `origin`, unless it is there. */
  readonly insertForeign: StatementSync;
  /** As `insertForeign` for `ROWS_AT_ONCE` events. */
  readonly insertForeigns: StatementSync;
  /** Removes the events of a range of sequences, both ends included. */
  readonly removeEvents: StatementSync;
  readonly upsertSource: StatementSync;
  readonly readSensor: StatementSync;
  readonly writeSensor: StatementSync;
  readonly setCursor: StatementSync;
}

/** An open journal file. */
export interface Database {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  /** Highest sequence in it; 0 if it is empty. */
  readonly lastSequence: number;
  /** Whether it was opened without the index that other processes need: see `openDatabase`. */
  readonly isExclusive: boolean;
}

/**
 * Opens a journal file, or makes it.
 *
 * Where there is no room for the index beside it (32 KiB that processes share), it is opened without:
 * then nobody else can read it, but a sensor can start on a full disk, and knows where its numbers
 * stand.
 * @param path of the file; `-wal` and `-shm` lie beside it.
 * @param options `maxPages` bounds the file, in pages of 4,096 bytes (for tests of a full disk).
 * @throws when the file cannot be opened, is damaged, or is of a newer version.
 */
export function openDatabase(path: string, options: { maxPages?: number } = {}): Database {
  try {
    return openAs(path, { ...options, isExclusive: false });
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    return openAs(path, { ...options, isExclusive: true });
  }
}

function openAs(path: string, options: { maxPages?: number; isExclusive: boolean }): Database {
  // SQLite would make it readable for everybody; its companions take their mode from it.
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  const db = new DatabaseSync(path);
  try {
    if (options.isExclusive) db.exec("PRAGMA locking_mode = EXCLUSIVE");
    const version = Number(readValue(db, "PRAGMA user_version"));
    if (version === 0) db.exec("PRAGMA auto_vacuum = INCREMENTAL"); // writes, even if it is so
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = NORMAL");
    db.exec("PRAGMA cache_size = -1024");
    // Fewer checkpoints, each of which waits for the disk: 16 MiB of log instead of 4.
    db.exec("PRAGMA wal_autocheckpoint = 4096");
    db.exec("PRAGMA journal_size_limit = 16777216");
    db.exec("PRAGMA busy_timeout = 250");
    if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    if (version > SCHEMA_VERSION) {
      throw new Error(
        `its version is ${version}, must be at most ${SCHEMA_VERSION}: use a newer program`,
      );
    }
    // In one transaction: a hard end midway leaves the old version.
    if (version < SCHEMA_VERSION) {
      db.exec(`BEGIN;${version === 1 ? MIGRATION_TO_2 : ""}${SCHEMA}
        PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    }
    const lastSequence = Number(readValue(db, "SELECT max(sequence) FROM events") ?? 0);
    // Reading the last row meets damage in the part that will be written next.
    db.prepare("SELECT json FROM events WHERE sequence = ?").get(lastSequence);
    const { isExclusive } = options;
    return { db, statements: prepareStatements(db), lastSequence, isExclusive };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens a journal that another process may be writing, for reading.
 * @param path of an existing file.
 */
export function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true });
}

/**
 * Whether an error of SQLite says that the file itself is damaged (SQLITE_CORRUPT, SQLITE_NOTADB).
 * @param error what was thrown.
 */
export function isDamage(error: unknown): boolean {
  return error instanceof Error &&
    /malformed|not a database|file is encrypted|corrupt|unsupported file format/i.test(
      error.message,
    );
}

/** Whether an error may be that of a full disk: SQLITE_IOERR_SHMSIZE, SQLITE_FULL. */
function isNoRoom(error: unknown): boolean {
  return error instanceof Error &&
    /disk I\/O error|disk is full/i.test(error.message);
}

/**
 * Gives a damaged file and its companions another name.
 * @param path of the file, which must be closed.
 * @param timeMs goes into the new name.
 * @returns the new name.
 */
export function setAside(path: string, timeMs: number): string {
  const stamp = new Date(timeMs).toISOString().replaceAll(/[-:.]/g, "");
  const aside = `${path}.damaged-${stamp}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.renameSync(path + suffix, aside + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return aside;
}

function prepareStatements(db: DatabaseSync): Statements {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    insertEvent: db.prepare(`INSERT INTO events (${COLUMNS}) VALUES ${ROW}`),
    insertEvents: db.prepare(
      `INSERT INTO events (${COLUMNS}) VALUES ${Array(ROWS_AT_ONCE).fill(ROW).join(", ")}`,
    ),
    insertForeign: db.prepare(
      `INSERT INTO events (${FOREIGN_COLUMNS}) VALUES ${FOREIGN_ROW} ${UNLESS_KNOWN}`,
    ),
    insertForeigns: db.prepare(
      `INSERT INTO events (${FOREIGN_COLUMNS})
       VALUES ${Array(ROWS_AT_ONCE).fill(FOREIGN_ROW).join(", ")} ${UNLESS_KNOWN}`,
    ),
    removeEvents: db.prepare("DELETE FROM events WHERE sequence BETWEEN ? AND ?"),
    upsertSource: db.prepare(
      `INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (ip) DO UPDATE SET
         last_seen_ms = excluded.last_seen_ms,
         sessions = sessions + excluded.sessions,
         credentials = credentials + excluded.credentials,
         max_severity = max(max_severity, excluded.max_severity),
         decoys = CASE WHEN excluded.decoys = decoys THEN decoys ELSE
           (SELECT json_group_array(value) FROM
             (SELECT value FROM json_each(decoys) UNION SELECT value FROM json_each(excluded.decoys)
              LIMIT 256)) END`,
    ),
    readSensor: db.prepare(SELECT_SENSOR),
    writeSensor: db.prepare(REPLACE_SENSOR),
    setCursor: db.prepare(
      `INSERT INTO cursors VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, state = excluded.state`,
    ),
  };
}

/** The first column of a statement's first row. */
export function readValue(db: DatabaseSync, sql: string): unknown {
  const row = db.prepare(sql).get() as Record<string, unknown> | undefined;
  return row && Object.values(row)[0];
}

/**
 * How large the used part of the file is, and where its events begin.
 * @param db the journal.
 */
export function measure(db: DatabaseSync): { readonly bytes: number; readonly first: number } {
  const pages = Number(readValue(db, "PRAGMA page_count"));
  const free = Number(readValue(db, "PRAGMA freelist_count"));
  const first = Number(readValue(db, "SELECT min(sequence) FROM events") ?? 0);
  return { bytes: (pages - free) * Number(readValue(db, "PRAGMA page_size")), first };
}

/**
 * What to tell an operator whose journal can be neither opened nor replaced.
 * @param path of the file.
 * @param cause what was thrown.
 */
export function cannotOpen(path: string, cause: unknown): CommandError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new CommandError(`Cannot open journal ${JSON.stringify(path)}: ${detail}`, { cause });
}
