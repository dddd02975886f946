/**
 * The telnet decoy against BusyBox telnetd and inetutils-telnetd, each before Debian's `login`.
 *
 * Left out is what the genuine ones race with themselves: whether the end of a killed `login` is seen
 * before or after its last output (inetutils), and whether a second line of a segment is typed before
 * or after `login` drops its input (BusyBox).
 * @module
 */
import { makeDecoy } from "../support/transcript.ts";
import { telnet } from "../../lib/decoys/telnet.ts";
import type { Conversation } from "./client.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";
import { busyboxTelnetd, inetutilsTelnetd } from "./genuine/telnetd.ts";

/** Longest pause of `login`, and something to spare, in ms. */
const WRONG_MS = 6000;
/** `login`'s pause is random, and inetd starts a program for each connection, in ms. */
const SLACK_MS = 1200;
/** A wrong password, and its refusal. */
const wrong = (data: string) => ({ data, waitMs: WRONG_MS });
/** Answers that come at once, and then a refusal: the pause is longer than the answer's quiet. */
const refusal = { data: "", waitMs: WRONG_MS };

/** Refuse all that inetutils asks for. */
const REFUSE_VALUES = "\xff\xfe%\xff\xfe&\xff\xfc\x18\xff\xfc \xff\xfc#\xff\xfc'\xff\xfc$";
const REFUSE_MODES = '\xff\xfd\x03\xff\xfc\x01\xff\xfc"\xff\xfc\x1f\xff\xfe\x05\xff\xfc!';
const REFUSE_REST = "\xff\xfd\x01\xff\xfc\x06\xff\xfc\x00";
const REFUSE = [REFUSE_VALUES, REFUSE_MODES, REFUSE_REST];
const ACCEPT_TYPE = "\xff\xfe%\xff\xfe&\xff\xfb\x18\xff\xfc \xff\xfc#\xff\xfc'\xff\xfc$";
const type = (name: string) => `\xff\xfa\x18\0${name}\xff\xf0`;

/** Keys, typed by a person: any segments. */
const keys: readonly Conversation[] = [
  { name: "a login", sends: ["root\r", "wrong\r", refusal, "admin\r"] },
  { name: "line feeds", sends: ["root\n", "wrong\n", refusal, "admin\n"] },
  { name: "empty name and password", sends: ["\r", "\r", refusal] },
  { name: "a name like an option", sends: ["-f root\r", refusal] },
  { name: "a name with a plus", sends: ["+x\r", refusal] },
  { name: "spaces", sends: ["  root  x \r"] },
  { name: "erase", sends: ["ab\x7f\x7f\x7fc\x08d\r"] },
  { name: "kill and words", sends: ["abc\x15d ef-gh_i  .\x17\x17x\r"] },
  { name: "tabs", sends: ["a\tb\tc\x7f\x7f\x7f\x7fd\r"] },
  { name: "reprint and literal", sends: ["ab\x01\x12c\x16\x03\x16\x7f\x7f\x7fd\r"] },
  {
    name: "controls",
    sends: ["\x01\x02\x05\x06\x07\x0b\x0c\x0e\x0f\x10\x14\x18\x19\x1b\x1d\x1e\x1f\r"],
  },
  { name: "end of file at the name", sends: ["\x04", refusal] },
  { name: "end of file behind a name", sends: ["abc\x04", "d\x04", refusal] },
  { name: "end of file at the password", sends: ["abc\r", "\x04", refusal] },
  { name: "stopped", sends: ["ab\x13cd", "ef\x11g\r"] },
  { name: "UTF-8 and erase", sends: ["a\xe2\x82\xac\x7f\x7f\x7f\x7f\x7f\r"] },
  { name: "typing during the pause", sends: ["root\r", "x\r", "admin\r", "abc", refusal, "d\r"] },
  { name: "an end without a word", sends: [null] },
  { name: "an end behind a name", sends: ["root\r", null] },
];

/** What has to come whole. */
const lines: readonly Conversation[] = [
  { name: "CR LF", sends: ["root\r\n", "wrong\r\n", refusal, "admin\r\n"] },
  { name: "CR NUL", sends: ["root\r\0", "wrong\r\0", refusal] },
  { name: "five tries", sends: [..."abcde"].flatMap((name) => [`${name}\r`, "x\r", refusal]) },
  { name: "a long name", sends: ["n".repeat(600) + "\r", "p".repeat(600) + "\r", refusal] },
  { name: "HTTP", sends: ["GET / HTTP/1.0\r", "Host: x\r", refusal] },
];

