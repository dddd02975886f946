/**
 * How a connection begins, as in ProcessStartupPacket of PostgreSQL's postmaster.c.
 *
 * ```text
 * 0..3 length u32 BE (itself included), 4..7 version or request, 8.. names and values, each with NUL
 * ```
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import { sha256Hex } from "../../net/digest.ts";
import { latin1 } from "../../net/latin1.ts";
import { endOfText, readInt32 } from "./input.ts";
import { negotiateVersion, oldErrorResponse, type Refusal } from "./messages.ts";
import { refuse, reportError, type Startup, type Talk } from "./talk.ts";

/** Longest packet without its length: MAX_STARTUP_PACKET_LENGTH. */
const MAX_PACKET_BYTES = 10_000;
/** Longest name of a user or a database: NAMEDATALEN less its NUL. */
const MAX_NAME_BYTES = 63;
/** Longest token of GSSAPI: PQ_GSS_RECV_BUFFER_SIZE. */
const MAX_GSS_TOKEN_BYTES = 16_384;
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const LETTER_G = 0x47;
const LETTER_N = 0x4e;
const LETTER_S = 0x53;
const ROUTINE = "ProcessStartupPacket";
/** Words that parse_bool of bool.c takes, with the fewest letters that will do. */
const BOOLEANS: readonly (readonly [word: string, fewest: number, value: boolean])[] = [
  ["true", 1, true],
  ["false", 1, false],
  ["yes", 1, true],
  ["no", 1, false],
  ["on", 2, true],
  ["off", 2, false],
  ["1", 1, true],
  ["0", 1, false],
];

/**
 * Reads what comes before authentication, and answers it.
 * @param talk with the client.
 * @returns who wants to log in; `undefined` when the connection is over.
 */
export async function readStartup(talk: Talk): Promise<Startup | undefined> {
  let mayAskTls = !talk.session.isSecure;
  let mayAskGss = mayAskTls;
  for (;;) {
    const packet = await readPacket(talk);
    if (packet === undefined) return undefined;
    const code = readInt32(packet);
    if (code === CANCEL_REQUEST) {
      reportCancel(talk, packet);
      return undefined;
    }
    if (code === SSL_REQUEST && mayAskTls) {
      if (!await answerSsl(talk)) return undefined;
      mayAskTls = false;
      if (talk.session.isSecure) mayAskGss = false;
    } else if (code === GSS_REQUEST && mayAskGss) {
      return await answerGss(talk);
    } else {
      return await judgeStartup(talk, packet);
    }
  }
}

/** A packet without its length; `undefined` when there is none. */
async function readPacket(talk: Talk): Promise<Uint8Array | undefined> {
  const { input } = talk;
  const head = await input.take(4);
  if (head === null) return undefined;
  const length = readInt32(head) - 4;
  if (length < 4 || length > MAX_PACKET_BYTES) {
    reportError(talk, `a startup packet of 8 to ${MAX_PACKET_BYTES + 4} bytes`);
    return undefined;
  }
  return await input.take(length) ?? undefined;
}

/** A request to cancel what another connection does; never answered. */
function reportCancel({ session }: Talk, packet: Uint8Array): void {
  const isWhole = packet.length === 12;
  session.emit("command", {
    verb: "CANCEL",
    argument: isWhole
      ? `pid=${readInt32(packet, 4)} key=${readInt32(packet, 8)}`
      : escapeBytes(packet.subarray(4)),
  });
}

/** Goes over to TLS, or says that there is none; false when the connection is over. */
async function answerSsl(talk: Talk): Promise<boolean> {
  const { session, input, settings } = talk;
  const early = input.rest;
  if (settings.hasTls) {
    if (await session.startTls(Uint8Array.of(LETTER_S)) !== "established") return false;
  } else await session.write(Uint8Array.of(LETTER_N));
  if (early.length === 0) return true;
  reportError(talk, "an answer to the request for TLS before anything else");
  await refuse(talk, {
    code: "08P01",
    text: "received unencrypted data after SSL request",
    detail: "This could be either a client-software bug or evidence of an attempted " +
      "man-in-the-middle attack.",
    source: `postmaster.c:2134 ${ROUTINE}`,
  });
  return false;
}

