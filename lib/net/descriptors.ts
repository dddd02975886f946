/**
 * How many file descriptors the system lets us have.
 *
 * Deno offers no way to ask (`/proc` needs all rights), so it is measured: a file of ours is opened
 * again and again, and closed. A thousand take about 15 ms, so only as many are tried as matter now,
 * and more when the sensor gets there.
 * @module
 */

/** Descriptors tried in one go. */
const STEP = 1024;

/** Finds out, step by step, how many connections may be open. */
export class DescriptorBudget {
  readonly #path: string;
  readonly #reserve: number;
  #limit: number | undefined;
  #proven = 0;

  /**
   * @param path of a file that may be read.
   * @param reserve descriptors kept back for everything but connections of decoys.
   */
  constructor(path: string, reserve: number) {
    this.#path = path;
    this.#reserve = reserve;
  }

  /** Whether the system's limit was met, so that it is known. */
  get isLimitKnown(): boolean {
    return this.#limit !== undefined;
  }

  /**
   * How many connections may be open.
   * @param wanted the configured maximum.
   * @param open how many are open now.
   * @returns at most `wanted`, at least 1.
   */
  allowance(wanted: number, open: number): number {
    while (this.#limit === undefined && this.#proven < wanted && open >= this.#proven) {
      const missing = wanted - open + this.#reserve;
      const tried = Math.min(STEP, missing);
      const got = countFree(this.#path, tried);
      if (got < tried) this.#limit = Math.max(1, open + got - this.#reserve);
      else this.#proven = tried === missing ? wanted : open + Math.max(1, got - this.#reserve);
    }
    return Math.min(wanted, this.#limit ?? wanted);
  }
}

/** Opens a file up to `count` times and closes it again; returns how often it went. */
function countFree(path: string, count: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < count) files.push(Deno.openSync(path, { read: true }));
  } catch (error) {
    // EMFILE and ENFILE are what is looked for; anything else is no news about the limit.
    const isLimit = error instanceof Error && /os error (23|24)\)/.test(error.message);
    if (!isLimit) return count;
  } finally {
    for (const file of files) file.close();
  }
  return files.length;
}
