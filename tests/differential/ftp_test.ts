import { ftp } from "../../lib/decoys/ftp.ts";
import { makeDecoy } from "../support/transcript.ts";
import { type Address, type Conversation, converse } from "./client.ts";
import { proftpd } from "./genuine/proftpd.ts";
import { vsftpd } from "./genuine/vsftpd.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Longest pause of a failed login, and something to spare, in ms. */
const LOGIN_MS = 5000;

/** Commands of RFC 959, 2228, 2389, 2428, 2640, 3659, 4217, 5797, 7151 and of later drafts. */
const COMMANDS = ("ABOR ACCT ADAT ALGS ALLO APPE AUTH AVBL CCC CDUP CLNT CONF CSID CWD DELE DSIZ " +
  "ENC EPRT EPSV FEAT HASH HELP HOST LANG LIST LPRT LPSV MDTM MFCT MFF MFMT MIC MKD MLSD MLST " +
  "MODE NLST NOOP OPTS PASV PBSZ PORT PROT PWD RANG REIN REST RETR RMD RNFR RNTO SITE SIZE SMNT " +
  "SPSV STAT STOR STOU STRU SYST TYPE XCUP XCWD XMKD XPWD XRMD").split(" ");

/** Every command by itself, with one argument and with two, in one connection a column. */
const EVERY_COMMAND: Conversation[] = ["", " x", " x y"].map((argument) => ({
  name: `every command, with "${argument}"`,
  sends: COMMANDS.map((command) => `${command}${argument}\r\n`),
  quietMs: 40,
}));

