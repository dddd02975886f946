/**
 * ProFTPD 1.3.8 with Debian's configuration and modules, before login; with mod_tls where TLS is on.
 *
 * Compared with the genuine server by `tests/differential/ftp_test.ts`. It refuses a login at once
 * unless the name is a local user's who may log in, in which case PAM holds the answer; a sensor has
 * no such user. Left out: mod_delay, which evens out how long that takes (nothing, here) and on a
 * server's first logins, while its table is new, waits for several seconds by mistake.
 * @module
 */
import type { Session } from "../decoy.ts";
import { type AuthTls, MECHANISMS, refuseClear } from "./auth_tls.ts";
import { latin1Bytes, upperAscii } from "../../net/latin1.ts";
import type { Product, Reporter, Settings } from "./product.ts";
import { type CommandLine, MAX_LINE_BYTES, parseCommand, ProftpdInput } from "./proftpd_input.ts";
import {
  ALL_FACTS,
  features,
  help,
  namedOption,
  notUnderstood,
  options,
  setLanguage,
  setType,
  type Shown,
} from "./proftpd_replies.ts";
import { helpSite, host, LOGIN_FIRST, shownIp, site } from "./proftpd_site.ts";

/** How long a peer may take to log in, in ms: `TimeoutLogin`. */
const LOGIN_MS = 300_000;
const LOGIN_TIMEOUT = "421 Login timeout (300 seconds): closing control connection\r\n";
/** Longest user name, in bytes. */
const MAX_NAME_BYTES = 256;

/** Commands that need a login. */
const PROTECTED = new Set(
  ("ABOR ALLO APPE CDUP CSID CWD DELE EPRT EPSV LIST MDTM MFF MFMT MKD MLSD MLST MODE NLST PASV " +
    "PORT PWD RANG REST RETR RMD RNFR SIZE SMNT STAT STOR STOU STRU XCUP XCWD XMKD XPWD XRMD")
    .split(" "),
);
/** Commands that it takes without TLS where that is required. */
const WITHOUT_TLS = new Set("CLNT FEAT HOST QUIT SYST".split(" "));
/** Commands that use the data connection. */
const FOR_DATA = new Set("APPE LIST MLSD NLST RETR STOR STOU".split(" "));
const TLS_FIRST = "550 SSL/TLS required on the control channel\r\n";
/** First words of other protocols, in this case: it leaves without a word. */
const FOREIGN = new Set(
  "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT DATA EHLO HELO MAIL RCPT RSET VRFY".split(" "),
);

/** Plays ProFTPD. */
export const proftpd: Product = {
  pauseMs: [0, 0],
  serve(session, settings, reporter) {
    session.closeAbruptly(); // it closes at once, whatever the peer still sends
    return talk(session, settings, reporter);
  },
};

async function talk(s: Session, settings: Settings, reporter: Reporter): Promise<void> {
  const say = (reply: string) => s.write(latin1Bytes(reply));
  const input = new ProftpdInput(s);
  const hasTls = settings.authTls !== "none" || s.isSecure;
  const shown: Shown = { facts: ALL_FACTS, hostname: settings.hostname, hasTls };
  s.expireAfter(LOGIN_MS, latin1Bytes(LOGIN_TIMEOUT));
  let hasName = false;
  let isPrivate = false;
  let failures = 0;
  await s.writeLine(
    `220 ${settings.banner || `ProFTPD Server (Debian) [${shownIp(s.local.ip)}]`}`,
  );
  for (;;) {
    const line = await input.next(() => reporter.tooLong(MAX_LINE_BYTES));
    if (line === null) return;
    const command = parseCommand(line);
    if (command === undefined) {
      const reply = "500 Invalid command: try being more creative\r\n";
      reporter.command("", line.replace(/\n$/, ""), reply);
      await say(reply);
      continue;
    }
    if (FOREIGN.has(command.verb) || /^SSH-(?:2\.0|1\.99)-/.test(command.verb)) {
      return reporter.command(command.verb, command.rawArgument, "");
    }
    const verb = upperAscii(command.verb);
    if (hasTls) {
      const { authTls } = settings;
      const reply = answerTls(verb, command, { isSecure: s.isSecure, authTls, isPrivate });
      if (reply !== undefined) {
        if (verb === "USER") reporter.name(command.rawArgument);
        else if (verb === "PASS") reporter.password(command.rawArgument);
        else reporter.command(verb, command.rawArgument, reply);
        if (verb === "PROT" && reply.startsWith("200")) isPrivate = command.words[0] === "P";
        if (!reply.startsWith("234")) {
          await say(reply);
          continue;
        }
        input.giveBack();
        const outcome = await s.startTls(latin1Bytes(reply));
        if (outcome === "established") continue;
        if (outcome === "clear") {
          await refuseClear(s);
          await say("421 TLS handshake failed\r\n");
        }
        return;
      }
    }
    if (verb === "PASS") {
      reporter.password(command.rawArgument);
      if (!hasName) {
        await say("503 Login with USER first\r\n");
        continue;
      }
      hasName = false;
      const [min, max] = settings.pauseMs;
      if (max > 0) await s.pause(min, max);
      await say("530 Login incorrect.\r\n");
      if (++failures >= settings.maxAttempts) return;
      continue;
    }
    const reply = answer(verb, command, { shown, localIp: s.local.ip });
    if (verb === "USER" && reply.startsWith("331")) {
      reporter.name(command.rawArgument);
      hasName = true;
    } else {
      reporter.command(verb, command.rawArgument, reply);
    }
    await say(reply);
    if (verb === "QUIT" && reply.startsWith("221")) return;
  }
}

