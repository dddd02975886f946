/**
 * The errors that some caller catches by class, and nothing else.
 *
 * A message says the action, then what is there and what would be right; no final period.
 * @module
 */

/** Wrong arguments on the command line: the CLI prints message and usage, and exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One thing wrong in a config: where, and what would be right. */
export interface ConfigProblem {
  /** Path of the key, such as `decoys[2].listen[0]`; empty for the document as a whole. */
  readonly path: string;
  /** What is there and what would be right, such as `is ":70000", must be host:port`. */
  readonly message: string;
}

/** A config that cannot be used. Holds every problem found, at least one. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** All problems, in the order of the file. */
  readonly problems: readonly ConfigProblem[];

  /** @param problems what is wrong, at least one entry. */
  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatConfigProblem).join("\n"), options);
    this.problems = problems;
  }
}

/**
 * Formats one problem as the line an operator reads.
 * @param problem the problem.
 * @returns `Cannot read config: <path> <message>`.
 */
export function formatConfigProblem(problem: ConfigProblem): string {
  return `Cannot read config: ${[problem.path, problem.message].filter(Boolean).join(" ")}`;
}

/** Peer bytes make no sense: the host emits `protocol.error` and closes. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  /** Offset of the offending byte in what the peer sent, from 0. */
  readonly offset: number;

  /**
   * @param expected what would have been right, as a noun phrase.
   * @param offset where in the peer's bytes, from 0.
   */
  constructor(expected: string, offset: number, options?: ErrorOptions) {
    super(expected, options);
    this.offset = offset;
  }
}

/** The peer went over a limit: the host emits `limit.hit` and closes. */
export class LimitError extends Error {
  override readonly name = "LimitError";
  /** Which limit, such as `line_bytes`. */
  readonly limit: string;
  /** Its value. */
  readonly max: number;

  /**
   * @param limit name of the limit, snake_case with its unit last.
   * @param max its value.
   */
  constructor(limit: string, max: number, options?: ErrorOptions) {
    super(`Peer went over ${limit}, the maximum is ${max}`, options);
    this.limit = limit;
    this.max = max;
  }
}

/** What delivery may know of a failed call besides its message. */
export interface SinkErrorOptions extends ErrorOptions {
  /** How long the other side asks to be left alone, in ms. */
  readonly retryAfterMs?: number;
  /** How many of the batch's items, from its first on, were delivered before the failure. */
  readonly done?: number;
  /** Sequence after which the other side wants everything again. */
  readonly rewindTo?: number;
}

/** Events could not be delivered: delivery tries again, or parks what can never be delivered. */
export class SinkError extends Error {
  override readonly name = "SinkError";
  /** Whether trying the same again can help. If not, the batch is split until the culprit is alone. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly done: number;
  readonly rewindTo: number | undefined;

  /**
   * @param message what was being done and what happened; no secret.
   * @param retryable whether trying again can help.
   * @param options what else is known.
   */
  constructor(message: string, retryable: boolean, options: SinkErrorOptions = {}) {
    super(message, options);
    this.retryable = retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.done = options.done ?? 0;
    this.rewindTo = options.rewindTo;
  }
}

/** A command failed for a reason that its user can act on: the CLI prints the message, exit 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
