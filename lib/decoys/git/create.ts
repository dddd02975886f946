/**
 * Makes the decoy: how one talk goes.
 * @module
 */
import { escapeOctets, latin1Bytes } from "../../net/latin1.ts";
import type { Decoy, Session } from "../decoy.ts";
import type { GitOptions } from "../git.ts";
import { readRequest, type Request } from "./request.ts";

/** Longest pkt-line that it sends, its length included: LARGE_PACKET_MAX of pkt-line.h. */
const MAX_PACKET_BYTES = 65_520;
/** Most bytes of a request that an event tells: longer ones only occur in attacks. */
const MAX_TOLD_BYTES = 16_384;
const NOTHING = new Uint8Array(0);

/** Services, and whether they would change a repository. */
const SERVICES = new Map([
  ["upload-pack", false],
  ["upload-archive", false],
  ["receive-pack", true],
]);

/**
 * Makes a decoy.
 * @param options of the config.
 */
export function createGitDecoy(options: GitOptions): Decoy {
  return { serve: (session) => serve(session, options) };
}

async function serve(session: Session, options: GitOptions): Promise<void> {
  if (options.init_timeout_ms > 0) session.expireAfter(options.init_timeout_ms, NOTHING);
  session.closeAbruptly();
  const request = await readRequest(session);
  if (request === undefined) return;
  const changes = request.service === undefined ? undefined : SERVICES.get(request.service);
  const refusal = changes !== undefined && request.isValid
    ? refuse(request.path, options.informative_errors)
    : undefined;
  session.emit("command", {
    verb: told(request.verb),
    argument: tell(request),
    ...(refusal === undefined ? {} : { reply: "ERR" }),
    ...(changes === true ? { changes } : {}),
  });
  if (refusal !== undefined) await session.write(refusal);
}

/** The answer; nothing when it would be too long, which kills the genuine process. */
function refuse(path: string, isInformative: boolean): Uint8Array | undefined {
  const reason = isInformative ? "no such repository" : "access denied or repository not exported";
  const text = `ERR ${reason}: ${path}`;
  const length = text.length + 4;
  if (length > MAX_PACKET_BYTES) return undefined;
  return latin1Bytes(length.toString(16).padStart(4, "0") + text);
}

/** Repository and parameters with spaces between them; as they came where they have spaces in them. */
function tell({ path, parameters }: Request): string {
  const parts = [path, ...parameters.filter((text) => text !== "")];
  return told(
    parts.some((text) => text.includes(" ")) ? [path, ...parameters].join("\0") : parts.join(" "),
  );
}

function told(text: string): string {
  return escapeOctets(text.slice(0, MAX_TOLD_BYTES));
}
