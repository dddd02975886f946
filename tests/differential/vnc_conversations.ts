/**
 * What is said to TigerVNC's server and to the decoy.
 * @module
 */
import type { Conversation, Send } from "./client.ts";

type Step = Send | Send["data"];

const V8 = "RFB 003.008\n";
const V7 = "RFB 003.007\n";
const V3 = "RFB 003.003\n";
const RESPONSE = "\0".repeat(16);
const VENCRYPT = "\x13";
const VENCRYPT_VERSION = "\0\x02";
/** Types of VeNCrypt. */
const VNC_AUTH = "\0\0\0\x02";
const PLAIN = "\0\0\x01\0";
const TLS_VNC = "\0\0\x01\x02";
const X509_VNC = "\0\0\x01\x05";

/** All answers come at once, but for refusals, which take 0.1 s. */
const HASTE = { waitMs: 250, quietMs: 80 } as const;

function talk(name: string, ...sends: Step[]): Conversation {
  return { name, sends, ...HASTE };
}

const u32 = (value: number) =>
  String.fromCharCode(...[24, 16, 8, 0].map((shift) => value >>> shift & 255));
const plain = (user: string, password: string) =>
  u32(user.length) + u32(password.length) + user + password;

/** Version lines, read as sscanf reads them. */
const VERSIONS = [
  ...["RFB 003.003\n", "RFB 003.004\n", "RFB 003.005\n", "RFB 003.006\n", "RFB 003.007\n"],
  ...["RFB 003.009\n", "RFB 003.010\n", "RFB 003.889\n", "RFB 003.000\n", "RFB 003.999\n"],
  ...["RFB 004.000\n", "RFB 004.001\n", "RFB 005.000\n", "RFB 002.000\n", "RFB 002.003\n"],
  ...["RFB 999.999\n", "RFB 000.000\n", "RFB 001.003\n", "RFB 010.010\n", "RFB 3.8\n\n\n\n\n"],
  ...["RFB 003.008\r", "RFB 003.008 ", "RFB 003.008\0", "RFB -03.008\n", "RFB +03.+08\n"],
  ...["RFB   3.  8\n", "RFB 003.00a\n", "RFB 003.-01\n", "RFB 003.-08\n", "rfb 003.008\n"],
  ...["RFB 003,008\n", "RFB 0x3.008\n", "GET / HTTP/1", "RFB 003. 08\n", "RFB 03 .008\n"],
  ...["RFB\t003.008\n", "RFB\v003.\f08\n", "RFB 03.0008\n", "RFB0003.008\n", "RFB003.0008\n"],
  ...["RFB\xa0003.008\n", "RFB 03\x00.008\n", "RFB 003.\x00008", "RFB 003.\n08\n", "RFB 3.8xxxxx"],
  ...["\n".repeat(12), "\0".repeat(12), "\xff".repeat(12), "RFB 003.+-8\n", "RFB 003.+\n..."],
  ...[" RFB 003.008", "RFB 003..08\n", "RFB 003.8.8\n", "RFB -0.00008"],
];

/** What a server without options is asked, one segment a step. */
export const STOCK: Conversation[] = [
  ...VERSIONS.map((line) => talk(`version ${JSON.stringify(line)}`, line)),
  ...[V8, V7, "RFB 003.889\n"].flatMap((version) =>
    [0, 1, 5, 16, 18, 30, 255].map((type) =>
      talk(`type ${type} of ${version}`, version, String.fromCharCode(type))
    )
  ),
  talk("a login by another 3.x", "RFB 003.889\n", "\x02", RESPONSE),
  talk("an odd version of VeNCrypt by 3.7", V7, VENCRYPT, "\0\x01"),
  ...["\0\0", "\0\x01", "\0\x03", "\x01\0", "\x01\x02", "\0\xff", "\xff\xff"].map((version) =>
    talk(`version ${JSON.stringify(version)} of VeNCrypt`, V8, VENCRYPT, version)
  ),
  ...[0, 1, 19, 256, 257, 259, 260, 261, 262, 263, 0xffffffff].map((type) =>
    talk(`type ${type} of VeNCrypt`, V8, VENCRYPT, VENCRYPT_VERSION, u32(type))
  ),
  talk("an odd type of VeNCrypt by 3.7", V7, VENCRYPT, VENCRYPT_VERSION, u32(1)),
  talk("no TLS", V8, VENCRYPT, VENCRYPT_VERSION, TLS_VNC, "GET / HTTP/1.0\r\n\r\n"),
  talk("no TLS by 3.7", V7, VENCRYPT, VENCRYPT_VERSION, TLS_VNC, "GET / HTTP/1.0\r\n\r\n"),
  talk("no TLS, but the end", V8, VENCRYPT, VENCRYPT_VERSION, TLS_VNC, null),
  talk("the end", null),
  talk("half a version and the end", "RFB", null),
  talk("a version and the end", V8, null),
  talk("a type and the end", V8, "\x02", null),
  talk("half an answer and the end", V8, "\x02", RESPONSE.slice(1), null),
  talk("VeNCrypt and the end", V8, VENCRYPT, null),
  talk("a version of VeNCrypt and the end", V8, VENCRYPT, VENCRYPT_VERSION, null),
  talk("more than an answer", V8, "\x02", RESPONSE + "more"),
  talk("more than an answer by 3.3", V3, RESPONSE + "more"),
  talk("more than a wrong version", "RFB 999.999\nmore"),
  talk("more than a wrong type", V8, "\x01\x01"),
  talk("HTTP", "GET / HTTP/1.0\r\n\r\n"),
  talk("TLS", `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${"a".repeat(300)}`),
  talk("silence", ""),
];

