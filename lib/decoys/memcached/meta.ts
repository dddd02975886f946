/**
 * Meta commands of the text protocol: two letters, a key, flags.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import {
  type After,
  BAD_CHUNK,
  BAD_FORMAT,
  type Command,
  ERROR,
  type Handler,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  NO_MEMORY,
  say,
  TOO_LARGE,
} from "./command.ts";
import { addDelta } from "./delta.ts";
import {
  decodeKey,
  MAX_OPAQUE_BYTES,
  type MetaFlags,
  OPAQUE_TOO_LONG,
  parseFlags,
  shownKey,
} from "./meta_flags.ts";
import { parseInt32 } from "./numbers.ts";
import { classOf, itemBytes, MAX_ITEM_BYTES } from "./slabs.ts";
import type { Item, Store, StoreMode } from "./store.ts";
import { readValue, swallow } from "./values.ts";

/** Most words of such a command, its name included. */
const MAX_WORDS = 19;
const TOO_MANY = "CLIENT_ERROR options flags too long";
const BAD_FLAG = "CLIENT_ERROR invalid or duplicate flag";

const STORE_MODES: Readonly<Record<string, StoreMode>> = {
  E: "add",
  A: "append",
  P: "prepend",
  R: "replace",
  S: "set",
};
const SHORT_RESULTS = { STORED: "HD", NOT_STORED: "NS", EXISTS: "EX", NOT_FOUND: "NF" } as const;

/** These commands by name. */
export const META: readonly [string, Handler][] = [
  ["mn", noOperation],
  ["mg", get],
  ["ms", set],
  ["md", remove],
  ["ma", arithmetic],
  ["me", debug],
];

/** Sends what there is. */
async function noOperation(command: Command): Promise<After> {
  say(command, "MN");
  await command.connection.flush();
  return "next";
}

/** Opaque and key as an answer has them, in the order of the request; or what is wrong. */
function echo(
  words: readonly string[],
  key: string,
  more: (letter: string) => string | undefined = () => undefined,
): string {
  return words.map((word) => {
    if (word[0] === "O") return ` ${word}`;
    if (word[0] === "k") return ` k${key}`;
    const text = more(word[0]!);
    return text === undefined ? "" : ` ${text}`;
  }).join("");
}

/** Whether an opaque flag is too long. */
function hasLongOpaque(words: readonly string[]): boolean {
  return words.some((word) => word[0] === "O" && word.length > MAX_OPAQUE_BYTES);
}

/** Seconds that an item has left, as an answer has them. */
function timeLeft(item: Item, store: Store): string {
  return item.exptime === 0 ? "-1" : String((item.exptime - store.time) >>> 0);
}

function get(command: Command): After {
  const { connection: { store }, words } = command;
  if (words.length < 2) return say(command, ERROR);
  const flags = prepare(command, (problem) => problem, "CLIENT_ERROR options flags are too long");
  if (flags === undefined) return "next";
  const options = words.slice(2);
  command.isSilent = flags.letters.has("q");
  const { vivify } = flags;
  let item = store.peek(flags.key);
  const isNew = item === undefined && vivify !== undefined;
  if (isNew) {
    const exptime = 0;
    item = store.link(flags.key, { value: new Uint8Array(0), flags: 0, exptime });
    command.changes = true;
  }
  const isTouch = flags.ttl !== undefined;
  store.counters["cmd_meta"]!++;
  store.counters[isTouch ? "cmd_touch" : "cmd_get"]!++;
  store.counters[`${isTouch ? "touch" : "get"}_${item === undefined ? "misses" : "hits"}`]!++;
  if (hasLongOpaque(options)) return say(command, OPAQUE_TOO_LONG, true);
  if (item === undefined) {
    return say(command, "EN" + echo(options, shownKey(flags.key, flags.letters.has("b"))));
  }
  store.countSlab(item.slab, isTouch ? "touch_hits" : "get_hits");
  const text = describe({ store, item, flags, options, isNew });
  command.isSilent = false; // a hit is always told
  const hasValue = flags.letters.has("v");
  say(command, `${hasValue ? `VA ${item.value.length}` : "HD"}${text}`);
  if (hasValue) {
    command.connection.send(item.value);
    command.connection.send("\r\n");
  }
  if (!flags.letters.has("u")) store.bump(item);
  return "next";
}

