import { smtp } from "../../lib/decoys/smtp.ts";
import { makeDecoy } from "../support/transcript.ts";
import { byChance } from "./chance.ts";
import type { Conversation } from "./client.ts";
import { NO_PENALTY } from "./genuine/dovecot.ts";
import { HOSTNAME, postfix } from "./genuine/postfix.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Longest pause of a failed login, and something to spare, in ms. */
const LOGIN_MS = 7000;

/** What both are set up with. */
const OPTIONS = { hostname: HOSTNAME, domains: ["mail"], users: ["mail"], slow_down: false };
const MASKS = [{ pattern: /(queued as )[0-9A-F]{10,12}/g, replacement: "$1ID" }];

/** Commands of RFC 5321, 821, 1985, 2645, 3030, 3207, 4954 and Postfix's own. */
const COMMANDS =
  ("AUTH BDAT DATA EHLO ETRN EXPN HELO HELP LHLO MAIL NOOP QUIT RCPT RSET SAML SEND " +
    "SOML STARTTLS TURN VRFY XCLIENT XFORWARD").split(" ");
const EVERY_COMMAND: Conversation[] = COMMANDS.filter((name) => name !== "STARTTLS").map((
  name,
) => ({
  name: `${name} with and without arguments`,
  sends: [`${name} x y\r\n`, `${name.toLowerCase()} x\r\n`, `${name}\r\n`],
}));

