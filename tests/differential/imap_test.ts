import { imap } from "../../lib/decoys/imap.ts";
import { makeDecoy } from "../support/transcript.ts";
import { byChance } from "./chance.ts";
import type { Conversation } from "./client.ts";
import { dovecot, NO_PENALTY, OTHER_ADDRESS } from "./genuine/dovecot.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Longest pause of a failed login, and something to spare, in ms. */
const LOGIN_MS = 7000;

/** Commands of RFC 3501, 2177, 2342, 2971, 4978, 5161, 6851 and of proxies. */
const COMMANDS = ("APPEND AUTHENTICATE CAPABILITY CHECK CLOSE COMPRESS COPY CREATE DELETE ENABLE " +
  "EXAMINE EXPUNGE FETCH GETQUOTA ID IDLE LIST LOGIN LOGOUT LSUB MOVE NAMESPACE NOOP RENAME " +
  "SEARCH SELECT SETACL SORT STATUS STORE SUBSCRIBE THREAD UID UNAUTHENTICATE UNSELECT " +
  "UNSUBSCRIBE XCLIENT").split(" ");
const EVERY_COMMAND: Conversation[] = COMMANDS.map((name) => ({
  name: `${name} with and without arguments`,
  sends: [`a ${name}\r\n`, `b ${name.toLowerCase()} x\r\n`, `c ${name} (x y) "z"\r\n`],
}));

