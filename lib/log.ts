/**
 * Diagnostics: what is wrong with us, to stderr. What a peer did is an event and never comes here.
 * @module
 */
import { configureSync, getLogger, getTextFormatter, type LogRecord } from "@logtape/logtape";

/** Levels from which diagnostics are written. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = typeof LOG_LEVELS[number];

const encoder = new TextEncoder();

/**
 * The logger of a part of the program.
 * @param part such as `journal`.
 */
export function logger(part: string): {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
} {
  return getLogger(["duckblind", part]);
}

/**
 * Starts writing diagnostics to stderr, a line each: time, level, part, message.
 * @param level lowest level written.
 */
export function startLog(level: LogLevel): void {
  const format = getTextFormatter({ timestamp: "rfc3339", level: "full" });
  configureSync({
    reset: true,
    sinks: {
      stderr: (record: LogRecord) => {
        Deno.stderr.writeSync(encoder.encode(format(record)));
      },
    },
    loggers: [
      { category: "duckblind", lowestLevel: level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}
