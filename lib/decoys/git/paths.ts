/**
 * Which repository a path means: daemon.c and path.c, without `--strict-paths` and with a base path.
 * @module
 */

/** What may be missing at the end of a path, in the order in which it is tried. */
const SUFFIXES = ["/.git", "", ".git/.git", ".git"] as const;

/**
 * Finds a repository.
 * @param repositories by their paths, such as `/app.git`.
 * @param path as it was asked for.
 */
export function findRepository<T>(
  repositories: ReadonlyMap<string, T>,
  path: string,
): T | undefined {
  if (isAlias(path)) return undefined;
  const bare = path.replace(/(?!^)\/+$/, "");
  for (const suffix of SUFFIXES) {
    const found = repositories.get(bare + suffix);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Whether a path is refused for how it is written: it is not absolute, or has an empty part, `.` or
 * `..` in it; one slash at the end is fine.
 * @param path as it was asked for.
 */
export function isAlias(path: string): boolean {
  return !path.startsWith("/") || /\/\.{0,2}\//.test(path) || /\/\.{1,2}$/.test(path);
}