/** What scanners and people at the wrong door send. */
const STRANGERS: Conversation[] = [
  ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP POST", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b"],
  ["HTTP in lower case", "get / http/1.0\r\n\r\n"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["SMTP", "EHLO x\r\n"],
  ["TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(30) + "\r\n"],
  ["HTTP TRACE", "TRACE / HTTP/1.0\r\n\r\n"],
  ["RDP", "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00"],
].map(([name, data]) => ({ name: `scanner: ${name}`, sends: [data!] }));

/** Ends of the peer's side, in and between lines. */
const ENDS: Conversation[] = [
  { name: "end at once", sends: [null] },
  { name: "end within a line", sends: ["NOOP", null] },
  { name: "end after CR", sends: ["NOOP\r", null] },
  { name: "end after a command", sends: ["USER x\r\nSYST\r\nFOO", null] },
  { name: "vanish at once", sends: [""], vanishes: true },
  { name: "vanish within a line", sends: ["USER x\r\nPA"], vanishes: true },
  { name: "vanish during a login", sends: ["USER x\r\nPASS y\r\n"], vanishes: true },
  { name: "quit", sends: ["QUIT\r\n"] },
  { name: "quit with an argument", sends: ["quit now\r\n"] },
  { name: "quit and go on", sends: ["NOOP\r\nQUIT\r\nNOOP\r\n"] },
];

const VSFTPD: Conversation[] = [
  ...EVERY_COMMAND,
  ...STRANGERS,
  ...ENDS,
  {
    name: "spelling",
    sends: lines(
      "feat| FEAT|FEAT x|FEAT |\tFEAT|FEAT\r|\r| |  x|\r \r|OPTS|OPTS UTF8 ON|opts utf8 on",
      "OPTS UTF8 OFF|OPTS UTF8 ON |OPTS  UTF8 ON|OPTS UTF8  ON|\0|\0FEAT|FEAT\0|FE\0AT|QUIT\0",
      "\xff\xf4FEAT|\xff\xf4\xff\xf2FEAT|\xff\xfb\x01FEAT|\xff\xff\xff\xff|\xe4|USER \xff\xfe|%s%n",
    ),
    quietMs: 40,
    waitMs: 250,
  },
  { name: "LF alone, CR alone", sends: ["FEAT\n", "FEAT\rFEAT\r\n", "FEAT\n\nSYST\n", "\r", "\n"] },
  {
    name: "names",
    sends: lines("PASS x|USER|PASS x|USER |PASS x|USER \0|USER a b|USER  |USER ftp|USER", "PASS"),
    quietMs: 40,
  },
  ...[4095, 4096].map((size): Conversation => ({
    name: `${size} bytes and LF`,
    sends: [`${"A".repeat(size)}\n`, "FEAT\r\n"],
  })),
  { name: "4095 bytes, then LF", sends: ["A".repeat(4095), "\n", "FEAT\r\n"] },
  { name: "4096 bytes without LF", sends: ["A".repeat(4096)] },
  { name: "9000 bytes", sends: ["A".repeat(9000)] },
  ...segmented([
    { name: "a login", sends: ["USER root\r\n", password("hunter 2"), "QUIT\r\n"] },
    {
      name: "a pipelined login",
      sends: [password("USER a\r\nPASS \xff\0\r\nFEAT\r\n"), "QUIT\r\n"],
    },
  ]),
  {
    name: "three tries",
    sends: [
      "USER a\r\n",
      password("b"),
      "USER ftp\r\n",
      password(""),
      "USER anonymous\r\n",
      password("x@y.z"),
    ],
  },
  {
    name: "three tries, pipelined, and more",
    sends: [{ data: "USER a\r\nPASS b\r\n".repeat(4) + "FEAT\r\n", waitMs: LOGIN_MS }],
    quietMs: LOGIN_MS,
  },
  ...segmented([{ name: "pieces", sends: ["USER x\r\nFE", "AT\r\nOPTS UTF8 ON\r", "\nQUIT\r\n"] }]),
];

const PROFTPD: Conversation[] = [
  ...EVERY_COMMAND,
  ...STRANGERS,
  ...ENDS,
  {
    name: "spelling",
    sends: lines(
      "feat| FEAT|\tFEAT|FEAT |FEAT  |FEAT\r|SYST\r\r|\r|\r\r|\rNOOP|\r\rNOOP|XX\rYY|*|*/|%s %n",
      'FEAT ""|NOOP "a|_|__x_|X_Y|SITE_HELP|AUTH_TLS|AUTH TLS|AUTH SSL|acct|REIN x|CLNT|CLNT a',
      "\0NOOP|NOOP\0|NO\0OP|\x01\x02|XX\x7f|\xe4\xf6\xfcx|\xc3\xa4",
    ),
    quietMs: 40,
  },
  {
    name: "names",
    sends: lines(
      'USER|USER |USER   |USER ""|USER a|USER  a|USER a b|USER "a b" c|USER\ta|user "a\\"b|USER a\\ b',
      "USER a\0b|USER a\r\0b|USER ab\r\0|USER \x0bq|US\x0bER q|USER %s%n|USER \xe4\xf6|USER \x1b[31m",
    ),
    quietMs: 40,
  },
  { name: "a name of 256 bytes", sends: [`USER ${"\xe4".repeat(256)}\r\n`] },
  {
    name: "telnet commands",
    sends: lines(
      "\xff\xf4NOOP|\xff\xf4\xff\xf2NOOP|\xff\xfb\x01NOOP|\xff\xfd\x01\xff\xfe\x03\xff\xfc\x05SYST",
      "\xff\xff\xff\xff|USER a\xff\xffb|USER a\xffb|NOOP\xff\xf4|\xff\xf0NOOP|NOOP\xff|US\xff\xf4ER x",
      "\xff\xfa\x18\x01\xff\xf0NOOP|HELP \xff\xffx|\xff\xf2ABOR|\xf2ABOR",
    ).concat(["\xff\xfb\x01", "\xff\xfd\r\nNOOP\r\n", "\xff", "\xf4NOOP\r\n"]),
    quietMs: 40,
  },
  {
    name: "LF alone, CR alone, CR and LF apart",
    sends: ["NOOP\nNOOP\r\n", "NOOP x\ny\r\n", "\n\r\n", "FEAT\n", "\r\n", "SYST\r", "\n", "\r\n"]
      .concat(["NOOP\r", "\nSYST\r\n", "\r", "\n\r\n", "NOOP\xff\xfe\n", "\r\n"]),
  },
  {
    name: "HELP",
    sends: COMMANDS.concat("XYZ", "__proto__", "USER", "PASS", "QUIT").map((name) =>
      `HELP ${name}\r\n`
    ).concat(lines('help|HELP site|help site x|HELP "a b" c|HELP ""|HELP  cwd x|HELP cw"d"')),
    quietMs: 40,
  },
  {
    name: "SITE",
    sends: lines(
      "SITE|SITE |SITE  |SITE  HELP|site help|SITE HELP |SITE help chmod|SITE HELP HELP x",
      "SITE HELP x y|SITE HELP SITE|SITE HELP CPFR|SITE CHMOD|SITE chmod 1 x|SITE CHGRP|SITE CPFR",
      "SITE CPFR x|SITE CPTO|SITE CPTO x|SITE COPY a|SITE copy a b|SITE COPY a b c|SITE MKDIR",
      "SITE MKDIR x|SITE RMDIR|SITE RMDIR x|SITE SYMLINK a|SITE SYMLINK a b c|SITE UTIME",
      'SITE QUOTA x|SITE RATIO|SITE WHO|SITE EXEC id|SITEX a|SITE "a b"|SITE a_b|SITE\tHELP|sitex',
    ),
    quietMs: 40,
  },
  {
    name: "OPTS",
    sends: lines(
      "OPTS|OPTS UTF8|OPTS UTF8 ON|OPTS utf8 off|OPTS UTF8 1|OPTS UTF8 maybe|OPTS UTF8 on x|OPTS _",
      "OPTS UTF-8 ON|OPTS MODE Z LEVEL 5|OPTS a_b x|OPTS a a a a a a a a|OPTS a a a a a a a a a",
      'OPTS_UTF8 ON|OPTS_MLST|opts_utf8|OPTS "MLST" size;|OPTS MLST ;|FEAT|OPTS MLST a b',
      "OPTS MLST size|OPTS MLST Size;FOO;modify;|OPTS MLST unix.mode;media-type;size;|FEAT",
    ),
    quietMs: 40,
  },
  {
    name: "TYPE, LANG, HOST",
    sends: lines(
      'TYPE A|TYPE a|TYPE i N|TYPE L|TYPE L 8|TYPE l 7|TYPE L 9|TYPE E|TYPE A\t"N x" y|TYPE  i|TYPE ""',
      "LANG C.UTF-8|LANG c.utf-8|LANG en|LANG en_US|LANG *|HOST 127.0.0.1|HOST 1.2.3.4|HOST 256.1.1.1",
      "HOST 127.1|HOST 01.2.3.4|HOST [::1]|HOST [::]|HOST [::ffff:127.0.0.1]|HOST [x]|HOST [|HOST []",
      "HOST ::1|HOST a:b|HOST localhost|HOST Debian|HOST [::ffff:127.0.0.1]x|HOST 1.2.3.4.|HOST [:::]",
      "HOST [1:2:3:4:5:6:7::]|HOST [1:2:3:4:5:6:7:8::]|HOST [1.2.3.4]",
    ),
    quietMs: 40,
  },
  {
    name: "wild cards",
    sends: lines("CWD */../|LIST */|PASS */|XXX */|HELP */|*/|*a/ x|USER x*y|HOST *.*/"),
    quietMs: 40,
  },
  ...[4095, 4096, 4097, 4098, 4099, 4100].map((size): Conversation => ({
    name: `a line of ${size} bytes`,
    sends: [`${"X".repeat(size)}\r\n`, "NOOP\r\n"],
  })),
  ...[4101, 4102, 4103, 9000].map((size): Conversation => ({
    name: `a line of ${size} bytes`,
    sends: [`${"X".repeat(size)}\r\n`, "NOOP\r\n", "NOOP\r\n"],
    waitMs: 1200,
  })),
  {
    name: "20000 bytes",
    sends: ["X".repeat(20_000) + "\r\n"],
    waitMs: 2000,
    isResetAllowed: true,
  },
  ...segmented([
    { name: "a login", sends: ["USER root\r\n", password("hunter 2"), "QUIT\r\n"] },
    {
      name: "a pipelined login",
      sends: [password("USER a\r\nPASS \xff\0\r\nSYST\r\n"), "QUIT\r\n"],
    },
    { name: "pieces", sends: ["USER x\r\nNO", "OP\r\nSYS", "T\r\nQUIT\r\n"] },
  ], ["whole", "merged"]), // a LF by itself ends no line: "LF alone, CR alone, CR and LF apart"
  {
    name: "three tries",
    sends: lines("PASS x|USER a|PASS b|PASS b|USER root|PASS|USER ftp|USER|PASS x@y.z"),
  },
  {
    name: "three tries, pipelined, and more",
    sends: ["USER a\r\nPASS b\r\n".repeat(4) + "FEAT\r\n"],
  },
  { name: "a long password", sends: lines("USER a", `PASS ${"b".repeat(2000)}`) },
];

/**
 * Names that are refused before mod_delay looks at the clock. It then takes the time since 1970 for
 * how long the login took, and makes others wait for it; so these come last.
 */
const PROFTPD_LAST: Conversation[] = [
  { name: "wild cards in names", sends: lines("USER */|USER a*b/c") },
  { name: "a name of 257 bytes", sends: [`USER ${"\xe4".repeat(257)}\r\n`] },
];

const PIECES =
  ("FEAT HELP SITE OPTS TYPE HOST LANG SYST NOOP CLNT RNTO STOR UTF8 MLST ON off size; " +
    'CHMOD CPFR CPTO COPY RATIO x " "a \\ _ * / A L 8 127.0.0.1 [::1] :: C.UTF-8 %s ; .').split(" ")
    .concat(
      "\xff\xff",
      "\xe4",
      "\0",
      "\r\0",
      "\n",
      "\r",
      "\v",
      "\t",
      "\xff\xf4",
      "\xff\xfb\x03",
      "\xff",
      "",
    );
const GAPS = [" ", " ", " ", " ", " ", "  ", "\t", "", "_", "\0", '"'];
const LINE_ENDS = ["\r\n", "\r\n", "\r\n", "\n\r\n", "\r\r\n", " \r\n"];

/** Lines put together by chance, the same at every run. */
const BY_CHANCE: Conversation[] = Array.from({ length: 40 }, (_, i) => {
  let state = i + 1;
  const pick = (list: readonly string[]) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return list[Math.floor(state / 65_536) % list.length]!;
  };
  const line = () => {
    let text = pick(PIECES);
    for (let words = Number(pick(["0", "1", "2", "3"])); words > 0; words--) {
      text += pick(GAPS) + pick(PIECES);
    }
    return text + pick(LINE_ENDS);
  };
  return { name: `lines by chance ${i + 1}`, sends: [Array.from({ length: 12 }, line).join("")] };
});

