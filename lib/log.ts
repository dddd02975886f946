/**
 * Diagnostics: what is wrong with us, to stderr. What a peer did is an event and never comes here.
 *
 * Lines wait in a short queue for whoever reads stderr: a pipe that is full, or a terminal that was
 * stopped by Ctrl-S, must never stop the sensor.
 * @module
 */
import { configureSync, getLogger, getTextFormatter, type LogRecord } from "@logtape/logtape";

/** Levels from which diagnostics are written. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Most lines that wait for stderr; what comes beyond is counted. */
const MAX_WAITING = 1000;

const encoder = new TextEncoder();

let waiting: string[] = [];
let dropped = 0;
let writing: Promise<void> | undefined;

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
      stderr: (record: LogRecord) => enqueue(format(record)),
    },
    loggers: [
      { category: "duckblind", lowestLevel: level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}

/**
 * Waits until everything is written, as before the end of the process.
 * @param withinMs longest wait, in ms.
 */
export async function flushLog(withinMs: number): Promise<void> {
  if (writing === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, withinMs));
  await Promise.race([writing, late]);
  clearTimeout(timer);
}

function enqueue(line: string): void {
  if (waiting.length < MAX_WAITING) waiting.push(line);
  else dropped++;
  writing ??= drain().finally(() => writing = undefined);
}

/** Writes all that waits; more may come meanwhile. */
async function drain(): Promise<void> {
  while (waiting.length > 0) {
    if (dropped > 0) waiting.push(`... ${dropped} more lines, which nobody read in time\n`);
    const data = encoder.encode(waiting.join(""));
    waiting = [];
    dropped = 0;
    try {
      for (let sent = 0; sent < data.length;) {
        sent += await Deno.stderr.write(data.subarray(sent));
      }
    } catch {
      // Nobody reads stderr any more; there is no other place to say so.
    }
  }
}
