import { pop3 } from "../../lib/decoys/pop3.ts";
import { makeDecoy } from "../support/transcript.ts";
import { byChance } from "./chance.ts";
import type { Conversation } from "./client.ts";
import { dovecot, NO_PENALTY, OTHER_ADDRESS } from "./genuine/dovecot.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Longest pause of a failed login, and something to spare, in ms. */
const LOGIN_MS = 7000;

/** Commands of RFC 1939, 2449, 1734, 2595, 6856 and of proxies, by themselves and with arguments. */
const COMMANDS =
  ("APOP AUTH CAPA DELE LANG LAST LIST NOOP PASS QUIT RETR RPOP RSET STAT STLS TOP UIDL " +
    "USER UTF8 XCLIENT XTND").split(" ");
const EVERY_COMMAND: Conversation[] = COMMANDS.filter((name) => name !== "STLS").map((name) => ({
  name: `${name} with and without arguments`,
  sends: [`${name}\r\n`, `${name} x\r\n`, `${name} x y\r\n`],
}));

/** What scanners and people at the wrong door send. */
const STRANGERS: Conversation[] = [
  ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP with fields", "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["SMTP", "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<root>\r\n"],
  ["TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(30) + "\r\n"],
  ["telnet", "\xff\xf4\xff\xfd\x06\r\n"],
  ["nothing", "\r\n\r\n\r\n\r\n"],
].map(([name, data]) => ({ name: `scanner: ${name}`, sends: [data!] }));

/** Ends of the peer's side, in and between lines. */
const ENDS: Conversation[] = [
  { name: "end at once", sends: [null] },
  { name: "end within a line", sends: ["CAPA", null] },
  { name: "end after a command", sends: ["USER x\r\nFOO", null] },
  { name: "end within SASL", sends: ["AUTH PLAIN\r\nAGE", null] },
  { name: "end during a login", sends: ["USER x\r\n", { data: "PASS y\r\n", waitMs: 0 }, null] },
  { name: "vanish at once", sends: [""], vanishes: true },
  { name: "vanish during a login", sends: ["USER x\r\nPASS y\r\n"], vanishes: true },
  { name: "quit", sends: ["QUIT\r\n"] },
  { name: "quit and go on", sends: ["CAPA\r\nQUIT now\r\nCAPA\r\n"] },
];

const SPELLING: Conversation[] = [
  {
    name: "spelling",
    sends: lines(
      "capa| CAPA|CAPA|\tCAPA|CAPA|capa x|CAPA\r|CAPA|\r|CAPA|C\rAPA|CAPA|CA\r\rPA x|CAPA\0|CAPA\0x",
      "\0|CAPA|USER\tx|CAPA|USER  x|USER \xff\xfe|USER a\0b|USER|USERX|CAPA|USERUSER x|CAPA|%s%n",
    ),
  },
  { name: "LF alone, CR alone", sends: ["CAPA\n", "CAPA\r", "CAPA\r\n", "\n", "CAPA\n\n", "CAPA"] },
  { name: "three bad commands", sends: lines("FOO|CAPA|FOO|FOO|CAPA|FOO|FOO|FOO|CAPA") },
  { name: "bad commands and PASS without a name", sends: lines("FOO|FOO|PASS x|FOO|FOO|FOO|FOO") },
  { name: "bad commands and APOP", sends: lines("FOO|FOO|APOP x y|FOO|FOO|FOO|FOO") },
  { name: "bad commands and AUTH", sends: lines("FOO|FOO|AUTH X|FOO|FOO|AUTH|FOO|FOO|FOO") },
  { name: "bad commands and a cancelled AUTH", sends: lines("FOO|FOO|AUTH PLAIN|*|FOO|FOO|FOO") },
  { name: "bad commands and XCLIENT", sends: lines("FOO|FOO|XCLIENT|FOO|FOO|FOO") },
  {
    name: "bad commands in one go",
    sends: ["FOO\r\nFOO\r\nCAPA\r\nFOO\r\nFOO\r\nFOO\r\nCAPA\r\n"],
  },
];

const SASL: Conversation[] = [
  {
    name: "AUTH without a login",
    sends: lines(
      "AUTH|AUTH |AUTH  PLAIN|AUTH FOO|AUTH PLAIN x|AUTH PLAIN ####|AUTH PLAIN AGEAYg|AUTH PLAIN a b",
      "AUTH PLAIN|*|auth plain|\x20*|AUTH PLAIN|*x|AUTH PLAIN|AGEAYg|AUTH PLAIN|AGEA Yg==|AUTH PLAIN ",
      "*|AUTH PLAIN|\xff|AUTH PLAIN|x|AUTH\tPLAIN|AUTH PLAIN\tAGEAYg==|AUTH PLAIN\0",
    ),
  },
  { name: "PLAIN with an initial response", sends: [login("AUTH PLAIN AGEAYg==\r\n"), "CAPA\r\n"] },
  { name: "PLAIN", sends: ["AUTH PLAIN\r\n", login("AGEAYg==\r\n"), "CAPA\r\n"] },
  { name: "PLAIN in one go", sends: [login("AUTH PLAIN\r\nAGEAYg==\r\nCAPA\r\n")] },
  { name: "PLAIN, spaces in it", sends: [login("AUTH PLAIN  AGEA Yg== \r\n")] },
  { name: "PLAIN, empty", sends: [login("AUTH PLAIN =\r\n")] },
  { name: "PLAIN, an empty line", sends: ["AUTH PLAIN\r\n", login("\r\n")] },
  { name: "PLAIN, no NUL", sends: [login("AUTH PLAIN YWJj\r\n")] },
  { name: "PLAIN, no name", sends: [login("AUTH PLAIN AABi\r\n")] },
  { name: "PLAIN, an odd name", sends: [login(`AUTH PLAIN ${btoa("\0a b\0c")}\r\n`)] },
  { name: "PLAIN for somebody else", sends: [login(`AUTH PLAIN ${btoa("b\0a\0c")}\r\n`)] },
];

const LOGINS: Conversation[] = [
  { name: "PASS without a name", sends: lines("PASS|PASS x|PASS x|PASS x|PASS x|CAPA") },
  { name: "names", sends: lines("USER|USER |USER a b|USER \xe4|USER") },
  { name: "the name is gone", sends: ["USER a\r\n", login("PASS b\r\n"), "PASS c\r\n"] },
  { name: "an empty name", sends: ["USER\r\n", login("PASS b\r\n")] },
  { name: "an odd name", sends: ["USER a b\r\n", login("PASS b c\r\n")] },
  { name: "an empty password", sends: ["USER a\r\n", login("PASS\r\n")] },
  {
    name: "a cancelled AUTH keeps the name",
    sends: lines("USER a|AUTH PLAIN|*").concat(["PASS b\r\n"]),
  },
  {
    name: "a login resets what was bad",
    sends: [...lines("FOO|FOO|USER x"), login("PASS y\r\n"), ...lines("FOO|FOO")],
  },
  ...segmented([
    { name: "a login", sends: ["USER root\r\n", login("PASS hunter 2\r\n"), "QUIT\r\n"] },
    { name: "a pipelined login", sends: [login("USER a\r\nPASS b\r\nCAPA\r\n"), "QUIT\r\n"] },
    { name: "SASL", sends: ["AUTH PLAIN\r\n", login("AGEAYg==\r\n"), "QUIT\r\n"] },
  ]),
];

const LONG: Conversation[] = [1024, 1026, 1032, 1033, 1034, 1035, 1500, 9000].flatMap((size) => [
  {
    name: `a word of ${size} bytes`,
    sends: ["A".repeat(size), "\r\n", "CAPA\r\n"],
    isResetAllowed: true,
  },
  {
    name: `USER and ${size} bytes`,
    sends: [`USER ${"A".repeat(size)}\r\n`, "CAPA\r\n"],
    isResetAllowed: true,
  },
]);
const LONG_SASL: Conversation[] = [1500, 8000, 8190, 8192, 8193, 9000].map((size) => ({
  name: `a response of ${size} bytes`,
  sends: ["AUTH PLAIN\r\n", login("=".padStart(size, "A") + "\r\n"), "CAPA\r\n"],
  isResetAllowed: true,
}));

const TLS: Conversation[] = [
  { name: "STLS and then nothing", sends: ["STLS\r\n"] },
  { name: "STLS with an argument", sends: ["STLS x\r\n"] },
  { name: "STLS and more in clear", sends: ["STLS\r\nCAPA\r\n"] },
  { name: "STLS, then no TLS", sends: ["STLS\r\n", "CAPA\r\n"] },
];

const WORDS =
  ("USER PASS AUTH CAPA STAT APOP XCLIENT QUIT x y PLAIN LOGIN = * USERX PASSPASSP capa user a@b")
    .split(" ").concat("\0", "\xe4", "\t", "\r", "C\rAPA", "");

/** Lines put together by chance, the same at every run. */
const BY_CHANCE = byChance({
  words: WORDS,
  gaps: [" ", " ", " ", "  ", "", "\t"],
  ends: ["\r\n", "\r\n", "\n", " \r\n"],
});

differentialTest(
  dovecot("pop3", { config: NO_PENALTY }),
  "pop3 answers as Dovecot 2.3.19",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(pop3, { slow_down: false }));
    const conversations = [
      ...EVERY_COMMAND,
      ...STRANGERS,
      ...ENDS,
      ...SPELLING,
      ...SASL,
      ...LOGINS,
      ...LONG,
      ...LONG_SASL,
      ...TLS,
      ...BY_CHANCE,
    ];
    await assertSame(t, { genuine, decoy: decoy.address, conversations });
  },
);

