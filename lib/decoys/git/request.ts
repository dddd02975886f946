/**
 * The one request of a client of git's daemon, read in the portions in which daemon.c reads it, so
 * that what is left unread when the connection closes is the same.
 *
 * ```text
 * 0..3     length of all, four hex digits
 * 4..      `git-`, service, ` `, repository; LF may follow
 *          NUL `host=` host [`:` port] NUL [NUL {parameter NUL}]
 * ```
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import { parseLength, take } from "./packets.ts";

/** What was asked for; texts have one character a byte. */
export interface Request {
  /** What stands before the first space, such as `git-upload-pack`. */
  readonly verb: string;
  /** The service's name, such as `upload-pack`, when the request is formed like one. */
  readonly service: string | undefined;
  readonly path: string;
  /** What is hidden behind the NUL, `host=` first, as it came. */
  readonly parameters: readonly string[];
  /** Whether the parameters are such as daemon.c takes. */
  readonly isValid: boolean;
}

/**
 * The version of the protocol that a request asks for: the highest, whatever else is named. All that
 * stands behind the host counts, and a `:` parts it too.
 * @param request that was read.
 */
export function versionOf({ parameters }: Request): 0 | 1 | 2 {
  const [, ...extra] = parameters;
  const words = extra.join(":").split(":");
  return words.includes("version=2") ? 2 : words.includes("version=1") ? 1 : 0;
}

/**
 * Reads a request.
 * @param session whose it is; what makes no sense is reported to it.
 * @returns `undefined` when there is none.
 */
export async function readRequest(session: Session): Promise<Request | undefined> {
  const head = await take(session, 4);
  if (head === null) return undefined;
  const length = parseLength(latin1(head));
  if (length === undefined) {
    session.emit("protocol.error", {
      offset: 0,
      expected: "four hex digits, the length of a pkt-line",
      firstBytes: head,
    });
    return undefined;
  }
  // Flush, delimiter and the end of a response count as an empty line.
  const rest = length < 4 ? new Uint8Array(0) : await take(session, length - 4);
  return rest === null ? undefined : parse(latin1(rest));
}

/** The line and what is hidden behind its NUL. */
function parse(text: string): Request {
  const end = text.indexOf("\0");
  const line = (end < 0 ? text : text.slice(0, end)).replace(/\n$/, "");
  const hidden = end < 0 ? "" : text.slice(end + 1);
  const [, verb = line, path = ""] = /^([^ ]*) (.*)$/s.exec(line) ?? [];
  const service = line.includes(" ") && verb.startsWith("git-") ? verb.slice(4) : undefined;
  const { parameters, isValid } = parseHidden(hidden);
  return { verb, service, path, parameters, isValid };
}

/** The host comes first; only behind one more NUL may others follow. */
function parseHidden(text: string): { parameters: string[]; isValid: boolean } {
  const parameters = text.replace(/\0$/, "").split("\0");
  const [first = "", second = ""] = parameters;
  const isHost = first.slice(0, 5).toLowerCase() === "host=";
  return { parameters, isValid: first === "" || (isHost && second === "") };
}
