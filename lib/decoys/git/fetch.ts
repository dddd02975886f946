/**
 * The command `fetch` of version 2 of the protocol: upload-pack.c.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import type { CommandArguments } from "./command.ts";
import { idAt, Needs } from "./needs.ts";
import { DELIMITER, errorPacket, FLUSH, MAX_PACKET_BYTES, packet } from "./packets.ts";
import type { Repository } from "./repository.ts";
import { isEnough } from "./selection.ts";
import { planPack, sendPack } from "./send_pack.ts";

/** What is asked for besides objects. */
interface Wishes {
  readonly needs: Needs;
  /** What the client has, of that which is there: each is acknowledged as often as it is named. */
  readonly haves: string[];
  /** Whether it has named any. */
  hasAny: boolean;
  isDone: boolean;
  waits: boolean;
}

/**
 * Reads the arguments of a `fetch` and answers.
 * @param session whose it is.
 * @param repository that was asked for.
 * @param args its arguments.
 * @returns whether the talk goes on.
 */
export async function fetchObjects(
  session: Session,
  repository: Repository,
  args: CommandArguments,
): Promise<boolean> {
  const say = (text: string) => session.write(latin1Bytes(text));
  const wishes: Wishes = {
    needs: new Needs(repository),
    haves: [],
    hasAny: false,
    isDone: false,
    waits: false,
  };
  for (let line = await args.next(); line !== undefined; line = await args.next()) {
    const refusal = take(line, wishes);
    if (refusal === undefined) continue;
    if (refusal !== "") {
      args.reply = "ERR";
      await say(errorPacket(refusal));
    }
    return false;
  }
  if (!args.isWhole) return false;
  const { needs, haves, hasAny, isDone, waits } = wishes;
  const { wants } = needs;
  if (wants.length === 0 && !waits) return true;
  if (hasAny && !isDone) {
    const acks = haves.map((id) => packet(`ACK ${id}\n`)).join("") || packet("NAK\n");
    const isReady = !waits && isEnough(repository, wants, needs.haves);
    const end = isReady ? packet("ready\n") + DELIMITER : FLUSH;
    await say(packet("acknowledgments\n") + acks + end);
    if (!isReady) return true;
  }
  if (needs.hasCut) await say(packet("shallow-info\n"));
  const plan = planPack(needs);
  if (plan === undefined) return false;
  await say((needs.hasCut ? plan.lines + DELIMITER : "") + packet("packfile\n"));
  await sendPack(session, needs, { plan, bandBytes: MAX_PACKET_BYTES });
  return true;
}

/** Takes an argument; tells why the talk ends, if it does: without a word where that is empty. */
function take(line: string, wishes: Wishes): string | undefined {
  const { needs } = wishes;
  if (line.startsWith("want ") || line.startsWith("have ")) {
    const id = idAt(line.slice(5));
    if (id === undefined) return "";
    if (line.startsWith("want ")) {
      return needs.want(id) ? undefined : `upload-pack: not our ref ${id}`;
    }
    wishes.hasAny = true;
    if (needs.have(id)) wishes.haves.push(id);
    return undefined;
  }
  if (needs.switch(line) === "taken") return undefined;
  if (line === "done") wishes.isDone = true;
  else if (line === "wait-for-done") wishes.waits = true;
  else if (line === "deepen-relative") needs.deepening.isRelative = true;
  else if (!line.startsWith("packfile-uris ") && needs.limit(line) !== "taken") return "";
  return undefined;
}