/** Debian's server offers Kerberos and has no key for it, so the first token ends the connection. */
async function answerGss(talk: Talk): Promise<undefined> {
  const { session, input } = talk;
  await session.write(Uint8Array.of(LETTER_G));
  const head = await input.take(4);
  if (head === null) return;
  const length = readInt32(head) >>> 0;
  if (length > MAX_GSS_TOKEN_BYTES) {
    reportError(talk, `a GSSAPI token of at most ${MAX_GSS_TOKEN_BYTES} bytes`);
    return;
  }
  if (length === 0) return;
  const bytes = await input.take(length);
  if (bytes === null) return;
  session.emit("payload", {
    name: "gssapi-token",
    bytes,
    size: length,
    sha256: sha256Hex(bytes),
  });
}

/** A packet that should be a startup packet. */
async function judgeStartup(talk: Talk, packet: Uint8Array): Promise<Startup | undefined> {
  const { session } = talk;
  const [major, minor] = [(packet[0]! << 8) | packet[1]!, (packet[2]! << 8) | packet[3]!];
  if (major !== 3) {
    reportError(talk, "protocol 3");
    const refusal = {
      code: "0A000",
      text: `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.0`,
      source: `postmaster.c:2220 ${ROUTINE}`,
    };
    if (major === 0 || major > 3) await refuse(talk, refusal);
    else await session.write(oldErrorResponse(refusal));
    return undefined;
  }
  const found = parse(packet);
  session.emit("command", {
    verb: "STARTUP",
    argument: describe(found.parameters),
  });
  if (found.refusal !== undefined) {
    reportError(talk, found.expected);
    await refuse(talk, found.refusal);
    return undefined;
  }
  if (minor > 0 || found.unknown.length > 0) await session.write(negotiateVersion(found.unknown));
  const { user, database = user } = found;
  if (user === undefined || user.length === 0) {
    await refuse(talk, {
      code: "28000",
      text: "no PostgreSQL user name specified in startup packet",
      source: `postmaster.c:2349 ${ROUTINE}`,
    });
    return undefined;
  }
  return {
    user: user.subarray(0, MAX_NAME_BYTES),
    database: (database!.length === 0 ? user : database!).subarray(0, MAX_NAME_BYTES),
    isReplication: found.isReplication,
  };
}

/** What is in a startup packet, up to what is wrong with it. */
interface Parsed {
  readonly parameters: [name: Uint8Array, value: Uint8Array][];
  readonly unknown: Uint8Array[];
  user?: Uint8Array;
  database?: Uint8Array;
  isReplication: boolean;
  refusal?: Refusal;
  /** What would have been right, where there is a refusal. */
  expected: string;
}

function parse(packet: Uint8Array): Parsed {
  const parsed: Parsed = { parameters: [], unknown: [], isReplication: false, expected: "" };
  let at = 4;
  while (at < packet.length && packet[at] !== 0) {
    const nameEnd = endOfText(packet, at);
    if (nameEnd + 1 >= packet.length) break;
    const valueEnd = endOfText(packet, nameEnd + 1);
    const [name, value] = [packet.subarray(at, nameEnd), packet.subarray(nameEnd + 1, valueEnd)];
    parsed.parameters.push([name, value]);
    take(parsed, name, value);
    if (parsed.refusal !== undefined) return parsed;
    at = valueEnd + 1;
  }
  if (at !== packet.length - 1) {
    parsed.expected = "a NUL at the end of the startup packet";
    parsed.refusal = {
      code: "08P01",
      text: "invalid startup packet layout: expected terminator as last byte",
      source: `postmaster.c:2332 ${ROUTINE}`,
    };
  }
  return parsed;
}

/** Takes one parameter. */
function take(parsed: Parsed, name: Uint8Array, value: Uint8Array): void {
  const word = latin1(name.subarray(0, 16));
  if (word === "user") parsed.user = value;
  else if (word === "database") parsed.database = value;
  else if (word.startsWith("_pq_.")) parsed.unknown.push(name);
  else if (word === "replication") {
    const text = latin1(value);
    const isOn = text === "database" ? false : parseBoolean(text);
    if (isOn !== undefined) {
      parsed.isReplication = isOn;
      return;
    }
    parsed.expected = "a boolean or database for replication";
    parsed.refusal = {
      code: "22023",
      text: `invalid value for parameter "replication": "${text}"`,
      hint: 'Valid values are: "false", 0, "true", 1, "database".',
      source: `postmaster.c:2284 ${ROUTINE}`,
    };
  }
}

/** A boolean as people may write it. */
function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return BOOLEANS.find(([word, fewest]) => lower.length >= fewest && word.startsWith(lower))?.[2];
}

/** Names and values as one line. */
function describe(parameters: Parsed["parameters"]): string {
  return parameters.map(([name, value]) => `${escapeBytes(name)}=${escapeBytes(value)}`).join(" ");
}