/** What comes before the challenge is looked at when more comes. */
export const MERGED: Conversation[] = [
  talk("an answer before the challenge", V8 + "\x02" + RESPONSE),
  talk("an answer before the challenge, and a byte", V8 + "\x02" + RESPONSE, "x"),
  talk("an answer before the challenge, and the end", V8 + "\x02" + RESPONSE, null),
  talk("an answer before the challenge by 3.3", V3 + RESPONSE, "x"),
  talk("half an answer before the challenge", V8 + "\x02" + RESPONSE.slice(8), RESPONSE.slice(8)),
  talk(
    "an answer before the challenge by VeNCrypt",
    V8 + VENCRYPT + VENCRYPT_VERSION + VNC_AUTH + RESPONSE,
    "x",
  ),
  talk("an odd version of VeNCrypt, and more", V8 + VENCRYPT + "\0\x01more"),
  { ...talk("a login, and away", V8, "\x02", RESPONSE), vanishes: true },
];

/** Said whole, byte by byte and in one segment. */
export const SEGMENTED: Conversation[] = [
  talk("a login by 3.8", V8, "\x02", RESPONSE),
  talk("a login by 3.7", V7, "\x02", RESPONSE),
  talk("a login by 3.3", V3, RESPONSE),
  talk("a login by VeNCrypt", V8, VENCRYPT, VENCRYPT_VERSION, VNC_AUTH, RESPONSE),
  talk("an odd type of VeNCrypt", V8, VENCRYPT, VENCRYPT_VERSION, u32(1)),
  talk("a wrong version", "RFB 004.001\n"),
];

/** Of servers without VeNCrypt. */
export const VNC_AUTH_ONLY: Conversation[] = [
  talk("3.8", V8, "\x02", RESPONSE),
  talk("3.7", V7, "\x02", RESPONSE),
  talk("3.3", V3, RESPONSE),
  talk("VeNCrypt", V8, VENCRYPT),
];

/** Of servers with nothing else. */
export const CERTIFIED_ONLY: Conversation[] = [
  talk("3.3", V3),
  talk("VNC authentication", V8, "\x02"),
  talk("types by 3.7", V7, VENCRYPT, VENCRYPT_VERSION),
  talk("no certificate", V8, VENCRYPT, VENCRYPT_VERSION, TLS_VNC),
];

/** Of servers that take everything, but let no user of the system in. */
export const CERTIFIED: Conversation[] = [
  talk("3.3", V3, RESPONSE),
  talk("types", V8, VENCRYPT, VENCRYPT_VERSION, VNC_AUTH, RESPONSE),
  talk("no TLS", V8, VENCRYPT, VENCRYPT_VERSION, X509_VNC, "GET / HTTP/1.0\r\n\r\n"),
  talk("no TLS, but the end", V8, VENCRYPT, VENCRYPT_VERSION, X509_VNC, null),
  ...([[1025, 1], [1, 1025], [2000, 2000], [2 ** 31, 0], [2 ** 31, 2 ** 32 - 1]] as const).map((
    [user, password],
  ) =>
    talk(
      `lengths ${user} and ${password}`,
      V8,
      VENCRYPT,
      VENCRYPT_VERSION,
      PLAIN,
      u32(user) + u32(password),
    )
  ),
  talk("half the lengths", V8, VENCRYPT, VENCRYPT_VERSION, PLAIN, "\0\0\x04\x01"),
  talk(
    "half a name and the end",
    V8,
    VENCRYPT,
    VENCRYPT_VERSION,
    PLAIN,
    u32(4) + u32(4) + "r",
    null,
  ),
];

/** Passwords of the system, which PAM thinks about. */
export const SYSTEM_PASSWORDS: Conversation[] = [
  ["a long login", plain("n".repeat(1024), "s".repeat(1024))],
  ["odd bytes", plain("a\0b\xff", "c\0d\x80")],
].map(([name, login]) => ({
  ...talk(name!, V8, VENCRYPT, VENCRYPT_VERSION, { data: PLAIN, waitMs: 100 }, {
    data: login!,
    waitMs: 20_000,
  }),
  // The genuine server talks with nobody else meanwhile.
  greetingMs: 20_000,
}));