/** What scanners and people at the wrong door send. */
const STRANGERS: Conversation[] = [
  ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP with fields", "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["SMTP", "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<root>\r\n"],
  ["POP3", "USER x\r\nPASS y\r\nQUIT\r\n"],
  ["TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(30) + "\r\n"],
  ["telnet", "\xff\xf4\xff\xfd\x06\r\n"],
  ["nothing", "\r\n\r\n\r\n\r\n"],
  ["no tag", "login a b\r\nlogin a b\r\nlogin\r\nlogin x\r\nlogin login\r\n"],
].map(([name, data]) => ({ name: `scanner: ${name}`, sends: [data!] }));

/** Ends of the peer's side, in and between lines. */
const ENDS: Conversation[] = [
  { name: "end at once", sends: [null] },
  { name: "end within a line", sends: ["a NOOP", null] },
  { name: "end after a command", sends: ["a NOOP\r\nb FOO", null] },
  { name: "end within a literal", sends: ["a LOGIN {5}\r\n", "ab", null] },
  { name: "end within SASL", sends: ["a AUTHENTICATE PLAIN\r\nAGE", null] },
  { name: "end during a login", sends: [{ data: "a LOGIN x y\r\n", waitMs: 0 }, null] },
  { name: "vanish at once", sends: [""], vanishes: true },
  { name: "vanish during a login", sends: ["a LOGIN x y\r\n"], vanishes: true },
  { name: "logout", sends: ["a LOGOUT\r\n"] },
  { name: "logout and go on", sends: ["a NOOP\r\nb LOGOUT now\r\nc NOOP\r\n"] },
];

/** One line a session: what is wrong is counted. */
const LINES = lines(
  "| |a|a |a  NOOP| a NOOP|* NOOP|+ NOOP|a+ NOOP|a(b NOOP|a)b NOOP|a\\b NOOP|a{b NOOP|a}b NOOP|a/b NOOP",
  "a%b NOOP|a*b NOOP|a]b NOOP|a[b NOOP|a.b NOOP|a=b NOOP|a~b NOOP|a:b NOOP|a'b NOOP|a,b NOOP|a|a|a^b NOOP",
  '\xe4 NOOP|a\x01 NOOP|a\x7f NOOP|a\0b NOOP|"a" NOOP|a NO"OP|a NOOP\0|a NOOP\0x|a N\xe4OP|a "NOOP"|a NOOP\t',
  'a NOOP x|a NOOP (|a NOOP )|a NOOP "|a NOOP "x|a NOOP "x"y|a NOOP "x\\|a NOOP "x\\"|a NOOP "\\x"',
  "a NOOP {|a NOOP {x}|a NOOP {1x}|a NOOP {-1}|a NOOP {}|a NOOP {+}|a NOOP {1+x}|a NOOP {1++}|a NOOP {8179}",
  "a NOOP {8180}|a NOOP {9999999999999999999}|a NOOP {99999999999999999999}|a NOOP {99999999999999999999+}",
  'a NOOP a"b|a NOOP a{b|a NOOP \xe4|a NOOP a%b|a NOOP a*|a NOOP a\\|a NOOP a\0b|a NOOP "a\0b"|a NOOP "\xe4"',
  "a NOOP ()|a NOOP (a (b) c) d|a NOOP ((|a NOOP a(b|a NOOP a)b|a NOOP ~|a NOOP ~x|a NOOP ~{3}|a NOOP {0+}",
  "a NOOP a\x7fb|a NOOP \x7f|a NOOP \x01|a NOOP a\tb|a NOOP ]|a NOOP a]|a NOOP (a)b|a NOOP (a) (b)|a NOOP  x  ",
  'a LOGIN|a LOGIN x|a LOGIN x y z|a LOGIN (x) y|a LOGIN x (y)|a LOGIN "x|a LOGIN x  |LOGIN LOGIN',
  'a ID|a ID NIL|a ID nil|a ID x|a ID ()|a ID (|a ID )|a ID ("a")|a ID ("a" NIL)|a ID (a b)|a ID (NIL NIL)',
  'a ID ("a" "b" "c")|a ID ("a" ("b"))|a ID ("a" "b") x|a ID ("a" "b") "|a ID NIL x|a ID ("a" "b"|a ID "x"',
  'a ID ("a" b)|a ID ("a" {1+}|* ID|+ ID (|a ID (("a" "b"))|a ID  ( "a"  "b" )|a ID ("a" "b")("c" "d")',
  'a AUTHENTICATE|a AUTHENTICATE |a AUTHENTICATE  PLAIN|a AUTHENTICATE FOO|a AUTHENTICATE "PLAIN"',
  "a AUTHENTICATE PLAIN x|a AUTHENTICATE PLAIN x y|a AUTHENTICATE {5}|a AUTHENTICATE (x)|a AUTHENTICATE x y z",
  "a AUTHENTICATE PLAIN AGEAYg|a authenticate plain #|* AUTHENTICATE|* AUTHENTICATE FOO|+ AUTHENTICATE PLAIN x",
  '* NOOP "|+ X )|* LOGIN "|* ID "|* AUTHENTICATE "|+ NOOP {3}|a NOOP (((',
  "a CAPABILITY x|a STARTTLS|a STARTTLS x|* STARTTLS|a ENABLE CONDSTORE|a LOGOUT x|* LOGOUT|* CAPABILITY|* X",
);
const EVERY_LINE: Conversation[] = LINES.map((line, i) => ({
  name: `line ${i + 1}`,
  sends: [line, "z NOOP\r\n"],
  quietMs: 60,
}));

const SPELLING: Conversation[] = [
  {
    name: "LF alone, CR alone",
    sends: [
      "a NOOP\nb NOOP\n",
      "c NOOP\r",
      "d NOOP\r\n",
      "\n",
      "e NOOP\r\nf NOOP\r\n",
      "g NOOP \r",
      "\n",
    ]
      .concat(["h NO\rOP\r\n", "i NOOP x\ry\r\n"]),
  },
  { name: "three bad commands", sends: lines("x FOO|x NOOP|x FOO|x NOOP|x FOO") },
  { name: "bad lines are not counted", sends: lines('x X "|x X "|x X "|x X "|x X|x X|x X') },
  { name: "a bad ID is not counted", sends: lines("x ID x|x ID x|x ID x|x ID x|x NOOP") },
  {
    name: "a bad AUTHENTICATE",
    sends: lines("x AUTHENTICATE X|x AUTHENTICATE|x AUTHENTICATE|x X"),
  },
  { name: "bad commands in one go", sends: ["x FOO\r\nx FOO\r\nx NOOP\r\nx FOO\r\nx NOOP\r\n"] },
  ...[126, 127, 128, 129].map((size): Conversation => ({
    name: `a tag of ${size} bytes`,
    sends: [`${"t".repeat(size)} NOOP\r\n`],
  })),
  {
    name: "commands and a mistake in one go",
    sends: ['a NOOP\r\nb NOOP "\r\nc NOOP )\r\nd NOOP\r\n'],
  },
];

const LITERALS: Conversation[] = [
  ...segmented([
    { name: "ID in literals", sends: ["a ID ({1}\r\n", "x {2}\r\n", "yz)\r\n", "b NOOP\r\n"] },
    {
      name: "ID in literals that do not wait",
      sends: ["a ID ({1+}\r\nx {2+}\r\nyz)\r\n", "b NOOP\r\n"],
    },
  ]),
  { name: "an empty literal", sends: ["a NOOP {0}\r\n", "\r\n", "b NOOP {0+}\r\n\r\n"] },
  { name: "a literal with odd bytes", sends: ["a NOOP {4}\r\n", "\0\xff\r\n", "\r\n"] },
  { name: "a literal without its line end", sends: ["a NOOP {4}x\r\n", "b NOOP\r\n"] },
  { name: "a literal with LF alone", sends: ["a NOOP {4}\n", "abcd\n"] },
  { name: "a literal with CR alone", sends: ["a NOOP {4}\r", "x\r\n"] },
  { name: "a literal in a list", sends: ["a NOOP (a {1}\r\n", "b c) d\r\n"] },
];

const LOGINS: Conversation[] = [
  { name: "quoted", sends: [login('a LOGIN "x y" "\\"q\\\\"\r\n')] },
  { name: "literals", sends: ["a LOGIN {1}\r\n", "x {2}\r\n", login("yz\r\n"), "b NOOP\r\n"] },
  { name: "literals that do not wait", sends: [login("a LOGIN {1+}\r\nx {2+}\r\nyz\r\n")] },
  { name: "a NUL in a literal", sends: [login("a LOGIN {3+}\r\na\0b {1+}\r\n\0\r\n")] },
  { name: "nothing", sends: [login('a LOGIN "" ""\r\n')] },
  { name: "no password", sends: [login('a LOGIN a ""\r\n')] },
  { name: "NIL", sends: [login("a LOGIN NIL NIL\r\n")] },
  { name: "an odd tag", sends: [login("+ LOGIN a b\r\n"), "a NOOP\r\n"] },
  ...segmented([
    { name: "a login", sends: [login("a001 LOGIN root hunter2\r\n"), "a002 LOGOUT\r\n"] },
    { name: "a pipelined login", sends: [login("a LOGIN a b\r\nb NOOP\r\n"), "c LOGOUT\r\n"] },
    { name: "SASL", sends: ["a AUTHENTICATE PLAIN\r\n", login("AGEAYg==\r\n"), "b LOGOUT\r\n"] },
  ]),
  { name: "SASL-IR", sends: [login("a AUTHENTICATE PLAIN AGEAYg==\r\n")] },
  { name: "SASL-IR, empty", sends: [login("a AUTHENTICATE PLAIN =\r\n")] },
  { name: "SASL-IR, spaces in it", sends: [login("a AUTHENTICATE PLAIN  AGEA Yg== \r\n")] },
  { name: "SASL with an odd tag", sends: ["* AUTHENTICATE PLAIN\r\n", "*\r\n", "a NOOP\r\n"] },
  { name: "SASL, an empty line", sends: ["a AUTHENTICATE PLAIN\r\n", login("\r\n")] },
  { name: "SASL, an odd name", sends: [login(`a AUTHENTICATE PLAIN ${btoa("\0a b\0c")}\r\n`)] },
  { name: "SASL for somebody else", sends: [login(`a AUTHENTICATE PLAIN ${btoa("b\0a\0c")}\r\n`)] },
  {
    name: "SASL, broken off",
    sends: lines("a AUTHENTICATE PLAIN|*|b AUTHENTICATE PLAIN|#|c AUTHENTICATE PLAIN|AGEAYg|d NOOP")
      .concat(
        lines("a AUTHENTICATE PLAIN |x|b AUTHENTICATE PLAIN|*x|c AUTHENTICATE PLAIN| *|d NOOP"),
      ),
  },
];

const LONG: Conversation[] = [1022, 1023, 1024, 1025, 1026, 1027, 1028, 9000].flatMap((size) => {
  const word = "A".repeat(size);
  return [
    { name: `a tag of ${size} bytes`, sends: [word, " x\r\n"] },
    { name: `a name of ${size} bytes`, sends: [`a ${word}`, "\r\n"] },
    { name: `an atom of ${size} bytes`, sends: [`a NOOP ${word}`, "\r\n"] },
    { name: `an atom of ${size} bytes and its end`, sends: [`a NOOP ${word}\r\n`] },
    { name: `a quoted string of ${size} bytes`, sends: [`a NOOP "${word}"`, "\r\n"] },
    { name: `a literal of ${size} bytes`, sends: [`a NOOP {${size}+}\r\n${word}`, "\r\n"] },
    { name: `a mistake and ${size} bytes`, sends: [`a NOOP ) ${word}`, "\r\nb NOOP\r\n"] },
    { name: `ID with ${size} bytes`, sends: [`a ID ("x" "${word}")\r\n`] },
  ].map((conversation) => ({ ...conversation, isResetAllowed: true, quietMs: 60 }));
});
const LONG_LINES: Conversation[] = [
  ...[4090, 4091, 4092, 4093, 4094, 4095].map((count): Conversation => ({
    name: `${count} arguments`,
    sends: [`a NOOP ${"A ".repeat(count)}\r\n`, "b NOOP\r\n"],
  })),
  ...[1500, 8190, 8192, 8193, 9000].map((size): Conversation => ({
    name: `a response of ${size} bytes`,
    sends: ["a AUTHENTICATE PLAIN\r\n", login("=".padStart(size, "A") + "\r\n"), "b NOOP\r\n"],
  })),
  ...[1500, 8190, 8192, 8193, 9000].map((size): Conversation => ({
    name: `an initial response of ${size} bytes`,
    sends: [login(`a AUTHENTICATE PLAIN ${"=".padStart(size, "A")}\r\n`), "b NOOP\r\n"],
  })),
  { name: "an ID with many fields", sends: [`a ID (${'"k" "v" '.repeat(1000)})\r\n`] },
].map((conversation) => ({ ...conversation, isResetAllowed: true }));

const TLS: Conversation[] = [
  { name: "STARTTLS and more in clear", sends: ["a STARTTLS\r\nb NOOP\r\n"] },
  { name: "STARTTLS, then no TLS", sends: ["a STARTTLS\r\n", "b NOOP\r\n"] },
];

const WORDS =
  ('a b1 * + NOOP CAPABILITY ID LOGIN AUTHENTICATE PLAIN x = ( ) "q" "a\\"b" {1} {2+} NIL ENABLE SELECT noop ("k" "v") ~ ] % FOO')
    .split(" ").concat("\0", "\xe4", "\t", "\r", '"', "{", "");

/** Lines put together by chance, the same at every run. */
const BY_CHANCE = byChance({
  words: WORDS,
  gaps: [" ", " ", " ", "  ", "", "\t"],
  ends: ["\r\n", "\r\n", "\n", " \r\n"],
});

differentialTest(
  dovecot("imap", { config: NO_PENALTY }),
  "imap answers as Dovecot 2.3.19",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(imap, { slow_down: false }));
    const conversations = [
      ...LOGINS,
      ...EVERY_COMMAND,
      ...STRANGERS,
      ...ENDS,
      ...EVERY_LINE,
      ...SPELLING,
      ...LITERALS,
      ...LONG,
      ...LONG_LINES,
      ...TLS,
      ...BY_CHANCE,
    ];
    await assertSame(t, { genuine, decoy: decoy.address, conversations });
  },
);

