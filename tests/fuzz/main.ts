/**
 * `deno task fuzz [--seed N] [--seconds S] [--target NAME] [--case N]`
 *
 * Mutates the transcripts against every decoy and decoder. The same seed gives the same cases; how
 * many of them are run depends on the time. Exit code 1 when an invariant was broken.
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { wireText } from "../support/transcript.ts";
import { type FuzzOptions, makeCase, type TargetResult } from "./fuzz.ts";
import { allTargets } from "./targets.ts";

/** What the worker is told. */
export interface ToWorker {
  readonly options: FuzzOptions;
  readonly name: string;
  /** Three whole numbers: cases begun, the target's index, the case's. */
  readonly progress: SharedArrayBuffer;
}

/** A result with its failure as text. */
export type Line = Omit<TargetResult, "failure"> & { readonly report?: string };

/** What the worker says at its end. */
export interface FromWorker {
  readonly results: readonly Line[];
}

/** How long a case may hold up the thread before it is called a hang, in ms. */
const HANG_MS = 30_000;
const USAGE = "Usage: deno task fuzz [--seed N] [--seconds S] [--target NAME] [--case N]";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const unknown: string[] = [];
  const flags = parseArgs(args, {
    string: ["seed", "seconds", "target", "case"],
    boolean: ["help"],
    unknown: (word: string) => {
      unknown.push(word);
      return false;
    },
  });
  const seed = flags.seed === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : Number(flags.seed);
  const seconds = Number(flags.seconds ?? 20);
  const only = flags.case === undefined ? undefined : Number(flags.case);
  const isRight = unknown.length === 0 && Number.isSafeInteger(seed) && seconds > 0 &&
    (only === undefined || (Number.isSafeInteger(only) && only >= 0));
  if (flags.help || !isRight) {
    say(USAGE);
    return flags.help ? 0 : 2;
  }
  const name = String(flags.target ?? "");
  const targets = await allTargets(name);
  if (targets.length === 0) {
    const names = (await allTargets()).map((target) => target.name).join(", ");
    say(`No target is called ${JSON.stringify(name)}, must be one of ${names}`);
    return 2;
  }
  say(`seed ${seed}, ${only === undefined ? `${seconds} s` : `case ${only}`}`);
  const options: FuzzOptions = only === undefined
    ? { seed, budgetMs: seconds * 1000 }
    : { seed, casesPerTarget: 1, firstCase: only };
  const results = await run({ options, name });
  if (results.hang !== undefined) {
    const target = targets[results.hang.target]!;
    const all = targets.flatMap((target) => target.seeds);
    const input = makeCase(target, results.hang.index, { seed, all });
    say(
      `# ${target.name} hangs, again by: deno task fuzz --seed ${seed} --target ${target.name} ` +
        `--case ${results.hang.index}`,
    );
    for (const message of input.messages) say(`> ${wireText(message)}`);
    return 1;
  }
  return report(results.lines);
}

/** Runs a worker to its end, or to a case that hangs it. */
function run(
  { options, name }: { options: FuzzOptions; name: string },
): Promise<{ lines: readonly Line[]; hang?: { target: number; index: number } }> {
  const progress = new SharedArrayBuffer(12);
  const cells = new Int32Array(progress);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    let seen = -1;
    let sinceMs = performance.now();
    const watch = setInterval(() => {
      const now = Atomics.load(cells, 0);
      if (now !== seen) [seen, sinceMs] = [now, performance.now()];
      else if (performance.now() - sinceMs > HANG_MS) {
        finish({ lines: [], hang: { target: cells[1]!, index: cells[2]! } });
      }
    }, 500);
    const finish = (result: Parameters<typeof resolve>[0]) => {
      clearInterval(watch);
      worker.terminate();
      resolve(result);
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => finish({ lines: data.results });
    worker.onerror = (event) => {
      event.preventDefault();
      clearInterval(watch);
      worker.terminate();
      reject(new Error(`Cannot fuzz: ${event.message}`));
    };
    worker.postMessage({ options, name, progress } satisfies ToWorker);
  });
}

/** Prints the table and what failed; gives the exit code. */
function report(lines: readonly Line[]): number {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const row = (cells: readonly string[]) =>
    say(cells.map((cell, i) => i === 0 ? cell.padEnd(width) : cell.padStart(9)).join(" "));
  row(["target", "cases", "cases/s", "max out/in", "max events", "slowest"]);
  for (const line of lines) {
    row([
      line.name,
      String(line.cases),
      (line.cases / Math.max(1, line.elapsedMs) * 1000).toFixed(0),
      line.maxRatio.toFixed(1).padStart(10),
      String(line.maxEvents).padStart(10),
      `${line.slowestMs.toFixed(0)} ms`,
    ]);
  }
  const failed = lines.filter(({ report }) => report !== undefined);
  for (const { report } of failed) say(`\n${report}`);
  const cases = lines.reduce((sum, line) => sum + line.cases, 0);
  say(`\n${cases - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

function say(line: string): void {
  const bytes = new TextEncoder().encode(line + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
