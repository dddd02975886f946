/**
 * An operator's own site: the files of a folder, read once.
 * @module
 */
import type { DecoyContext } from "../../decoy.ts";
import { utf8Octets } from "../octets.ts";
import { SiteFile } from "../site.ts";

/** Most files of a folder. */
const MAX_FILES = 2000;
/** Most bytes of a folder's files together. */
const MAX_BYTES = 67_108_864;

/**
 * Reads the files of a folder.
 * @param context reads them.
 * @param folder as in the options.
 * @throws when there are too many files or bytes, or none at all.
 */
export async function folderFiles(context: DecoyContext, folder: string): Promise<SiteFile[]> {
  const listed = await context.listFiles(folder);
  const bytes = listed.reduce((sum, file) => sum + file.size, 0);
  if (listed.length === 0) {
    throw new Error(`Cannot serve ${folder}: it has no file, must have at least an index.html`);
  }
  if (listed.length > MAX_FILES || bytes > MAX_BYTES) {
    throw new Error(
      `Cannot serve ${folder}: it has ${listed.length} files of ${bytes} bytes, ` +
        `must have at most ${MAX_FILES} of ${MAX_BYTES}`,
    );
  }
  const files: SiteFile[] = [];
  for (const { name, modifiedMs } of listed) {
    const content = await context.readFile(`${folder}/${name}`);
    // File systems know finer times than a header can hold: whole seconds, as both products show.
    files.push(new SiteFile("/" + utf8Octets(name), content, Math.floor(modifiedMs)));
  }
  return files;
}