const STRICT: Conversation[] = [
  { name: "what it can", sends: lines("a CAPABILITY|a ID|a AUTHENTICATE X|a AUTHENTICATE") },
  { name: "LOGIN", sends: lines('a LOGIN x y|a LOGIN "" ""|a LOGIN x|* LOGIN x y|+ LOGIN x y') },
  { name: "SASL", sends: lines("a AUTHENTICATE PLAIN|a AUTHENTICATE PLAIN AGEAYg==|a NOOP") },
  { name: "SASL, no base64", sends: lines("a AUTHENTICATE PLAIN x|a authenticate plain =|a X") },
];

differentialTest(
  dovecot("imap", { config: NO_PENALTY }),
  "imap with require_tls answers as Dovecot 2.3.19 to strangers",
  async (t, { port }) => {
    const genuine = { hostname: OTHER_ADDRESS, port };
    await using decoy = serveDecoy(await makeDecoy(imap, { require_tls: true, slow_down: false }));
    await assertSame(t, { genuine, decoy: decoy.address, conversations: STRICT });
  },
);

const MECHANISMS: Conversation[] = [
  {
    name: "what it can",
    sends: lines("a CAPABILITY|a AUTHENTICATE LOGIN =|*|a AUTHENTICATE LOGIN|#"),
  },
  {
    name: "LOGIN",
    sends: ["a AUTHENTICATE LOGIN\r\n", "YQ==\r\n", login("Yg==\r\n"), "b NOOP\r\n"],
  },
  { name: "LOGIN with SASL-IR", sends: ["a AUTHENTICATE LOGIN YQ==\r\n", login("Yg==\r\n")] },
  {
    name: "LOGIN, an odd name",
    sends: [login(`a AUTHENTICATE LOGIN ${btoa("a b")}\r\n`), "b X\r\n"],
  },
  {
    name: "CRAM-MD5",
    sends: ["a AUTHENTICATE CRAM-MD5\r\n", login(`${btoa("x " + "0".repeat(32))}\r\n`)],
  },
  {
    name: "CRAM-MD5, no base64",
    sends: lines("a AUTHENTICATE CRAM-MD5 x|b AUTHENTICATE CRAM-MD5|x"),
  },
  { name: "the LOGIN command", sends: [login("a LOGIN alice b\r\n")] },
];

differentialTest(
  dovecot("imap", {
    config: `${NO_PENALTY}\nauth_mechanisms = plain login cram-md5`,
    hasFile: true,
  }),
  "imap with LOGIN and CRAM-MD5 answers as Dovecot 2.3.19",
  async (t, genuine) => {
    const options = { auth: ["plain", "login", "cram-md5"], slow_down: false };
    await using decoy = serveDecoy(await makeDecoy(imap, options));
    const masks = [{ pattern: /^\+ PD[A-Za-z0-9+/=]+/gm, replacement: "+ CHALLENGE" }];
    await assertSame(t, { genuine, decoy: decoy.address, conversations: MECHANISMS, masks });
  },
);

/** Lines that are written with `|` between them. */
function lines(...rows: string[]): string[] {
  return rows.flatMap((row) => row.split("|")).map((line) => `${line}\r\n`);
}

/** What ends in a login, whose answer may take long. */
function login(data: string): { data: string; waitMs: number } {
  return { data, waitMs: LOGIN_MS };
}
