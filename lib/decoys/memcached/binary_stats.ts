/**
 * STAT of the binary protocol: a packet for each figure, and an empty one at the end.
 * @module
 */
import { answer, report, type Request, sayError, Status } from "./binary_packets.ts";
import type { Connection } from "./connection.ts";
import { generalStats, prefixStats, type Stats } from "./stats.ts";
import { TOPICS } from "./text_stats.ts";

/**
 * Answers STAT.
 * @param connection whose it is.
 * @param request its key is the topic.
 */
export function binaryStats(connection: Connection, request: Request): void {
  const stats = statsOf(connection, request.key);
  if (stats === undefined) return sayError(connection, request, Status.missing);
  for (const [name, value] of stats) {
    answer(connection, request, { key: name, value: String(value) });
  }
  answer(connection, request, {});
  report(connection, request);
}

function statsOf(connection: Connection, topic: string): Stats | undefined {
  if (topic === "") return generalStats(connection);
  if (topic.startsWith("reset")) {
    connection.store.resetCounters();
    return [];
  }
  if (topic.startsWith("detail")) return detail(connection, topic.slice("detail".length));
  return TOPICS.get(topic)?.(connection);
}

function detail(connection: Connection, what: string): Stats | undefined {
  if (what.startsWith(" dump")) return [["detailed", prefixStats(connection)]];
  const isOn = what.startsWith(" on");
  if (!isOn && !what.startsWith(" off")) return undefined;
  connection.store.isDetailed = isOn;
  return [];
}
