/**
 * A journal file as pages are read from it, without the sensor, also while one writes it.
 * @module
 */
import { CommandError } from "../errors.ts";
import { openForReading, readValue } from "../journal/database.ts";
import { type EventFilter, readStep } from "../journal/query.ts";
import type { EventReader } from "./pages.ts";

/** Name of the sensor whose journal it is, which in its own events has no column. */
const OWN_NAME = `SELECT json_extract(json, '$.observer.name') FROM events
  WHERE sensor = '' ORDER BY sequence DESC LIMIT 1`;

/**
 * Opens a journal file for reading.
 * @param path of the file.
 * @throws {CommandError} when there is none, or it is no journal.
 */
export function openJournalFile(path: string): EventReader & Disposable {
  const fail = (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    return new CommandError(`Cannot read journal ${JSON.stringify(path)}: ${said}`, {
      cause: error,
    });
  };
  try {
    Deno.statSync(path); // SQLite says no more than that it cannot open it
    const db = openForReading(path);
    const value = (sql: string) => {
      try {
        return Number(readValue(db, sql) ?? 0);
      } catch (error) {
        throw fail(error);
      }
    };
    try {
      value("SELECT max(sequence) FROM events");
    } catch (error) {
      db.close();
      throw error;
    }
    let own: unknown;
    const named = (filter: EventFilter): EventFilter => {
      if (filter.sensors === undefined) return filter;
      own ??= readValue(db, OWN_NAME) ?? "";
      return { ...filter, sensors: filter.sensors.map((name) => name === own ? "" : name) };
    };
    return {
      get readableSequence() {
        return value("SELECT max(sequence) FROM events");
      },
      firstSequence: () => value("SELECT min(sequence) FROM events"),
      read: (after, filter, limit) => {
        try {
          return readStep(db, after, {
            filter: named(filter),
            limit,
            upTo: value("SELECT max(sequence) FROM events"),
          });
        } catch (error) {
          throw error instanceof CommandError ? error : fail(error);
        }
      },
      [Symbol.dispose]: () => db.close(),
    };
  } catch (error) {
    throw error instanceof CommandError ? error : fail(error);
  }
}
