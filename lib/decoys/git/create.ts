/**
 * Makes the decoy: how one talk goes.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import type { Decoy, DecoyContext, PlantedLure, Session } from "../decoy.ts";
import type { GitOptions } from "../git.ts";
import { errorPacket, MAX_PACKET_BYTES, PacketReader } from "./packets.ts";
import { findRepository } from "./paths.ts";
import { receivePack } from "./receive_pack.ts";
import { type Lure, makeRepository, type Repository } from "./repository.ts";
import { readRequest, type Request, versionOf } from "./request.ts";
import { told } from "./told.ts";
import { uploadPack } from "./upload_pack.ts";
import { uploadPackV2 } from "./upload_pack_v2.ts";

/** After a request, what `init_timeout_ms` gave no longer holds: as long as the host waits, in ms. */
const IDLE_MS = 300_000;
const NOTHING = new Uint8Array(0);

/** Services, and whether they would change a repository. */
const SERVICES = new Map([
  ["upload-pack", false],
  ["upload-archive", false],
  ["receive-pack", true],
]);

/** What all talks of a decoy share. */
interface Server {
  readonly options: GitOptions;
  /** By their paths. */
  readonly repositories: ReadonlyMap<string, Repository>;
}

/** What comes of a request. */
type Outcome =
  | { readonly kind: "served"; readonly repository: Repository }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "ignored" }; // what a genuine process dies of

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context of the sensor.
 */
export function createGitDecoy(options: GitOptions, context: DecoyContext): Decoy {
  const lures = context.lures.flatMap(toFile);
  const repositories = new Map(options.repositories.map((path) => {
    const project = path.split("/").at(path.endsWith("/.git") ? -2 : -1)!.replace(/\.git$/, "");
    const seed = context.seed(`git ${path}`);
    return [path, makeRepository(project, seed, { hostname: context.hostname, lures })];
  }));
  return { serve: (session) => serve(session, { options, repositories }) };
}

/** A lure as a file of a repository: nothing that git itself would not have in one. */
function toFile({ id, place, content }: PlantedLure): Lure[] {
  const names = place.split("/").filter((name) => !/^(?:\.{0,2}|\.git)$/i.test(name));
  return names.length === 0 ? [] : [{ lure: id, place, content, path: names.join("/") }];
}

async function serve(session: Session, server: Server): Promise<void> {
  const { init_timeout_ms: initMs, capture_bytes: captureBytes } = server.options;
  if (initMs > 0) session.expireAfter(initMs, NOTHING);
  session.closeAbruptly();
  const request = await readRequest(session);
  if (request === undefined) return;
  const { service, path } = request;
  const changes = service === undefined ? undefined : SERVICES.get(service);
  const outcome = judge(request, server);
  session.emit("command", {
    verb: told(request.verb),
    argument: tell(request),
    ...(outcome.kind === "refused" ? { reply: "ERR" } : {}),
    ...(changes === true ? { changes } : {}),
  });
  if (outcome.kind === "refused") {
    // One that would be too long kills the genuine process.
    const refusal = latin1Bytes(errorPacket(`${outcome.reason}: ${path}`));
    if (refusal.length <= MAX_PACKET_BYTES) await session.write(refusal);
  }
  if (outcome.kind !== "served") return;
  const { repository } = outcome;
  const rearm = () => session.expireAfter(IDLE_MS, NOTHING);
  const reader = new PacketReader(session, initMs > 0 ? rearm : undefined);
  const version = versionOf(request);
  if (changes === true) {
    await receivePack(session, repository, { reader, version, captureBytes, path: told(path) });
  } else if (version === 2) await uploadPackV2(session, repository, reader);
  else await uploadPack(session, repository, { reader, version });
}

/** Which repository is served, or why none is: run_service of daemon.c. */
function judge({ service, path, isValid }: Request, { options, repositories }: Server): Outcome {
  if (service === undefined || !SERVICES.has(service) || !isValid) return { kind: "ignored" };
  const isInformative = options.informative_errors;
  const refuse = (reason: string): Outcome => ({
    kind: "refused",
    reason: isInformative ? reason : "access denied or repository not exported",
  });
  const repository = findRepository(repositories, path);
  if (repository === undefined) return refuse("no such repository");
  const isEnabled = service === "upload-pack" ||
    (service === "receive-pack" && options.receive_pack);
  return isEnabled ? { kind: "served", repository } : refuse("service not enabled");
}

/** Repository and parameters with spaces between them; as they came where they have spaces in them. */
function tell({ path, parameters }: Request): string {
  const parts = [path, ...parameters.filter((text) => text !== "")];
  return told(
    parts.some((text) => text.includes(" ")) ? [path, ...parameters].join("\0") : parts.join(" "),
  );
}
