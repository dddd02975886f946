/**
 * `events`: what happened, from a service or straight from a journal file.
 * @module
 */
import { UsageError } from "../errors.ts";
import type { List } from "../service/client.ts";
import type { Selection } from "../service/frames.ts";
import type { Arguments, Command } from "./command.ts";
import { FILTER_OPTIONS, requestWords, TIME_OPTIONS } from "./event_options.ts";
import { EventPrinter, IDS_OPTION } from "./event_printer.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";

/** Events asked for when nothing else is said, and at most at a time. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** Options that become words of the request; the limit is counted here. */
const CHOOSING = ["type", "decoy", "source", "sensor", "min-severity", "from", "to"];

/** `events`. */
export const events: Command = {
  name: "events",
  examples: [
    ["events --from 1h --type credential-attempt", "who tried which passwords in the last hour"],
    ["events --all --json > events.jsonl", "everything there is, as ECS JSON lines"],
    ["events --journal data/journal.db --source 203.0.113.7", "from the file, without a sensor"],
  ],
  usage: [
    "events [-c FILE | --remote HOST:PORT] [filters] [--limit N | --all] [--json]",
    "events --journal FILE [filters] [--limit N | --all] [--json]",
  ],
  positionals: [0, 0],
  options: [
    ...FILTER_OPTIONS,
    ...TIME_OPTIONS,
    {
      name: "limit",
      type: "text",
      value: "N",
      description: "How many: the newest, or behind --since the oldest; default: 100",
    },
    { name: "all", type: "flag", description: "All there are, the oldest first" },
    {
      name: "journal",
      type: "text",
      value: "FILE",
      description: "Reads a journal file, and asks no service",
    },
    IDS_OPTION,
    ...REMOTE_OPTIONS,
  ],
  async run(args, terminal) {
    const isAll = args.flag("all");
    const limit = args.number("limit", 1, MAX_LIMIT);
    if (isAll && limit !== undefined) {
      throw new UsageError("Options --all and --limit stand together, must be one or the other");
    }
    const { words, selection } = requestWords(args, CHOOSING);
    const since = args.number("since", 0, Number.MAX_SAFE_INTEGER) ?? (isAll ? 0 : undefined);
    using source = await openSource(args, words, selection);
    const printer = new EventPrinter(terminal, { json: args.flag("json"), ids: args.flag("ids") });
    let wanted = isAll ? Infinity : limit ?? DEFAULT_LIMIT;
    let cursor = since;
    do {
      const asked = Math.min(wanted, MAX_LIMIT);
      const { lines, next } = await source.read(cursor, asked);
      let last = cursor;
      for (const line of lines) last = printer.print(line) ?? last;
      wanted -= lines.length;
      cursor = next ?? (isAll && lines.length === asked ? last : undefined);
    } while (cursor !== undefined && wanted > 0);
    return 0;
  },
};

/** Where events are read from. */
interface EventSource extends Disposable {
  /** The events after a cursor, or without one the newest. */
  read(since: number | undefined, limit: number): Promise<List>;
}

async function openSource(
  args: Arguments,
  words: readonly string[],
  selection: Selection,
): Promise<EventSource> {
  const path = args.text("journal");
  if (path === undefined) {
    const client = await connectService(args);
    return {
      read: (since, limit) => {
        const cursor = since === undefined ? [] : [`since=${since}`];
        return client.list(["EVENTS", ...cursor, `limit=${limit}`, ...words].join(" "));
      },
      [Symbol.dispose]: () => client.close(),
    };
  }
  const other = ["remote", "ca", "token-file", "server-name", "config"]
    .find((name) => args.text(name) !== undefined);
  if (other !== undefined) {
    throw new UsageError(
      `Options --journal and --${other} stand together, must be one or the other`,
    );
  }
  const { openJournalFile } = await import("../service/journal_file.ts");
  const { readPage } = await import("../service/pages.ts");
  const file = openJournalFile(path);
  return {
    read: (since, limit) =>
      readPage(file, { ...selection, limit, ...(since === undefined ? {} : { since }) }, {
        maxUnits: 8 * 1_048_576,
        isOver: () => false,
      }),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