const busybox: readonly Conversation[] = [
  { name: "nobody types", sends: [{ data: "", waitMs: 63_000 }] },
  { name: "a name and then nothing", sends: ["root\r", { data: "", waitMs: 63_000 }] },
  ...segmented(keys, ["whole", "bytes"]),
  ...lines,
  { name: "interrupt", sends: ["root\r", "abc\x03"] },
  { name: "interrupt at the name", sends: ["abc\x03"] },
  { name: "suspend", sends: ["abc", "\x1a", "def\r"] },
  { name: "CR and a late LF", sends: ["root\r", "\n", refusal] },
  { name: "a longer name than lines", sends: ["n".repeat(4100), "ab\r", "x\r"] },
  {
    name: "negotiation of inetutils telnet",
    sends: [
      "\xff\xfc\x01\xff\xfb\x1f\xff\xfa\x1f\0P\0\x18\xff\xf0\xff\xfd\x01\xff\xfd\x03",
      "root\r\0",
      "x\r\0",
      refusal,
    ],
  },
  { name: "are you there", sends: ["\xff\xf6", "a", "\xff\xf6"] },
  {
    name: "two-byte commands",
    sends: ["a\xff\xf1b\xff\xf3c\xff\xf4d\xff\xf7e\xff\xf8f\xff\xf2g\r"],
  },
  { name: "literal 255", sends: ["\xff\xffA\xff\xff\r"] },
  {
    name: "unknown sub-options",
    sends: ["a\xff\xfa\x18\0xterm\xff\xf0b\xff\xfa'\0\0USER\x01m\xff\xf0c\r"],
  },
  {
    name: "cut commands",
    sends: ["a\xff", "\xffb", "\xff", "\xfd", "\x02c", "\xff\xfa\x1f\0P", "A\x18\xff\xf0d\r"],
  },
  { name: "a NUL at a segment's end", sends: ["a\0", "\0", "b\0c", "\r"] },
];