const STRICT: Conversation[] = [
  { name: "what it can", sends: lines("CAPA|AUTH|AUTH |CAPA x") },
  { name: "USER and PASS", sends: lines("USER a|PASS b|USER|PASS|FOO|FOO|USER a|FOO|FOO|FOO") },
  {
    name: "SASL",
    sends: lines("AUTH PLAIN|CAPA|AUTH PLAIN AGEAYg==|AUTH PLAIN x|AUTH X|auth plain ="),
  },
];

differentialTest(
  dovecot("pop3", { config: NO_PENALTY }),
  "pop3 with require_tls answers as Dovecot 2.3.19 to strangers",
  async (t, { port }) => {
    const genuine = { hostname: OTHER_ADDRESS, port };
    await using decoy = serveDecoy(await makeDecoy(pop3, { require_tls: true, slow_down: false }));
    await assertSame(t, { genuine, decoy: decoy.address, conversations: STRICT });
  },
);

const MECHANISMS: Conversation[] = [
  { name: "what it can", sends: lines("CAPA|AUTH|AUTH LOGIN =|*|AUTH LOGIN|#|AUTH CRAM-MD5|*") },
  { name: "LOGIN", sends: ["AUTH LOGIN\r\n", "YQ==\r\n", login("Yg==\r\n"), "CAPA\r\n"] },
  { name: "LOGIN with an initial response", sends: ["AUTH LOGIN YQ==\r\n", login("Yg==\r\n")] },
  {
    name: "LOGIN, an odd name",
    sends: ["AUTH LOGIN\r\n", login(`${btoa("a b")}\r\n`), "CAPA\r\n"],
  },
  { name: "LOGIN, no name", sends: ["AUTH LOGIN\r\n", login("\r\n"), "CAPA\r\n"] },
  { name: "LOGIN, no password", sends: ["AUTH LOGIN\r\n", "YQ==\r\n", login("\r\n")] },
  { name: "LOGIN, cancelled", sends: lines("AUTH LOGIN|YQ==|*|AUTH LOGIN|YQ==|Yg|CAPA") },
  { name: "LOGIN in one go", sends: [login("AUTH LOGIN\r\nYQ==\r\nYg==\r\nCAPA\r\n")] },
  {
    name: "CRAM-MD5",
    sends: ["AUTH CRAM-MD5\r\n", login(`${btoa("alice " + "0".repeat(32))}\r\n`)],
  },
  { name: "CRAM-MD5, no digest", sends: ["AUTH CRAM-MD5\r\n", login("YQ==\r\n")] },
  { name: "CRAM-MD5, nothing", sends: ["AUTH CRAM-MD5\r\n", login("\r\n")] },
  {
    name: "CRAM-MD5 with an initial response",
    sends: ["AUTH CRAM-MD5 YQ==\r\n", login("YQ==\r\n")],
  },
  { name: "CRAM-MD5, no base64", sends: lines("AUTH CRAM-MD5 x|AUTH CRAM-MD5|x|AUTH CRAM-MD5|#") },
  { name: "PLAIN", sends: ["AUTH PLAIN\r\n", login("AGEAYg==\r\n")] },
  { name: "USER and PASS", sends: ["USER a\r\n", login("PASS b\r\n")] },
];

