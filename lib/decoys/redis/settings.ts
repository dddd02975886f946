/**
 * The settings that CONFIG shows and changes: kinds, ranges, and other names of the same.
 * @module
 */
import type { Source } from "./source.ts";
import { CONFIG_TABLE } from "./tables/config_table.ts";

/** One setting. */
export interface Setting {
  readonly name: string;
  /** What it may be, and its range or words. */
  readonly kind: string;
  readonly range: readonly string[];
  /** As Debian's package has it. */
  readonly value: string;
}

/** All settings by name. */
export const SETTINGS: ReadonlyMap<string, Setting> = new Map(
  CONFIG_TABLE.trim().split("\n").map((row) => {
    const [name = "", kinds = "", value = ""] = row.split("|");
    const [kind = "", ...range] = kinds.split(" ");
    return [name, { name, kind, range, value }];
  }),
);

/**
 * The other name of a setting: `slave` for `replica` and the like.
 * @param name in lower case.
 * @returns the same when it has none.
 */
export function otherName(name: string): string {
  for (const [old, now] of ALIASES) {
    for (const [from, to] of [[old, now], [now, old]] as const) {
      const other = name.replace(from, to);
      if (other !== name && SETTINGS.has(other)) return other;
    }
  }
  return name;
}

const ALIASES = [
  ["slave", "replica"],
  ["ziplist", "listpack"],
  ["lua-time-limit", "busy-reply-threshold"],
  ["slaves", "replicas"],
] as const;

/** What a setting is for a source, as CONFIG GET shows it. */
export function settingOf(source: Source, name: string, fixed: Readonly<Record<string, string>>) {
  return source.config.get(name) ?? fixed[name] ?? SETTINGS.get(name)?.value ?? "";
}

const UNITS: Record<string, number> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1_000_000,
  mb: 1024 ** 2,
  g: 1_000_000_000,
  gb: 1024 ** 3,
};

/**
 * Checks a new value.
 * @param setting which.
 * @param text as given.
 * @returns the value as it will be shown, or what is wrong with it.
 */
export function checkSetting(
  { name, kind, range }: Setting,
  text: string,
): { value: string } | { complaint: string } {
  switch (kind) {
    case "immutable":
      return { complaint: "can't set immutable config" };
    case "bool": {
      const word = text.toLowerCase();
      if (word === "yes" || word === "no") return { value: word };
      return { complaint: "argument must be 'yes' or 'no'" };
    }
    case "enum": {
      const word = text.toLowerCase();
      if (range.includes(word)) return { value: word };
      return { complaint: `argument(s) must be one of the following: ${range.join(", ")}` };
    }
    case "int": {
      if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text) || !fitsInt64(BigInt(text))) {
        return { complaint: "argument couldn't be parsed into an integer" };
      }
      return inRange(BigInt(text), range);
    }
    case "percent":
      if (/^\d{1,9}%$/.test(text)) return { value: text };
      return memory(text, range, "argument must be a memory or percent value");
    case "memory":
      return memory(text, range, "argument must be a memory value");
    case "special":
      return special(name, text);
    default:
      return { value: text };
  }
}

function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function inRange(value: bigint, [min = "0", max = "0"]: readonly string[]) {
  if (value < BigInt(min) || value > BigInt(max)) {
    return { complaint: `argument must be between ${min} and ${max} inclusive` };
  }
  return { value: String(value) };
}

function memory(text: string, range: readonly string[], complaint: string) {
  const match = /^(\d{1,30})([a-z]*)$/i.exec(text);
  const unit = UNITS[(match?.[2] ?? "none").toLowerCase()];
  if (match === null || unit === undefined) return { complaint };
  const digits = BigInt(match[1]!) * BigInt(unit);
  const most = 2n ** 64n - 1n;
  return inRange(digits > most ? most : digits, range);
}

const EVENT_LETTERS = "Ag$lshzxeKEtmdn";

function special(name: string, text: string): { value: string } | { complaint: string } {
  const words = text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== "");
  switch (name) {
    case "save": {
      const isFine = words.length % 2 === 0 &&
        words.every((word, i) => /^\d{1,18}$/.test(word) && (i % 2 === 1 || Number(word) > 0));
      return isFine ? { value: words.join(" ") } : { complaint: "Invalid save parameters" };
    }
    case "notify-keyspace-events": {
      if ([...text].some((letter) => !EVENT_LETTERS.includes(letter))) {
        return { complaint: `Invalid event class character. Use '${EVENT_LETTERS}'.` };
      }
      const all = text.includes("A") ? "g$lshzxetd" : "";
      const classes = [..."g$lshzxetd"].filter((letter) => (all + text).includes(letter));
      const shown = classes.length === 10 ? "A" : classes.join("");
      return { value: shown + [..."KEmn"].filter((letter) => text.includes(letter)).join("") };
    }
    case "oom-score-adj-values":
      if (words.length !== 3) return { complaint: "wrong number of arguments" };
      if (!words.every((word) => /^-?\d{1,4}$/.test(word) && Math.abs(Number(word)) <= 2000)) {
        return {
          complaint: "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
        };
      }
      return { value: words.join(" ") };
    case "client-output-buffer-limit":
      if (words.length === 0 || words.length % 4 !== 0) {
        return { complaint: "Wrong number of arguments in buffer limit configuration." };
      }
      return { value: text };
    case "latency-tracking-info-percentiles": {
      const isNumber = words.every((word) => /^-?\d+(?:\.\d+)?$/.test(word));
      if (!isNumber) {
        return { complaint: "Invalid latency-tracking-info-percentiles parameters" };
      }
      if (words.some((word) => Number(word) < 0 || Number(word) > 100)) {
        return {
          complaint: "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        };
      }
      return { value: words.map((word) => String(Number(word))).join(" ") };
    }
    default: // bind
      return words.every((word) => /^-?(?:\*|[0-9a-f:.]*[:.][0-9a-f:.]*|::\*)$/i.test(word))
        ? { value: words.join(" ") }
        : { complaint: "Failed to bind to specified addresses." };
  }
}
