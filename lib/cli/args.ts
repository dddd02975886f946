/**
 * Arguments of a command: split by `@std/cli`, checked against what the command knows.
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import type { Arguments, Command, CommandOption } from "./command.ts";
import { nearest } from "./suggest.ts";

/** Longest command line argument quoted in an error, in characters. */
const MAX_QUOTED = 80;

/** What every command knows beside its own options. */
export const HELP_OPTION: CommandOption = {
  name: "help",
  short: "h",
  type: "flag",
  description: "Shows this",
};

/**
 * Splits and checks what was typed behind a command.
 * @param command whose options are known.
 * @param argv everything behind the command's name.
 * @returns the arguments; where `help` is given, whatever else is wrong is not looked at.
 * @throws {UsageError} on unknown options, missing values, too few or too many arguments.
 */
export function parseArguments(
  command: Pick<Command, "name" | "options" | "positionals">,
  argv: readonly string[],
): Arguments {
  const options = [...command.options, HELP_OPTION];
  const problems: string[] = [];
  const isFlag = ({ type }: CommandOption) => type === "flag";
  const parsed = parseArgs(withoutFlagValues(argv, options, problems), {
    boolean: options.filter(isFlag).map(({ name }) => name),
    string: ["_", ...options.filter((option) => !isFlag(option)).map(({ name }) => name)],
    collect: options.filter(({ type }) => type === "list").map(({ name }) => name),
    alias: Object.fromEntries(
      options.flatMap(({ name, short }) => short === undefined ? [] : [[short, name]]),
    ),
    unknown: (argument, key) => {
      if (key === undefined) return true;
      problems.push(describeUnknown(argument, options));
      return false;
    },
  });
  const args = new CheckedArguments(parsed, options);
  if (args.flag("help")) return args;
  for (const option of options) {
    if (option.type === "flag" || !args.values(option).includes("")) continue;
    problems.push(`Option --${option.name} has no value, must have ${option.value}`);
  }
  const [min, max] = command.positionals;
  const { length } = args.positionals;
  if (problems.length === 0 && (length < min || length > max)) {
    problems.push(
      `Command "${command.name}" has ${length === 0 ? "no" : length} ` +
        `argument${length === 1 ? "" : "s"}, must have ${formatRange(min, max)}`,
    );
  }
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return args;
}

/** Takes out what the splitter would misread: `--flag=value`, and its own key `_`. */
function withoutFlagValues(
  argv: readonly string[],
  options: readonly CommandOption[],
  problems: string[],
): string[] {
  const end = argv.indexOf("--");
  return argv.filter((argument, i) => {
    const name = /^--?([^=]*)/.exec(argument)?.[1];
    if (name === undefined || (end >= 0 && i >= end)) return true;
    if (name === "_") {
      problems.push(describeUnknown(argument, options));
      return false;
    }
    const option = options.find((option) => option.name === name || option.short === name);
    if (option?.type !== "flag" || !argument.includes("=")) return true;
    problems.push(`Option --${option.name} has a value, must have none`);
    return false;
  });
}

function describeUnknown(argument: string, options: readonly CommandOption[]): string {
  const typed = argument.split("=", 1)[0]!.slice(0, MAX_QUOTED);
  const known = options.flatMap(({ name, short }) =>
    typed.startsWith("--") || short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`]
  );
  return `Unknown option ${JSON.stringify(typed)}, the nearest is ${nearest(typed, known)}`;
}

function formatRange(min: number, max: number): string {
  if (max === 0) return "none";
  return min === max ? String(min) : `${min} to ${max}`;
}

/** What the splitter found, behind getters that know the command's options. */
class CheckedArguments implements Arguments {
  readonly positionals: readonly string[];
  readonly #parsed: Readonly<Record<string, unknown>>;
  readonly #options: readonly CommandOption[];

  constructor(
    parsed: Readonly<Record<string, unknown>> & { _: readonly (string | number)[] },
    options: readonly CommandOption[],
  ) {
    this.positionals = parsed._.map(String);
    this.#parsed = parsed;
    this.#options = options;
  }

  flag(name: string): boolean {
    return this.#parsed[this.#find(name, "flag").name] === true;
  }

  text(name: string): string | undefined {
    return this.values(this.#find(name, "text")).at(-1);
  }

  list(name: string): readonly string[] {
    return this.values(this.#find(name, "list"));
  }

  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(
      `Option --${name} is ${JSON.stringify(text.slice(0, MAX_QUOTED))}, ` +
        `must be a whole number from ${min} to ${max}`,
    );
  }

  /** All values given; a text that stands alone, without a value, counts as the empty text. */
  values(option: CommandOption): readonly string[] {
    const value = this.#parsed[option.name];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map(String);
  }

  #find(name: string, type: CommandOption["type"]): CommandOption {
    const option = this.#options.find((option) => option.name === name && option.type === type);
    if (option === undefined) throw new TypeError(`The command has no ${type} option --${name}`);
    return option;
  }
}
