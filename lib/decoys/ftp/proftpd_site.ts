/**
 * SITE and HOST as ProFTPD 1.3.8 answers them before login, with the modules that Debian loads.
 * @module
 */
import { multiline } from "./proftpd_replies.ts";
import { upperAscii } from "../../net/latin1.ts";

/** What it says to a command that needs a login. */
export const LOGIN_FIRST = "530 Please login with USER and PASS\r\n";

/** SITE's commands of the server itself, with their syntax, in the order of its HELP. */
const OWN_COMMANDS: Readonly<Record<string, string>> = {
  HELP: "[<sp> site-command]",
  CHGRP: "<sp> group <sp> pathname",
  CHMOD: "<sp> mode <sp> pathname",
};
/** What the modules' commands put before that. */
const MODULE_HELP = [
  "The following SITE commands are recognized (* =>'s unimplemented)",
  "CPFR <sp> pathname",
  "CPTO <sp> pathname",
  "UTIME <sp> YYYYMMDDhhmm[ss] <sp> path",
  "SYMLINK <sp> source <sp> destination",
  "RMDIR <sp> path",
  "MKDIR <sp> path",
  "The following SITE extensions are recognized:",
  "RATIO -- show all ratios in effect",
  "QUOTA",
];

/** Commands of modules, with how many words each must have to be taken, its name included. */
const MODULE_WORDS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  COPY: [3, 3],
  CPFR: [2, Infinity],
  MKDIR: [2, Infinity],
  QUOTA: [1, Infinity],
  RMDIR: [2, Infinity],
  SYMLINK: [3, Infinity],
  UTIME: [1, Infinity],
};

/**
 * SITE.
 * @param words its arguments.
 * @param line the same as they came, and the host name of the last line of its help.
 */
export function site(
  words: readonly string[],
  { argument, hostname }: { argument: string; hostname: string },
): string {
  if (words.length === 0) return "500 'SITE' requires parameters\r\n";
  const name = upperAscii(words[0]!);
  const [min, max] = (Object.hasOwn(MODULE_WORDS, name) ? MODULE_WORDS[name] : undefined) ??
    [Infinity, 0];
  if (words.length >= min && words.length <= max) return LOGIN_FIRST;
  const unknown = `500 'SITE ${name}' not understood\r\n`;
  switch (name) {
    case "RATIO":
      return "214 Current Ratio: ( -0/0 +0/0 (0 0 0 0) = 0/0 )\r\n";
    case "CHGRP":
    case "CHMOD":
      return LOGIN_FIRST + LOGIN_FIRST; // asked twice: by SITE and by the command
    case "CPTO": // refused by the module, and again when it logs
      if (words.length < 2) return `${unknown}503 Bad sequence of commands\r\n`;
      return "503-Bad sequence of commands\r\n503 Bad sequence of commands\r\n";
    case "HELP": {
      const lines = ownHelp(words.slice(1));
      if (lines === undefined) return `502 Unknown command 'SITE ${argument}'\r\n`;
      return multiline("214", [...MODULE_HELP, ...lines, `Direct comments to root@${hostname}`]);
    }
    default:
      return unknown;
  }
}

/**
 * HELP SITE.
 * @param words HELP's arguments; the first is SITE.
 * @param argument the same as they came.
 */
export function helpSite(words: readonly string[], argument: string): string {
  if (words.length > 1) return `502 Unknown command 'SITE ${argument}'\r\n`;
  return multiline("214", Object.keys(OWN_COMMANDS));
}

/** What the server's own part of SITE HELP says. */
function ownHelp(words: readonly string[]): string[] | undefined {
  const name = words[0] === undefined ? undefined : upperAscii(words[0]);
  if (name === undefined || (words.length === 1 && name === "SITE")) {
    return Object.keys(OWN_COMMANDS);
  }
  if (!Object.hasOwn(OWN_COMMANDS, name)) return undefined;
  return [`Syntax: SITE ${name} ${OWN_COMMANDS[name]}`];
}

/**
 * HOST: RFC 7151 §3.
 * @param words its arguments.
 * @param localIp address that the peer connected to.
 */
export function host(words: readonly string[], localIp: string): string {
  if (words.length !== 1) return "500 'HOST' not understood\r\n";
  const given = words[0]!;
  const done = "220 HOST command successful\r\n";
  const unknown = `504 ${given}: Unknown hostname provided\r\n`;
  const notIpv6 = `501 ${given}: Invalid IPv6 address provided\r\n`;
  if (given.startsWith("[")) {
    const inner = given.slice(1, -1);
    if (!given.endsWith("]") || given.length < 2 || !isIpv6(inner)) return notIpv6;
    return shownIp(localIp).startsWith(inner) ? done : unknown;
  }
  if (isIpv4(given)) return done;
  if (isIpv6(given)) return notIpv6;
  return given.includes(":") ? `501 ${given}: Invalid hostname provided\r\n` : unknown;
}

/**
 * An address as the server shows its own: its socket is IPv6, so IPv4 comes mapped.
 * @param ip as `Endpoint` has it.
 */
export function shownIp(ip: string): string {
  return isIpv4(ip) ? `::ffff:${ip}` : ip;
}

/** Whether inet_pton(3) takes it: four decimal numbers up to 255. */
function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** Whether inet_pton(3) takes it: eight groups, or fewer and one `::`, the last two maybe IPv4. */
function isIpv6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const plain = tail.includes(".") && isIpv4(tail) ? text.slice(0, -tail.length) + "0:0" : text;
  const halves = plain.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8;
}
