/**
 * The site that was served by the genuine products when the golden answers were recorded.
 * @module
 */
import type { DecoyContext } from "../../../lib/decoys/decoy.ts";
import { TEST_CONTEXT } from "../../support/transcript.ts";

/** When every file was changed: Thu, 06 Nov 2025 00:00:00 GMT. */
export const SAMPLE_MODIFIED_MS = Date.UTC(2025, 10, 6);

const EXTENSIONS =
  ("xml woff2 jpg gif pdf zip php map md gz csv mjs wasm xhtml txt shtml mp4 bin exe " +
    "conf sh sql bak").split(" ");

/** Contents by name. */
export const SAMPLE_FILES: Readonly<Record<string, string>> = {
  "index.html": "<!DOCTYPE html>\n<title>Sample</title>\n" + "<p>Sample of a page.</p>\n".repeat(4),
  "tiny.html": "<p>tiny</p>\n",
  "empty.html": "",
  "robots.txt": "User-agent: *\nDisallow: /\n",
  "data.json": '{"a":1}\n',
  "noext": "plain\n",
  "a.unknownext": "x\n",
  "with space.txt": "spaced\n",
  "favicon.ico": "icon\n",
  "assets/style.css": "body { margin: 0; font-family: sans-serif; }\n".repeat(4),
  "assets/app.js": '"use strict";\n',
  "assets/photo.png": "\x89PNG\r\n\x1a\n",
  "assets/img/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n',
  "docs/index.html": "<p>docs</p>\n",
  "empty/.keep": "",
  "s68.txt": "x".repeat(68),
  "s69.txt": "x".repeat(69),
  ...Object.fromEntries(EXTENSIONS.map((extension) => [`docs/f.${extension}`, extension + "\n"])),
};

/** The content of a file, one byte a character. */
export function sampleBytes(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(content, (character) => character.charCodeAt(0));
}

/** A context whose one folder is the sample. */
export const SAMPLE_CONTEXT: DecoyContext = {
  ...TEST_CONTEXT,
  readFile: (path) => Promise.resolve(sampleBytes(SAMPLE_FILES[path.replace(/^sample\//, "")]!)),
  listFiles: () =>
    Promise.resolve(
      Object.entries(SAMPLE_FILES).map(([name, content]) => ({
        name,
        size: content.length,
        modifiedMs: SAMPLE_MODIFIED_MS,
      })),
    ),
};