differentialTest(
  dovecot("pop3", {
    config: `${NO_PENALTY}\nauth_mechanisms = plain login cram-md5`,
    hasFile: true,
  }),
  "pop3 with LOGIN and CRAM-MD5 answers as Dovecot 2.3.19",
  async (t, genuine) => {
    const options = { auth: ["plain", "login", "cram-md5"], slow_down: false };
    await using decoy = serveDecoy(await makeDecoy(pop3, options));
    const masks = [{ pattern: /^\+ PD[A-Za-z0-9+/=]+/gm, replacement: "+ CHALLENGE" }];
    await assertSame(t, { genuine, decoy: decoy.address, conversations: MECHANISMS, masks });
  },
);

/** What a client waits for that tries one password after the other. */
const GUESSES: Conversation = {
  name: "two guesses and the last one again",
  sends: ["b", "c", "c"].flatMap((secret) => [
    "USER a\r\n",
    { data: `PASS ${secret}\r\n`, waitMs: 30_000 },
  ]).concat(["AUTH PLAIN\r\n"]),
};

differentialTest(
  dovecot("pop3"),
  "pop3 makes guessers wait as Dovecot 2.3.19",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(pop3));
    await assertSame(t, { genuine, decoy: decoy.address, conversations: [GUESSES] });
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
