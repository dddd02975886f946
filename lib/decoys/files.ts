/**
 * The operator's files that a decoy may show: what its options named, and nothing else.
 * @module
 */
import type { DecoyContext } from "./decoy.ts";

/** Most files of one folder, and most bytes of one file. */
const MAX_FILES = 2000;
const MAX_FILE_BYTES = 16 * 1_048_576;

/** Reading for a decoy, held to the paths that its options named. */
export type FileAccess = Pick<DecoyContext, "readFile" | "listFiles">;

/**
 * Makes the access.
 * @param allowed paths that the options named: files, or folders with all below them.
 */
export function fileAccess(allowed: readonly string[]): FileAccess {
  const check = (path: string) => {
    const isAllowed = allowed.some((root) => path === root || path.startsWith(root + "/"));
    if (!isAllowed || path.split("/").includes("..")) {
      throw new Error(
        `Cannot read ${JSON.stringify(path)}: the decoy's options name only ` +
          allowed.map((root) => JSON.stringify(root)).join(", "),
      );
    }
  };
  return {
    readFile: async (path) => {
      check(path);
      const { size } = await Deno.stat(path);
      if (size > MAX_FILE_BYTES) {
        throw new Error(
          `Cannot read ${JSON.stringify(path)}: it has ${size} bytes, must have at most ` +
            MAX_FILE_BYTES,
        );
      }
      return await Deno.readFile(path);
    },
    listFiles: async (path) => {
      check(path);
      const files: { name: string; size: number; modifiedMs: number }[] = [];
      await listInto(files, path, "");
      return files.sort((a, b) => a.name < b.name ? -1 : 1);
    },
  };
}

/** Adds all files below a folder; links are passed over, since they may lead out of it. */
async function listInto(
  files: { name: string; size: number; modifiedMs: number }[],
  root: string,
  below: string,
): Promise<void> {
  for await (const entry of Deno.readDir(`${root}/${below}`)) {
    const name = below + entry.name;
    if (entry.isDirectory) {
      await listInto(files, root, name + "/");
    } else if (entry.isFile) {
      if (files.length === MAX_FILES) {
        throw new Error(
          `Cannot list ${JSON.stringify(root)}: it has more than ${MAX_FILES} files`,
        );
      }
      const info = await Deno.stat(`${root}/${name}`);
      files.push({ name, size: info.size, modifiedMs: info.mtime?.getTime() ?? 0 });
    }
  }
}