/** What scanners and people at the wrong door send. */
const STRANGERS: Conversation[] = [
  ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP in lower case", "get / http/1.0\r\n\r\n"],
  ["HTTP OPTIONS", "OPTIONS / HTTP/1.0\r\nHost: x\r\n\r\n"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["POP3", "USER x\r\nPASS y\r\nQUIT\r\n"],
  ["TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(30) + "\r\n"],
  ["telnet", "\xff\xf4\xff\xfd\x06\r\n"],
  ["nothing", "\r\n\r\n \r\n"],
].map(([name, data]) => ({ name: `scanner: ${name}`, sends: [data!] }));

/** Ends of the peer's side, in and between lines. */
const ENDS: Conversation[] = [
  { name: "end at once", sends: [null] },
  { name: "end within a line", sends: ["NOOP", null] },
  { name: "end after a command", sends: ["NOOP\r\nFOO", null] },
  { name: "end within a message", sends: [...mail(), "x\r\n.", null] },
  { name: "end within a chunk", sends: ["MAIL FROM:<>\r\nRCPT TO:<root>\r\nBDAT 5\r\nab", null] },
  { name: "end within SASL", sends: ["AUTH PLAIN\r\nAGE", null] },
  { name: "vanish at once", sends: [""], vanishes: true },
  { name: "vanish within a message", sends: [...mail(), "x\r\n"], vanishes: true },
  { name: "quit", sends: ["QUIT\r\n"] },
  { name: "quit and go on", sends: ["NOOP\r\nquit now\r\nNOOP\r\n"] },
];

/** First words that end the session, and some that do not. */
const FIRST_WORDS: Conversation[] = [
  '"|#|<|:|;|*|1|_x|~|\\|\x01|\xc3\xa4|Subject: x|Foo:bar|a-b:c|A: b|a\xc3\xa4:|From:<a@b>|mailfrom:<a>',
  "x y:|CONNECT x|connect|POST|PUT /|HEAD /|a\x7f:|a!:|[x]|(x)|\x7f|a\tb:|a :b|To: x|a@b:c|a,b:c",
].flatMap((row) => row.split("|")).map((line, i) => ({
  name: `first word ${i + 1}`,
  sends: [`${line}\r\n`, "NOOP\r\n"],
  quietMs: 60,
}));

const SPELLING: Conversation[] = [
  {
    name: "spelling",
    sends: lines(
      "noop| NOOP|\tNOOP|NOOP |NOOP x y|NOOP\r|RSET\0x|\0|\0NOOP|NO\\OP|\xff|NOOP \xff|NOOP \xc3\xa4|",
    ),
  },
  { name: "LF alone, CR alone", sends: ["NOOP\n", "NOOP\nNOOP\n", "NOOP\r", "\n", "NO\rOP\r\n"] },
  {
    name: "HELO and EHLO",
    sends: lines(
      'EHLO|HELO|HELO x y|EHLO a b|HELO \xc3\xa4|ehlo [1.2.3.4]|helo <x>|HELO "|EHLO x"y',
    ),
  },
  { name: "XCLIENT and XFORWARD", sends: lines("XCLIENT|XCLIENT NAME=x|XFORWARD|XFORWARD x|XFOO") },
  ...[
    'VRFY|VRFY root|VRFY nosuch|VRFY <root>|VRFY x@y.z|VRFY a b|VRFY <>|VRFY "root"',
    "VRFY root SMTPUTF8|VRFY \xc3\xa4 SMTPUTF8|VRFY SMTPUTF8|VRFY root@|VRFY <root|VRFY postmaster",
    "ETRN x|ETRN|ETRN x y|ETRN @x.y|ETRN -x|ETRN x.|ETRN x..y|ETRN 1|ETRN <x>",
    "ETRN a@b|ETRN x_y|ETRN [1.2.3.4]|ETRN #x|ETRN [x]|ETRN 1.2.3.4|ETRN a1",
  ].map((row, i): Conversation => ({ name: `VRFY and ETRN ${i + 1}`, sends: lines(row) })),
  ...[2040, 2042, 2043, 2044, 2046, 2047, 2048, 2049, 5000].map((size): Conversation => ({
    name: `a command of ${size} bytes`,
    sends: [`${"VRFY ".padEnd(size, "a")}\r\n`, "NOOP\r\n"],
  })),
];

/** Addresses, each as a sender and as a recipient. */
const ADDRESSES = [
  '<>|<a@>|<@>|<@b>|<a>|<a b@c>|a@b|<"a b"@c>|<a@b|a@b>|<a@b>x|<<a@b>>|<a@b><c@d>|(c)|<@x,@y:a@b>',
  '<a@[1.2.3.4]>|<a@[x]>|<a@b..c>|<a..b@c>|<.a@b>|<a@-b>|<a@b->|<a@b.>|"a"@b|<a\\@b@c>|<a@b,c@d>',
  '<a@b;c>|a:b;|<>x|x<>|<"">|<" "@x>|<a@b@c>|<a%b@c>|<a!b>|<a@b_c>|<a@1.2.3.4>|<a@[127.0.0.1]>',
  "<a@[IPv6:::1]>|<\xc3\xa4@b>|<a@\xc3\xa4.de>|<|id@x>|</etc/passwd@x>|<$(id)@x>|< a@b >|<a @ b>",
  "<a\x01b@c>|<a\x7fb@c>|<a\\b@c>|<a@b.123>|<a@123.b>|<a@1>|<a,b@c>|<a@b:c>|<a@[1.2.3]>|<a@[1.2.3.256]>",
  '<a@xn--b>|<a@b c>|<a.@b>|<"a\\"b"@c>|<a@b(c)>|x <a@b>|<a@b> x|a@b,|,a@b|a;b|<a@.b>|<a@[]>|<a@b..>',
].flatMap((row) => row.split(/(?<!<)\|/)).flatMap((address, i): Conversation[] => [
  { name: `sender ${i + 1}`, sends: [`MAIL FROM:${address}\r\n`], quietMs: 60 },
  { name: `recipient ${i + 1}`, sends: [`MAIL FROM:<>\r\nRCPT TO:${address}\r\n`], quietMs: 60 },
  { name: `VRFY ${i + 1}`, sends: [`VRFY ${address}\r\n`], quietMs: 60 },
]);

/** Recipients that are here, or might be. */
const RECIPIENTS: Conversation[] = [
  "<root>|<ROOT>|<Root@MAIL.EXAMPLE.NET>|<root@localhost>|<root@localhost.localdomain>|<root@mail>",
  "<root+x@mail.example.net>|<nosuch@mail.example.net>|<postmaster>|<postmaster@x.y>|<abuse>|<www-data>",
  '<root@[127.0.0.1]>|<root@[127.0.0.1>|<root@x.y@mail>|<x%y.z@mail>|<"x@y.z"@mail>|<y.z!x@mail>',
  '<y.z!x>|<@mail:x@y.z>|<x@y.z@>|<"x@y.z">|<x%y.z>|<"x%y.z">|<"x%y.z"@mail>|<x@y.z@[127.0.0.1]>',
  "<root@example.net>|<root@[10.0.0.1]>|<MAILER-DAEMON>|<root@mail.example.net.>|<+x@mail>|<root+@mail>",
  "<root/x>|<$x>|<_apt>|<@localhost>|<nobody>|<daemon>|<root@mail.>|<root%mail>|<root%localhost@mail>|<root!x>",
  "<mail!root>|<root@mail@mail>|<x.y!root@mail>|<mail!x.y!root>|<a%b%mail>|<root%mail%mail>|<root%x.y%mail>",
  '<mail!root%x.y>|<%mail>|<!root>|<root%>|<root!>|<root%mail@x.y>|<"root%mail">|<root@mail%mail>|<@mail>',
  '<"root@mail">|<@mail,@x:root>|<root@localhost%x.y@mail>',
].flatMap((row) => row.split("|")).map((address, i) => ({
  name: `RCPT ${i + 1}`,
  sends: [`MAIL FROM:<a@b.c>\r\nRCPT TO:${address}\r\n`],
  quietMs: 60,
}));

const PARAMETERS: Conversation[] = [
  "SIZE=10240001||SIZE=1",
  "SIZE=|SIZE=x|SIZE=-1|SIZE=99999999999999999999|SIZE=9223372036854775807|SIZE",
  "BODY=FOO|BODY=BINARYMIME|BODY|XVERP|FOO=BAR|FOO|RET|RET=X",
  "RET=FULL RET=FULL|ENVID=|ENVID=+4|ENVID=+01|ENVID=a ENVID=b|ENVID=\xc3\xa4|ENVID=+C3+A4|RET=|AUTH",
  "body=7bit size=1 ret=full envid=x smtputf8|FOO",
  "BODY=8BITMIME AUTH=<>|FOO",
  "AUTH=|AUTH=x|SMTPUTF8=x",
].map((row, i) => ({
  name: `parameters of MAIL ${i + 1}`,
  sends: row.split("|").map((words) => `MAIL FROM:<a@b> ${words}\r\n`),
}));
const RCPT_PARAMETERS: Conversation[] = [
  "NOTIFY=SUCCESS,FAILURE,DELAY|NOTIFY=NEVER|NOTIFY=NEVER,DELAY|NOTIFY=|NOTIFY=X|NOTIFY=success",
  "NOTIFY=SUCCESS,SUCCESS|NOTIFY=,SUCCESS|NOTIFY=SUCCESS,|NOTIFY=NEVER NOTIFY=NEVER|NOTIFY",
  "ORCPT=x|ORCPT=;x|ORCPT=rfc822;|ORCPT=rfc822;a+3|ORCPT=a;b ORCPT=a;b|ORCPT=utf-8;x|ORCPT=;",
  "FOO|FOO=1|SIZE=1|ORCPT=rfc822;a+40b NOTIFY=NEVER|\x01|ORCPT=a;b;c",
].map((row, i) => ({
  name: `parameters of RCPT ${i + 1}`,
  sends: ["MAIL FROM:<>\r\n", ...row.split("|").map((words) => `RCPT TO:<root> ${words}\r\n`)],
}));

const ORDER: Conversation[] = [
  {
    name: "out of order",
    sends: lines("DATA|DATA x|RCPT|RCPT TO:<root>|MAIL|MAIL x y|MAIL FROM|MAIL TO:<a>"),
  },
  {
    name: "without a recipient",
    sends: lines("MAIL FROM:<>|DATA|DATA x|RCPT TO:<nosuch>|DATA|BDAT 0 LAST"),
  },
  {
    name: "MAIL twice",
    sends: lines("MAIL FROM:<>|MAIL FROM:<>|RSET|MAIL FROM:<>|HELO x|MAIL FROM:<>"),
  },
  {
    name: "within a transaction",
    sends: lines("MAIL FROM:<>|AUTH PLAIN|ETRN x|XCLIENT x|VRFY root|STARTTLS x"),
  },
  {
    name: "DATA with an argument",
    sends: lines("MAIL FROM:<>|RCPT TO:<root>|DATA x|DATA").concat([".\r\n"]),
  },
  {
    name: "spaces",
    sends: lines(
      "MAIL  FROM:<a>|RSET|MAIL FROM :<a>|MAIL FROM: <a>|RCPT  TO:  root|RCPT TO :x|RCPT TO:",
    ),
  },
];

const MESSAGES: Conversation[] = [
  ...segmented([{
    name: "a message",
    sends: [...mail(), "Subject: x\r\n\r\nhi\r\n.\r\n", "QUIT\r\n"],
  }]),
  { name: "pipelined", sends: [mail().join("") + "x\r\n.\r\nNOOP\r\nQUIT\r\n"] },
  { name: "an empty message", sends: [...mail(), ".\r\n", "NOOP\r\n"] },
  { name: "dots", sends: [...mail(), "..\r\n.b\r\n.\n", "NOOP\r\n"] },
  { name: "a dot and many CR", sends: [...mail(), "\r\n.\r\r\n", "NOOP\r\n"] },
  { name: "a dot and CR alone", sends: [...mail(), "x\r.\r\n", "\r\n.\r\n"] },
  { name: "LF alone", sends: [...mail(), "x\n.\r\nNOOP\r\n"] },
  { name: "2047 bytes and a dot", sends: [...mail(), "x".repeat(2047) + "\r\n.\r\n.\r\n"] },
  { name: "2048 bytes and a dot", sends: [...mail(), "x".repeat(2048) + ".\r\n.\r\n"] },
  {
    name: "2048 bytes, a line end and a dot",
    sends: [...mail(), "x".repeat(2048) + "\r\n.\r\n", "NOOP\r\n"],
  },
  ...[48, 49, 50, 51].map((count): Conversation => ({
    name: `${count} hops`,
    sends: [...mail(), "Received: x\r\n".repeat(count) + "\r\nx\r\n.\r\n", "NOOP\r\n"],
  })),
  {
    name: "hops that are none",
    sends: [...mail(), "x: y\r\n\r\n" + "Received: x\r\n".repeat(60) + ".\r\n"],
  },
  { name: "no header", sends: [...mail(), "hello\r\n" + "Received: x\r\n".repeat(60) + ".\r\n"] },
];

const CHUNKS: Conversation[] = [
  { name: "BDAT, wrong", sends: ["BDAT x\r\n"] },
  { name: "BDAT, negative", sends: ["BDAT -1\r\n"] },
  { name: "BDAT, huge", sends: ["BDAT 99999999999999999999\r\n"] },
  { name: "BDAT with a third word", sends: ["BDAT 3 FOO\r\nabcNOOP\r\n"] },
  { name: "BDAT with four words", sends: ["BDAT 3 LAST x\r\nabc"] },
  {
    name: "BDAT 0",
    sends: lines("BDAT 0|BDAT 0 LAST|MAIL FROM:<>|DATA|RCPT TO:<root>|RSET|BDAT 0 LAST"),
  },
  {
    name: "BDAT without a sender",
    sends: ["BDAT 3\r\nabcNOOP\r\n", "BDAT 3 LAST\r\nabc", "MAIL FROM:<>\r\n"],
  },
  { name: "BDAT without a recipient", sends: ["MAIL FROM:<>\r\n", "BDAT 3\r\nabcNOOP\r\n"] },
  {
    name: "BDAT, in parts",
    sends: [rcpt(), "BDAT 3\r\nabc", "NOOP\r\n", "DATA\r\n", "BDAT 4 last\r\nabc\n", "NOOP\r\n"],
  },
  {
    name: "BDAT and others",
    sends: [rcpt(), "BDAT 3\r\nabc", ...lines("MAIL FROM:<>|RCPT TO:<root>|RSET|BDAT 0 LAST")],
  },
  { name: "BDAT and HELO", sends: [rcpt(), "BDAT 3\r\nabc", "HELO x\r\n", "BDAT 3 LAST\r\nabc"] },
  { name: "BDAT and QUIT", sends: [rcpt(), "BDAT 3\r\nabc", "QUIT\r\n"] },
  { name: "an empty BDAT", sends: [rcpt(), "BDAT 0 LAST\r\n", "NOOP\r\n"] },
  { name: "BDAT with line ends", sends: [rcpt(), "BDAT 5 LAST\r\nab\r\ncNOOP\r\n"] },
  { name: "BDAT, a CR at the end", sends: [rcpt(), "BDAT 1\r\n\r", "BDAT 1 LAST\r\nx"] },
  { name: "BDAT with odd bytes", sends: [rcpt(), "BDAT 3 LAST\r\n\0\rx"] },
  ...[2046, 2047, 2048, 2049, 4096, 4097].flatMap((size): Conversation[] => [
    { name: `BDAT, ${size} bytes`, sends: [rcpt(), `BDAT ${size} LAST\r\n${"x".repeat(size)}`] },
    {
      name: `BDAT, ${size} bytes and CR LF`,
      sends: [rcpt(), `BDAT ${size + 2} LAST\r\n${"x".repeat(size)}\r\n`],
    },
  ]),
  { name: "BDAT, many CR and LF", sends: [rcpt(), "BDAT 4 LAST\r\na\r\r\n"] },
  { name: "BDAT, many CR", sends: [rcpt(), "BDAT 6 LAST\r\na\r\r\nb\r"] },
  { name: "BDAT, a long line", sends: [rcpt(), "BDAT 5000 LAST\r\n" + "x".repeat(5000)] },
  {
    name: "BDAT, lines parted",
    sends: [rcpt(), "BDAT 3\r\na\r\n", "BDAT 2\r\nb\r", "BDAT 3 LAST\r\n\nc\n"],
  },
  {
    name: "BDAT, null in between",
    sends: [rcpt(), "BDAT 1\r\nx", "BDAT 0\r\n", "BDAT 1 LAST\r\nx", rcpt(), "DATA\r\n"],
  },
];

const PATIENCE: Conversation[] = [
  {
    name: "errors, one by one",
    sends: lines(Array(20).fill("A").join("|")),
    waitMs: 3000,
    quietMs: 1500,
  },
  {
    name: "errors and others",
    sends: lines(Array(12).fill("A").join("|") + "|NOOP|EHLO x|QUIT"),
    waitMs: 3000,
  },
  {
    name: "errors in one go",
    sends: [{ data: "A\r\n".repeat(12) + "NOOP\r\n", waitMs: 4000 }],
    quietMs: 1500,
  },
  {
    name: "errors are forgiven",
    sends: [...lines(Array(9).fill("A").join("|")), mail().join(""), ".\r\n", ...lines("A|A|A")],
  },
  {
    name: "junk",
    sends: ["NOOP\r\n".repeat(100), ...lines(Array(14).fill("NOOP").join("|"))],
    waitMs: 3000,
    quietMs: 60,
  },
];

const TLS: Conversation[] = [
  { name: "STARTTLS and then nothing", sends: ["STARTTLS\r\n"] },
  { name: "STARTTLS with an argument", sends: ["STARTTLS x\r\n", "NOOP\r\n"] },
  { name: "STARTTLS, then no TLS", sends: ["STARTTLS\r\n", "EHLO x\r\n"], isResetAllowed: true },
  { name: "STARTTLS and more in clear", sends: ["STARTTLS\r\nEHLO x\r\n"] },
];

const WORDS =
  ("MAIL FROM: RCPT TO: <root> <a@b> <> root@mail x@y.z EHLO x RSET NOOP VRFY ETRN DATA BDAT 0 3 " +
    'LAST SIZE=5 SMTPUTF8 NOTIFY=NEVER BODY=7BIT AUTH PLAIN = LOGIN "a b" <a b> <"a@b"@c> % @ , ; : . ( ) [ ] ' +
    "< > \\ a b@c d!e f%g <@x:y@z> <root+x> mail XCLIENT a=b STARTTLS x").split(" ").concat(
      "\0",
      "\xe4",
      "\xc3\xa4",
      "\t",
      "\r",
      "",
    );

/** Lines put together by chance, the same at every run. */
const BY_CHANCE = byChance({
  words: WORDS,
  gaps: [" ", " ", " ", "  ", "", "\t", ":", "<"],
  ends: ["\r\n", "\r\n", "\n", " \r\n"],
});

differentialTest(
  postfix({ auth: { config: NO_PENALTY } }),
  "smtp answers as Postfix 3.7.11",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(smtp, { ...OPTIONS, auth: ["plain"] }));
    const conversations = [
      ...PATIENCE,
      ...EVERY_COMMAND,
      ...STRANGERS,
      ...ENDS,
      ...FIRST_WORDS,
      ...SPELLING,
      ...ADDRESSES,
      ...RECIPIENTS,
      ...PARAMETERS,
      ...RCPT_PARAMETERS,
      ...ORDER,
      ...MESSAGES,
      ...CHUNKS,
      ...TLS,
      ...BY_CHANCE,
    ];
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
  },
);