/** What an answer tells of an item; flags do what they say in the order in which they stand. */
function describe(
  { store, item, flags, options, isNew }: {
    store: Store;
    item: Item;
    flags: MetaFlags;
    options: readonly string[];
    isNew: boolean;
  },
): string {
  let wins = false;
  let text = echo(options, shownKey(item.key, item.isKeyBinary), (letter) => {
    switch (letter) {
      case "T":
        item.exptime = store.realTime(flags.ttl!);
        return undefined;
      case "N":
        if (isNew) {
          item.exptime = store.realTime(flags.vivify!);
          wins = true;
        }
        return undefined;
      case "R": {
        const isSoon = item.exptime !== 0 && item.exptime < store.realTime(flags.recache!);
        if (!item.isTokenSent && !isNew && isSoon) wins = true;
        return undefined;
      }
      case "s":
        return `s${item.value.length}`;
      case "t":
        return `t${timeLeft(item, store)}`;
      case "c":
        return `c${item.cas}`;
      case "f":
        return `f${item.flags}`;
      case "l":
        return `l${store.time - item.time}`;
      case "h":
        return `h${item.fetches > 0 ? 1 : 0}`;
    }
    return undefined;
  });
  if (item.isTokenSent) text += " Z";
  if (item.isStale) {
    text += " X";
    if (!item.isTokenSent) wins = true;
  }
  if (wins) {
    text += " W";
    item.isTokenSent = true;
  }
  return text;
}

/** Reads the flags of a command that has no value, and tells what is wrong with them. */
function prepare(
  command: Command,
  word: (problem: string) => string,
  tooMany = TOO_MANY,
): MetaFlags | undefined {
  const { words } = command;
  if (words[1]!.length > MAX_KEY_BYTES) return void say(command, BAD_FORMAT, true);
  if (words.length > MAX_WORDS) return void say(command, tooMany, true);
  const flags = parseFlags(words[1]!, words.slice(2));
  if (typeof flags === "string") return void say(command, word(flags), true);
  return flags;
}

async function set(command: Command): Promise<After> {
  const { connection, words } = command;
  const { store } = connection;
  if (words.length < 2) return say(command, ERROR);
  command.changes = true;
  if (words[1]!.length > MAX_KEY_BYTES || words.length === 2) return say(command, BAD_FORMAT);
  if (words.length > MAX_WORDS) return say(command, TOO_MANY);
  const length = parseInt32(words[2]!);
  if (length === undefined || length < 0 || length > MAX_VALUE_BYTES) {
    return say(command, BAD_FORMAT);
  }
  const options = words.slice(3);
  const flags = parseFlags(words[1]!, options);
  const problem = problemOf(flags, options, length) ??
    (connection.server.hasRoomFor(length) ? undefined : NO_MEMORY);
  if (problem !== undefined || typeof flags === "string") {
    say(command, problem!, true);
    if (problem === TOO_LARGE && typeof flags !== "string") {
      const old = store.peek(flags.key);
      if (old !== undefined) store.unlink(old);
    }
    const body = { key: words[1]!, count: length + 2 };
    return await swallow(connection, body) ? "next" : "close";
  }
  command.isSilent = flags.letters.has("q");
  const arrived = await readValue(connection, length);
  if (arrived === undefined) return "close";
  connection.payload(flags.key, arrived.value);
  store.countSet(classOf(itemBytes(flags.key.length, length, flags.clientFlags)));
  store.counters["cmd_meta"]!++;
  if (!arrived.isWhole) return say(command, BAD_CHUNK, true);
  return finishSet(command, { flags, options, value: arrived.value });
}

function finishSet(
  command: Command,
  { flags, options, value }: { flags: MetaFlags; options: readonly string[]; value: Uint8Array },
): After {
  const { store } = command.connection;
  const asked = STORE_MODES[flags.mode ?? "S"]!;
  const usesCas = flags.cas !== undefined && (asked === "set" || asked === "replace");
  const mode = usesCas ? "cas" : asked;
  const exptime = store.realTime(flags.ttl ?? 0);
  const old = store.peek(flags.key);
  const fresh = { value, flags: flags.clientFlags, exptime, cas: flags.cas ?? 0n };
  let { result, item } = store.store(mode, flags.key, fresh);
  if (result === "EXISTS" && usesCas && flags.letters.has("I") && old !== undefined) {
    // Older than what is there, and let in nevertheless: marked as stale.
    if (flags.cas! < old.cas) {
      item = store.link(flags.key, { value, flags: flags.clientFlags, exptime });
      item.isStale = true;
      result = "STORED";
    }
  }
  if (item !== undefined) {
    item.isKeyBinary = flags.letters.has("b");
  }
  const text = echo(
    options,
    shownKey(flags.key, flags.letters.has("b")),
    (letter) => letter === "c" ? `c${item?.cas ?? 0n}` : undefined,
  );
  const isTold = result !== "STORED";
  return say(command, SHORT_RESULTS[result] + text, isTold);
}

