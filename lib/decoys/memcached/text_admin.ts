/**
 * Commands of the text protocol that ask after the server, or set it up.
 * @module
 */
import {
  type After,
  BAD_FORMAT,
  type Command,
  ERROR,
  type Handler,
  hasWords,
  minds,
  say,
} from "./command.ts";
import { metadump } from "./dump.ts";
import { parseInt32, parseUint32 } from "./numbers.ts";
import { CHUNK_SIZES, MAX_CLASSES } from "./slabs.ts";

/** Smallest cache that may be asked for, in MB. */
const MIN_MEMORY_MB = 8;
/** Topics of `watch`. */
const TOPICS = new Set(
  "rawcmds evictions fetchers mutations sysevents connevents proxyreqs proxyevents proxyuser deletions"
    .split(" "),
);
const BAD_CLASS = "BADCLASS invalid class id";

/** These commands by name. */
export const ADMIN: readonly [string, Handler][] = [
  ["version", (command) => say(command, "VERSION 1.6.18")],
  ["verbosity", verbosity],
  ["flush_all", flushAll],
  ["shutdown", (command) => say(command, "ERROR: shutdown not enabled")],
  ["slabs", slabs],
  ["lru_crawler", crawler],
  ["lru", lru],
  ["cache_memlimit", memoryLimit],
  ["refresh_certs", (command) => say(command, "Error TLS not enabled")],
  ["extstore", external],
  ["watch", watch],
];

function verbosity(command: Command): After {
  if (!hasWords(command, 2, 3)) return say(command, ERROR);
  minds(command);
  const level = parseUint32(command.words[1]!);
  if (level === undefined) return say(command, BAD_FORMAT);
  command.connection.store.verbosity = Math.min(level, 2);
  return say(command, "OK");
}

function flushAll(command: Command): After {
  if (!hasWords(command, 1, 3)) return say(command, ERROR);
  minds(command);
  command.changes = true;
  const { connection: { store }, words } = command;
  if (words.length === (command.isSilent ? 2 : 1)) {
    store.flush(0);
    return say(command, "OK");
  }
  const delay = parseInt32(words[1]!);
  if (delay === undefined) return say(command, "CLIENT_ERROR invalid exptime argument");
  store.flush(delay);
  return say(command, "OK");
}

function slabs(command: Command): After {
  const { words, connection: { store } } = command;
  command.changes = words.length > 1;
  if (words[1] === "reassign" && words.length === 4) {
    const [from, to] = [parseInt32(words[2]!), parseInt32(words[3]!)];
    if (from === undefined || to === undefined) return say(command, BAD_FORMAT);
    if (from === to) return say(command, "SAME src and dst class are identical");
    const last = CHUNK_SIZES.length - 1;
    if (from < 0 || from > last || to < 0 || to > last) {
      return say(command, "BADCLASS invalid src or dst class id");
    }
    if ((store.pages.get(from) ?? 0) < 2) {
      return say(command, "NOSPARE source class has no spare pages");
    }
    return say(command, "OK");
  }
  if (words[1] !== "automove" || words.length !== 3) return say(command, ERROR);
  const level = parseUint32(words[2]!);
  if (level === undefined) return say(command, BAD_FORMAT);
  return say(command, level <= 2 ? "OK" : ERROR);
}

async function crawler(command: Command): Promise<After> {
  const { words } = command;
  const [, what, argument] = words;
  if (what === "enable" || what === "disable") {
    if (words.length !== 2) return say(command, ERROR);
    // It runs from the start.
    const isOn = what === "enable" && command.connection.store.crawls;
    command.connection.store.crawls = what === "enable";
    return say(command, isOn ? "ERROR failed to start lru crawler thread" : "OK");
  }
  if (words.length !== 3) return say(command, ERROR);
  switch (what) {
    case "sleep": {
      const micros = parseUint32(argument!);
      if (micros === undefined) return say(command, BAD_FORMAT);
      if (micros > 1_000_000) return say(command, "CLIENT_ERROR sleep must be one second or less");
      return say(command, "OK");
    }
    case "tocrawl":
      return say(command, parseUint32(argument!) === undefined ? BAD_FORMAT : "OK");
    case "crawl":
      return say(command, classesOf(argument!) === undefined ? BAD_CLASS : "OK");
    case "metadump": {
      if (command.connection.hasPending) {
        return say(command, "ERROR cannot pipeline other commands before metadump");
      }
      const classes = argument === "hash" ? "hash" : classesOf(argument!);
      if (classes === undefined) return say(command, BAD_CLASS);
      metadump(command, classes);
      await command.connection.flush();
      return "next";
    }
  }
  return say(command, ERROR);
}

/** Slab classes from `all` or numbers with commas; `undefined` when they are none. */
function classesOf(text: string): readonly number[] | undefined {
  if (text === "all") return CHUNK_SIZES.map((_, id) => id);
  const ids = text.split(",").filter((part) => part !== "").map(parseUint32);
  const isRight = ids.every((id) => id !== undefined && id >= 1 && id < MAX_CLASSES - 1);
  return isRight ? ids as number[] : undefined;
}

function lru(command: Command): After {
  const { words } = command;
  command.changes = words.length > 2;
  if (words[1] === "tune" && words.length >= 6) {
    const [hot, warm] = [parseUint32(words[2]!), parseUint32(words[3]!)];
    const [hotFactor, warmFactor] = [Number(words[4]), Number(words[5])];
    const isNumber = Number.isFinite(hotFactor) && Number.isFinite(warmFactor);
    if (hot === undefined || warm === undefined || !isNumber) return say(command, ERROR);
    if (hot + warm <= 80 && !(hotFactor > 0 && warmFactor > 0)) {
      return say(command, "ERROR hot/warm age factors must be greater than 0");
    }
    return say(command, hot + warm > 80 ? "ERROR hot and warm pcts must not exceed 80" : "OK");
  }
  if (words[1] === "mode" && words.length >= 3) {
    return say(command, words[2] === "flat" || words[2] === "segmented" ? "OK" : ERROR);
  }
  if (words[1] === "temp_ttl" && words.length >= 3) {
    return say(command, parseInt32(words[2]!) === undefined ? ERROR : "OK");
  }
  return say(command, ERROR);
}

function memoryLimit(command: Command): After {
  if (!hasWords(command, 2, 3)) return say(command, ERROR);
  minds(command);
  command.changes = true;
  const megabytes = parseUint32(command.words[1]!);
  if (megabytes === undefined) return say(command, ERROR);
  if (megabytes < MIN_MEMORY_MB) {
    return say(command, "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m");
  }
  command.connection.store.memoryBytes = megabytes * 1_048_576;
  return say(command, "OK");
}

function external(command: Command): After {
  const [, what, ...numbers] = command.words;
  const isRight = what === "free_memchunks" && numbers.length === 2 &&
    numbers.every((number) => parseUint32(number) !== undefined);
  return say(command, isRight ? "OK" : ERROR);
}

/** Shows what others do: nobody does anything. What the client sends from now on is not read. */
async function watch(command: Command): Promise<After> {
  const { connection, words } = command;
  if (!words.slice(1).every((topic) => TOPICS.has(topic))) return say(command, ERROR);
  if (connection.hasPending) {
    return say(command, "ERROR cannot pipeline other commands before watch");
  }
  say(command, "OK");
  await connection.flush();
  const seen = connection.unread;
  connection.consume(seen.length);
  while (await connection.fill()) connection.consume(connection.unread.length);
  return "close";
}
