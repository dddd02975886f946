/**
 * `sources`: who was seen, and what they did, the last first.
 * @module
 */
import type { Command } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";
import { formatTable } from "./table.ts";

/** Most rows asked for. */
const MAX_ROWS = 1000;

/** A line of the answer to `SOURCES`. */
interface WireSource {
  readonly ip: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly sessions: number;
  readonly credentials: number;
  readonly max_severity: number;
  readonly decoys: readonly string[];
}

/** `sources`. */
export const sources: Command = {
  name: "sources",
  examples: [
    ["sources", "the hundred that were seen last"],
    ["sources --limit 10", "only ten"],
    ["sources --json", "for programs"],
  ],
  usage: ["sources [-c FILE | --remote HOST:PORT] [--limit N] [--json]"],
  positionals: [0, 0],
  options: [
    ...REMOTE_OPTIONS,
    { name: "limit", type: "text", value: "N", description: "How many, at most; default: 100" },
  ],
  async run(args, terminal) {
    const limit = args.number("limit", 1, MAX_ROWS) ?? 100;
    using client = await connectService(args);
    const { lines } = await client.list(`SOURCES limit=${limit}`);
    if (args.flag("json")) {
      for (const line of lines) terminal.out(line);
      return 0;
    }
    const rows = lines.map((line) => JSON.parse(line) as WireSource).map((source) => [
      source.ip,
      formatTime(source.first_seen),
      formatTime(source.last_seen),
      source.sessions,
      source.credentials,
      source.max_severity,
      source.decoys.join(", "),
    ]);
    const heading = [
      "SOURCE",
      "FIRST SEEN",
      "LAST SEEN",
      "SESSIONS",
      "CREDENTIALS",
      "SEVERITY",
      "DECOYS",
    ];
    for (const line of formatTable([heading, ...rows], terminal.isColor)) terminal.out(line);
    return 0;
  },
};

/** To the second, in UTC. */
function formatTime(time: string): string {
  return time.slice(0, 19).replace("T", " ") + "Z";
}
