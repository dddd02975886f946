/**
 * The options by which commands choose events, and what the service is asked for by them.
 * @module
 */
import { UsageError } from "../errors.ts";
import { parseSelection, RequestError, type Selection } from "../service/frames.ts";
import type { Arguments, CommandOption } from "./command.ts";

/** Options by which `events` and `watch` choose. */
export const FILTER_OPTIONS: readonly CommandOption[] = [
  {
    name: "since",
    type: "text",
    value: "SEQ",
    description: "Only events after that sequence number, the oldest first",
  },
  {
    name: "type",
    type: "text",
    value: "ACTIONS",
    description: "Only these, such as credential-attempt,payload",
  },
  { name: "decoy", type: "text", value: "NAMES", description: "Only of these decoys" },
  { name: "source", type: "text", value: "IP", description: "Only of this address" },
  { name: "sensor", type: "text", value: "NAMES", description: "Only of these sensors" },
  {
    name: "min-severity",
    type: "text",
    value: "N",
    description: "Only from this severity on, 0 to 100; 50 is a tried password",
  },
];

/** Options by which `events` also chooses. */
export const TIME_OPTIONS: readonly CommandOption[] = [
  {
    name: "from",
    type: "text",
    value: "TIME",
    description: "Only from then on: 2026-11-21T12:00:00Z, 2026-11-21, or 90s, 30m, 1h, 2d ago",
  },
  { name: "to", type: "text", value: "TIME", description: "Only up to then, as --from" },
];

/** Length of the units in `--from 2d`, in ms. */
const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Makes the words of a request from options.
 * @param args of a command that has the options named.
 * @param names of options, as they are typed.
 * @returns `key=value`, as `EVENTS` and `TAIL` take them, and what they choose.
 * @throws {UsageError} naming the option and what would be right.
 */
export function requestWords(
  args: Arguments,
  names: readonly string[],
): { words: string[]; selection: Selection } {
  const keys = names.map((name) => name.replaceAll("-", "_"));
  const words = names.flatMap((name) => {
    const value = args.text(name);
    if (value === undefined) return [];
    const isTime = name === "from" || name === "to";
    return [`${name.replaceAll("-", "_")}=${isTime ? absoluteTime(value) : value}`];
  });
  try {
    const broken = words.find((word) => /\s/.test(word));
    if (broken !== undefined) {
      throw new RequestError("bad-request", `${broken.replace("=", " is ")}, must have no spaces`);
    }
    return { words, selection: parseSelection(words, keys) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const message = error.message.replace(/^\w+/, (key) => "--" + key.replaceAll("_", "-"));
    throw new UsageError(`Option ${message}`, { cause: error });
  }
}

/** `2d` is so long ago, a date is its midnight in UTC, anything else stands for itself. */
function absoluteTime(text: string): string {
  const ago = /^(\d{1,9})([smhd])$/.exec(text);
  if (ago !== null) {
    const ms = Date.now() - Number(ago[1]) * UNITS[ago[2]!]!;
    return new Date(Math.max(0, ms)).toISOString();
  }
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
}
