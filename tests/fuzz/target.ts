/**
 * What is fuzzed, with what, and what it means to fail.
 * @module
 */
import type { Random } from "./random.ts";

/** What a client sends, in messages. */
export type Messages = readonly Uint8Array[];

/** A conversation from which cases are made. */
export interface Seed {
  /** Where it comes from: a transcript's path, or what it is. */
  readonly name: string;
  readonly messages: Messages;
}

/** One input, with everything that decides what happens. */
export interface Case {
  readonly messages: Messages;
  /** Chooses everything else: options, segments, the way of the end. Kept while minimising. */
  readonly choices: string;
}

/** What one run cost and gave. */
export interface Outcome {
  /** Bytes that were given. */
  readonly input: number;
  /** Bytes that came out. */
  readonly output: number;
  readonly events: number;
}

/** Something that is fed with cases. */
export interface Target {
  /** Such as `ftp/vsftpd-3.0.3` or `lib/net/escape`. */
  readonly name: string;
  readonly seeds: readonly Seed[];
  /** Longest input, in bytes; without it, the mutator's own. */
  readonly maxBytes?: number;
  /**
   * Runs one case.
   * @throws {Finding} when an invariant does not hold; anything else that is thrown is one, too.
   */
  run(input: Case): Outcome | Promise<Outcome>;
  /** What the choices of a case mean, for a reader. */
  describe?(choices: string): string;
}

/** An invariant does not hold. */
export class Finding extends Error {
  override readonly name = "Finding";
  /** Which invariant, the same for every case that breaks it. */
  readonly invariant: string;

  /**
   * @param invariant which one.
   * @param detail what was seen.
   */
  constructor(invariant: string, detail: string, options?: ErrorOptions) {
    super(`${invariant}: ${detail}`, options);
    this.invariant = invariant;
  }
}

/** Fails unless a condition holds. */
export function check(isRight: boolean, invariant: string, detail: () => string): void {
  if (!isRight) throw new Finding(invariant, detail());
}

/** Total length of messages, in bytes. */
export function totalBytes(messages: Messages): number {
  return messages.reduce((sum, message) => sum + message.length, 0);
}

/** Messages in one piece. */
export function join(messages: Messages): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(totalBytes(messages));
  let at = 0;
  for (const message of messages) {
    all.set(message, at);
    at += message.length;
  }
  return all;
}

/** Most pieces into which bytes are cut: each costs a turn of the event loop. */
const MAX_PIECES = 1500;

/** Cuts bytes into pieces at random places; none is empty. */
export function cutRandomly(bytes: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const least = Math.ceil(2 * bytes.length / MAX_PIECES);
  const most = Math.max(least, random.pick([1, 3, 17, 300, 5000]));
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(most));
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}
