/**
 * Conversations to begin with: the client side of every transcript, and a few for what has none.
 * @module
 */
import { wireBytes } from "../support/transcript.ts";
import type { Seed } from "./target.ts";

const TRANSCRIPTS = new URL("../decoys/transcripts/", import.meta.url);

/** For parsers whose transcripts do not go everywhere. Escapes as in transcripts. */
const OWN: Record<string, readonly (readonly string[])[]> = {
  http: [
    ["GET / HTTP/1.1\\r\\nHost: a\\r\\nUser-Agent: x\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n"],
    ["GET /\\r\\n"],
    [
      "HEAD /favicon.ico HTTP/1.0\\r\\nConnection: keep-alive\\r\\n\\r\\n",
      "GET /x HTTP/1.0\\r\\n\\r\\n",
    ],
    [
      "POST /login HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\n" +
      "Content-Length: 27\\r\\n\\r\\nusername=root&password=%C3x",
    ],
    [
      "POST /login HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\n" +
      "Transfer-Encoding: chunked\\r\\n\\r\\n10\\r\\n{\\x22user\\x22:\\x22a\\x22,\\x22pas\\r\\n",
      "8;x=y\\r\\ns\\x22:\\x22b\\x22}\\r\\n0\\r\\nT: r\\r\\n\\r\\n",
    ],
    [
      "POST /upload HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: multipart/form-data; boundary=x\\r\\n" +
      "Content-Length: 190\\r\\nExpect: 100-continue\\r\\n\\r\\n",
      "--x\\r\\nContent-Disposition: form-data; name=\\x22username\\x22\\r\\n\\r\\nadmin\\r\\n--x\\r\\n" +
      "Content-Disposition: form-data; name=\\x22f\\x22; filename=\\x22a.php\\x22\\r\\n" +
      "Content-Type: text/plain\\r\\n\\r\\n<?php\\r\\n--x--\\r\\n          ",
    ],
    [
      "GET /favicon.ico HTTP/1.1\\r\\nHost: a\\r\\nRange: bytes=0-3,5-,-2\\r\\nIf-Range: x\\r\\n\\r\\n",
      "GET / HTTP/1.1\\r\\nHost: a\\r\\nIf-None-Match: \\x22x\\x22, *\\r\\n\\r\\n" +
      "GET / HTTP/1.1\\r\\nHost: a\\r\\nIf-Modified-Since: Sat, 21 Nov 2026 12:00:00 GMT\\r\\n\\r\\n",
    ],
    [
      "GET /login HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Basic cm9vdDpodW50ZXIy\\r\\n\\r\\n",
      "GET http://a:80/..%2f..%2fetc/passwd?user=a&pass=b HTTP/1.1\\r\\nAuthorization: Digest " +
      "username=\\x22a\\x22, realm=\\x22r\\x22, nonce=\\x22n\\x22, uri=\\x22/\\x22, qop=auth, nc=1, " +
      "cnonce=\\x22c\\x22, response=\\x220123456789abcdef0123456789abcdef\\x22\\r\\n\\r\\n",
    ],
  ],
  tcp: [["PING\\n", "QUIT"], ["\\x16\\x03\\x01\\x02\\0\\x01"]],
};

/**
 * Reads what clients say to one kind of decoy.
 * @param kind as in the config, which is also the folder of its transcripts.
 * @returns at least one conversation.
 */
export function readSeeds(kind: string): Seed[] {
  const seeds = (OWN[kind] ?? []).map((messages, i) => ({
    name: `${kind} ${i + 1}`,
    messages: messages.map(wireBytes),
  }));
  for (const path of transcriptsBelow(new URL(`${kind}/`, TRANSCRIPTS))) {
    const name = path.pathname.slice(TRANSCRIPTS.pathname.length);
    // Some files hold many cases, each after a heading.
    for (const part of Deno.readTextFileSync(path).split(/^## /m)) {
      const messages = part.split("\n")
        .filter((line) => line.startsWith("> ") && !/^> <(EOF|SILENCE)>$/.test(line))
        .map((line) => wireBytes(expand(line.slice(2))));
      if (messages.length > 0) seeds.push({ name, messages });
    }
  }
  return seeds.length > 0 ? seeds : [{ name: "nothing", messages: [] }];
}

/** `{{X*N}}` of the recorded conversations is X repeated. */
function expand(text: string): string {
  return text.replaceAll(
    /\{\{(.+?)\*(\d+)\}\}/g,
    (_, unit: string, times: string) => unit.repeat(Number(times)),
  );
}

/** All transcripts in a folder and the folders in it, by name. */
function transcriptsBelow(folder: URL): URL[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) =>
    entry.isDirectory
      ? transcriptsBelow(new URL(`${entry.name}/`, folder))
      : entry.name.endsWith(".txt")
      ? [new URL(entry.name, folder)]
      : []
  );
}
