import { socks } from "../../lib/decoys/socks.ts";
import { makeDecoy } from "../support/transcript.ts";
import type { Conversation } from "./client.ts";
import { dante } from "./genuine/dante.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";

/** No names are looked up by the genuine server but what /etc/hosts has, or nobody can know. */
const OPTIONS = { lookup_min_ms: 0, lookup_max_ms: 0 };

/** What comes first: methods, and what is no SOCKS. */
const GREETINGS: Conversation[] = [
  "\x05\x01\x00",
  "\x05\x01\x02",
  "\x05\x02\x00\x02",
  "\x05\x02\x02\x00",
  "\x05\x00",
  "\x05\x01\x01",
  "\x05\x01\xff",
  "\x05\x01\x80",
  "\x05\x03\x00\x01\x02",
  "\x05\x05\x02\x02\x02\x00\x00",
  "\x05\xff" + Array.from({ length: 255 }, (_, i) => String.fromCharCode(i)).join(""),
  "\x05",
  "\x05\x02\x00",
  "\x04",
  "\x04\x00",
  "\x04\x03",
  "\x04\xff",
  "\x00",
  "\x06\x01\x00",
  "GET / HTTP/1.0\r\n\r\n",
  "CONNECT x:80 HTTP/1.1\r\n\r\n",
  "SSH-2.0-x\r\n",
  "\x16\x03\x01\x00\x2f\x01",
  "\r\n\r\n",
].flatMap((data) => {
  const name = JSON.stringify(data).slice(0, 60);
  return [{ name: `greeting ${name}`, sends: [data] }, {
    name: `greeting ${name}, then the end`,
    sends: [data, null],
  }];
});

const LOGINS: Conversation[] = [
  "\x01\x04user\x04pass",
  "\x01\x00\x00",
  "\x01\x00\x01a",
  "\x01\x01a\x00",
  "\x01\x04root\x04root",
  "\x01\x04us\0r\x02\xff\0",
  "\x01\x04user\x04passmore",
  "\x01\x04use",
  "\x01\x00",
  "\x02",
  "\x00",
  "\x05\x01\x00\x01",
  "\x01\xff" + "u".repeat(255) + "\xff" + "p".repeat(255),
].map((data) => ({
  name: `login ${JSON.stringify(data).slice(0, 60)}`,
  sends: ["\x05\x02\x00\x02", data, null],
}));

const V4_LOOPBACK = "\x01\x7f\0\0\x01";
const ADDRESSES: [name: string, address: string][] = [
  ["127.0.0.1:9", `${V4_LOOPBACK}\0\x09`],
  ["127.0.0.1:0", `${V4_LOOPBACK}\0\0`],
  ["0.0.0.0:0", "\x01\0\0\0\0\0\0"],
  ["0.0.0.0:80", "\x01\0\0\0\0\0\x50"],
  ["255.255.255.255:80", "\x01\xff\xff\xff\xff\0\x50"],
  ["::1", "\x04" + "\0".repeat(15) + "\x01\0\x50"],
  [":::0", "\x04" + "\0".repeat(18)],
  ["2001:db8::1", "\x04\x20\x01\x0d\xb8" + "\0".repeat(11) + "\x01\0\x50"],
  ["::ffff:127.0.0.1", "\x04" + "\0".repeat(10) + "\xff\xff\x7f\0\0\x01\0\x09"],
  ["::ffff:0.0.0.0", "\x04" + "\0".repeat(10) + "\xff\xff\0\0\0\0\0\x09"],
  ...[
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0177.1",
    "0.0.0.0",
    "::1",
    "",
    ".",
    "nothere",
    "x.invalid",
    "a..b",
    "%s%n",
    "a b\x01",
    "1.2.3.4.5",
    "256.1.1.1",
    "09.1.1.1",
    "lo\0cal",
    "localhost\0x",
    "a".repeat(255),
  ].flatMap((name): [string, string][] =>
    ["\0\x09", "\0\0"].map((port) => [
      `name ${JSON.stringify(name).slice(0, 30)} ${port === "\0\0" ? "port 0" : ""}`,
      `\x03${String.fromCharCode(name.length)}${name}${port}`,
    ])
  ),
];
const REQUESTS: Conversation[] = ["CONNECT", "BIND", "UDP ASSOCIATE"].flatMap((command, i) =>
  ADDRESSES.map(([name, address]) => ({
    name: `${command} ${name}`,
    sends: ["\x05\x01\x00", `\x05${String.fromCharCode(i + 1)}\0${address}`],
  }))
);
const ODD_REQUESTS: Conversation[] = [
  `\x05\x01\x01${V4_LOOPBACK}\0\x09`,
  `\x05\x01\0${V4_LOOPBACK}\0\x09more`,
  `\x05\x04\0${V4_LOOPBACK}\0\x09`,
  `\x05\x00\0${V4_LOOPBACK}\0\x09`,
  `\x05\xff`,
  "\x05\x01\0\x02",
  "\x05\x01\0\x00",
  "\x05\x01\0\x05",
  "\x05\x01\x07",
  "\x05",
  "\x06",
  "\x04\x07",
  "\x04\x01\x00\x09\x7f\0\0\x01user\0",
  "GET / HTTP/1.0\r\n\r\n",
].map((data) => ({
  name: `request ${JSON.stringify(data)}`,
  sends: ["\x05\x01\x00", data, null],
}));

