/**
 * A folder for one test.
 * @module
 */

/**
 * Makes a folder, and removes it with everything in it when the test is over.
 * @param run the test; gets the folder's path.
 * @returns what the test returns.
 */
export async function withTempFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "duckblind-test-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A folder that is removed at the end of the block that holds it by `using`. */
export interface TempFolder extends Disposable {
  readonly path: string;
}

/** Makes a folder for as long as a `using` lasts. */
export function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync({ prefix: "duckblind-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
