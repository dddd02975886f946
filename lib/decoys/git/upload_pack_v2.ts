/**
 * git upload-pack in version 2 of the protocol: gitprotocol-v2(5), serve.c.
 *
 * The client sends commands, each with capabilities and arguments, until it has had enough.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { LimitError } from "../../errors.ts";
import { EventQuota, type Session } from "../decoy.ts";
import { type Command, CommandArguments } from "./command.ts";
import { fetchObjects } from "./fetch.ts";
import { idAt } from "./needs.ts";
import { errorPacket, FLUSH, MAX_PACKET_BYTES, packet, type PacketReader } from "./packets.ts";
import type { Repository } from "./repository.ts";
import { ToldLines } from "./told.ts";
import { AGENT } from "./upload_pack.ts";

const ADVERTISEMENT = [
  "version 2",
  `agent=${AGENT}`,
  "ls-refs=unborn",
  "fetch=shallow wait-for-done",
  "server-option",
  "object-format=sha1",
  "object-info",
].map((line) => packet(`${line}\n`)).join("") + FLUSH;

/** So many prefixes or more count as none: TOO_MANY_PREFIXES of ls-refs.c. */
const TOO_MANY_PREFIXES = 65_536;
/** Most bytes of names of objects whose sizes one request asks for. */
const MAX_IDS_BYTES = 262_144;

const COMMANDS = new Map<string, Command>([
  ["ls-refs", listRefs],
  ["fetch", fetchObjects],
  ["object-info", tellObjects],
]);

/**
 * Holds a talk.
 * @param session whose it is.
 * @param repository that was asked for.
 * @param reader where lines come from.
 */
export async function uploadPackV2(
  session: Session,
  repository: Repository,
  reader: PacketReader,
): Promise<void> {
  const quota = new EventQuota(session);
  await session.write(latin1Bytes(ADVERTISEMENT));
  while (await serveOne(session, repository, { reader, quota }));
}

/** Serves one command; whether the talk goes on. */
async function serveOne(
  session: Session,
  repository: Repository,
  { reader, quota }: { reader: PacketReader; quota: EventQuota },
): Promise<boolean> {
  const lines = new ToldLines();
  let verb: string | undefined;
  let args: CommandArguments | undefined;
  try {
    for (;;) {
      const next = await reader.next();
      if (next === null || next.kind === "response-end") return false;
      if (next.kind !== "line") {
        args = new CommandArguments(reader, lines, next.kind === "flush");
        break;
      }
      const asked = /^command=(.*)$/s.exec(next.text)?.[1];
      const isFirst = asked !== undefined && verb === undefined && COMMANDS.has(asked);
      if (isFirst) verb = asked;
      else {
        lines.add(next.text);
        if (asked !== undefined || !isCapability(next.text)) return false;
      }
    }
    const command = verb === undefined ? undefined : COMMANDS.get(verb);
    return command !== undefined && await command(session, repository, args);
  } finally {
    if ((verb !== undefined || !lines.isEmpty) && quota.take()) {
      const reply = args?.reply;
      const code = reply === undefined ? {} : { reply };
      session.emit("command", { verb: verb ?? "unknown", ...lines.data(), ...code });
    }
  }
}

/** Whether a line may stand in a request besides its command. */
function isCapability(line: string): boolean {
  const [, name, , value] = /^([^=]*)(=(.*))?$/s.exec(line)!;
  return name === "object-format" ? value === "sha1" : name === "agent" || name === "server-option";
}

/** Names and the objects that they are of: ls-refs.c. */
async function listRefs(
  session: Session,
  { refs }: Repository,
  args: CommandArguments,
): Promise<boolean> {
  let peels = false;
  let tellsTargets = false;
  let prefixes = 0;
  // Names are matched at once: a million prefixes need not be kept.
  const matched = new Set<string>();
  for (let line = await args.next(); line !== undefined; line = await args.next()) {
    if (line === "peel") peels = true;
    else if (line === "symrefs") tellsTargets = true;
    else if (line.startsWith("ref-prefix ")) {
      const prefix = line.slice(11);
      prefixes++;
      for (const { name } of refs) if (name.startsWith(prefix)) matched.add(name);
    } else if (line !== "unborn") return false;
  }
  if (!args.isWhole) return false;
  const isAll = prefixes === 0 || prefixes >= TOO_MANY_PREFIXES;
  const lines = refs.filter(({ name }) => isAll || matched.has(name)).map((ref) => {
    const target = tellsTargets && ref.target !== undefined ? ` symref-target:${ref.target}` : "";
    const peeled = peels && ref.peeled !== undefined ? ` peeled:${ref.peeled}` : "";
    return packet(`${ref.id} ${ref.name}${target}${peeled}\n`);
  });
  await session.write(latin1Bytes(lines.join("") + FLUSH));
  return true;
}

/**
 * Sizes of objects: protocol-caps.c. It tells what is wrong, and goes on. They are told whether asked
 * for or not: 2.39.5 forgets to say that they were not.
 */
async function tellObjects(
  session: Session,
  { objects }: Repository,
  args: CommandArguments,
): Promise<boolean> {
  const ids: string[] = [];
  let bytes = 0;
  // What goes into no pkt-line kills the genuine process.
  const say = async (text: string) => {
    if (text.length > MAX_PACKET_BYTES) return false;
    await session.write(latin1Bytes(text));
    return true;
  };
  const refuse = (text: string) => {
    args.reply = "ERR";
    return say(errorPacket(`object-info: ${text}`));
  };
  for (let line = await args.next(); line !== undefined; line = await args.next()) {
    if (line === "size") continue;
    if (!line.startsWith("oid ")) {
      if (!await refuse(`unexpected line: '${line}'`)) return false;
    } else {
      bytes += line.length;
      if (bytes > MAX_IDS_BYTES) throw new LimitError("git_object_ids_bytes", MAX_IDS_BYTES);
      ids.push(line.slice(4));
    }
  }
  if (!args.isWhole) {
    if (!args.isOver) await refuse("expected flush after arguments");
    return false;
  }
  if (ids.length > 0) await say(packet("size"));
  for (const id of ids) {
    const key = idAt(id);
    const isSaid = key === undefined
      ? await refuse(`protocol error, expected to get oid, not '${id}'`)
      : await say(packet(`${id} ${objects.get(key)?.content.length ?? ""}`));
    if (!isSaid) return false;
  }
  return await say(FLUSH);
}