const SOCKS4: Conversation[] = [
  "\x04\x01\0\x09\x7f\0\0\x01user\0",
  "\x04\x01\0\x09\x7f\0\0\x01\0",
  "\x04\x02\0\x50\x7f\0\0\x01x\0",
  "\x04\x03\0\x50\x7f\0\0\x01x\0",
  "\x04\x00\0\x50\x7f\0\0\x01x\0",
  "\x04\x01\0\x50\0\0\0\x01u\0nothere\0",
  "\x04\x01\0\x50\0\0\0\x01u\0localhost\0",
  "\x04\x01\0\x50\0\0\0\xff\0\0",
  "\x04\x01\0\x50\0\0\0\0u\0",
  "\x04\x01\0\0\x7f\0\0\x01u\0",
  "\x04\x01\0\x09\x7f\0\0\x01user\0more",
  "\x04\x01\0\x09\x7f\0\0\x01user",
  `\x04\x01\0\x09\x7f\0\0\x01${"u".repeat(1024)}\0`,
  `\x04\x01\0\x09\0\0\0\x01\0${"h".repeat(255)}\0`,
].map((data) => ({ name: `SOCKS 4 ${JSON.stringify(data).slice(0, 80)}`, sends: [data, null] }));

const SEGMENTED = segmented([
  { name: "login", sends: ["\x05\x01\x02", "\x01\x04user\x04pass"] },
  { name: "no login", sends: ["\x05\x01\x00", `\x05\x01\0${V4_LOOPBACK}\0\x09`] },
  { name: "SOCKS 4a", sends: ["\x04\x01\0\x50\0\0\0\x01u\0nothere\0"] },
  { name: "no SOCKS", sends: ["GET / HTTP/1.0\r\n\r\n"] },
]);

const quick = (conversations: readonly Conversation[]) =>
  conversations.map((conversation) => ({
    ...conversation,
    greetingMs: 0,
    waitMs: 200,
    quietMs: 40,
    isResetAllowed: true, // what is left unread resets the connection
  }));

differentialTest(
  dante("username", { verdict: "pass" }),
  "socks asks for a password as Dante 1.4.2",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(socks, OPTIONS));
    const conversations = quick([...GREETINGS, ...LOGINS, ...SOCKS4, ...SEGMENTED]);
    await assertSame(t, { genuine, decoy: decoy.address, conversations });
  },
);

differentialTest(
  dante("none", { verdict: "block" }),
  "socks blocks what is asked for as Dante 1.4.2",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(socks, { ...OPTIONS, auth: "none" }));
    const all = [...GREETINGS, ...REQUESTS, ...ODD_REQUESTS, ...SOCKS4, ...SEGMENTED];
    await assertSame(t, { genuine, decoy: decoy.address, conversations: quick(all) });
  },
);

/** Ports of our own end of connections. */
const MASKS: readonly Mask[] = [
  // deno-lint-ignore no-control-regex -- bytes
  { pattern: /\x05\x05\0\x01\x7f\0\0\x01[^]{2}/g, replacement: "\x05\x05\0\x01\x7f\0\0\x01PP" },
  // deno-lint-ignore no-control-regex -- bytes
  { pattern: /^\0\[(?!\0)[^]{2}\x7f\0\0\x01/, replacement: "\0[PP\x7f\0\0\x01" },
];

differentialTest(
  dante("username none", { verdict: "pass", only: "connect" }),
  "socks takes both methods and fails to connect as Dante 1.4.2",
  async (t, genuine) => {
    const options = { ...OPTIONS, auth: "both", connects: "refused" };
    await using decoy = serveDecoy(await makeDecoy(socks, options));
    const all = [...GREETINGS, ...LOGINS, ...REQUESTS, ...SOCKS4, ...SEGMENTED];
    const reachable = all.filter(({ name }) => !/255.255.255.255/.test(name));
    const conversations = quick(reachable);
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
  },
);
