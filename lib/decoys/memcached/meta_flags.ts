/**
 * Flags of the meta commands: which there are, and what they say.
 * @module
 */
import { Buffer } from "node:buffer";
import { BAD_FORMAT, MAX_KEY_BYTES } from "./command.ts";
import { parseInt32, parseUint32, parseUint64 } from "./numbers.ts";

/** Longest opaque flag, in bytes. */
export const MAX_OPAQUE_BYTES = 32;
/** What is said to a longer one. */
export const OPAQUE_TOO_LONG = "CLIENT_ERROR opaque token too long";
/** What is said to a flag whose number is none. */
const BAD_TOKEN = "CLIENT_ERROR bad token in command line format";

/** Flags that were read. */
export interface MetaFlags {
  /** The key itself, decoded if it came as base64. */
  readonly key: string;
  /** The letters that are there. */
  readonly letters: ReadonlySet<string>;
  /** `T`, `N`, `R`: seconds. */
  readonly ttl: number | undefined;
  readonly vivify: number | undefined;
  readonly recache: number | undefined;
  /** `F`. */
  readonly clientFlags: number;
  /** `C`. */
  readonly cas: bigint | undefined;
  /** `M`, one character. */
  readonly mode: string | undefined;
  /** `J` and `D`. */
  readonly initial: bigint;
  readonly delta: bigint;
}

/** A number of seconds by its letter. */
type Seconds = Map<string, number>;

/**
 * Reads flags.
 * @param key as it came.
 * @param words the flags.
 * @returns what is wrong, as text, or the flags. Of several wrong ones the last is named; an unknown
 * one, or one that comes twice, before all others.
 */
export function parseFlags(key: string, words: readonly string[]): MetaFlags | string {
  const letters = new Set<string>();
  const seconds: Seconds = new Map();
  let [cas, mode] = [undefined as bigint | undefined, undefined as string | undefined];
  let [clientFlags, initial, delta] = [0, 0n, 1n];
  let realKey = key;
  let problem: string | undefined;
  const number = (value: bigint | undefined, otherwise: string) => {
    if (value === undefined) problem = otherwise;
    return value ?? 0n;
  };
  for (const word of words) {
    const letter = word[0]!;
    const rest = word.slice(1);
    if (letters.has(letter)) return "CLIENT_ERROR duplicate flag";
    letters.add(letter);
    if (letter === "b") {
      const decoded = decodeKey(key);
      if (decoded === undefined) return "CLIENT_ERROR error decoding key";
      realKey = decoded;
    } else if ("NTR".includes(letter)) {
      const value = parseInt32(rest);
      if (value === undefined) problem = BAD_TOKEN;
      else seconds.set(letter, value);
    } else if (letter === "F") {
      const value = parseUint32(rest);
      if (value === undefined) problem ??= BAD_FORMAT;
      else clientFlags = value;
    } else if (letter === "C") cas = number(parseUint64(rest), BAD_TOKEN);
    else if (letter === "J") {
      initial = number(parseUint64(rest), "CLIENT_ERROR invalid numeric initial value");
    } else if (letter === "D") {
      delta = number(parseUint64(rest), "CLIENT_ERROR invalid numeric delta value");
    } else if (letter === "M") {
      if (rest.length !== 1) problem = "CLIENT_ERROR incorrect length for M token";
      else mode = rest;
    } else if (!"lOPLkstcfvhuqI".includes(letter)) return "CLIENT_ERROR invalid flag";
  }
  if (problem !== undefined) return problem;
  return {
    ...{ key: realKey, letters, cas, mode, clientFlags, initial, delta },
    ...{ ttl: seconds.get("T"), vivify: seconds.get("N"), recache: seconds.get("R") },
  };
}

/**
 * Decodes a key.
 * @param text base64 with its padding.
 * @returns `undefined` when it is none.
 */
export function decodeKey(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64").toString("latin1");
  return key.length > MAX_KEY_BYTES || key.length === 0 ? undefined : key;
}

/** A key as it is sent back: in base64, and marked, when it came so. */
export function shownKey(key: string, isBinary: boolean): string {
  return isBinary ? `${Buffer.from(key, "latin1").toString("base64")} b` : key;
}
