/**
 * A pack and what git says while it makes one: gitformat-pack(5), pack-objects.c.
 *
 * ```text
 * 0..3   PACK      4..7  version 2, u32 BE      8..11  count of objects, u32 BE
 * then   each object: type and size in 7 bits a byte, the first one's upper half with the type; zlib
 * then   SHA-1 of everything before
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type GitObject, OBJECT_TYPES } from "./objects.ts";

/** Objects smaller than this are never written as a difference, in bytes. */
const MIN_DELTA_BYTES = 50;

/**
 * Packs objects, each whole.
 * @param objects in their order.
 */
export function makePack(objects: readonly GitObject[]): Uint8Array {
  const head = Buffer.alloc(12);
  head.write("PACK");
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const body = Buffer.concat([
    head,
    ...objects.flatMap(({ type, content, packed }) => [objectHead(type, content.length), packed]),
  ]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function objectHead(type: GitObject["type"], size: number): Uint8Array {
  const bytes = [OBJECT_TYPES[type] << 4 | size & 15];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return new Uint8Array(bytes);
}

/** What git tells of its progress: before a pack, and behind it. */
export interface Progress {
  readonly before: readonly string[];
  readonly after: string;
}

/**
 * What is said of a pack whose objects are all taken as they are stored.
 * @param objects that are in it.
 */
export function tellProgress(objects: readonly GitObject[]): Progress {
  const all = objects.length;
  const large = objects.filter(({ content }) => content.length >= MIN_DELTA_BYTES).length;
  return {
    before: [
      ...all > 0 ? [`Enumerating objects: ${all}, done.\n`, countUp("Counting objects", all)] : [],
      ...large > 1 ? [countUp("Compressing objects", large)] : [],
    ],
    after: `Total ${all} (delta 0), reused ${all} (delta 0), pack-reused 0\n`,
  };
}

/** One line that is written over itself, and at the end once more. */
function countUp(title: string, total: number): string {
  const tell = (done: number) => {
    const percent = String(Math.floor(done * 100 / total)).padStart(3);
    return `${title}: ${percent}% (${done}/${total})`;
  };
  let said = "";
  let last = -1;
  for (let done = 1; done <= total; done++) {
    const percent = Math.floor(done * 100 / total);
    if (percent !== last) said += `${tell(done)}\r`;
    last = percent;
  }
  return `${said}${tell(total)}, done.\n`;
}
