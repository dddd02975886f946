/**
 * The durable event store. Appending is a push to a list; a turn of the event loop later the list is
 * one transaction, so `kill -9` loses at most what the last few milliseconds brought.
 *
 * When the disk is full or failing, events wait in that list, which is bounded: what does not fit is
 * counted, told once, and told again when writing has resumed by itself. What waited is then written a
 * batch at a time, so that it does not hold up the event loop. A damaged file is set aside.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { EventStore, SensorEvent } from "../events/emitter.ts";
import type { ForeignEvent } from "../events/foreign.ts";
import { logger } from "../log.ts";
import type { Cursor, JournalOptions, JournalStatus } from "./contract.ts";
import { cannotOpen, isDamage, measure, setAside } from "./database.ts";
import type { Ingested, IngestOptions } from "./ingest.ts";
import { JournalFile } from "./journal_file.ts";
import {
  type EventFilter,
  matchesFilter,
  type Page,
  readCursor,
  readSession,
  readSources,
  readStep,
  type SourceRow,
} from "./query.ts";
import { RecentEvents } from "./recent_events.ts";

const log = logger("journal");

/** Time from an event to its commit, in ms: the next turn of the loop, with all that this one brings. */
const COMMIT_WITHIN_MS = 0;
/** Steps that others may take before a commit that is waited for, in turns of the microtask queue. */
const COMMIT_HOPS = 16;
/** Events that make a full batch, and UTF-16 units of them: some ms of work. */
const BATCH_EVENTS = 512;
const BATCH_UNITS = 2 * 1_048_576;
/** UTF-16 units of events that may wait in memory, which are bytes but for what is not Latin-1. */
const RING_UNITS = 64 * 1_048_576;
/** Pause before writing is tried again, in ms. */
const RETRY_MS = 1000;

export type { Cursor, JournalOptions, JournalStatus };

/** The event store. */
export class Journal implements EventStore {
  readonly path: string;
  /** Whether retention may not remove what is too much: then others keep their events for a while. */
  isHeld = false;
  readonly #options: JournalOptions;
  readonly #ringEvents: number;
  readonly #listeners = new Set<() => void>();
  readonly #recent = new RecentEvents();
  #file: JournalFile | undefined;
  #id = "";
  #pending: SensorEvent[] = [];
  #pendingUnits = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A commit that sessions wait for. */
  #commitSoon: Promise<void> | undefined;
  #last = 0;
  #committed = 0;
  #lost = 0;
  #lostSinceDegraded = 0;
  #trouble: string | undefined;
  /** What the last read met; told once. */
  #readTrouble = "";
  #isClosed = false;

  /**
   * Opens a journal, or makes one. A damaged file is set aside and a new one begun.
   * @param path of the file.
   * @param options how it is kept.
   * @throws {CommandError} when the file can be neither opened nor replaced.
   */
  constructor(path: string, options: JournalOptions = {}) {
    this.path = path;
    this.#options = options;
    this.#ringEvents = options.ringEvents ?? 20_000;
    try {
      this.#file = new JournalFile(path, options);
    } catch (error) {
      if (!isDamage(error)) throw cannotOpen(path, error);
      this.#beginAnew(error);
    }
    this.#last = this.#committed = this.#file!.lastSequence;
  }

  /** Id of this journal: another one, begun in the place of a damaged one, has another. */
  get id(): string {
    return this.#id = this.#file?.id ?? this.#id;
  }

  /** Sequence of the newest event. */
  get lastSequence(): number {
    return this.#last;
  }

  nextSequence(): number | undefined {
    const isFull = this.#pending.length >= this.#ringEvents || this.#pendingUnits >= RING_UNITS;
    if (isFull || this.#isClosed) {
      this.#lost++;
      this.#lostSinceDegraded++;
      return undefined;
    }
    return this.#last + 1;
  }

