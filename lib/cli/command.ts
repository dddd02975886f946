/**
 * What a command of the program is: a function from arguments to an exit code, with its help.
 *
 * A command is the one export of `lib/cli/<name>.ts` and a line in `commands.ts`, which loads the
 * module only when the command is asked for; its imports may be heavy.
 * @module
 */

/** The exit codes there are: done, failed, wrong arguments or config. */
export type ExitCode = 0 | 1 | 2;

/** One option of a command. `--help` needs none. */
export interface CommandOption {
  /** Long name without dashes, such as `token-file`. */
  readonly name: string;
  /** One letter, without a dash. */
  readonly short?: string;
  /** `flag` takes no value, `text` one, `list` may be repeated. */
  readonly type: "flag" | "text" | "list";
  /** Stands for the value in the help, such as `FILE`; not for a `flag`. */
  readonly value?: string;
  /** What it does, and its default: one line without final period. */
  readonly description: string;
}

/** A command: the one export of its module. */
export interface Command {
  /** As it is typed; also the module's name. */
  readonly name: string;
  /** Three command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Every form it takes, without the program's name, such as `token add NAME --role ROLE`. */
  readonly usage: readonly string[];
  /** How many arguments that are no options it takes, at least and at most. */
  readonly positionals: readonly [min: number, max: number];
  /** The options it knows; any other is refused before `run` is called. */
  readonly options: readonly CommandOption[];
  /**
   * Does it.
   * @param args what was typed, already checked against `options` and `positionals`.
   * @param terminal where its output goes.
   * @returns the exit code.
   * @throws {UsageError} wrong arguments: message and usage on stderr, exit 2.
   * @throws {ConfigError} a config that cannot be used: every problem on stderr, exit 2.
   * @throws {CommandError} a failure that the user can act on: the message on stderr, exit 1.
   */
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}

/** What was typed behind a command. Asking for an option that it does not have is our bug: throws. */
export interface Arguments {
  /** Everything that is no option, in order. */
  readonly positionals: readonly string[];
  /** Whether a `flag` was given. */
  flag(name: string): boolean;
  /** Value of a `text`, the last if given twice; `undefined` when absent. */
  text(name: string): string | undefined;
  /** Values of a `list`, in order. */
  list(name: string): readonly string[];
  /**
   * Value of a `text` as a whole number; `undefined` when absent.
   * @throws {UsageError} when it is none from `min` to `max`.
   */
  number(name: string, min: number, max: number): number | undefined;
}

/** Where output goes. Standard output belongs to the answer, standard error to everything else. */
export interface Terminal {
  /** Whether standard output is a terminal: people read it, not programs. */
  readonly isTerminal: boolean;
  /** Whether standard output takes colours: a terminal, and `NO_COLOR` is not set. */
  readonly isColor: boolean;
  /** Writes a line to standard output, synchronously. */
  out(line: string): void;
  /** Writes a line to standard error, synchronously. */
  err(line: string): void;
  /** Standard input as text up to its end; at most 64 KiB. */
  input(): Promise<string>;
}
