/**
 * Sends where the history ends, and a pack: what upload-pack.c does in all versions of the protocol.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import type { Needs } from "./needs.ts";
import { makePack, tellProgress } from "./pack.ts";
import { FLUSH, packet, sideBand } from "./packets.ts";
import type { Commit } from "./repository.ts";
import { selectObjects } from "./selection.ts";
import { cutHistory, isLimited } from "./shallow.ts";

/** What git reads of its own progress at a time, in bytes. */
const PROGRESS_BYTES = 128;
/** What git writes of a pack at a time, in bytes. */
const PORTION_BYTES = 8192;

/** What is to be sent. */
export interface Plan {
  readonly wants: readonly string[];
  readonly haves: readonly string[];
  readonly boundary: ReadonlySet<string>;
  /** `shallow` and `unshallow` lines. */
  readonly lines: string;
}

/**
 * Finds where the history is to end.
 * @param needs what is asked for.
 * @returns `undefined` when that cannot be done, which ends the talk.
 */
export function planPack(
  { repository, wants, haves, shallows, deepening }: Needs,
): Plan | undefined {
  const idsOf = (commits: readonly Commit[]) => commits.map(({ object }) => object.id);
  const own = idsOf(shallows);
  if (!isLimited(deepening)) return { wants, haves, boundary: new Set(own), lines: "" };
  const cut = cutHistory(repository, deepening, { wants, shallows });
  if (cut === undefined) return undefined;
  const [shallow, unshallow] = [idsOf(cut.shallow), idsOf(cut.unshallow)];
  return {
    wants: [...wants, ...cut.unshallow.flatMap(({ parents }) => idsOf(parents))],
    haves: [...haves, ...unshallow],
    boundary: new Set([...own, ...shallow]),
    lines: shallow.map((id) => packet(`shallow ${id}`)).join("") +
      unshallow.map((id) => packet(`unshallow ${id}`)).join(""),
  };
}

/**
 * Sends a pack, and says which lures are in it: packed, they show no markers.
 * @param session that gets it.
 * @param needs what was asked for.
 * @param options the plan; longest pkt-line of a side-band, or 0 for the pack alone.
 */
export async function sendPack(
  session: Session,
  { repository, switches }: Needs,
  { plan, bandBytes }: { plan: Plan; bandBytes: number },
): Promise<void> {
  const objects = selectObjects(repository, {
    ...plan,
    includesTags: switches.has("include-tag"),
    trustsHaves: switches.has("thin-pack") && plan.boundary.size > 0,
  });
  const pack = makePack(objects);
  if (bandBytes === 0) await session.write(pack);
  else {
    const parts: Uint8Array[] = [];
    if (!switches.has("no-progress")) {
      const { before: [first = "", ...counts], after } = tellProgress(objects);
      const rest = counts.join("") + after;
      const told = [first, ...rest.match(new RegExp(`[^]{1,${PROGRESS_BYTES}}`, "g")) ?? []];
      parts.push(...told.map((text) => sideBand(2, latin1Bytes(text), bandBytes)));
    }
    // git holds the last byte back until all went well.
    const last = pack.length - 1;
    for (let at = 0; at < last;) {
      const end = Math.min(last, at === 0 ? PORTION_BYTES - 1 : at + PORTION_BYTES);
      parts.push(sideBand(1, pack.subarray(at, end), bandBytes));
      at = end;
    }
    parts.push(sideBand(1, pack.subarray(last), bandBytes), latin1Bytes(FLUSH));
    for (const part of parts) await session.write(part);
  }
  for (const { id } of objects) {
    for (const { lure, place } of repository.lures.get(id) ?? []) {
      session.emit("lure.touched", { lure, place });
    }
  }
}
