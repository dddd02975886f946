/**
 * Runs the cases, so that the main thread can see when one hangs the thread.
 * @module
 */
import { formatFailure, fuzz } from "./fuzz.ts";
import type { FromWorker, ToWorker } from "./main.ts";
import { allTargets } from "./targets.ts";

const self = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker): void;
};

self.onmessage = async ({ data: { options, name, progress } }) => {
  const cells = new Int32Array(progress);
  const targets = await allTargets(name);
  const results = await fuzz(targets, {
    ...options,
    onCase: (target, index) => {
      cells[1] = target;
      cells[2] = index;
      Atomics.add(cells, 0, 1);
    },
  });
  self.postMessage({
    results: results.map(({ failure, ...result }, i) =>
      failure === undefined
        ? result
        : { ...result, report: formatFailure(targets[i]!, failure, options.seed) }
    ),
  });
};