  append(event: SensorEvent): void {
    this.#last = event.sequence;
    this.#pending.push(event);
    this.#pendingUnits += event.json.length;
    if (this.#trouble !== undefined) return;
    if (this.#pending.length % BATCH_EVENTS === 0) this.#step();
    else this.#timer ??= setTimeout(() => this.#step(), COMMIT_WITHIN_MS);
  }

  /**
   * Takes in events of other sensors: those that are not there yet get numbers of this journal, and are
   * committed when it returns, together with what is known of the sensors.
   * @param events in order; each checked by `readForeignEvent`.
   * @param options the clock, in ms since 1970, and what their sensor said of itself.
   * @throws when the disk is full or fails; then none of them is stored, and all may come again.
   */
  ingest(events: readonly ForeignEvent[], options: IngestOptions): Ingested {
    if (!this.flush() || this.#file === undefined) {
      throw new Error(`Cannot take events: ${this.#trouble ?? "the journal is closed"}`);
    }
    try {
      const { isHeld } = this;
      const stored = this.#file.ingest(events, { ...options, lastSequence: this.#last, isHeld });
      this.#last = this.#committed = this.#last + stored;
      this.#recent.clear(); // what was taken in is in the file only
      if (stored > 0) this.#advanced();
      return { stored, known: events.length - stored };
    } catch (error) {
      if (isDamage(error)) this.#degrade(error);
      throw error;
    }
  }

  committed(sequence: number): Promise<void> | undefined {
    if (sequence <= this.#committed || this.#trouble !== undefined) return undefined;
    return this.#commitSoon ??= this.#commitLate();
  }

  /**
   * Commits what waits.
   * @returns whether all is committed.
   */
  flush(): boolean {
    while (this.#pending.length > 0) if (!this.#step()) return false;
    return true;
  }

  /**
   * Looks at the next stretch.
   * @param after sequence after which to look.
   * @param filter what is wanted.
   * @param limit most events wanted.
   * @returns the events found, and how far was looked; call again from there.
   */
  read(after: number, filter: EventFilter, limit: number): Page {
    if (after < this.#committed) {
      const recent = limit > 0 ? this.#recent.read(after, filter, limit) : undefined;
      if (recent !== undefined) return recent;
      const page = this.#query((db) =>
        readStep(db, after, { filter, limit, upTo: this.#committed })
      );
      // What could not be read was not looked at: the reader stays where it is.
      if (page === undefined) return { events: [], scannedTo: after };
      if (page.events.length > 0 || page.scannedTo < this.#committed) return page;
    }
    const from = Math.max(after, this.#committed);
    if (this.#trouble === undefined) return { events: [], scannedTo: from };
    const found = this.#pending.filter((event) =>
      event.sequence > from && matchesFilter(event, filter)
    ).slice(0, limit);
    const isFull = found.length === limit && limit > 0;
    return { events: found, scannedTo: isFull ? found.at(-1)!.sequence : this.#last };
  }

  /**
   * Everything of one session, in order.
   * @param session its id.
   * @param limit most events returned.
   * @param after sequence after which to look.
   */
  session(session: string, limit: number, after = 0): SensorEvent[] {
    this.flush();
    const stored = this.#query((db) => readSession(db, session, { limit, after })) ?? [];
    const waiting = session === ""
      ? []
      : this.#pending.filter((e) => e.session === session && e.sequence > after);
    return [...stored, ...waiting].slice(0, limit);
  }

  /**
   * The sources seen last.
   * @param limit most rows returned.
   */
  sources(limit: number): SourceRow[] {
    this.flush();
    this.#file?.writeTally();
    return this.#query((db) => readSources(db, limit)) ?? [];
  }

  /** Sequence that readers may see: committed, or also waiting while the disk fails. */
  get readableSequence(): number {
    return this.#trouble === undefined ? this.#committed : this.#last;
  }

  /**
   * Where a reader stands.
   * @param name of the reader.
   * @returns the sequence it has dealt with, and what it wanted to be remembered besides; `undefined`
   * for one never seen.
   */
  cursor(name: string): Cursor | undefined {
    return this.#query((db) => readCursor(db, name));
  }

  /**
   * Remembers where a reader stands.
   * @param name of the reader.
   * @param cursor what it has dealt with.
   */
  setCursor(name: string, { sequence, state }: Cursor): void {
    try {
      this.#file?.setCursor(name, sequence, state);
    } catch (error) {
      // The reader reads some events twice after a restart; the disk's trouble is told elsewhere.
      log.debug("Cannot store cursor of {name}: {error}", { name, error });
    }
  }

  /**
   * Calls back whenever there is something new to read.
   * @param listener called without arguments; must not throw.
   * @returns takes the listener away.
   */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs a statement against the file; the one door for retention and status.
   * @returns `undefined` when the file fails.
   */
  withDatabase<T>(use: (db: DatabaseSync) => T): T | undefined {
    return this.#query(use);
  }

  /** How it is doing. */
  status(): JournalStatus {
    const size = this.#query(measure);
    return {
      lastSequence: this.#last,
      committedSequence: this.#committed,
      firstSequence: size?.first ?? 0,
      waiting: this.#pending.length,
      lost: this.#lost,
      bytes: size?.bytes ?? 0,
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
  }

  /** Commits what waits and closes the file. Twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.flush();
    if (this.#pending.length > 0) {
      const count = this.#pending.length;
      log.error("Closing the journal with {count} events that could not be written", { count });
    }
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
    this.#closeFile();
  }

  /**
   * Commits when all that became ready in this turn of the loop has had its say: what it does next
   * stands before us in the queue. So sessions share a commit, and none waits a ms or two for a timer.
   */
  async #commitLate(): Promise<void> {
    for (let i = 0; i < COMMIT_HOPS; i++) await undefined;
    this.#commitSoon = undefined;
    this.flush();
  }

  /** Writes a batch of what waits, and sees to the rest soon; returns whether it could. */
  #step(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0 && this.#trouble === undefined) return true;
    try {
      this.#commit();
    } catch (error) {
      this.#degrade(error);
      return false;
    }
    if (this.#pending.length > 0) this.#timer ??= setTimeout(() => this.#step(), 0);
    this.#advanced();
    return true;
  }

  #commit(): void {
    this.#file ??= new JournalFile(this.path, this.#options);
    let count = 0;
    let units = 0;
    while (count < this.#pending.length && count < BATCH_EVENTS && units < BATCH_UNITS) {
      units += this.#pending[count++]!.json.length;
    }
    if (count > 0) {
      const batch = this.#pending.slice(0, count);
      this.#file.write(batch);
      this.#committed = batch.at(-1)!.sequence;
      this.#recent.add(batch);
      this.#pending = this.#pending.slice(count);
      this.#pendingUnits -= units;
    }
    if (this.#trouble !== undefined && this.#pending.length === 0) this.#recover();
  }

  /** Writing failed: say so once, go on in memory, try again later. */
  #degrade(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (isDamage(error)) {
      try {
        this.#beginAnew(error);
      } catch (again) {
        log.error("Cannot replace the damaged journal: {again}", { again });
      }
    }
    if (this.#trouble === undefined) {
      this.#trouble = detail;
      this.#lostSinceDegraded = 0;
      const what = { path: this.path, detail, max: this.#ringEvents };
      log.error(
        "Cannot write journal {path}: {detail}; keeping up to {max} events in memory",
        what,
      );
      this.#options.onDegraded?.(detail);
    }
    this.#timer ??= setTimeout(() => this.#step(), RETRY_MS);
    this.#advanced();
  }

  #recover(): void {
    const lost = this.#lostSinceDegraded;
    log.info("Journal {path} is written again; {lost} events were lost", { path: this.path, lost });
    const detail = this.#trouble!;
    this.#trouble = undefined;
    if (this.#file?.isExclusive) this.#closeFile(); // the next commit opens it for all
    this.#options.onRecovered?.(detail, lost);
  }

  /** Sets the damaged file aside and begins a new one; sequence numbers go on if they are known. */
  #beginAnew(cause: unknown): void {
    this.#closeFile();
    const aside = setAside(this.path, Date.now());
    const why = cause instanceof Error ? cause.message : String(cause);
    const what = { path: this.path, why, aside };
    log.error("Journal {path} is damaged ({why}); it is now {aside}, and a new one is begun", what);
    this.#file = new JournalFile(this.path, this.#options);
  }

  #closeFile(): void {
    try {
      this.#file?.close();
    } catch (error) {
      log.warn("Cannot close journal {path}: {error}", { path: this.path, error });
    }
    this.#file = undefined;
  }

  #query<T>(use: (db: DatabaseSync) => T): T | undefined {
    try {
      const result = this.#file && use(this.#file.db);
      this.#readTrouble = "";
      return result;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (isDamage(error)) this.#degrade(error);
      else if (detail !== this.#readTrouble) {
        log.warn("Cannot read journal {path}: {detail}", { path: this.path, detail });
      }
      this.#readTrouble = detail;
      return undefined;
    }
  }

  #advanced(): void {
    for (const listener of this.#listeners) listener();
  }
}
