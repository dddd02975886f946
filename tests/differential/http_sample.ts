/**
 * What the comparisons of `http` and `https` have in common: the site, and what must differ.
 * @module
 */
import { ALLOW } from "../decoys/http/golden.ts";
import { SAMPLE_FILES, SAMPLE_MODIFIED_MS, sampleBytes } from "../decoys/http/sample_site.ts";
import type { Mask } from "./harness.ts";

/** Dates, boundaries, and the insides and lengths of what is compressed. */
export const MASKS: readonly Mask[] = [
  { pattern: /Date: [^\r]*/g, replacement: "Date: D" },
  { pattern: ALLOW, replacement: "Allow: A" },
  { pattern: /boundary=[0-9a-f]{12,20}/g, replacement: "boundary=B" },
  { pattern: /\r\n--[0-9a-f]{12,20}/g, replacement: "\r\n--B" },
  // deno-lint-ignore no-control-regex -- gzip begins with one
  { pattern: /\r\n\r\n(?:[0-9a-f]+\r\n)?\x1f\x8b[^]*?(?=HTTP\/1\.1 |$)/g, replacement: "GZIP" },
  {
    pattern: /(Content-Encoding: gzip\r\n(?:Content-Range: [^\r]*\r\n)?Content-Length: )\d+/g,
    replacement: "$1N",
  },
  // Apache's boundary has 16 digits, or fewer when the first are zero.
  {
    pattern: /Content-Length: \d+((?:\r\n[^\r]+)*?\r\nContent-Type: multipart\/byteranges)/g,
    replacement: "Content-Length: N$1",
  },
  { pattern: /(Content-Encoding: gzip\r\nContent-Range: bytes \d+-\d+\/)\d+/g, replacement: "$1N" },
];

/**
 * Writes the sample site as it was when the answers were recorded.
 * @param root the folder.
 */
export async function writeSite(root: string): Promise<void> {
  const folders = new Set([root]);
  for (const [name, content] of Object.entries(SAMPLE_FILES)) {
    const path = `${root}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    await Deno.mkdir(folder, { recursive: true });
    for (let at = folder; at.length > root.length; at = at.slice(0, at.lastIndexOf("/"))) {
      folders.add(at);
    }
    await Deno.writeFile(path, sampleBytes(content));
    await Deno.utime(path, SAMPLE_MODIFIED_MS / 1000, SAMPLE_MODIFIED_MS / 1000);
  }
  for (const folder of folders) {
    await Deno.utime(folder, SAMPLE_MODIFIED_MS / 1000, SAMPLE_MODIFIED_MS / 1000);
  }
}
