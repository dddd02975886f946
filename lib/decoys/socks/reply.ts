/**
 * The answers to requests: all of them say no, each in the way in which Dante says it.
 *
 * ```text
 * 4:  0 zero  1 code  2..3 port  4..7 IPv4
 * 5:  0 version  1 code  2 zero  3 kind of address  4.. address  2 port
 * ```
 * A refusal repeats the address that was asked for; a connection that failed names our own end of it.
 * @module
 */
import { randomInt } from "node:crypto";
import { parseIp } from "../../net/address.ts";
import { escapeBytes } from "../../net/escape.ts";
import { latin1, latin1Bytes } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import type { SocksOptions } from "../socks.ts";
import { type Lookup, lookUp } from "./names.ts";
import { COMMANDS, type Request, type Target } from "./request.ts";

/** Codes of RFC 1928 §6. */
const GENERAL_FAILURE = 1;
const BLOCKED = 2;
const HOST_UNREACHABLE = 4;
const REFUSED = 5;
const NO_SUCH_ADDRESS = 8;
/** SOCKS 4's only code for all of that. */
const REJECTED = 91;

/** Codes of connections that fail. */
const FAILURES = {
  refused: REFUSED,
  unreachable: HOST_UNREACHABLE,
  failing: GENERAL_FAILURE,
} as const;

/** Ports that Linux gives to those who connect. */
const EPHEMERAL_PORTS = [32_768, 61_000] as const;

const CONNECT = 1;
const BIND = 2;

/**
 * Tells what was asked for, and answers.
 * @param session whose request it is.
 * @param request what was asked for.
 * @param how `isDenied`: nothing is even looked at.
 */
export async function answerRequest(
  session: Session,
  request: Request,
  how: { options: SocksOptions; isDenied: boolean },
): Promise<void> {
  const { target } = request;
  const name = latin1(target.bytes).replace(/\0.*$/s, "");
  const lookup = target.kind === "name" ? lookUp(name) : undefined;
  const code = how.isDenied ? BLOCKED : judge(request, lookup);
  const failure = how.options.connects === "blocked" ? undefined : FAILURES[how.options.connects];
  // Dante binds for a name of SOCKS 4a before it knows that it leads nowhere.
  const isTried = code === BLOCKED ||
    (code === HOST_UNREACHABLE && request.version === 4);
  const fails = !how.isDenied && request.command === CONNECT && isTried ? failure : undefined;
  session.emit("command", {
    verb: COMMANDS[request.command]!,
    argument: tell(request),
    reply: String(request.version === 4 ? REJECTED : fails ?? code),
  });
  if (!how.isDenied && lookup !== undefined && lookup.kind !== "address" && name !== "") {
    await session.pause(how.options.lookup_min_ms, how.options.lookup_max_ms);
  }
  await session.write(
    fails === undefined ? repeat(request, code, name) : nameOurEnd(session, request, fails),
  );
}

/** What becomes of a request that the rules block. */
function judge({ command, port, target }: Request, lookup: Lookup | undefined): number {
  if (lookup?.kind === "unknown") return HOST_UNREACHABLE;
  const kind = isMapped(target) ? "ipv4" : target.kind;
  const isZero = target.kind === "name"
    ? lookup?.kind === "address" && lookup.bytes.every((byte) => byte === 0)
    : (isMapped(target) ? target.bytes.subarray(12) : target.bytes).every((byte) => byte === 0);
  if (command === CONNECT && (port === 0 || isZero || kind === "ipv6")) return NO_SUCH_ADDRESS;
  if (kind === "ipv6" && (command === BIND || !isZero)) return NO_SUCH_ADDRESS;
  return BLOCKED;
}

/** Whether it is an IPv4 address in IPv6: ::ffff:0:0/96. */
function isMapped({ kind, bytes }: Target): boolean {
  return kind === "ipv6" && bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

/** A refusal with the address that was asked for. */
function repeat({ version, target, port }: Request, code: number, name: string): Uint8Array {
  const portBytes = [port >> 8, port & 0xff];
  if (version === 4) {
    return new Uint8Array([0, REJECTED, ...portBytes, ...target.placeholder ?? target.bytes]);
  }
  const address = target.kind === "name"
    ? [3, name.length, ...latin1Bytes(name)]
    : [target.kind === "ipv4" ? 1 : 4, ...target.bytes];
  return new Uint8Array([5, code, 0, ...address, ...portBytes]);
}

/** A failure with the address from which we would have connected. */
function nameOurEnd(session: Session, { version }: Request, code: number): Uint8Array {
  const ip = parseIp(session.local.ip);
  const address = ip?.length === 4 ? ip : new Uint8Array(4);
  const port = randomInt(...EPHEMERAL_PORTS);
  const portBytes = [port >> 8, port & 0xff];
  return version === 4
    ? new Uint8Array([0, REJECTED, ...portBytes, ...address])
    : new Uint8Array([5, code, 0, 1, ...address, ...portBytes]);
}

/** `host:port`, and the user id of SOCKS 4. */
function tell({ target, port, userId }: Request): string {
  const user = userId === undefined || userId.length === 0 ? "" : ` user=${escapeBytes(userId)}`;
  return `${formatHost(target)}:${port}${user}`;
}

function formatHost({ kind, bytes }: Target): string {
  if (kind === "name") return escapeBytes(bytes);
  if (kind === "ipv4") return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]/`).hostname;
}