const inetutils: readonly Conversation[] = [
  { name: "nobody types", sends: [...REFUSE, { data: "", waitMs: 63_000 }] },
  ...segmented(
    keys.map(({ name, sends }) => ({ name, sends: [...REFUSE, ...sends] })),
    ["whole"],
  ),
  ...segmented(
    lines.map(({ name, sends }) => ({ name, sends: [...REFUSE, ...sends] })),
    ["whole"],
  ),
  ...segmented([{ name: "refusing", sends: [...REFUSE, "root\r\n", "x\r\n", refusal] }]),
  { name: "no negotiation", sends: ["root\r\nxc3511\r\n", "enable\r\n", null] },
  { name: "one segment", sends: [...REFUSE, "root\r\nxc3511\r\nsh\r\n"] },
  {
    name: "negotiation of inetutils telnet",
    sends: [
      "\xff\xfd%\xff\xfd&\xff\xfa&\x01\xff\xf0\xff\xfb\x18\xff\xfb \xff\xfc#\xff\xfb'\xff\xfc$",
      "\xff\xfa \x0038400,38400\xff\xf0\xff\xfa'\0\xff\xf0" + type("XTERM"),
      '\xff\xfd\x03\xff\xfc\x01\xff\xfb"\xff\xfa"\x03\x01\0\0\x03b\x03\x04\x02\x0f\x05\0\0\x07b\x1c' +
      "\x08\x02\x04\tB\x1a\n\x02\x7f\x0b\x02\x15\x0c\x02\x17\r\x02\x12\x0e\x02\x16\x0f\x02\x11" +
      "\x10\x02\x13\x11\0\0\x12\0\0\xff\xf0\xff\xfb\x1f\xff\xfa\x1f\0P\0\x18\xff\xf0\xff\xfd\x05\xff\xfb!",
      '\xff\xfa"\x01\x07\xff\xf0',
      '\xff\xfd\x01\xff\xfb\0\xff\xfc"',
      "root\r",
      wrong("x\r"),
      refusal,
    ],
  },
  {
    name: "USER=-f root",
    sends: [
      "\xff\xfe%\xff\xfe&\xff\xfc\x18\xff\xfc \xff\xfc#\xff\xfb'\xff\xfc$",
      "\xff\xfa'\0\0USER\x01-f root\xff\xf0",
      REFUSE_MODES,
      REFUSE_REST,
      "id\r",
    ],
  },
  {
    name: "USER=-f root of the old environment",
    sends: [
      "\xff\xfe%\xff\xfe&\xff\xfc\x18\xff\xfc \xff\xfc#\xff\xfc'\xff\xfb$",
      "\xff\xfa$\0\x01USER\0-f root\xff\xf0",
      REFUSE_MODES,
    ],
  },
  {
    name: "both environments",
    sends: [
      "\xff\xfe&\xff\xfc\x18\xff\xfc \xff\xfc#\xff\xfb'\xff\xfb$",
      "\xff\xfa'\0\xff\xf0",
      "\xff\xfa$\0\xff\xf0",
    ],
  },
  { name: "unknown terminals", sends: [ACCEPT_TYPE, ...["A", "B", "B", "A"].map(type)] },
  { name: "one unknown terminal", sends: [ACCEPT_TYPE, type("A"), type("A")] },
  { name: "a known terminal", sends: [ACCEPT_TYPE, type("VT100")] },
  { name: "a terminal that is taken back", sends: [ACCEPT_TYPE, "\xff\xfc\x18"] },
  { name: "authentication", sends: ["\xff\xfb%", "\xff\xfa%\0\0\0\xff\xf0", REFUSE_VALUES] },
  { name: "encryption", sends: ["\xff\xfd&\xff\xfb&", "\xff\xfa&\x01\x01\xff\xf0"] },
  {
    name: "nmap's tn3270 probe",
    sends: ["\xff\xfb\x18\xff\xfb\x19\xff\xfc\x19\xff\xfb\0\xff\xfd\0"],
  },
  {
    name: "the client echoes",
    sends: [
      REFUSE_VALUES,
      '\xff\xfb\x01\xff\xfc"\xff\xfc\x1f\xff\xfe\x05\xff\xfc!',
      "\xff\xfc\x01",
      "ab\r",
    ],
  },
  {
    name: "old line mode",
    sends: [REFUSE_VALUES, REFUSE_MODES, "\xff\xfd\x01\xff\xfb\x06\xff\xfc\0", "ab\r\n"],
  },
  {
    name: "line mode, its characters and its mode",
    sends: [
      REFUSE_VALUES,
      '\xff\xfc\x01\xff\xfb"\xff\xfb\x1f\xff\xfe\x05\xff\xfc!\xff\xfd\x03',
      '\xff\xfa"\x03\0\x02\0\xff\xf0',
      '\xff\xfa"\x03\n\x02\x08\x0b\x82\x15\x12\0\x04\x13\0\xff\xf0',
      '\xff\xfa"\x01\0\xff\xf0',
      "ab\x08c\r\n",
    ],
  },
  { name: "AYT and erasing", sends: [...REFUSE, "abcd\xff\xf7", "\xff\xf6", "\xff\xf8x\r\n"] },
  { name: "abort output", sends: [...REFUSE, "ab", "\xff\xf5", "c\r\n"] },
  { name: "end of file", sends: [...REFUSE, "ab\xff\xec", "\xff\xed"] },
  {
    name: "no echo",
    sends: [...REFUSE, "\xff\xfe\x01", "root\r\n", "x\r\n", refusal, "\xff\xfd\x01", "a\r"],
  },
  { name: "seven bits", sends: [...REFUSE, "ab\xff\xffc\xe1\r\n"] },
  { name: "binary", sends: [...REFUSE, "\xff\xfb\0\xff\xfd\0", "a\x80b\r\n"] },
  { name: "status", sends: [...REFUSE, "\xff\xfd\x05\xff\xfa\x05\x01\xff\xf0"] },
  { name: "logout", sends: [...REFUSE, "\xff\xfd\x12"] },
  {
    name: "a broken sub-option",
    sends: [...REFUSE, "a\xff\xfa\x18\0xa\xff\xfdcb\xff\xfa\x18\xffc\r"],
  },
  {
    name: "an endless sub-option",
    sends: [...REFUSE, "\xff\xfa\x18\0" + "x".repeat(2000), "y\r\n"],
  },
  {
    name: "every option",
    sends: [
      ...REFUSE,
      allOptions("\xfb", [37, 38]),
      allOptions("\xfd", [18, 38]),
      allOptions("\xfe", []),
      allOptions("\xfc", []),
    ],
  },
];

differentialTest(
  busyboxTelnetd,
  "telnet answers as BusyBox telnetd 1.35",
  async (t, genuine) => {
    await using decoy = serveDecoy(
      await makeDecoy(telnet, { product: "busybox-1.35", hostname: Deno.hostname() }),
    );
    await assertSame(t, {
      genuine,
      decoy: decoy.address,
      conversations: busybox,
      slackMs: SLACK_MS,
    });
  },
);

differentialTest(
  inetutilsTelnetd,
  "telnet answers as inetutils-telnetd 2.4",
  async (t, genuine) => {
    await using decoy = serveDecoy(
      await makeDecoy(telnet, { product: "inetutils-2.4", hostname: Deno.hostname() }),
    );
    const masks = [
      { pattern: /Linux \S+ \(\S+\) \(pts\/\d+\)/, replacement: "Linux KERNEL (HOST) (pts/N)" },
      // Sent as urgent data, of which a client that does not ask for it inline sees the second half.
      { pattern: /\xff?\xf2/, replacement: "<DM>" },
    ];
    await assertSame(t, {
      genuine,
      decoy: decoy.address,
      conversations: inetutils,
      masks,
    });
  },
);

/** A word on every option there is, but for some. */
function allOptions(verb: string, but: readonly number[]): string {
  return Array.from({ length: 255 }, (_, option) => option)
    .filter((option) => !but.includes(option))
    .map((option) => `\xff${verb}${String.fromCharCode(option)}`).join("");
}
