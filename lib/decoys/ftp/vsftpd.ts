/**
 * vsftpd 3.0.3 with Debian's configuration, before login; with `ssl_enable=YES` where TLS is on.
 *
 * Compared with the genuine server by `tests/differential/ftp_test.ts`. Left out: its limit of 50
 * connections from one address, which the sensor's own limits stand for.
 * @module
 */
import { latin1, latin1Bytes, upperAscii } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import { MECHANISMS, refuseClear } from "./auth_tls.ts";
import { type Product, type Reporter, type Settings } from "./product.ts";

/** Longest line, LF included. */
const MAX_LINE_BYTES = 4096;
/** How long it waits for a whole line, in ms: `idle_session_timeout`. */
const IDLE_MS = 300_000;
const LF = 0x0a;

const FEATURES = "211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n" +
  " TVFS\r\n211 End\r\n";
const TLS_FEATURES = FEATURES.replace(" EPRT", " AUTH TLS\r\n EPRT")
  .replace(" REST", " PBSZ\r\n PROT\r\n REST");
const NOT_LOGGED_IN = "530 Please login with USER and PASS.\r\n";

/** Plays vsftpd. */
export const vsftpd: Product = {
  // A second of its own and PAM's two, which PAM makes longer or shorter by up to a half.
  pauseMs: [2000, 4000],
  serve: talk,
};

async function talk(s: Session, settings: Settings, reporter: Reporter): Promise<void> {
  const say = (reply: string) => s.write(latin1Bytes(reply));
  let failures = 0;
  let hasName = false;
  const hasTls = settings.authTls !== "none" || s.isSecure;
  const lastWords = latin1Bytes("421 Timeout.\r\n");
  await s.writeLine(`220 ${settings.banner || "(vsFTPd 3.0.3)"}`);
  for (;;) {
    s.expireAfter(IDLE_MS, lastWords);
    const read = await readLine(s);
    if (read === "end") return;
    if (read === "long") {
      reporter.tooLong(MAX_LINE_BYTES);
      return await say("500 Input line too long.\r\n");
    }
    const line = latin1(read).replace(/\r+$/, "");
    if (line === "") continue;
    const space = line.indexOf(" ");
    const verb = upperAscii(space < 0 ? line : line.slice(0, space));
    const argument = space < 0 ? "" : line.slice(space + 1);
    if (verb === "AUTH" && hasTls && !s.isSecure && MECHANISMS.has(upperAscii(argument))) {
      const reply = "234 Proceed with negotiation.\r\n";
      reporter.command(verb, argument, reply);
      await say(reply);
      if (!await beginTls(s)) return s.closeAbruptly();
    } else if (verb === "USER") {
      const refusal = hasTls ? refuseName(argument, s.isSecure, settings) : undefined;
      if (refusal !== undefined) {
        reporter.command(verb, argument, refusal);
        await say(refusal);
        if (!s.isSecure) return;
        hasName = false;
        continue;
      }
      reporter.name(argument);
      hasName = argument !== "";
      await say("331 Please specify the password.\r\n");
    } else if (verb === "PASS") {
      reporter.password(argument);
      if (hasName) {
        hasName = false;
        await pausePam(s, settings.pauseMs);
        await say("530 Login incorrect.\r\n");
        if (++failures >= settings.maxAttempts) return;
      } else {
        await say("503 Login with USER first.\r\n");
      }
    } else {
      const reply = (hasTls ? answerTls(verb, argument, s.isSecure) : undefined) ??
        answer(verb, argument);
      reporter.command(verb, argument, reply);
      await say(reply);
      if (verb === "QUIT") return;
    }
  }
}

/** Shakes hands; what came already counts as said then, as it looks no further than a line's end. */
async function beginTls(s: Session): Promise<boolean> {
  const outcome = await s.startTls();
  if (outcome !== "clear") return outcome === "established";
  await s.writeLine(`500 OOPS: ${await refuseClear(s)}`);
  return false;
}

/** Who may not log in so: with TLS nobody without a name of his own, without it nobody else. */
function refuseName(name: string, isSecure: boolean, { authTls }: Settings): string | undefined {
  const isAnonymous = /^(?:ftp|anonymous)$/i.test(name);
  if (isAnonymous && isSecure) return "530 Anonymous sessions may not use encryption.\r\n";
  return !isAnonymous && !isSecure && authTls === "required"
    ? "530 Non-anonymous sessions must use encryption.\r\n"
    : undefined;
}

/** What it says because it knows TLS. */
function answerTls(verb: string, argument: string, isSecure: boolean): string | undefined {
  switch (verb) {
    case "AUTH":
      return isSecure ? undefined : "504 Unknown AUTH type.\r\n";
    case "FEAT":
      return TLS_FEATURES;
    case "PBSZ":
      return isSecure ? "200 PBSZ set to 0.\r\n" : "503 PBSZ needs a secure connection.\r\n";
    case "PROT":
      return isSecure ? answerProt(argument) : "503 PROT needs a secure connection.\r\n";
    default:
      return undefined;
  }
}

function answerProt(level: string): string {
  switch (upperAscii(level)) {
    case "C":
      return "200 PROT now Clear.\r\n";
    case "P":
      return "200 PROT now Private.\r\n";
    case "S":
    case "E":
      return "536 PROT not supported.\r\n";
    default:
      return "504 PROT not recognized.\r\n";
  }
}

/** What it says to anything but a login. */
function answer(verb: string, argument: string): string {
  if (verb === "QUIT") return "221 Goodbye.\r\n";
  if (verb === "FEAT") return FEATURES;
  if (verb !== "OPTS") return NOT_LOGGED_IN;
  return upperAscii(argument) === "UTF8 ON"
    ? "200 Always in UTF8 mode.\r\n"
    : "501 Option not understood.\r\n";
}

/** Pauses as long as PAM does, whose length comes of three even draws. */
async function pausePam(s: Session, [min, max]: Settings["pauseMs"]): Promise<void> {
  if (max === 0) return;
  for (let i = 0; i < 3; i++) await s.pause(Math.round(min / 3), Math.round(max / 3));
}

/** A line without its LF, or why there is none. */
async function readLine(s: Session): Promise<Uint8Array | "end" | "long"> {
  let start: Uint8Array = new Uint8Array(0);
  for (;;) {
    const chunk = await s.read();
    if (chunk === null) return "end";
    const room = MAX_LINE_BYTES - start.length;
    const at = chunk.subarray(0, room).indexOf(LF);
    const line = new Uint8Array(start.length + (at < 0 ? Math.min(room, chunk.length) : at));
    line.set(start);
    line.set(chunk.subarray(0, line.length - start.length), start.length);
    if (at >= 0) {
      s.unread(chunk.subarray(at + 1));
      return line;
    }
    if (chunk.length >= room) return "long";
    start = line;
  }
}
