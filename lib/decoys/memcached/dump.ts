/**
 * Lists of what is stored: `lru_crawler metadump` and `stats cachedump`.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import type { Command } from "./command.ts";
import { say } from "./command.ts";

/** Most bytes that `stats cachedump` shows. */
const MAX_DUMP_BYTES = 2_097_152;

/**
 * Lists items, the one longest not used first.
 * @param command gets the answer.
 * @param classes slab classes, or `hash` for all in an order of their own.
 */
export function metadump(command: Command, classes: readonly number[] | "hash"): void {
  const { connection } = command;
  const { store } = connection;
  const items = store.items().filter((item) => store.isLive(item));
  const chosen = classes === "hash"
    ? items
    : [...new Set(classes)].flatMap((id) => items.filter(({ slab }) => slab === id));
  command.reply = chosen.length > 0 ? "key=" : "END";
  for (const item of chosen) {
    const expires = item.exptime === 0 ? -1 : item.exptime + store.epochS;
    connection.send(
      `key=${encodeKey(item.key)} exp=${expires} la=${item.time + store.epochS} cas=${item.cas} ` +
        `fetch=${item.fetches > 0 ? "yes" : "no"} cls=${item.slab} size=${item.bytes}\n`,
    );
  }
  say(command, "END");
}

/**
 * Lists a class, the item used last first.
 * @param command gets the answer.
 * @param slab class.
 * @param most items; 0 for all.
 */
export function cachedump(command: Command, slab: number, most: number): void {
  const { connection } = command;
  const { store } = connection;
  const items = store.inClass(slab).filter((item) => store.isLive(item)).reverse();
  let text = "";
  for (const item of most === 0 ? items : items.slice(0, most)) {
    const expires = item.exptime === 0 ? 0 : item.exptime + store.epochS;
    const line = `ITEM ${item.key} [${item.value.length} b; ${expires} s]\r\n`;
    if (text.length + line.length > MAX_DUMP_BYTES) break;
    text += line;
  }
  connection.send(text);
  command.reply = text === "" ? "END" : "ITEM";
  say(command, "END");
}

/** A key in which all but letters, digits and `-._~` are written by their numbers. */
function encodeKey(key: string): string {
  return [...latin1Bytes(key)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-._~]/.test(character)) return character;
    return "%" + byte.toString(16).toUpperCase().padStart(2, "0");
  }).join("");
}
