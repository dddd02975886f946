/**
 * `watch`: the live feed, until Ctrl-C. When the connection is lost it is made again from where it
 * broke off, so nothing is missed.
 * @module
 */
import { ServiceError } from "../service/client.ts";
import type { Command, Terminal } from "./command.ts";
import { FILTER_OPTIONS, requestWords } from "./event_options.ts";
import { EventPrinter, IDS_OPTION } from "./event_printer.ts";
import { connectAny, findTargets, REMOTE_OPTIONS, type Targets } from "./remote.ts";

/** Pause before the first try to connect again, and the longest, in ms. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A silent service sends a sign of life so often, in s; without three of them it counts as gone. */
const HEARTBEAT_S = 15;

/** `watch`. */
export const watch: Command = {
  name: "watch",
  examples: [
    ["watch", "everything, as it happens"],
    ["watch --min-severity 50", "every tried password, and worse"],
    ["watch --json --since 0 > events.jsonl", "everything there is, and what comes"],
  ],
  usage: ["watch [-c FILE | --remote HOST:PORT] [filters] [--json]"],
  positionals: [0, 0],
  options: [...FILTER_OPTIONS, IDS_OPTION, ...REMOTE_OPTIONS],
  async run(args, terminal) {
    const { words } = requestWords(args, ["type", "decoy", "source", "sensor", "min-severity"]);
    const since = args.number("since", 0, Number.MAX_SAFE_INTEGER);
    const printer = new EventPrinter(terminal, { json: args.flag("json"), ids: args.flag("ids") });
    const stop = new AbortController();
    const abort = () => stop.abort();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, abort);
    try {
      const targets = await findTargets(args, stop.signal);
      await follow(targets, { words, since, printer, terminal, signal: stop.signal });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        Deno.removeSignalListener(signal, abort);
      }
    }
    return 0;
  },
};

/** What `follow` needs beside the service. */
export interface FollowOptions {
  /** Filters, as `TAIL` takes them. */
  readonly words: readonly string[];
  /** Cursor from which to begin; `undefined` for only what is new. */
  readonly since: number | undefined;
  readonly printer: Pick<EventPrinter, "print">;
  readonly terminal: Pick<Terminal, "err">;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Prints the feed of a service for ever.
 * @param targets the service.
 * @param options what is wanted.
 * @throws {ServiceError} when the first connection cannot be made, or trying again cannot help, or
 * the signal aborts.
 */
export async function follow(targets: Targets, options: FollowOptions): Promise<never> {
  const { words, printer, terminal, signal } = options;
  let cursor = options.since;
  let pauseMs = FIRST_PAUSE_MS;
  let hasBegun = false;
  for (;;) {
    try {
      using client = await connectAny(targets);
      const since = cursor === undefined ? [] : [`since=${cursor}`];
      const request = ["TAIL", ...since, `heartbeat=${HEARTBEAT_S}`, ...words].join(" ");
      for await (const item of client.tail(request, 3 * HEARTBEAT_S * 1000)) {
        if (pauseMs !== FIRST_PAUSE_MS) terminal.err("Connected again");
        pauseMs = FIRST_PAUSE_MS;
        hasBegun = true;
        cursor = "json" in item ? printer.print(item.json) ?? cursor : item.cursor;
      }
    } catch (error) {
      const canRetry = error instanceof ServiceError && error.isTransient && !signal.aborted;
      if (!canRetry || !hasBegun) throw error;
      terminal.err(`${error.message}; trying again in ${pauseMs / 1000} s`);
      await pause(pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}

/** Waits; not at all once the signal has aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new ServiceError("Stopped", false));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  });
}