const NO_AUTH: Conversation[] = [
  {
    name: "EHLO and AUTH",
    sends: lines("EHLO x|AUTH|AUTH PLAIN AGEAYg==|MAIL FROM:<a@b> AUTH=<>"),
  },
];

const TOO_LARGE: Conversation[] = [
  { name: "EHLO", sends: ["EHLO x\r\n"] },
  { name: "SIZE", sends: ["MAIL FROM:<> SIZE=5001\r\n", "RSET\r\n", "MAIL FROM:<> SIZE=5000\r\n"] },
  ...[3000, 5000, 5001].flatMap((size): Conversation[] => [
    {
      name: `a message of ${size} bytes`,
      sends: [...mail(), `${"x".repeat(size)}\r\n.\r\n`, "NOOP\r\n"],
    },
    {
      name: `chunks of ${size} bytes`,
      sends: [rcpt(), `BDAT ${size}\r\n${"x".repeat(size)}`, "BDAT 1\r\nx", "BDAT 1 LAST\r\nx"],
    },
  ]),
];

differentialTest(
  postfix({ config: { message_size_limit: "5000" } }),
  "smtp with a small limit answers as Postfix 3.7.11",
  async (t, genuine) => {
    const options = { ...OPTIONS, auth: [], max_message_bytes: 5000 };
    await using decoy = serveDecoy(await makeDecoy(smtp, options));
    const conversations = TOO_LARGE;
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
  },
);

