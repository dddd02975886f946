/**
 * What ProFTPD 1.3.8 says before login: FEAT, HELP, OPTS, TYPE, LANG.
 *
 * Texts were taken from the genuine server; an argument is repeated byte for byte, as it does.
 * @module
 */
import { upperAscii } from "../../net/latin1.ts";

/** What of a session changes its answers. */
export interface Shown {
  /** Facts that OPTS MLST left switched on, in lower case. */
  facts: ReadonlySet<string>;
  /** Name in HELP's last line. */
  readonly hostname: string;
  /** Whether mod_tls is there. */
  readonly hasTls: boolean;
}

/** Facts of MLST in FEAT's order: RFC 3659 §7.5. */
const FACTS = ("modify perm size type unique UNIX.group UNIX.groupname UNIX.mode UNIX.owner " +
  "UNIX.ownername").split(" ");
/** A fact that OPTS knows and FEAT does not show without a file of types. */
const MEDIA_TYPE = "media-type";
/** Most parameters of OPTS. */
const MAX_OPTS_WORDS = 8;

/** The facts that are on at first. */
export const ALL_FACTS: ReadonlySet<string> = new Set(FACTS.map((fact) => fact.toLowerCase()));

/** Commands in HELP's order; the unimplemented ones with their star. */
const COMMANDS =
  ("CWD XCWD CDUP XCUP SMNT* QUIT PORT PASV EPRT EPSV ALLO RNFR RNTO DELE MDTM RMD " +
    "XRMD MKD XMKD PWD XPWD SIZE SYST HELP NOOP FEAT OPTS HOST CLNT AUTH* CCC* CONF* ENC* MIC* " +
    "PBSZ* PROT* TYPE STRU MODE RETR STOR STOU APPE REST ABOR RANG USER PASS ACCT* REIN* LIST NLST " +
    "STAT SITE MLSD MLST").split(" ");

const PATH = "<sp> pathname";
const BASE64 = "<sp> base64-data";
const DIRECTORY = "(returns current working directory)";
const UNIMPLEMENTED = "is not implemented";

/** Syntax of each command but SITE, as HELP has it. */
const SYNTAX: Readonly<Record<string, string>> = {
  CWD: PATH,
  XCWD: PATH,
  CDUP: "(up one directory)",
  XCUP: "(up one directory)",
  SMNT: UNIMPLEMENTED,
  QUIT: "(close control connection)",
  PORT: "<sp> h1,h2,h3,h4,p1,p2",
  PASV: "(returns address/port)",
  EPRT: "<sp> |proto|addr|port|",
  EPSV: "(returns port |||port|)",
  ALLO: "<sp> size",
  RNFR: PATH,
  RNTO: PATH,
  DELE: PATH,
  MDTM: PATH,
  RMD: PATH,
  XRMD: PATH,
  MKD: PATH,
  XMKD: PATH,
  PWD: DIRECTORY,
  XPWD: DIRECTORY,
  SIZE: PATH,
  SYST: "(returns system type)",
  HELP: "[<sp> command]",
  NOOP: "(no operation)",
  FEAT: "(returns feature list)",
  OPTS: "<sp> command [<sp> options]",
  HOST: "<cp> hostname",
  CLNT: "<cp> client-info",
  AUTH: BASE64,
  CCC: "(clears protection level)",
  CONF: BASE64,
  ENC: BASE64,
  MIC: BASE64,
  PBSZ: "<sp> protection buffer size",
  PROT: "<sp> protection code",
  TYPE: "<sp> type-code (A, I, L 7, L 8)",
  STRU: "is not implemented (always F)",
  MODE: "is not implemented (always S)",
  RETR: PATH,
  STOR: PATH,
  STOU: "(store unique filename)",
  APPE: PATH,
  REST: "<sp> byte-count",
  ABOR: "(abort current operation)",
  RANG: "<sp> start-point <sp> end-point",
  USER: "<sp> username",
  PASS: "<sp> password",
  ACCT: UNIMPLEMENTED,
  REIN: UNIMPLEMENTED,
  LIST: "[<sp> pathname]",
  NLST: "[<sp> (pathname)]",
  STAT: "[<sp> pathname]",
  MLSD: "[<sp> pathname]",
  MLST: "[<sp> pathname]",
};

/**
 * An answer of several lines: RFC 959 §4.2.
 * @param code three digits.
 * @param lines at least two.
 */
export function multiline(code: string, lines: readonly string[]): string {
  const last = lines.length - 1;
  const prefix = (i: number) => i === 0 ? `${code}-` : i === last ? `${code} ` : " ";
  return lines.map((line, i) => `${prefix(i)}${line}\r\n`).join("");
}

/**
 * FEAT: RFC 2389 §3.
 * @param shown which facts are marked.
 */
