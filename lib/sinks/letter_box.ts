/**
 * The dead letters of one sink: parked by its delivery, tried again when somebody asks.
 * @module
 */
import { SinkError } from "../errors.ts";
import {
  countLetters,
  type DeadLetter,
  discardLetters,
  lastLetter,
  MAX_DEAD_LETTERS,
  type ParkedItem,
  parkLetters,
  readLetters,
  removeLetters,
  type ReplayReport,
} from "../journal/dead_letters.ts";
import type { Journal } from "../journal/journal.ts";
import { fromParked } from "./batch.ts";
import type { Batch, Outcome } from "./sink.ts";

/** Letters tried in one call. */
const BATCH_LETTERS = 100;
/** Time after which no further letters are tried, in ms: whoever asked waits for the answer. */
const REPLAY_MS = 15_000;

/** Delivers a batch. */
type Write = (batch: Batch) => Promise<Outcome>;

/** The letters of one sink. */
export class LetterBox {
  readonly #journal: Journal;
  readonly #sink: string;
  #asked: ((report: ReplayReport) => void)[] = [];
  #count: number;

  /**
   * @param journal that keeps them.
   * @param sink name of the sink.
   */
  constructor(journal: Journal, sink: string) {
    this.#journal = journal;
    this.#sink = sink;
    this.#count = journal.withDatabase((db) => countLetters(db, sink)) ?? 0;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Whether somebody asked for them to be tried again. */
  get isAsked(): boolean {
    return this.#asked.length > 0;
  }

  /**
   * Parks items.
   * @param items may be none.
   * @throws {SinkError} retryable, when there are too many already, or they cannot be written.
   */
  park(items: readonly ParkedItem[]): void {
    const [first] = items;
    if (first === undefined) return;
    if (this.#count + items.length > MAX_DEAD_LETTERS) {
      const full = `there are ${this.#count} dead letters, look at duckblind dead-letters`;
      throw new SinkError(`${first.reason}; ${full}`, true);
    }
    const isParked = this.#journal.withDatabase((db) => {
      parkLetters(db, this.#sink, items);
      return true;
    });
    if (isParked !== true) {
      throw new SinkError(`${first.reason}; cannot be parked, the journal cannot be written`, true);
    }
    this.#count += items.length;
  }

  /** Throws all away; returns how many there were. */
  discard(): number {
    const count = this.#journal.withDatabase((db) => discardLetters(db, this.#sink)) ?? 0;
    this.#count -= count;
    return count;
  }

  /** Asks for the letters to be tried again. */
  ask(): Promise<ReplayReport> {
    return new Promise((resolve) => this.#asked.push(resolve));
  }

  /** Answers whoever still waits. */
  close(): void {
    this.#answer({ delivered: 0, left: this.#count, reason: "the sensor stops" });
  }

  /**
   * Tries every letter that is there now, once, as far as the time goes.
   * @param write delivers a batch.
   * @param cursor where the sink stands.
   */
  async replay(write: Write, cursor: number): Promise<void> {
    let delivered = 0;
    let reason: string | undefined;
    let after = 0;
    let hasMore = false;
    const endMs = performance.now() + REPLAY_MS;
    const last = this.#journal.withDatabase((db) => lastLetter(db, this.#sink)) ?? 0;
    try {
      for (;;) {
        const letters = this.#read(BATCH_LETTERS, after).filter(({ id }) => id <= last);
        if (letters.length === 0) break;
        hasMore = performance.now() > endMs;
        if (hasMore) break;
        after = letters.at(-1)!.id;
        const result = await tryLetters(letters, write, cursor);
        delivered += result.ids.length;
        reason = result.reason ?? reason;
        this.#journal.withDatabase((db) => removeLetters(db, result.ids));
        this.#count -= result.ids.length;
        if (result.isOver) break;
      }
    } finally {
      const left = this.#count;
      this.#answer({
        delivered,
        left,
        ...(reason === undefined ? {} : { reason }),
        ...(hasMore ? { hasMore } : {}),
      });
    }
  }

  #read(limit: number, after: number): DeadLetter[] {
    return this.#journal.withDatabase((db) =>
      readLetters(db, { sink: this.#sink, after, limit })
    ) ??
      [];
  }

  #answer(report: ReplayReport): void {
    for (const resolve of this.#asked) resolve(report);
    this.#asked = [];
  }
}

/** The letters that were delivered, why others were not, and whether nothing gets through at all. */
interface Tried {
  readonly ids: number[];
  readonly reason?: string;
  readonly isOver: boolean;
}

/** Tries letters together, and one by one where they are refused; `isOver` when nothing gets through. */
async function tryLetters(
  letters: readonly DeadLetter[],
  write: Write,
  cursor: number,
): Promise<Tried> {
  try {
    const { rejected = [], postponed = [], done = letters.length } = await write(
      fromParked(letters.map(({ item }) => item), cursor),
    );
    const stays = new Map([...rejected, ...postponed].map(({ index, reason }) => [index, reason]));
    const ids = letters.filter((_letter, i) => i < done && !stays.has(i)).map(({ id }) => id);
    const last = [...stays.values()].at(-1);
    const rest: Tried = done < letters.length
      ? await tryLetters(letters.slice(done), write, cursor)
      : { ids: [], isOver: false };
    const reason = rest.reason ?? last;
    return {
      ids: [...ids, ...rest.ids],
      isOver: rest.isOver,
      ...(reason === undefined ? {} : { reason }),
    };
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    const done = letters.slice(0, error.done).map(({ id }) => id);
    const reason = error.message;
    if (error.retryable || letters.length === 1) {
      return { ids: done, reason, isOver: error.retryable };
    }
    const ids = [...done];
    let last: string = reason;
    for (const letter of letters.slice(error.done)) {
      const one = await tryLetters([letter], write, cursor);
      ids.push(...one.ids);
      last = one.reason ?? last;
      if (one.isOver) return { ids, reason: last, isOver: true };
    }
    return { ids, reason: last, isOver: false };
  }
}
