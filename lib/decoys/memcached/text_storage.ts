/**
 * Commands of the text protocol that store, fetch, change and delete.
 * @module
 */
import {
  type After,
  BAD_CHUNK,
  BAD_FORMAT,
  type Command,
  ERROR,
  type Handler,
  hasWords,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  minds,
  NO_MEMORY,
  say,
  TOO_LARGE,
} from "./command.ts";
import { addDelta } from "./delta.ts";
import { parseInt32, parseUint32, parseUint64 } from "./numbers.ts";
import { classOf, itemBytes, MAX_ITEM_BYTES } from "./slabs.ts";
import type { StoreMode } from "./store.ts";
import { readValue, swallow } from "./values.ts";

/** These commands by name. */
export const STORAGE: readonly [string, Handler][] = [
  ["get", (command) => get(command, false)],
  ["bget", (command) => get(command, false)],
  ["gets", (command) => get(command, true)],
  ["gat", (command) => getAndTouch(command, false)],
  ["gats", (command) => getAndTouch(command, true)],
  ...(["set", "add", "replace", "append", "prepend", "cas"] as const).map((mode) =>
    [mode, (command: Command) => update(command, mode)] as [string, Handler]
  ),
  ["incr", (command) => arithmetic(command, true)],
  ["decr", (command) => arithmetic(command, false)],
  ["touch", touch],
  ["delete", remove],
];

function get(command: Command, withCas: boolean): After {
  if (!hasWords(command, 2, Infinity)) return say(command, ERROR);
  return fetchAll(command, command.words.slice(1), { withCas });
}

function getAndTouch(command: Command, withCas: boolean): After {
  if (!hasWords(command, 2, Infinity)) return say(command, ERROR);
  const exptime = parseInt32(command.words[1]!);
  if (exptime === undefined) return say(command, "CLIENT_ERROR invalid exptime argument");
  return fetchAll(command, command.words.slice(2), { withCas, exptime });
}

/** Answers with all that are there; a key that is too long spoils the answer. */
function fetchAll(
  command: Command,
  keys: readonly string[],
  { withCas, exptime }: { withCas: boolean; exptime?: number },
): After {
  const { connection } = command;
  const { store } = connection;
  const answer: (string | Uint8Array)[] = [];
  for (const key of keys) {
    if (key.length > MAX_KEY_BYTES) return say(command, BAD_FORMAT);
    const item = store.find(key);
    store.counters["cmd_get"]!++;
    store.counters[item === undefined ? "get_misses" : "get_hits"]!++;
    store.countPrefix(key, "get", ...(item === undefined ? [] : ["hit" as const]));
    if (exptime !== undefined) {
      store.counters["cmd_touch"]!++;
      store.counters[item === undefined ? "touch_misses" : "touch_hits"]!++;
    }
    if (item === undefined) continue;
    if (exptime !== undefined) item.exptime = store.realTime(exptime);
    store.countSlab(item.slab, exptime === undefined ? "get_hits" : "touch_hits");
    const id = withCas ? ` ${item.cas}` : "";
    answer.push(`VALUE ${key} ${item.flags} ${item.value.length}${id}\r\n`, item.value, "\r\n");
  }
  for (const part of answer) connection.send(part);
  command.reply = answer.length > 0 ? "VALUE" : "END";
  return say(command, "END");
}

async function update(command: Command, mode: StoreMode): Promise<After> {
  const { connection, words } = command;
  const { store } = connection;
  const least = mode === "cas" ? 6 : 5;
  if (!hasWords(command, least, least + 1)) return say(command, ERROR);
  minds(command);
  command.changes = true;
  const key = words[1]!;
  const flags = parseUint32(words[2]!);
  const exptime = parseInt32(words[3]!);
  const length = parseInt32(words[4]!);
  const cas = mode === "cas" ? parseUint64(words[5]!) : 0n;
  if (
    key.length > MAX_KEY_BYTES || flags === undefined || exptime === undefined ||
    length === undefined || cas === undefined || length < 0 || length > MAX_VALUE_BYTES
  ) return say(command, BAD_FORMAT);
  store.countPrefix(key, "set");
  const isTooLarge = itemBytes(key.length, length, flags) > MAX_ITEM_BYTES;
  if (isTooLarge || !connection.server.hasRoomFor(length)) {
    say(command, isTooLarge ? TOO_LARGE : NO_MEMORY);
    store.counters[isTooLarge ? "store_too_large" : "store_no_memory"]!++;
    if (mode === "set") dropItem(command, key);
    return await swallow(connection, { key, count: length + 2 }) ? "next" : "close";
  }
  const arrived = await readValue(connection, length);
  if (arrived === undefined) return "close";
  const { value, isWhole } = arrived;
  connection.payload(key, value);
  store.countSet(classOf(itemBytes(key.length, length, flags)));
  if (!isWhole) return say(command, BAD_CHUNK);
  const fresh = { value, flags, exptime: store.realTime(exptime), cas };
  return say(command, store.store(mode, key, fresh).result);
}

/** A value that cannot be stored leaves no older one in its place. */
function dropItem({ connection: { store } }: Command, key: string): void {
  const item = store.peek(key);
  if (item !== undefined) store.unlink(item);
}

function arithmetic(command: Command, isIncrement: boolean): After {
  const { connection: { store }, words } = command;
  if (!hasWords(command, 3, 4)) return say(command, ERROR);
  minds(command);
  command.changes = true;
  const key = words[1]!;
  if (key.length > MAX_KEY_BYTES) return say(command, BAD_FORMAT);
  const delta = parseUint64(words[2]!);
  if (delta === undefined) return say(command, "CLIENT_ERROR invalid numeric delta argument");
  const result = addDelta(store, key, { delta, isIncrement });
  if (result.kind === "missing") return say(command, "NOT_FOUND");
  if (result.kind !== "done") {
    return say(command, "CLIENT_ERROR cannot increment or decrement non-numeric value");
  }
  return say(command, String(result.value));
}

function touch(command: Command): After {
  const { connection: { store }, words } = command;
  if (!hasWords(command, 3, 4)) return say(command, ERROR);
  minds(command);
  command.changes = true;
  if (words[1]!.length > MAX_KEY_BYTES) return say(command, BAD_FORMAT);
  const exptime = parseInt32(words[2]!);
  if (exptime === undefined) return say(command, "CLIENT_ERROR invalid exptime argument");
  const item = store.find(words[1]!);
  store.counters["cmd_touch"]!++;
  store.counters[item === undefined ? "touch_misses" : "touch_hits"]!++;
  if (item === undefined) return say(command, "NOT_FOUND");
  item.exptime = store.realTime(exptime);
  store.countSlab(item.slab, "touch_hits");
  return say(command, "TOUCHED");
}

function remove(command: Command): After {
  const { connection: { store }, words } = command;
  if (!hasWords(command, 2, 4)) return say(command, ERROR);
  command.changes = true;
  if (words.length > 2) {
    minds(command);
    const isZero = words[2] === "0";
    const isRight = words.length === 3 ? isZero || command.isSilent : isZero && command.isSilent;
    if (!isRight) {
      return say(command, `${BAD_FORMAT}.  Usage: delete <key> [noreply]`);
    }
  }
  const key = words[1]!;
  if (key.length > MAX_KEY_BYTES) return say(command, BAD_FORMAT);
  store.countPrefix(key, "del");
  const item = store.peek(key);
  store.counters[item === undefined ? "delete_misses" : "delete_hits"]!++;
  if (item === undefined) return say(command, "NOT_FOUND");
  store.countSlab(item.slab, "delete_hits");
  store.unlink(item);
  return say(command, "DELETED");
}
