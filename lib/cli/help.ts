/**
 * Help: examples first, then usage and options.
 * @module
 */
import { HELP_OPTION } from "./args.ts";
import type { Command, CommandOption } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** What is typed to start the program. */
const PROGRAM = "duckblind";

/** Widest first column, in characters: what is longer has its description on a line of its own. */
const MAX_COLUMN = 44;

const EXAMPLES = [
  ["", "starts a sensor with the config that is compiled in"],
  ["init && duckblind check -c duckblind.yaml", "writes a config with real ports, checks it"],
  ["watch --min-severity 50", "shows every tried password as it comes"],
] as const;

/**
 * Help for the whole program.
 * @param isColor whether headings are bold.
 * @returns lines, without a final line end.
 */
export function formatHelp(isColor: boolean): string {
  return [
    "Network services that exist to be attacked, and an encrypted one that tells you who did.",
    ...part("Examples", table(EXAMPLES.map(withProgram)), isColor),
    ...part("Usage", [`  ${PROGRAM} [COMMAND] [options]`], isColor),
    ...part("Commands", table(COMMANDS.map(({ name, summary }) => [name, summary])), isColor),
    ...part(
      "Options",
      table([
        ["-h, --help", "Shows this, or a command's help behind its name"],
        ["-V, --version", "Shows the version"],
      ]),
      isColor,
    ),
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong arguments or config.",
  ].join("\n");
}

/**
 * Help for one command.
 * @param command what it is about.
 * @param summary its line in the list of commands.
 * @param isColor whether headings are bold.
 * @returns lines, without a final line end.
 */
export function formatCommandHelp(command: Command, summary: string, isColor: boolean): string {
  return [
    `${PROGRAM} ${command.name}: ${summary}`,
    ...part("Examples", table(command.examples.map(withProgram)), isColor),
    ...part("Usage", formatUsage(command), isColor),
    ...part("Options", table([...command.options, HELP_OPTION].map(describe)), isColor),
  ].join("\n");
}

/**
 * The forms of a command, as they follow an error.
 * @param command what was mistyped.
 * @returns one line a form, indented.
 */
export function formatUsage(command: Command): string[] {
  return command.usage.map((form) => `  ${PROGRAM} ${form}`);
}

function part(title: string, lines: readonly string[], isColor: boolean): string[] {
  return ["", isColor ? `\x1b[1m${title}\x1b[0m` : title, ...lines];
}

function withProgram([line, meaning]: readonly [string, string]): [string, string] {
  return [`${PROGRAM} ${line}`.trimEnd(), meaning];
}

function describe(option: CommandOption): [string, string] {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const value = option.type === "flag" ? "" : ` ${option.value ?? "TEXT"}`;
  const again = option.type === "list" ? "; may be repeated" : "";
  return [`${short}--${option.name}${value}`, option.description + again];
}

/** Two columns. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length).filter((n) => n <= MAX_COLUMN));
  return rows.flatMap(([left, right]) =>
    left.length > width
      ? [`  ${left}`, `  ${" ".repeat(width)}  ${right}`]
      : [`  ${left.padEnd(width)}  ${right}`]
  );
}