/** What it says because it knows TLS; 234 begins it. */
function answerTls(
  verb: string,
  { words }: CommandLine,
  { isSecure, authTls, isPrivate }: { isSecure: boolean; authTls: AuthTls; isPrivate: boolean },
): string | undefined {
  const isRequired = authTls === "required";
  if (isRequired && !isSecure && verb !== "AUTH" && !WITHOUT_TLS.has(verb)) {
    return verb === "RNTO" ? LOGIN_FIRST + TLS_FIRST : TLS_FIRST;
  }
  if (isRequired && isSecure && !isPrivate && FOR_DATA.has(verb)) {
    return "522 SSL/TLS required on the data channel\r\n";
  }
  switch (verb) {
    case "AUTH": {
      const [name] = words;
      if (isSecure) return "503 Unwilling to accept second AUTH\r\n";
      if (name === undefined) return "504 AUTH requires at least one argument\r\n";
      return MECHANISMS.has(upperAscii(name))
        ? `234 AUTH ${upperAscii(name)} successful\r\n`
        : undefined;
    }
    case "CCC":
    case "SSCN":
      return LOGIN_FIRST;
    case "PBSZ":
      if (!isSecure) return undefined;
      if (words.length !== 1) return "501 Invalid number of parameters\r\n";
      return words[0] === "0" ? "200 PBSZ 0 successful\r\n" : "200 PBSZ=0 successful\r\n";
    case "PROT": {
      if (!isSecure) return undefined;
      const [level] = words;
      if (level === undefined || words.length > 1) return "501 Invalid number of parameters\r\n";
      if (level === "C" && isRequired) return "534 Unwilling to accept security parameters\r\n";
      if (level === "C") return "200 Protection set to Clear\r\n";
      if (level === "P") return "200 Protection set to Private\r\n";
      const code = level === "S" || level === "E" ? 536 : 504;
      return `${code} PROT ${level} unsupported\r\n`;
    }
    default:
      return undefined;
  }
}

/** What it says to anything but PASS. */
function answer(
  verb: string,
  { words, argument }: CommandLine,
  { shown, localIp }: { shown: Shown; localIp: string },
): string {
  // DenyFilter \*.*/ of the configuration, against wild cards that take long to expand.
  if (/\*[^\n]*\//.test(argument)) return `550 ${argument}: Forbidden command argument\r\n`;
  if (PROTECTED.has(verb)) return LOGIN_FIRST;
  switch (verb) {
    case "USER":
      if (argument.length > MAX_NAME_BYTES) return "501 Login incorrect.\r\n";
      if (words.length === 0) return "500 USER: command requires a parameter\r\n";
      return `331 Password required for ${words[0]}\r\n`;
    case "RNTO":
      return LOGIN_FIRST + LOGIN_FIRST; // asked again when it forgets RNFR's path
    case "ACCT":
    case "REIN":
      return `502 ${verb} command not implemented\r\n`;
    case "CLNT":
      return "200 OK\r\n";
    case "FEAT":
      return words.length > 0 ? "501 Invalid number of parameters\r\n" : features(shown);
    case "HELP":
      return words.length > 0 && upperAscii(words[0]!) === "SITE"
        ? helpSite(words, argument)
        : help(words, shown);
    case "HOST":
      return host(words, localIp);
    case "LANG":
      return setLanguage(words);
    case "NOOP":
      return "200 NOOP command successful\r\n";
    case "OPTS":
      return options(words, shown);
    case "QUIT":
      return "221 Goodbye.\r\n";
    case "SITE":
      return site(words, { argument, hostname: shown.hostname });
    case "SYST":
      return "215 UNIX Type: L8\r\n";
    case "TYPE":
      return setType(words);
    default:
      return namedOption(verb, words, shown) ?? notUnderstood(verb);
  }
}
