/**
 * `stats` of the text protocol.
 * @module
 */
import { type After, BAD_FORMAT, type Command, ERROR, say } from "./command.ts";
import type { Connection } from "./connection.ts";
import { cachedump } from "./dump.ts";
import { parseUint32 } from "./numbers.ts";
import { MAX_CLASSES } from "./slabs.ts";
import {
  connectionStats,
  generalStats,
  itemStats,
  prefixStats,
  settingStats,
  slabStats,
  type Stats,
} from "./stats.ts";

/** Topics that are lists. */
export const TOPICS = new Map<string, (connection: Connection) => Stats>([
  ["settings", settingStats],
  ["items", itemStats],
  ["slabs", slabStats],
  ["sizes", () => [["sizes_status", "disabled"]]],
  ["extstore", () => []],
]);

/** Answers `stats`. */
export function stats(command: Command): After {
  const { connection, words } = command;
  const topic = words[1];
  if (topic === undefined) return list(command, generalStats(connection));
  if (topic === "reset") {
    connection.store.resetCounters();
    return say(command, "RESET");
  }
  if (topic === "detail") return detail(command, words[2]);
  if (topic === "cachedump") return dump(command);
  if (topic === "conns") return list(command, connectionStats(connection));
  const stats = TOPICS.get(topic)?.(connection);
  return stats === undefined ? say(command, ERROR) : list(command, stats);
}

function list(command: Command, stats: Stats): After {
  if (stats.length > 0) command.reply = "STAT";
  const lines = stats.map(([name, value]) => `STAT ${name} ${value}\r\n`);
  command.connection.send(lines.join(""));
  return say(command, "END");
}

function detail(command: Command, what: string | undefined): After {
  const { connection } = command;
  if (what === "dump") {
    command.reply = "END";
    connection.send(prefixStats(connection));
    return "next";
  }
  if (what !== "on" && what !== "off") {
    return say(command, "CLIENT_ERROR usage: stats detail on|off|dump");
  }
  connection.store.isDetailed = what === "on";
  return say(command, "OK");
}

function dump(command: Command): After {
  const { words } = command;
  if (words.length < 4) return say(command, "CLIENT_ERROR bad command line");
  const [slab, most] = [parseUint32(words[2]!), parseUint32(words[3]!)];
  if (slab === undefined || most === undefined) return say(command, BAD_FORMAT);
  if (slab >= MAX_CLASSES) return say(command, "CLIENT_ERROR Illegal slab id");
  cachedump(command, slab, most);
  return "next";
}
