/**
 * The text protocol: lines, and which command is whose.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { type After, type Command, ERROR, type Handler, say } from "./command.ts";
import type { Connection } from "./connection.ts";
import { META } from "./meta.ts";
import { ADMIN } from "./text_admin.ts";
import { stats } from "./text_stats.ts";
import { STORAGE } from "./text_storage.ts";

/** Without LF, only a long `get` may become longer than this, in bytes. */
const MAX_LINE_BYTES = 2048;
/** Spaces that may stand before such a `get`. */
const MAX_SPACES = 100;
/** And this is the end of it, in bytes; the genuine server knows none. */
const MAX_GET_BYTES = 262_144;
/** Most words of a command; those behind are part of the last one. */
const MAX_WORDS = 23;
const LF = 0x0a;
const CR = 0x0d;

/** Every command by its name. */
const HANDLERS = new Map<string, Handler>([
  ...STORAGE,
  ...META,
  ...ADMIN,
  ["stats", stats],
  ["quit", () => "quit"],
]);

/** Talks until the end. */
export async function talkText(connection: Connection): Promise<void> {
  for (;;) {
    const line = await readLine(connection, isLongGet);
    if (line === undefined) return;
    const after = await answer(connection, line);
    if (after === "quit") return await connection.flush();
    if (after === "close") return;
    await connection.flushMuch();
  }
}

/**
 * Reads a line.
 * @param connection reports one that is too long.
 * @param mayBeLong whether one that has no end yet may go on.
 * @returns from `latin1`, up to a NUL; `undefined` when the connection is to be closed.
 */
export async function readLine(
  connection: Connection,
  mayBeLong: (start: Uint8Array) => boolean,
): Promise<string | undefined> {
  let searched = 0;
  for (;;) {
    const { unread } = connection;
    const at = unread.indexOf(LF, searched);
    if (at >= 0) {
      const hasCr = at > 1 && unread[at - 1] === CR;
      const line = latin1(unread.subarray(0, hasCr ? at - 1 : at));
      connection.consume(at + 1);
      const nul = line.indexOf("\0");
      return nul < 0 ? line : line.slice(0, nul);
    }
    searched = unread.length;
    const isLong = searched > MAX_LINE_BYTES && !mayBeLong(unread);
    if (isLong || searched > MAX_GET_BYTES) {
      connection.nonsense("a line of at most 2048 bytes");
      return undefined;
    }
    if (!await connection.fill()) return undefined;
  }
}

/**
 * Splits a line as the server does.
 * @param line from `latin1`.
 * @param most words; what is behind them is part of the last one.
 */
export function wordsOf(line: string, most = MAX_WORDS): string[] {
  const words = line.split(" ").filter((word) => word !== "");
  return words.length <= most
    ? words
    : [...words.slice(0, most - 1), words.slice(most - 1).join(" ")];
}

function isLongGet(start: Uint8Array): boolean {
  const text = latin1(start.subarray(0, MAX_SPACES + 6));
  const word = text.replace(/^ +/, "");
  return text.length - word.length <= MAX_SPACES && /^gets? /.test(word);
}

async function answer(connection: Connection, line: string): Promise<After> {
  const verb = /[^ ]+/.exec(line)?.[0] ?? "";
  const handler = verb.length < 2 ? undefined : HANDLERS.get(verb);
  const isRead = verb === "get" || verb === "gets" || verb === "bget";
  const command: Command = {
    connection,
    words: wordsOf(line, isRead ? Infinity : MAX_WORDS),
    argument: line.slice(line.indexOf(verb) + verb.length).trim(),
    isSilent: false,
    reply: "",
    changes: false,
  };
  const after = handler === undefined ? unknown(command, verb) : await handler(command);
  const { argument, reply, changes } = command;
  connection.command({ verb, argument, reply, changes });
  return after;
}

/** Somebody speaks HTTP, perhaps made to by a page that he reads: no answer, and the end. */
function unknown(command: Command, verb: string): After {
  const isHttp = !/^[gsacidt]/.test(verb) && command.words.at(-1)?.startsWith("HTTP/") === true;
  return isHttp && verb.length > 1 ? "close" : say(command, ERROR);
}
