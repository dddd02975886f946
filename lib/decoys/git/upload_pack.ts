/**
 * git upload-pack in versions 0 and 1 of the protocol: gitprotocol-pack(5), upload-pack.c.
 *
 * All names with their objects come first; then the client wants, tells what it has, and gets a pack.
 * Left out, as Debian's git leaves it out unless told otherwise: filters, and objects that no name is of.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import { idAt, Needs } from "./needs.ts";
import {
  errorPacket,
  FLUSH,
  MAX_PACKET_BYTES,
  packet,
  type PacketReader,
  SMALL_PACKET_BYTES,
} from "./packets.ts";
import type { Repository } from "./repository.ts";
import { isEnough } from "./selection.ts";
import { planPack, sendPack } from "./send_pack.ts";
import { isLimited } from "./shallow.ts";
import { ToldLines } from "./told.ts";

/** What the program calls itself: git of Debian 12. */
export const AGENT = "git/2.39.5";
const CAPABILITIES = "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since " +
  "deepen-not deepen-relative no-progress include-tag multi_ack_detailed";

/** How the client wants to be told what both have. */
type Acknowledging = "plain" | "multi_ack" | "multi_ack_detailed";

/** How the client wants to be answered. */
interface Features {
  acknowledging: Acknowledging;
  bandBytes: number;
}

/**
 * Holds a talk.
 * @param session whose it is.
 * @param repository that was asked for.
 * @param options where lines come from; the version that the client named, 0 or 1.
 */
export async function uploadPack(
  session: Session,
  repository: Repository,
  { reader, version }: { reader: PacketReader; version: 0 | 1 },
): Promise<void> {
  const names = repository.refs.flatMap(({ name, id, peeled }, i) => [
    packet(`${id} ${name}${i === 0 ? "\0" + listCapabilities(repository) : ""}\n`),
    ...peeled === undefined ? [] : [packet(`${peeled} ${name}^{}\n`)],
  ]).join("");
  await say(session, (version === 1 ? packet("version 1\n") : "") + names + FLUSH);
  const needs = new Needs(repository);
  const lines = new ToldLines();
  const features: Features = { acknowledging: "plain", bandBytes: 0 };
  let reply: string | undefined;
  try {
    const refusal = await readNeeds(reader, needs, { lines, features });
    if (refusal === undefined) return;
    if (refusal !== "") {
      reply = "ERR";
      return await say(session, errorPacket(refusal));
    }
    const plan = planPack(needs);
    if (plan === undefined) return;
    if (isLimited(needs.deepening)) await say(session, plan.lines + FLUSH);
    if (needs.wants.length === 0) return;
    if (!await readHaves(session, needs, { reader, lines, features })) return;
    // What the client has is known only now.
    const whole = { ...plan, haves: [...plan.haves, ...needs.haves] };
    await sendPack(session, needs, { plan: whole, bandBytes: features.bandBytes });
  } finally {
    if (!lines.isEmpty) {
      const code = reply === undefined ? {} : { reply };
      session.emit("command", { verb: "fetch", ...lines.data(), ...code });
    }
  }
}

function listCapabilities({ refs }: Repository): string {
  const { name, target } = refs[0]!;
  return `${CAPABILITIES} symref=${name}:${target} object-format=sha1 agent=${AGENT}`;
}

async function say(session: Session, text: string): Promise<void> {
  await session.write(latin1Bytes(text));
}

/**
 * Reads what is wanted, up to a flush.
 * @returns why it is refused; nothing for nothing; `undefined` when the talk is over.
 */
async function readNeeds(
  reader: PacketReader,
  needs: Needs,
  { lines, features }: { lines: ToldLines; features: Features },
): Promise<string | undefined> {
  const tips = new Set(needs.repository.refs.map(({ id }) => id));
  for (;;) {
    const next = await reader.next();
    if (next === null) return undefined;
    if (next.kind !== "line") break;
    lines.add(next.text);
    const taken = needs.limit(next.text);
    if (taken === "fatal") return undefined;
    if (taken === "taken") continue;
    const id = next.text.startsWith("want ") ? idAt(next.text.slice(5)) : undefined;
    if (id === undefined) return undefined;
    takeFeatures(next.text.slice(45), needs, features);
    if (!needs.want(id)) return `upload-pack: not our ref ${id}`;
  }
  const strange = needs.wants.find((id) => !tips.has(id));
  return strange === undefined ? "" : `upload-pack: not our ref ${strange}`;
}

function takeFeatures(text: string, needs: Needs, features: Features): void {
  const words = new Set(text.split(/\s+/).map((word) => word.replace(/=.*$/s, "")));
  for (const word of words) needs.switch(word);
  if (words.has("deepen-relative")) needs.deepening.isRelative = true;
  if (words.has("multi_ack_detailed")) features.acknowledging = "multi_ack_detailed";
  else if (words.has("multi_ack")) features.acknowledging = "multi_ack";
  if (words.has("side-band-64k")) features.bandBytes = MAX_PACKET_BYTES;
  else if (words.has("side-band")) features.bandBytes = SMALL_PACKET_BYTES;
}

/** Reads what the client has, and answers; whether it is done. */
async function readHaves(
  session: Session,
  needs: Needs,
  { reader, lines, features }: { reader: PacketReader; lines: ToldLines; features: Features },
): Promise<boolean> {
  const { acknowledging } = features;
  const isPlain = acknowledging === "plain";
  const isDetailed = acknowledging === "multi_ack_detailed";
  const mayGiveUp = () => isEnough(needs.repository, needs.wants, needs.haves);
  let last = "";
  let hasCommon = false;
  let hasOther = false;
  for (;;) {
    const next = await reader.next();
    if (next === null) return false;
    if (next.kind !== "line") {
      const isReady = isDetailed && hasCommon && !hasOther && mayGiveUp();
      const nak = needs.haves.length === 0 || !isPlain ? packet("NAK\n") : "";
      await say(session, (isReady ? packet(`ACK ${last} ready\n`) : "") + nak);
      hasCommon = hasOther = false;
      continue;
    }
    lines.add(next.text);
    if (next.text === "done") {
      const isCommon = needs.haves.length > 0;
      if (!isCommon) await say(session, packet("NAK\n"));
      else if (!isPlain) await say(session, packet(`ACK ${last}\n`));
      return true;
    }
    const id = next.text.startsWith("have ") ? idAt(next.text.slice(5)) : undefined;
    if (id === undefined) return false;
    if (needs.have(id)) {
      hasCommon = true;
      last = id;
      const word = isDetailed ? " common" : isPlain ? "" : " continue";
      if (!isPlain || needs.haves.length === 1) await say(session, packet(`ACK ${id}${word}\n`));
    } else {
      hasOther = true;
      const word = isDetailed ? "ready" : "continue";
      if (!isPlain && mayGiveUp()) await say(session, packet(`ACK ${id} ${word}\n`));
    }
  }
}
