/**
 * Tries known passwords against answers to challenges: one answer at a time, in slices between which
 * everything else runs.
 *
 * A password costs less than a microsecond, so the longest list takes some milliseconds. What waits for its
 * turn is bounded, in all and for each source.
 * @module
 */
import { COMMON_PASSWORDS } from "./words.ts";
import { encryptsTo, passwordSchedule, prepare, type PreparedBlock } from "./des.ts";

/** How many passwords are tried in one go: about half a millisecond. */
const SLICE_WORDS = 1024;
/** Most answers that wait. */
const MAX_WAITING = 256;
/** Most of one source. */
const MAX_WAITING_OF_SOURCE = 16;
const HALF_BYTES = 8;
/** Longest password that counts. */
const MAX_PASSWORD_BYTES = 8;

/** What a client was asked and what it answered; 16 bytes each. */
export interface Answer {
  readonly challenge: Uint8Array;
  readonly response: Uint8Array;
}

/** A test of one answer. */
export interface Guess {
  /** The password if it is a known one. Never rejects. */
  readonly found: Promise<Uint8Array | undefined>;
  /** Gives up unless it has begun already: then it ends within a bounded number of slices. */
  hurry(): void;
}

/** A password with the keys that are made of it. */
interface Word {
  readonly bytes: Uint8Array;
  readonly schedule: Uint8Array;
}

/** Both halves of an answer, ready to be compared. */
interface Halves {
  readonly challenge: readonly [PreparedBlock, PreparedBlock];
  readonly response: readonly [PreparedBlock, PreparedBlock];
}

/** A test that has not begun. */
interface Waiting {
  readonly source: string;
  begin(isGivenUp: boolean): void;
}

/** Knows passwords. */
export class Guesser {
  readonly #giveWay: () => Promise<void>;
  readonly #texts: readonly string[];
  #words: readonly Word[] | undefined;
  readonly #waiting = new Set<Waiting>();
  readonly #bySource = new Map<string, number>();
  #isRunning = false;

  /**
   * @param ownWords tried before the built-in ones.
   * @param giveWay lets everything else run.
   */
  constructor(ownWords: readonly string[], giveWay: () => Promise<void>) {
    this.#texts = [...ownWords, "", ...COMMON_PASSWORDS];
    this.#giveWay = giveWay;
  }

  /** How many passwords it knows. */
  get size(): number {
    return (this.#words ??= makeWords(this.#texts)).length;
  }

  /**
   * Begins a test, or puts it in the queue; when that is full, nothing is tried.
   * @param answer of a client.
   * @param source address of the client.
   */
  guess(answer: Answer, source: string): Guess {
    const mine = this.#bySource.get(source) ?? 0;
    const isFull = this.#waiting.size >= MAX_WAITING || mine >= MAX_WAITING_OF_SOURCE;
    if (isFull) return { found: Promise.resolve(undefined), hurry: () => {} };
    if (!this.#isRunning) return { found: this.#run(answer), hurry: () => {} };
    let waiting: Waiting | undefined;
    const found = new Promise<Uint8Array | undefined>((resolve) => {
      waiting = {
        source,
        begin: (isGivenUp) => resolve(isGivenUp ? undefined : this.#run(answer)),
      };
    });
    this.#waiting.add(waiting!);
    this.#bySource.set(source, mine + 1);
    return {
      found,
      hurry: () => {
        if (this.#leave(waiting!)) waiting!.begin(true);
      },
    };
  }

  async #run(answer: Answer): Promise<Uint8Array | undefined> {
    this.#isRunning = true;
    try {
      return await this.#search(answer);
    } finally {
      this.#isRunning = false;
      const [next] = this.#waiting;
      if (next !== undefined && this.#leave(next)) next.begin(false);
    }
  }

  async #search(answer: Answer): Promise<Uint8Array | undefined> {
    const words = this.#words ??= makeWords(this.#texts);
    const halves: Halves = {
      challenge: prepareBoth(answer.challenge),
      response: prepareBoth(answer.response),
    };
    for (let at = 0; at < words.length; at += SLICE_WORDS) {
      if (at > 0) await this.#giveWay();
      const word = words.slice(at, at + SLICE_WORDS).find((word) => isPassword(word, halves));
      if (word !== undefined) return word.bytes;
    }
    return undefined;
  }

  /** Takes it out of the queue; `false` when it is not there any more. */
  #leave(waiting: Waiting): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    const left = this.#bySource.get(waiting.source)! - 1;
    if (left === 0) this.#bySource.delete(waiting.source);
    else this.#bySource.set(waiting.source, left);
    return true;
  }
}

function isPassword({ schedule }: Word, { challenge, response }: Halves): boolean {
  return encryptsTo(schedule, challenge[0], response[0]) &&
    encryptsTo(schedule, challenge[1], response[1]);
}

function prepareBoth(bytes: Uint8Array): [PreparedBlock, PreparedBlock] {
  return [prepare(bytes.subarray(0, HALF_BYTES)), prepare(bytes.subarray(HALF_BYTES))];
}

/** Each password once, cut to what counts. */
function makeWords(texts: readonly string[]): Word[] {
  const encoder = new TextEncoder();
  const words = new Map<string, Word>();
  for (const text of texts) {
    const bytes = encoder.encode(text).subarray(0, MAX_PASSWORD_BYTES);
    const key = bytes.join();
    if (!words.has(key)) words.set(key, { bytes, schedule: passwordSchedule(bytes) });
  }
  return [...words.values()];
}
