/**
 * git receive-pack as with a pre-receive hook that declines: gitprotocol-pack(5), receive-pack.c.
 *
 * The names come first; the client says which of them it would change, sends a pack, and is told that
 * each was declined. Nothing of it is kept but in events. Left out: signed pushes, which are not
 * offered; and packs that are broken inside, which are declined like others once they have ended.
 * @module
 */
import { LimitError } from "../../errors.ts";
import { latin1Bytes } from "../../net/latin1.ts";
import { EventQuota, type Session } from "../decoy.ts";
import { FLUSH, MAX_PACKET_BYTES, packet, type PacketReader, sideBand } from "./packets.ts";
import { readPack } from "./push_pack.ts";
import type { Repository } from "./repository.ts";
import { told, ToldLines } from "./told.ts";
import { AGENT } from "./upload_pack.ts";

const CAPABILITIES = "report-status report-status-v2 delete-refs side-band-64k quiet atomic " +
  `ofs-delta object-format=sha1 agent=${AGENT}`;
const NO_OBJECT = "0".repeat(40);
/** Most bytes of names that a client would change in one push. */
const MAX_NAMES_BYTES = 262_144;

/** A name that is to change. */
interface Update {
  readonly oldId: string;
  readonly newId: string;
  readonly name: string;
}

/** What a client asks for before its pack. */
interface Push {
  readonly updates: readonly Update[];
  /** Its capabilities. */
  readonly features: ReadonlySet<string>;
}

/**
 * Holds a talk.
 * @param session whose it is.
 * @param repository that was asked for.
 * @param options where lines come from; the version that the client named; how much of a pack is
 * reported, in bytes; the repository's path, for events.
 */
export async function receivePack(
  session: Session,
  { refs }: Repository,
  { reader, version, captureBytes, path }: {
    reader: PacketReader;
    version: 0 | 1 | 2;
    captureBytes: number;
    path: string;
  },
): Promise<void> {
  const say = (text: string) => session.write(latin1Bytes(text));
  // HEAD is no name that can be pushed to; version 2 is not there for pushes.
  const names = refs.filter(({ target }) => target === undefined).map(({ id, name }, i) =>
    packet(`${id} ${name}${i === 0 ? "\0" + CAPABILITIES : ""}\n`)
  ).join("");
  await say((version === 1 ? packet("version 1\n") : "") + names + FLUSH);
  const push = await readUpdates(session, reader);
  if (push === undefined) return;
  const { updates, features } = push;
  let status = "ok";
  if (updates.some(({ newId }) => newId !== NO_OBJECT)) {
    status = await readPack(session, { captureBytes, name: path });
  }
  const isBanded = features.has("side-band-64k");
  const reason = status === "ok" ? "pre-receive hook declined" : "unpacker error";
  const lines = [`unpack ${status}\n`, ...updates.map(({ name }) => `ng ${name} ${reason}\n`)]
    .map(packet);
  const isReported = features.has("report-status") || features.has("report-status-v2");
  if (updates.length > 0 && isReported) {
    // What goes into no pkt-line kills the genuine process.
    if (lines.some((line) => line.length > MAX_PACKET_BYTES)) return;
    const bytes = latin1Bytes(lines.join("") + FLUSH);
    await session.write(isBanded ? sideBand(1, bytes, MAX_PACKET_BYTES) : bytes);
  }
  if (isBanded) await say(FLUSH);
}

/** Reads what is to change, up to a flush; `undefined` when the talk is over. */
async function readUpdates(session: Session, reader: PacketReader): Promise<Push | undefined> {
  const quota = new EventQuota(session);
  const lines = new ToldLines();
  const updates: Update[] = [];
  const features = new Set<string>();
  let bytes = 0;
  for (;;) {
    const next = await reader.next();
    if (next === null) return undefined;
    if (next.kind !== "line") return { updates, features };
    const { text, hidden } = next;
    if (text.length > 4 && text.startsWith("shallow ")) continue;
    if (hidden !== undefined) {
      lines.add(hidden);
      for (const word of hidden.split(/\s+/)) features.add(word.replace(/=.*$/s, ""));
      const format = /(?:^|\s)object-format=(\S*)/.exec(hidden)?.[1];
      if (format !== undefined && format !== "sha1") return undefined;
    }
    const [, oldId, newId, name] = /^([0-9A-Fa-f]{40}) ([0-9A-Fa-f]{40}) (.*)$/s.exec(text) ?? [];
    if (quota.take()) {
      const { agent } = lines.data();
      const who = agent === undefined ? {} : { agent };
      const verb = describe(oldId, newId);
      session.emit("command", { verb, argument: told(text), changes: true, reply: "ng", ...who });
    }
    if (oldId === undefined || newId === undefined || name === undefined) return undefined;
    bytes += name.length;
    if (bytes > MAX_NAMES_BYTES) throw new LimitError("git_names_bytes", MAX_NAMES_BYTES);
    updates.push({ oldId, newId, name });
  }
}

/** What a line would do to a name. */
function describe(oldId: string | undefined, newId: string | undefined): string {
  if (newId === undefined) return "unknown";
  return newId === NO_OBJECT ? "delete-ref" : oldId === NO_OBJECT ? "create-ref" : "update-ref";
}