differentialTest(vsftpd, "ftp answers as vsftpd 3.0.3", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(ftp, { product: "vsftpd-3.0.3" }));
  await assertSame(t, { genuine, decoy: decoy.address, conversations: [...VSFTPD, ...BY_CHANCE] });
});

differentialTest(proftpd, "ftp answers as ProFTPD 1.3.8", async (t, genuine) => {
  await warmUp(genuine);
  const options = { product: "proftpd-1.3.8" };
  await using decoy = serveDecoy(await makeDecoy(ftp, options));
  const masks = [{ pattern: /(Direct comments to root@)[^\r]+/g, replacement: "$1HOST" }];
  const conversations = [...PROFTPD, ...BY_CHANCE];
  await assertSame(t, { genuine, decoy: decoy.address, conversations, masks });
  await assertSame(t, { genuine, decoy: decoy.address, conversations: PROFTPD_LAST, masks });
});

/**
 * Fills the table of mod_delay, as every server that has been in use for a while has it: while it is
 * new, a mistake in its median makes the server wait for seconds.
 */
async function warmUp(genuine: Address): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await converse(genuine, {
      name: "warm-up",
      sends: lines("USER a|PASS a|USER a|PASS a|QUIT"),
      waitMs: 15_000,
      quietMs: 20,
    });
  }
}

/** Lines that are written with `|` between them. */
function lines(...rows: string[]): string[] {
  return rows.flatMap((row) => row.split("|")).map((line) => `${line}\r\n`);
}

/** A PASS command, or lines that end with one, whose answer may take long. */
function password(secret: string): { data: string; waitMs: number } {
  const data = secret.includes("PASS") ? secret : `PASS ${secret}\r\n`;
  return { data, waitMs: LOGIN_MS };
}
