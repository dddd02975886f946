/**
 * `dead-letters`: what the destinations of sinks refused for good, and trying it again.
 * @module
 */
import { UsageError } from "../errors.ts";
import type { Command, Terminal } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";
import { formatTable } from "./table.ts";

/** A line of the service's answer. */
interface LetterLine {
  readonly id: number;
  readonly sink: string;
  readonly parked: string;
  readonly reason: string;
  readonly sequence: number;
}

/** Longest reason in the table, in characters. */
const MAX_REASON = 100;

/** `dead-letters [SINK] [--replay | --discard]`. */
export const deadLetters: Command = {
  name: "dead-letters",
  examples: [
    ["dead-letters", "of every sink, with the reasons"],
    ["dead-letters siem --json", "of one sink, whole events, for programs"],
    ["dead-letters siem --replay", "tries them again, once what was wrong is mended"],
  ],
  usage: ["dead-letters [SINK] [--replay | --discard] [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [0, 1],
  options: [
    ...REMOTE_OPTIONS,
    { name: "replay", type: "flag", description: "Tries the letters of SINK again" },
    { name: "discard", type: "flag", description: "Throws the letters of SINK away" },
  ],
  async run(args, terminal) {
    const [sink] = args.positionals;
    const verbs = (["replay", "discard"] as const).filter((name) => args.flag(name));
    if (verbs.length > 1) {
      throw new UsageError(
        "Options --replay and --discard stand together, must be one or the other",
      );
    }
    const [verb] = verbs;
    if (verb !== undefined && sink === undefined) {
      throw new UsageError(
        `Option --${verb} needs the name of a sink: dead-letters SINK --${verb}`,
      );
    }
    using client = await connectService(args);
    if (verb !== undefined) {
      for (let hasMore = true; hasMore;) {
        const { lines: [json = "{}"] } = await client.list(`${verb.toUpperCase()} ${sink}`);
        const report = JSON.parse(json);
        terminal.out(args.flag("json") ? json : describe(report));
        hasMore = report.hasMore === true && report.delivered > 0;
      }
      return 0;
    }
    const letters: LetterLine[] = [];
    for (let since = 0;;) {
      const words = [...(sink === undefined ? [] : [`sink=${sink}`]), `since=${since}`];
      const { lines } = await client.list(`DEAD-LETTERS ${words.join(" ")}`);
      if (lines.length === 0) break;
      for (const line of lines) {
        const letter = JSON.parse(line) as LetterLine;
        since = letter.id;
        if (args.flag("json")) terminal.out(line);
        else letters.push(letter);
      }
    }
    if (!args.flag("json")) print(letters, terminal);
    return 0;
  },
};

function describe(
  report: { discarded?: number; delivered?: number; left?: number; reason?: string },
): string {
  const { discarded, delivered, left, reason } = report;
  if (discarded !== undefined) return `${discarded} thrown away`;
  return `${delivered} delivered, ${left} left${reason === undefined ? "" : `: ${reason}`}`;
}

function print(letters: readonly LetterLine[], terminal: Terminal): void {
  if (letters.length === 0) {
    terminal.out("No dead letters");
    return;
  }
  const rows = letters.map(({ id, sink, parked, sequence, reason }) => [
    id,
    sink,
    `${parked.slice(0, 19)}Z`,
    sequence,
    reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}...` : reason,
  ]);
  const heading = ["ID", "SINK", "PARKED", "EVENT", "REASON"];
  for (const line of formatTable([heading, ...rows], terminal.isColor)) terminal.out(line);
}