differentialTest(postfix(), "smtp without AUTH answers as Postfix 3.7.11", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(smtp, { ...OPTIONS, auth: [] }));
  await assertSame(t, { genuine, decoy: decoy.address, conversations: NO_AUTH });
});

const SASL: Conversation[] = [
  {
    name: "AUTH",
    sends: lines("EHLO x|AUTH|AUTH PLAIN a b|AUTH X|AUTH X y|AUTH PLAIN #|AUTH PLAIN AGEAYg"),
  },
  {
    name: "AUTH, broken off",
    sends: lines("AUTH plain|*|AUTH PLAIN|x|AUTH LOGIN|YQ==|*|AUTH LOGIN| *|AUTH CRAM-MD5|*"),
  },
  { name: "PLAIN", sends: ["AUTH PLAIN\r\n", login("AGEAYg==\r\n"), "NOOP\r\n"] },
  { name: "PLAIN, at once", sends: [login("AUTH PLAIN AGEAYg==\r\n"), "NOOP\r\n"] },
  { name: "PLAIN in one go", sends: [login("AUTH PLAIN\r\nAGEAYg==\r\nNOOP\r\n")] },
  { name: "PLAIN, spaces in it", sends: ["AUTH PLAIN\r\n", login(" AGEA Yg== \r\n")] },
  { name: "PLAIN, empty", sends: [login("AUTH PLAIN =\r\n")] },
  { name: "PLAIN, an empty line", sends: ["AUTH PLAIN\r\n", login("\r\n")] },
  { name: "LOGIN", sends: ["AUTH LOGIN\r\n", "YQ==\r\n", login("Yg==\r\n")] },
  { name: "LOGIN with a name at once", sends: ["AUTH LOGIN YQ==\r\n", login("Yg==\r\n")] },
  { name: "LOGIN, an odd name", sends: ["AUTH LOGIN\r\n", login(`${btoa("a b")}\r\n`)] },
  {
    name: "CRAM-MD5",
    sends: ["AUTH CRAM-MD5\r\n", login(`${btoa("alice " + "0".repeat(32))}\r\n`)],
  },
  { name: "CRAM-MD5, no digest", sends: ["AUTH CRAM-MD5\r\n", login("YQ==\r\n")] },
  {
    name: "a long response",
    sends: ["AUTH PLAIN\r\n", login("=".padStart(12_286, "A") + "\r\n"), "NOOP\r\n"],
  },
  ...[12_287, 12_288, 13_000].map((size): Conversation => ({
    name: `a response of ${size} bytes`,
    sends: ["AUTH PLAIN\r\n", login("#".repeat(size) + "\r\n"), "NOOP\r\n"],
  })),
  ...segmented([
    { name: "a login", sends: ["EHLO x\r\n", "AUTH PLAIN\r\n", login("AGEAYg==\r\n"), "QUIT\r\n"] },
  ]),
];