export function features({ facts, hasTls }: Shown): string {
  const marked = FACTS.map((fact) => facts.has(fact.toLowerCase()) ? `${fact}*;` : `${fact};`);
  return multiline("211", [
    "Features:",
    ...(hasTls ? ["AUTH TLS", "CCC"] : []),
    "CLNT",
    "CSID",
    "EPRT",
    "EPSV",
    "HOST",
    "LANG C.UTF-8*",
    "MDTM",
    "MFF modify;UNIX.group;UNIX.mode;",
    "MFMT",
    `MLST ${marked.join("")}`,
    ...(hasTls ? ["PBSZ", "PROT"] : []),
    "RANG STREAM",
    "REST STREAM",
    "SITE COPY",
    "SITE MKDIR",
    "SITE RMDIR",
    "SITE SYMLINK",
    "SITE UTIME",
    "SIZE",
    ...(hasTls ? ["SSCN"] : []),
    "TVFS",
    "UTF8",
    "End",
  ]);
}

/**
 * HELP, but for HELP SITE.
 * @param words its arguments.
 * @param shown the host name.
 */
export function help(words: readonly string[], { hostname }: Shown): string {
  if (words.length > 0) {
    const name = upperAscii(words[0]!);
    const syntax = Object.hasOwn(SYNTAX, name) ? SYNTAX[name] : undefined;
    if (syntax === undefined) return `502 Unknown command '${name}'\r\n`;
    return `214 Syntax: ${name} ${syntax}\r\n`;
  }
  const rows = [];
  for (let at = 0; at < COMMANDS.length; at += 8) {
    rows.push(COMMANDS.slice(at, at + 8).map((name) => name.padEnd(8)).join(""));
  }
  return multiline("214", [
    "The following commands are recognized (* =>'s unimplemented):",
    ...rows,
    `Direct comments to root@${hostname}`,
  ]);
}

/**
 * OPTS: RFC 2389 §4.
 * @param words its arguments.
 * @param shown which facts are on; changed by OPTS MLST.
 */
export function options(words: readonly string[], shown: Shown): string {
  if (words.length === 0) return "501 Invalid number of parameters\r\n";
  if (words.length > MAX_OPTS_WORDS) return "550 OPTS: Invalid argument\r\n";
  return namedOption(`OPTS_${upperAscii(words[0]!)}`, words.slice(1), shown) ??
    notUnderstood(`OPTS_${upperAscii(words[0]!)}`);
}

/**
 * The commands that OPTS hands its parameters to. The server takes them by themselves, too.
 * @param verb such as `OPTS_UTF8`.
 * @returns `undefined` for a name that it does not know.
 */
export function namedOption(
  verb: string,
  words: readonly string[],
  shown: Shown,
): string | undefined {
  if (verb === "OPTS_UTF8") {
    const value = words.length === 1 ? words[0]!.toLowerCase() : "";
    if (["on", "yes", "true", "1"].includes(value)) return "200 UTF8 set to on\r\n";
    if (["off", "no", "false", "0"].includes(value)) return "200 UTF8 set to off\r\n";
    return "501 'OPTS UTF8' not understood\r\n";
  }
  if (verb !== "OPTS_MLST") return undefined;
  if (words.length > 1) return "501 'OPTS MLST' not understood\r\n";
  const known = [...FACTS, MEDIA_TYPE];
  const asked = (words[0] ?? "").split(";").slice(0, -1).flatMap((name) =>
    known.filter((fact) => fact.toLowerCase() === name.toLowerCase())
  );
  shown.facts = new Set(asked.map((fact) => fact.toLowerCase()));
  if (words.length === 0) return "200 MLST OPTS\r\n";
  return `200 MLST OPTS ${asked.map((fact) => `${fact};`).join("")}\r\n`;
}

/**
 * What it says to a verb that it does not know.
 * @param verb in upper case.
 */
export function notUnderstood(verb: string): string {
  return `500 ${verb.replaceAll("_", " ")} not understood\r\n`;
}

/**
 * TYPE: RFC 959 §3.1.1.
 * @param words its arguments.
 */
export function setType(words: readonly string[]): string {
  const [given, size] = words;
  if (given === undefined || words.length > 2) {
    return `500 '${["TYPE", ...words].join(" ")}' not understood\r\n`;
  }
  const type = upperAscii(given.slice(0, 1)) + given.slice(1);
  const isKnown = type === "A" || type === "I" || (type === "L" && /^[78]$/.test(size ?? ""));
  if (!isKnown) return `504 TYPE not implemented for '${given}' parameter\r\n`;
  return `200 Type set to ${given}\r\n`;
}

/**
 * LANG: RFC 2640 §4.1.
 * @param words its arguments.
 */
export function setLanguage(words: readonly string[]): string {
  const [language] = words;
  if (words.length > 1) return "501 Invalid number of parameters\r\n";
  if (language === undefined) return "200 Using default language C.UTF-8\r\n";
  if (/^c\.utf-8$/i.test(language)) return `200 Using language ${language}\r\n`;
  return `504 Language ${language} not supported\r\n`;
}
