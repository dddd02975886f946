/**
 * From arguments to an exit code: finds the command, runs it, and says what went wrong.
 * @module
 */
import { CommandError, ConfigError, formatConfigProblem, UsageError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { parseArguments } from "./args.ts";
import type { Command, ExitCode, Terminal } from "./command.ts";
import { COMMANDS, DEFAULT_COMMAND } from "./commands.ts";
import { nearest } from "./suggest.ts";
import { processTerminal } from "./terminal.ts";

/** Longest word quoted in an error, in characters. */
const MAX_QUOTED = 80;

/**
 * Runs a command line.
 * @param argv arguments without the program's name.
 * @param terminal where output goes; by default the process's own.
 * @returns the exit code; never rejects.
 */
export async function main(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<ExitCode> {
  let command: Command | undefined;
  try {
    const { name, rest, wantsVersion } = splitCommand(argv);
    if (wantsVersion) {
      terminal.out(`duckblind ${VERSION}`);
      return 0;
    }
    if (name === undefined) {
      const { formatHelp } = await import("./help.ts");
      terminal.out(formatHelp(terminal.isColor));
      return 0;
    }
    const entry = findCommand(name);
    command = await entry.load();
    const args = parseArguments(command, rest);
    if (args.flag("help")) {
      const { formatCommandHelp } = await import("./help.ts");
      terminal.out(formatCommandHelp(command, entry.summary, terminal.isColor));
      return 0;
    }
    return await command.run(args, terminal);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 0; // the reader had enough: `| head`
    return await report(error, command, terminal);
  }
}

/** Which command is meant, and what is left for it. No name: the help of the whole program. */
function splitCommand(argv: readonly string[]): {
  name?: string;
  rest: readonly string[];
  wantsVersion?: boolean;
} {
  const [first, ...rest] = argv;
  switch (first) {
    case "-h":
    case "--help":
      return { rest };
    case "-V":
    case "--version":
      return { rest, wantsVersion: true };
    case "help":
      return rest[0] === undefined ? { rest } : { name: rest[0], rest: ["--help"] };
  }
  if (first === undefined || first.startsWith("-")) return { name: DEFAULT_COMMAND, rest: argv };
  return { name: first, rest };
}

function findCommand(name: string) {
  const entry = COMMANDS.find((entry) => entry.name === name);
  if (entry !== undefined) return entry;
  const known = COMMANDS.map(({ name }) => name);
  throw new UsageError(
    `Unknown command ${JSON.stringify(name.slice(0, MAX_QUOTED))}, the nearest is ${
      nearest(name, known)
    }`,
  );
}

/** Tells what went wrong on standard error. */
async function report(
  error: unknown,
  command: Command | undefined,
  terminal: Terminal,
): Promise<ExitCode> {
  if (error instanceof UsageError) {
    const { formatUsage } = await import("./help.ts");
    const usage = command === undefined ? ["  duckblind --help"] : formatUsage(command);
    terminal.err([error.message, "Usage:", ...usage].join("\n"));
    return 2;
  }
  if (error instanceof ConfigError) {
    terminal.err(error.problems.map(formatConfigProblem).join("\n"));
    return 2;
  }
  if (error instanceof CommandError) {
    terminal.err(error.message);
    return 1;
  }
  terminal.err(error instanceof Error ? error.stack ?? error.message : String(error));
  return 1;
}