differentialTest(
  postfix({
    auth: { config: `${NO_PENALTY}\nauth_mechanisms = plain login cram-md5`, hasFile: true },
  }),
  "smtp with AUTH answers as Postfix 3.7.11",
  async (t, genuine) => {
    const options = { ...OPTIONS, auth: ["plain", "login", "cram-md5"] };
    await using decoy = serveDecoy(await makeDecoy(smtp, options));
    const masks = [{ pattern: /^334 PD[A-Za-z0-9+/=]+/gm, replacement: "334 CHALLENGE" }];
    await assertSame(t, { genuine, decoy: decoy.address, conversations: SASL, masks });
  },
);

const SUBMISSION: Conversation[] = [
  { name: "what it can", sends: lines("EHLO x|HELO x|NOOP|STARTTLS x|QUIT") },
  {
    name: "nothing without TLS",
    sends: lines("AUTH PLAIN AGEAYg==|MAIL FROM:<>|RCPT TO:<root>|DATA|VRFY root|ETRN x|RSET|BDAT"),
  },
  { name: "others", sends: lines("BDAT 3|abc|XCLIENT x|XFORWARD|FOO|HELP|RSET x|\xff|") },
];

differentialTest(
  postfix({ isSubmission: true, auth: {} }),
  "smtp as submission service answers as Postfix 3.7.11",
  async (t, genuine) => {
    const options = { ...OPTIONS, service: "submission", auth: ["plain"] };
    await using decoy = serveDecoy(await makeDecoy(smtp, options));
    await assertSame(t, { genuine, decoy: decoy.address, conversations: SUBMISSION });
  },
);

/** Lines that are written with `|` between them. */
function lines(row: string): string[] {
  return row.split("|").map((line) => `${line}\r\n`);
}

/** Up to the message. */
function mail(): string[] {
  return [rcpt(), "DATA\r\n"];
}

/** Up to a recipient. */
function rcpt(): string {
  return "MAIL FROM:<a@b.c>\r\nRCPT TO:<root>\r\n";
}

/** What ends in a login, whose answer may take long. */
function login(data: string): { data: string; waitMs: number } {
  return { data, waitMs: LOGIN_MS };
}