/** What is wrong with a value that is to come, in the server's order. */
function problemOf(
  flags: MetaFlags | string,
  options: readonly string[],
  length: number,
): string | undefined {
  if (typeof flags === "string") return flags;
  if (flags.mode !== undefined && !Object.hasOwn(STORE_MODES, flags.mode)) {
    return "CLIENT_ERROR invalid mode for ms M token";
  }
  if (hasLongOpaque(options)) return OPAQUE_TOO_LONG;
  const bytes = itemBytes(flags.key.length, length, flags.clientFlags);
  return bytes > MAX_ITEM_BYTES ? TOO_LARGE : undefined;
}

function remove(command: Command): After {
  const { connection: { store }, words } = command;
  if (words.length < 2) return say(command, ERROR);
  command.changes = true;
  const flags = prepare(command, () => BAD_FLAG);
  if (flags === undefined) return "next";
  const options = words.slice(2);
  if (hasLongOpaque(options)) return say(command, OPAQUE_TOO_LONG, true);
  command.isSilent = flags.letters.has("q");
  store.counters["cmd_meta"]!++;
  const text = echo(options, shownKey(flags.key, flags.letters.has("b")));
  const item = store.peek(flags.key);
  const isOther = item !== undefined && flags.cas !== undefined && flags.cas !== item.cas;
  if (item === undefined || isOther) {
    store.counters["delete_misses"]!++;
    return say(command, (isOther ? "EX" : "NF") + text, true);
  }
  if (flags.letters.has("I")) {
    if (flags.ttl !== undefined) item.exptime = store.realTime(flags.ttl);
    item.isStale = true;
    item.isTokenSent = false;
    item.cas = store.nextCas();
  } else {
    store.counters["delete_hits"]!++;
    store.countSlab(item.slab, "delete_hits");
    store.unlink(item);
  }
  return say(command, "HD" + text);
}

function arithmetic(command: Command): After {
  const { connection: { store }, words } = command;
  if (words.length < 2) return say(command, ERROR);
  command.changes = true;
  const flags = prepare(command, () => BAD_FLAG);
  if (flags === undefined) return "next";
  const options = words.slice(2);
  command.isSilent = flags.letters.has("q");
  const mode = flags.mode ?? "I";
  if (!"I+D-".includes(mode)) {
    return say(command, "CLIENT_ERROR invalid mode for ma M token", true);
  }
  store.counters["cmd_meta"]!++;
  const isIncrement = mode === "I" || mode === "+";
  const how = { delta: flags.delta, isIncrement, cas: flags.cas ?? 0n };
  const result = addDelta(store, flags.key, how);
  if (result.kind === "not-numeric") {
    return say(
      command,
      "CLIENT_ERROR cannot increment or decrement non-numeric value",
      true,
    );
  }
  let item = result.kind === "done" ? result.item : undefined;
  const isNew = result.kind === "missing" && flags.vivify !== undefined;
  if (isNew) {
    const value = latin1Bytes(String(flags.initial));
    item = store.link(flags.key, { value, flags: 0, exptime: 0 });
  }
  if (hasLongOpaque(options)) return say(command, OPAQUE_TOO_LONG, true);
  const key = shownKey(flags.key, flags.letters.has("b"));
  if (item === undefined) {
    return say(command, (result.kind === "changed" ? "EX" : "NF") + echo(options, key), true);
  }
  const digits = result.kind === "done" ? String(result.value) : String(flags.initial);
  const found = item;
  const text = echo(options, key, (letter) => {
    if (letter === "c") return `c${found.cas}`;
    if (letter === "t") return `t${timeLeft(found, store)}`;
    if (letter === "T") found.exptime = store.realTime(flags.ttl!);
    if (letter === "N" && isNew) found.exptime = store.realTime(flags.vivify!);
    return undefined;
  });
  const hasValue = flags.letters.has("v");
  say(command, `${hasValue ? `VA ${digits.length}` : "HD"}${text}`);
  if (hasValue && !command.isSilent) command.connection.send(`${digits}\r\n`);
  return "next";
}

/** Tells all of an item. */
function debug(command: Command): After {
  const { connection: { store }, words } = command;
  const isBinary = words[2]?.startsWith("b") ?? false;
  const name = words[1];
  if (name === undefined || name.length > MAX_KEY_BYTES) return say(command, BAD_FORMAT);
  const key = words.length > 2 && isBinary ? decodeKey(name) : name;
  if (key === undefined) return say(command, BAD_FORMAT);
  store.counters["cmd_meta"]!++;
  const item = store.peek(key);
  if (item === undefined) return say(command, "EN");
  const exptime = item.exptime === 0 ? -1 : store.time - item.exptime;
  return say(
    command,
    `ME ${shownKey(key, item.isKeyBinary).split(" ")[0]} exp=${exptime} la=${
      store.time - item.time
    } ` +
      `cas=${item.cas} fetch=${
        item.fetches > 0 ? "yes" : "no"
      } cls=${item.slab} size=${item.bytes}`,
  );
}
