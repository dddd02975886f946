/**
 * Reads the pack of a push and says where it ends.
 *
 * A pack does not say how long it is: it ends with the SHA-1 of all that stands before. A client sends
 * nothing behind it, so it has ended where what has come so far ends in its own hash. Nothing needs to
 * be unpacked for that. What is looked at is the end of each segment: a pack with something behind it
 * in the same segment is waited for as long as the host waits.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Capture } from "../../net/digest.ts";
import type { Session } from "../decoy.ts";

const HEAD_BYTES = 12;
const HASH_BYTES = 20;

/**
 * Reads a pack and reports it as a `payload`, also when it does not come whole.
 * @param session whose it is.
 * @param options how much of it is reported, in bytes; under which name.
 * @returns what git says of it: `ok`, or what is wrong.
 * @throws a disconnect when the peer vanishes.
 */
export async function readPack(
  session: Session,
  { captureBytes, name }: { captureBytes: number; name: string },
): Promise<string> {
  const capture = new Capture(captureBytes);
  try {
    return await readAll(session, capture);
  } finally {
    if (capture.size > 0) {
      session.emit("payload", {
        name,
        mimeType: "application/x-git-packed-objects",
        bytes: capture.bytes(),
        size: capture.size,
        sha256: capture.sha256(),
      });
    }
  }
}

async function readAll(session: Session, capture: Capture): Promise<string> {
  let head = Buffer.alloc(0);
  // What may be the hash: the last bytes so far, which are no part of what is hashed yet.
  let tail = Buffer.alloc(0);
  const hash = createHash("sha1");
  for (;;) {
    // No more than the head of what may be no pack.
    const missing = HEAD_BYTES - head.length;
    const data = missing > 0 ? await session.readAtMost(missing) : await session.read();
    if (data === null) {
      return head.length < HEAD_BYTES
        ? "eof before pack header was fully read"
        : "unpack-objects abnormal exit";
    }
    capture.add(data);
    if (missing > 0) {
      head = Buffer.concat([head, data]);
      const problem = checkHead(head);
      if (problem !== undefined) return problem;
    }
    const all = Buffer.concat([tail, data]);
    const start = Math.max(0, all.length - HASH_BYTES);
    hash.update(all.subarray(0, start));
    tail = Buffer.from(all.subarray(start));
    if (capture.size >= HEAD_BYTES + HASH_BYTES && hash.copy().digest().equals(tail)) return "ok";
  }
}

/** What is wrong with a pack's first bytes, once there are enough of them. */
function checkHead(head: Buffer): string | undefined {
  if (head.length < HEAD_BYTES) return undefined;
  if (head.toString("latin1", 0, 4) !== "PACK") {
    return "protocol error (pack signature mismatch detected)";
  }
  const version = head.readUInt32BE(4);
  return version === 2 || version === 3 ? undefined : "protocol error (pack version unsupported)";
}
