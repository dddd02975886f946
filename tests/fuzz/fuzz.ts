/**
 * Runs cases against targets, one after the other, and makes a failing one small.
 * @module
 */
import { escapeBytes } from "../../lib/net/escape.ts";
import { wireText } from "../support/transcript.ts";
import { mutate } from "./mutate.ts";
import { minimise } from "./minimise.ts";
import { Random } from "./random.ts";
import { type Case, Finding, type Outcome, type Seed, type Target } from "./target.ts";
import { usedMs } from "./used_time.ts";

/** How long a case may take, in ms of this process. */
const MAX_CASE_MS = 5000;

/** Most of a line of a finding that is shown, in characters. */
const MAX_DETAIL_LENGTH = 600;

/** Most of a message that is shown: the case can be run again by its number. */
const MAX_LINE_LENGTH = 4000;

/** How much is run. */
export interface FuzzOptions {
  readonly seed: number;
  /** Time for all targets together, in ms; without it `casesPerTarget` counts. */
  readonly budgetMs?: number;
  readonly casesPerTarget?: number;
  /** Index of the first case; without it 0. */
  readonly firstCase?: number;
  /** Told before each case. */
  readonly onCase?: (target: number, index: number) => void;
}

/** What was run of one target. */
export interface TargetResult {
  readonly name: string;
  readonly cases: number;
  readonly elapsedMs: number;
  /** Largest ratio of output to input, of inputs of 64 bytes and more. */
  readonly maxRatio: number;
  readonly maxEvents: number;
  readonly slowestMs: number;
  readonly failure?: Failure;
}

/** A case that broke an invariant. */
export interface Failure {
  readonly index: number;
  readonly invariant: string;
  readonly detail: string;
  /** The case as it came, and as small as it could be made. */
  readonly original: Case;
  readonly minimal: Case;
}

/**
 * Makes a case: the same for the same seed, target and index.
 * @param target what it is for.
 * @param index from 0; the seeds themselves come first.
 * @param options seed of all, and the seeds of all targets.
 */
export function makeCase(
  target: Target,
  index: number,
  { seed, all }: { seed: number; all: readonly Seed[] },
): Case {
  const choices = `${seed} ${target.name} ${index}`;
  const own = target.seeds[index];
  if (own !== undefined) return { messages: own.messages, choices };
  const random = new Random(`${choices} messages`);
  const maxBytes = target.maxBytes === undefined ? {} : { maxBytes: target.maxBytes };
  return { messages: mutate(random, { own: target.seeds, all, ...maxBytes }), choices };
}

/**
 * Runs cases until the time is over or as many as were asked for.
 * @param targets in the order in which they are run; each gets the same share of the time.
 * @param options how much.
 * @returns a result for each target; a target ends at its first failure.
 */
export async function fuzz(
  targets: readonly Target[],
  options: FuzzOptions,
): Promise<TargetResult[]> {
  const results: TargetResult[] = [];
  const all = targets.flatMap((target) => target.seeds);
  const watch = new RejectionWatch();
  try {
    for (const [i, target] of targets.entries()) {
      results.push(
        await fuzzTarget(target, { ...options, all, watch }, {
          budgetMs: (options.budgetMs ?? Infinity) / targets.length,
          onCase: (index) => options.onCase?.(i, index),
        }),
      );
    }
  } finally {
    watch.stop();
  }
  return results;
}

async function fuzzTarget(
  target: Target,
  options: FuzzOptions & { all: readonly Seed[]; watch: RejectionWatch },
  { budgetMs, onCase }: { budgetMs: number; onCase: (index: number) => void },
): Promise<TargetResult> {
  const { casesPerTarget = Infinity, firstCase = 0, watch } = options;
  const startMs = performance.now();
  let [cases, maxRatio, maxEvents, slowestMs] = [0, 0, 0, 0];
  let failure: Failure | undefined;
  while (cases < casesPerTarget && failure === undefined) {
    const beginMs = performance.now();
    if (beginMs - startMs >= budgetMs) break;
    const index = firstCase + cases;
    onCase(index);
    const input = makeCase(target, index, options);
    const result = await tryCase(target, input, watch);
    slowestMs = Math.max(slowestMs, performance.now() - beginMs);
    if (result instanceof Finding) {
      const stillFails = async (smaller: Case) => {
        const again = await tryCase(target, smaller, watch);
        return again instanceof Finding && again.invariant === result.invariant;
      };
      const minimal = await minimise(input, stillFails);
      const { invariant, message: detail } = result;
      failure = { index, invariant, detail, original: input, minimal };
    } else {
      if (result.input >= 64) maxRatio = Math.max(maxRatio, result.output / result.input);
      maxEvents = Math.max(maxEvents, result.events);
    }
    cases++;
  }
  return {
    name: target.name,
    cases,
    elapsedMs: performance.now() - startMs,
    maxRatio,
    maxEvents,
    slowestMs,
    ...(failure === undefined ? {} : { failure }),
  };
}

async function tryCase(
  target: Target,
  input: Case,
  watch: RejectionWatch,
): Promise<Outcome | Finding> {
  const startMs = usedMs();
  try {
    const outcome = await target.run(input);
    const ms = usedMs() - startMs;
    if (ms > MAX_CASE_MS) return new Finding("it is fast", `a case took ${Math.round(ms)} ms`);
    const lost = watch.take();
    if (lost === undefined) return outcome;
    return new Finding("every error is caught", describeError(lost));
  } catch (error) {
    if (error instanceof Finding) return error;
    return new Finding("throws nothing unexpected", describeError(error));
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/**
 * Writes a failing case as a transcript.
 * @param target where it failed.
 * @param failure what failed.
 * @param seed of the whole run.
 */
export function formatFailure(target: Target, failure: Failure, seed: number): string {
  const { minimal, index, detail } = failure;
  // What an invariant quotes may hold a peer's bytes; this goes to a terminal.
  const lines = detail.split("\n").map((line) =>
    escapeBytes(new TextEncoder().encode(line.slice(0, MAX_DETAIL_LENGTH)))
  );
  return [
    `# ${target.name}, again by: deno task fuzz --seed ${seed} --target ${target.name} --case ${index}`,
    ...(target.describe === undefined ? [] : [`# ${target.describe(minimal.choices)}`]),
    ...lines.map((line) => `# ${line}`),
    ...minimal.messages.map((message) => `> ${wireText(message)}`).map((line) =>
      line.length <= MAX_LINE_LENGTH
        ? line
        : `${line.slice(0, MAX_LINE_LENGTH)}\n# ... ${line.length} characters in all`
    ),
    "> <EOF>",
  ].join("\n");
}

/** Catches rejections that nobody handles: they would end the sensor. */
class RejectionWatch {
  #first: { error: unknown } | undefined;
  readonly #listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.#first ??= { error: event.reason };
  };

  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#listener);
  }

  /** The first one since the last call. */
  take(): unknown {
    const first = this.#first;
    this.#first = undefined;
    return first?.error;
  }

  stop(): void {
    globalThis.removeEventListener("unhandledrejection", this.#listener);
  }
}
