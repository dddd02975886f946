/**
 * Dead letters: what a sink's destination will never take, kept with the reason until someone looks.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** One letter. */
export interface DeadLetter {
  readonly id: number;
  /** Name of the sink. */
  readonly sink: string;
  /** When it was parked, in ms since 1970. */
  readonly parkedMs: number;
  /** What the destination said. */
  readonly reason: string;
  /** Sequence of the event, or of the one that a notice shows. */
  readonly sequence: number;
  /** JSON of what was to be delivered. */
  readonly item: string;
}

/** What became of dead letters that were tried again. */
export interface ReplayReport {
  readonly delivered: number;
  /** Letters that are still there. */
  readonly left: number;
  /** Why the last of them could not be delivered. */
  readonly reason?: string;
  /** Whether the time was up before all were tried: ask again. */
  readonly hasMore?: boolean;
}

/** What is parked; the rest is given to it. */
export type ParkedItem = Pick<DeadLetter, "reason" | "sequence" | "item">;

/** How many letters each sink may have; then it waits instead, so that nothing is lost. */
export const MAX_DEAD_LETTERS = 10_000;

/**
 * Parks letters, all or none.
 * @param db the journal.
 * @param sink name of the sink.
 * @param items what is parked, and why.
 * @throws when the disk is full or fails.
 */
export function parkLetters(db: DatabaseSync, sink: string, items: readonly ParkedItem[]): void {
  const insert = db.prepare(
    "INSERT INTO dead_letters (sink, parked_ms, reason, sequence, item) VALUES (?, ?, ?, ?, ?)",
  );
  db.exec("SAVEPOINT park");
  try {
    for (const { reason, sequence, item } of items) {
      insert.run(sink, Date.now(), reason, sequence, item);
    }
    db.exec("RELEASE park");
  } catch (error) {
    db.exec("ROLLBACK TO park; RELEASE park");
    throw error;
  }
}

/**
 * Letters in the order in which they were parked.
 * @param db the journal.
 * @param options `sink` to see only its letters; the id after which to look; most letters returned.
 */
export function readLetters(
  db: DatabaseSync,
  options: { readonly sink?: string; readonly after?: number; readonly limit: number },
): DeadLetter[] {
  const { sink, after = 0, limit } = options;
  const rows = sink === undefined
    ? db.prepare("SELECT * FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?").all(after, limit)
    : db.prepare("SELECT * FROM dead_letters WHERE sink = ? AND id > ? ORDER BY id LIMIT ?")
      .all(sink, after, limit);
  return (rows as unknown as Record<string, string | number>[]).map((row) => ({
    id: Number(row.id),
    sink: String(row.sink),
    parkedMs: Number(row.parked_ms),
    reason: String(row.reason),
    sequence: Number(row.sequence),
    item: String(row.item),
  }));
}

/**
 * Removes letters.
 * @param db the journal.
 * @param ids of the letters.
 */
export function removeLetters(db: DatabaseSync, ids: readonly number[]): void {
  const remove = db.prepare("DELETE FROM dead_letters WHERE id = ?");
  for (const id of ids) remove.run(id);
}

/**
 * How many letters there are.
 * @param db the journal.
 * @param sink name of the sink.
 */
export function countLetters(db: DatabaseSync, sink: string): number {
  const row = db.prepare("SELECT count(*) AS n FROM dead_letters WHERE sink = ?").get(sink);
  return Number((row as { n: number }).n);
}

/**
 * The letter that was parked last.
 * @param db the journal.
 * @param sink name of the sink.
 * @returns its id; 0 when there is none.
 */
export function lastLetter(db: DatabaseSync, sink: string): number {
  const row = db.prepare("SELECT max(id) AS id FROM dead_letters WHERE sink = ?").get(sink);
  return Number((row as { id: number | null }).id ?? 0);
}

/**
 * Removes all letters of a sink.
 * @param db the journal.
 * @param sink its name.
 * @returns how many there were.
 */
export function discardLetters(db: DatabaseSync, sink: string): number {
  return Number(db.prepare("DELETE FROM dead_letters WHERE sink = ?").run(sink).changes);
}
