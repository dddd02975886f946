/**
 * Writing a journal's file: events in batches, and from them, now and then, the table of sources.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { SensorEvent } from "../events/emitter.ts";
import type { ForeignEvent } from "../events/foreign.ts";
import { logger } from "../log.ts";
import { type Database, openDatabase, readValue, ROWS_AT_ONCE } from "./database.ts";
import { type IngestOptions, insertForeign, updateSensors } from "./ingest.ts";
import { SourceTally } from "./source_tally.ts";

const log = logger("journal");

/** How often the table of sources is brought up to date, in ms; a full tally goes at once. */
const TALLY_EVERY_MS = 1000;
/** Sources that make a full tally. */
const TALLY_SOURCES = 2048;
/** The cursor up to which the table of sources has counted; no sink can have this name. */
const TALLY_CURSOR = "#sources";

/** An open file that is written. */
export class JournalFile {
  /** Made with the file, and never again the same. */
  readonly id: string;
  readonly #database: Database;
  /** What the table of sources does not have yet. */
  readonly #tally = new SourceTally();
  #talliedAtMs = -Infinity;
  #lastSequence: number;

  /**
   * Opens the file, or makes it, and counts sources that a hard end left uncounted.
   * @param path of the file.
   * @param options as `openDatabase` takes them.
   * @throws when the file cannot be opened, is damaged, or is of a newer version.
   */
  constructor(path: string, options: { maxPages?: number }) {
    this.#database = openDatabase(path, options);
    this.#lastSequence = this.#database.lastSequence;
    try {
      this.id = String(readValue(this.#database.db, "SELECT value FROM meta WHERE key = 'id'"));
      this.#catchUpTally();
    } catch (error) {
      this.#database.db.close();
      throw error;
    }
  }

  /** The database, for reading. */
  get db(): DatabaseSync {
    return this.#database.db;
  }

  /** Whether nobody else can read it, and it should be opened anew when there is room. */
  get isExclusive(): boolean {
    return this.#database.isExclusive;
  }

  /** Sequence of the newest event in the file; 0 when it is empty. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /**
   * Writes events in one transaction.
   * @param events in order.
   * @throws when the disk is full or fails; then none of them is written.
   */
  write(events: readonly SensorEvent[]): void {
    this.#transact(() => this.#insert(events));
    for (const event of events) this.#tally.add(event);
    this.#lastSequence = events.at(-1)?.sequence ?? this.#lastSequence;
    this.#tallyIfDue();
  }

  /**
   * Writes events of other sensors that are not there yet, in one transaction.
   * @param events in order.
   * @param options the number of the newest event, whether there is too much already, the clock, and
   * what the sensor said of itself.
   * @returns how many were written; their numbers follow that of the newest event.
   * @throws when the disk is full or fails; then none of them is written.
   */
  ingest(
    events: readonly ForeignEvent[],
    options: IngestOptions & { readonly lastSequence: number; readonly isHeld: boolean },
  ): number {
    if (options.isHeld && events.length > 0) {
      throw new Error("Cannot take events: the journal is full of what sinks have not had yet");
    }
    let stored: ForeignEvent[] = [];
    this.#transact(() => {
      stored = insertForeign(this.#database.statements, events, options.lastSequence);
      updateSensors(this.#database, stored, options);
    });
    for (const event of stored) this.#tally.add(event);
    if (stored.length > 0) this.#lastSequence = options.lastSequence + stored.length;
    this.#tallyIfDue();
    return stored.length;
  }

  /** Brings the table of sources up to date. What cannot be written now is counted on. */
  writeTally(): void {
    this.#talliedAtMs = performance.now();
    if (this.#tally.size === 0) return;
    const { upsertSource, setCursor } = this.#database.statements;
    try {
      this.#transact(() => {
        for (const row of this.#tally.rows()) upsertSource.run(...row);
        setCursor.run(TALLY_CURSOR, this.#lastSequence, "");
      });
      this.#tally.clear();
    } catch (error) {
      // The next event's commit meets the same trouble and tells it.
      log.debug("Cannot bring the table of sources up to date: {error}", { error });
    }
  }

  /**
   * Remembers where a reader stands.
   * @param name of the reader.
   * @param sequence what it has dealt with.
   * @param state whatever else it wants to find again.
   */
  setCursor(name: string, sequence: number, state: string): void {
    this.#database.statements.setCursor.run(name, sequence, state);
  }

  /** Brings everything up to date and closes the file. */
  close(): void {
    this.writeTally();
    this.#database.db.close();
  }

  #tallyIfDue(): void {
    const isDue = performance.now() - this.#talliedAtMs >= TALLY_EVERY_MS;
    if (isDue || this.#tally.size >= TALLY_SOURCES) this.writeTally();
  }

  /** Runs statements in one transaction. */
  #transact(run: () => void): void {
    const { begin, commit, rollback } = this.#database.statements;
    begin.run();
    try {
      run();
      commit.run();
    } catch (error) {
      try {
        rollback.run();
      } catch {
        // SQLite has rolled back by itself after most errors, and then refuses to do it again.
      }
      throw error;
    }
  }

  /** Inserts events, several rows at once as far as it goes. */
  #insert(events: readonly SensorEvent[]): void {
    const { insertEvent, insertEvents } = this.#database.statements;
    const whole = events.length - events.length % ROWS_AT_ONCE;
    const values: (string | number)[] = [];
    for (const [i, e] of events.entries()) {
      values.push(e.sequence, e.timeMs, e.action, e.decoy);
      values.push(e.source, e.session, e.severity, e.json);
      const isFull = i < whole && i % ROWS_AT_ONCE === ROWS_AT_ONCE - 1;
      if (!isFull && i < whole) continue;
      (isFull ? insertEvents : insertEvent).run(...values);
      values.length = 0;
    }
  }

  /** Counts what was committed, but not counted, before a hard end. */
  #catchUpTally(): void {
    const { db } = this.#database;
    const stored = db.prepare("SELECT sequence AS s FROM cursors WHERE name = ?")
      .get(TALLY_CURSOR) as { s: number } | undefined;
    const counted = stored?.s ?? 0;
    if (counted >= this.#lastSequence) return;
    const rows = db.prepare(
      "SELECT time_ms, action, decoy, source, severity, json FROM events WHERE sequence > ?",
    ).iterate(counted);
    for (const row of rows as Iterable<Record<string, string | number>>) {
      this.#tally.add({
        timeMs: Number(row.time_ms),
        action: String(row.action),
        decoy: String(row.decoy),
        source: String(row.source),
        severity: Number(row.severity),
        json: String(row.json),
      });
    }
    this.writeTally();
  }
}
