/**
 * What both SSH servers are told in the differential tests: version lines, packets of odd shapes,
 * KEXINITs, values of key exchanges, keys and what comes after. Each server has its own answers.
 * @module
 */
import { Buffer } from "node:buffer";
import { createECDH, getDiffieHellman } from "node:crypto";
import { escapeBytes } from "../../lib/net/escape.ts";
import { kexinit, type KexinitLists, message, serviceRequest } from "../support/ssh_messages.ts";
import {
  ecdh,
  end,
  init,
  keys,
  listen,
  newKeys,
  packet,
  raw,
  type Step,
  together,
  version,
  within,
} from "../support/ssh_talk.ts";
import type { Talk } from "./ssh_compare.ts";

/** KEX list of a client with strict key exchange. */
export const STRICT = "curve25519-sha256,kex-strict-c-v00@openssh.com";
/** The greeting and our version. */
export const hello: readonly Step[] = [listen(), version()];
const zeros = (length: number, value = 0) => Buffer.alloc(length, value);
const uint32 = (value: number) => {
  const bytes = zeros(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A talk that begins with the greeting. */
const first = (name: string, ...steps: readonly Step[]): Talk => ({
  name,
  steps: [listen(), ...steps],
  isResetAllowed: true,
});
/** A talk that begins with both versions. */
const after = (name: string, ...steps: readonly Step[]): Talk => ({
  name,
  steps: [...hello, ...steps],
  isResetAllowed: true,
});

/** Version lines of all kinds; where it is taken, a KEXINIT and an exchange that needs it follow. */
const LINES: readonly string[] = [
  "SSH-2.0-x\r\n",
  "SSH-2.0-x\n",
  "SSH-2.0-x y z\r\n",
  "SSH-2.0-\r\n",
  "SSH-2.0\r\n",
  "SSH-2.0 x\r\n",
  "ssh-2.0-x\r\n",
  "SSH-1.99-x\r\n",
  "SSH-1.5-x\r\n",
  "SSH-1.100-x\r\n",
  "SSH-3.0-x\r\n",
  "SSH-0.0-x\r\n",
  "SSH-2.1-x\r\n",
  "SSH-2.2-x \r\n",
  "SSH-2.99-x\r\n",
  "SSH-2.-x\r\n",
  "SSH-.0-x\r\n",
  "SSH-2.0a-x\r\n",
  "SSH-2a.0-x\r\n",
  "SSH- 2.0-x\r\n",
  "SSH-2. 0-x\r\n",
  "SSH-2 .0-x\r\n",
  "SSH-+2.0-x\r\n",
  "SSH-2.+0-x\r\n",
  "SSH-02.00-x\r\n",
  "SSH-2.-0-x\r\n",
  "SSH--2.0-x\r\n",
  "SSH-4294967298.0-x\r\n",
  "SSH-2.4294967296-x\r\n",
  "SSH-99999999999999999999.0-x\r\n",
  "SSH-0x2.0-x\r\n",
  "SSH-2.0--\r\n",
  "SSH-2.0- x\r\n",
  "SSH-2.0- \r\n",
  "SSH-2.0-\t\r\n",
  "SSH-\t2.0-x\r\n",
  "SSH-\v2.0-x\r\n",
  "SSH-2.0-\x80\xff\r\n",
  "SSH-1337-OpenSSH_9.0\r\n",
  " SSH-2.0-x\r\n",
  "\r\nSSH-2.0-x\r\n",
  "hello\r\nSSH-2.0-x\r\n",
  "\n\n\n\n\n\n\n\n",
  "\r\n",
  "\r",
  "\0",
  "\0\0\0\0\n",
  "GET / HTTP/1.0\r\n\r\n",
  "HELP\r\n",
  "\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03",
  "SSH-2.0-x\0\r\n",
  "SSH-2.0-x\0",
  "SSH-2.0-x\0y\r\n",
  "\0SSH-2.0-x\r\n",
  "SSH-2.0-x\ry\r\n",
  "SSH-2.0-x\r",
  "SSH-2.0-x\r\r\n",
  "\rSSH-2.0-x\r\n",
  "x\ry",
  "SSH-2.0-x\r\n\r\n",
  "SSH-2.0-x\nSSH-2.0-x\n",
  "SSH-2.0-x",
  "S",
  "SSH-2.0-Go\r\n",
  "SSH-2.0-libssh2_1.10.0\r\n",
  "SSH-2.0-paramiko_2.12.0\r\n",
  "SSH-2.0-Cisco-1.25\r\n",
  "SSH-2.0-PuTTY_Release_0.60\r\n",
  "SSH-2.0-OpenSSH_6.6p1\r\n",
  "SSH-2.0-OpenSSH_6.6.1p1\r\n",
];

/** Talks of the version exchange. */
export function versionTalks(): Talk[] {
  const sized = [254, 255, 256, 257, 300, 8192, 8193, 8194, 9000].flatMap((size) => [
    first(`a version line of ${size} bytes`, version("SSH-2.0-".padEnd(size - 2, "A") + "\r\n")),
    first(`${size} bytes of a version`, raw("SSH-2.0-".padEnd(size, "A"), "no end")),
    first(`${size} bytes of something else`, raw("x".repeat(size), "no end")),
    first(`a line of ${size} bytes`, raw("x".repeat(size - 1) + "\n", "other line")),
  ]);
  return [
    ...LINES.map((line) =>
      first(`the line ${escapeBytes(Buffer.from(line, "latin1"))}`, version(line))
    ),
    ...sized,
    first("50 lines, then a version", raw("x\n".repeat(50) + "SSH-2.0-x\r\n", "lines")),
    first("an end at once", end),
    first("half a line, then an end", raw("SSH-2.0"), end),
    first("a version, then an end", version(), end),
  ];
}

/** Packets of odd shapes before a KEXINIT. */
export function framingTalks(): Talk[] {
  const lengths = [
    ...[0, 1, 4, 5, 8, 11, 12, 13, 16, 20, 28, 35_000, 35_004, 262_140, 262_144, 262_145, 262_148],
    ...[0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
  ];
  const body = Buffer.concat([Uint8Array.of(4, 2), zeros(14)]);
  return [
    ...lengths.map((length) =>
      after(
        `packet_length ${length}`,
        raw(Buffer.concat([uint32(length), body]), "20 bytes"),
        raw(zeros(4), "4 more"),
      )
    ),
    after("4 bytes of a length", raw(uint32(0)), end),
    after("7 bytes of a packet", raw(zeros(7)), end),
    ...[0, 1, 3, 4, 5, 10, 11, 12, 200, 255].map((padLength) =>
      after(
        `padding_length ${padLength} in a packet of 12`,
        raw(Buffer.concat([uint32(12), Uint8Array.of(padLength, 2), zeros(10)]), "16 bytes"),
        init(),
      )
    ),
    after("most padding", packet(message(2, "x"), { padBytes: 253 }), init()),
    after("an empty payload", packet(zeros(0))),
    after("40,000 bytes to ignore", packet(message(2, zeros(40_000))), init(), ecdh()),
    after("34,000 bytes to ignore", packet(message(2, zeros(34_000))), init(), ecdh()),
    after("HTTP behind a version", raw("GET / HTTP/1.0\r\n\r\n")),
    after("letters behind a version", raw("A".repeat(20))),
    after("300,000 bytes", raw("A".repeat(300_000))),
  ];
}

/** KEXINITs: cut, too long, twice, with guesses, without anything in common. */
export function kexinitTalks(): Talk[] {
  const whole = kexinit();
  const listOf = (length: number) => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32BE(length, 17);
    return bytes;
  };
  const more = (count: number) => Buffer.concat([whole, zeros(count)]);
  const cut = [1, 16, 17, 20, 21, 37, whole.length - 5, whole.length - 1];
  const alone: Record<string, KexinitLists> = {
    "reserved 1": { reserved: 1 },
    languages: { languages: "en,de" },
    "languages with NUL": { languages: "a\0b" },
    "unknown names": { kex: "foo,bar@x,curve25519-sha256" },
    "empty names": { kex: ",,curve25519-sha256,," },
    "a comma at the end": { kex: "curve25519-sha256," },
    "a name twice": { kex: "curve25519-sha256,curve25519-sha256" },
    "NUL at the end": { kex: "curve25519-sha256\0" },
    "NUL inside": { kex: "curve25519-sha256,a\0b" },
    "8-bit names": { kex: "\xc3\xa4,curve25519-sha256" },
    "a space": { kex: " curve25519-sha256" },
    capitals: { kex: "CURVE25519-SHA256" },
    "a name of 2,000 bytes": { kex: `${"a".repeat(2000)},curve25519-sha256` },
    "2,000 names": { kex: `${"a,".repeat(2000)}curve25519-sha256` },
    "30,000 bytes of names": { kex: `${"abcdefgh,".repeat(3300)}curve25519-sha256` },
    "21 names": { kex: `${"foo@x,".repeat(20)}curve25519-sha256` },
    "21 ciphers": { ciphers: `${"foo,".repeat(20)}aes128-ctr` },
    "no kex in common": { kex: "foo" },
    "no kex": { kex: "" },
    "only signals": { kex: "ext-info-c,kex-strict-c-v00@openssh.com" },
    "the server's signal": { kex: "kex-strict-s-v00@openssh.com" },
    "kexguess2 alone": { kex: "kexguess2@matt.ucc.asn.au" },
    "no host key in common": { hostKeys: "ssh-dss" },
    "no host key": { hostKeys: "" },
    "SHA-1 signatures": { hostKeys: "ssh-rsa" },
    "another curve's host key": { hostKeys: "ecdsa-sha2-nistp384" },
    "a certified host key": { hostKeys: "ssh-ed25519-cert-v01@openssh.com" },
    "no cipher in common": { ciphers: "aes128-cbc" },
    "no cipher in common from the server": { ciphersBack: "3des-cbc" },
    "no MAC in common": { macs: "hmac-md5" },
    "no MAC in common from the server": { macsBack: "hmac-md5" },
    "no MAC with an AEAD cipher": { macs: "", ciphers: "chacha20-poly1305@openssh.com" },
    "no compression in common": { compression: "zlib" },
    "no compression": { compression: "" },
    "RSA with SHA-256": { hostKeys: "rsa-sha2-256" },
    "RSA with SHA-512": { hostKeys: "rsa-sha2-512" },
    "ECDSA": { hostKeys: "ecdsa-sha2-nistp256" },
  };
  const guesses: Record<string, KexinitLists> = {
    "of the client's first": {},
    "with another host key": { hostKeys: "rsa-sha2-512" },
    "of an unknown method": { kex: "foo,curve25519-sha256" },
    "with kexguess2": { kex: "curve25519-sha256,kexguess2@matt.ucc.asn.au" },
    "with kexguess2 and another host key": {
      kex: "curve25519-sha256,kexguess2@matt.ucc.asn.au",
      hostKeys: "ecdsa-sha2-nistp256,ssh-ed25519",
    },
    "of an unknown method with kexguess2": {
      kex: "foo,curve25519-sha256,kexguess2@matt.ucc.asn.au",
    },
    "of the signal": { kex: "ext-info-c,curve25519-sha256" },
    "of sntrup761": { kex: "sntrup761x25519-sha512,curve25519-sha256", hostKeys: "rsa-sha2-512" },
  };
  return [
    ...cut.map((size) => after(`a KEXINIT cut to ${size}`, packet(whole.subarray(0, size)))),
    after("a KEXINIT and a byte", init(more(1)), ecdh()),
    after("a KEXINIT and 100 bytes", init(more(100)), ecdh()),
    after("a name-list of 2^32-1", packet(listOf(0xffff_ffff))),
    after("a name-list longer than the packet", packet(listOf(300_000))),
    ...Object.entries(alone).map(([name, lists]) => after(name, init(lists), ecdh())),
    after("two KEXINITs", init(), init(), ecdh()),
    after("two KEXINITs, strict", init({ kex: STRICT }), init({ kex: STRICT }), ecdh()),
    after("EXT_INFO asked for", init({ kex: "curve25519-sha256,ext-info-c" }), ecdh()),
    ...Object.entries(guesses).flatMap(([name, lists]) => {
      const guess = init({ ...lists, isGuessed: true });
      return [
        after(`a guess ${name}`, guess, ecdh(), ecdh()),
        after(`a guess ${name}, garbage`, guess, packet(message(30, "x")), ecdh()),
      ];
    }),
    after(
      "a guess, then what does not count",
      init({ kex: "foo,curve25519-sha256", isGuessed: true }),
      packet(message(2, "x")),
      packet(message(4, false, "a", "b")),
      packet(message(3, 0)),
      ecdh(),
      ecdh(),
    ),
    ...[message(1, 11, "bye", ""), message(5, "ssh-userauth"), message(21)].map((payload) =>
      after(
        `a guess, then message ${payload[0]}`,
        init({ kex: "foo,curve25519-sha256", isGuessed: true }),
        packet(payload),
        ecdh(),
      )
    ),
  ];
}

/** Public values of key exchanges that both servers have. */
export function kexValueTalks(): Talk[] {
  const of = (kex: string, name: string, ...fields: Parameters<typeof message>[1][]) =>
    after(`${kex}, ${name}`, init({ kex }), within(1000, packet(message(30, ...fields))));
  const group = Buffer.from(getDiffieHellman("modp14").getPrime());
  const near = (difference: number) => {
    const bytes = Buffer.concat([zeros(1), group]);
    bytes[bytes.length - 1]! += difference;
    return bytes;
  };
  const curve = createECDH("prime256v1");
  curve.generateKeys();
  const order8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
  const x25519: Record<string, Uint8Array> = {
    "no bytes": zeros(0),
    "31 bytes": zeros(31, 9),
    "33 bytes": zeros(33, 9),
    zero: zeros(32),
    one: Buffer.concat([Uint8Array.of(1), zeros(31)]),
    "a low order": Buffer.from(order8, "hex"),
    "all ones": zeros(32, 255),
    "any bytes": zeros(32, 9),
  };
  const p256: Record<string, Uint8Array> = {
    "no bytes": zeros(0),
    infinity: zeros(1),
    "off the curve": Buffer.concat([Uint8Array.of(4), zeros(64, 5)]),
    compressed: Buffer.from(curve.getPublicKey(undefined, "compressed")),
    hybrid: Buffer.from(curve.getPublicKey(undefined, "hybrid")),
    short: Buffer.concat([Uint8Array.of(4), zeros(10, 1)]),
    good: Buffer.from(curve.getPublicKey()),
  };
  const numbers: Record<string, Uint8Array> = {
    zero: zeros(0),
    "zero in a byte": zeros(1),
    one: zeros(1, 1),
    two: zeros(1, 2),
    "few bits": Buffer.concat([zeros(1, 4), zeros(100)]),
    "p-1": near(-1),
    "p-2": near(-2),
    p: near(0),
    negative: zeros(256, 0xff),
    good: zeros(256, 0x55),
    "leading zeros": Buffer.concat([zeros(3), zeros(255, 0x55)]),
    "2,000 bytes": zeros(2000, 0x55),
  };
  return [
    ...Object.entries(x25519).map(([name, value]) => of("curve25519-sha256", name, value)),
    ...Object.entries(p256).map(([name, value]) => of("ecdh-sha2-nistp256", name, value)),
    ...Object.entries(numbers).map(([n, value]) => of("diffie-hellman-group14-sha256", n, value)),
    ...["curve25519-sha256", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256"].flatMap((
      kex,
    ) => [
      of(kex, "nothing"),
      of(kex, "a cut string", { raw: Buffer.from("0000002001", "hex") }),
      of(kex, "a length of 2^31", { raw: Buffer.from("80000000", "hex") }),
      of(kex, "a byte too much", zeros(32, 9), { raw: zeros(1) }),
    ]),
  ];
}

/** NEWKEYS in the wrong place, and packets that the keys do not fit. */
export function newKeysTalks(): Talk[] {
  const clear = (number: number, ...fields: Parameters<typeof message>[1][]) =>
    packet(message(number, ...fields), { isClear: true });
  return ["curve25519-sha256", STRICT].flatMap((kex) => {
    const lists = { kex };
    const name = (text: string) => kex === STRICT ? `${text}, strict` : text;
    const request = (shape: Parameters<typeof packet>[1]) => packet(serviceRequest(), shape);
    const keyed = (text: string, ...steps: Step[]) => after(name(text), keys(lists), ...steps);
    return [
      after(name("NEWKEYS first"), clear(21), init(lists)),
      after(name("NEWKEYS for the exchange"), init(lists), clear(21), ecdh()),
      after(name("an exchange twice"), init(lists), ecdh(), packet(message(30, zeros(32, 9)))),
      after(name("no NEWKEYS"), init(lists), ecdh(), clear(5, "ssh-userauth")),
      after(name("a KEXINIT for NEWKEYS"), init(lists), ecdh(), init(lists)),
      ...[clear(2, "x"), clear(4, true, "hi", ""), clear(31), clear(3, 0)].map((step) =>
        after(
          name(`${step.label} before NEWKEYS`),
          init(lists),
          ecdh(),
          step,
          newKeys,
          packet(serviceRequest()),
        )
      ),
      after(name("NEWKEYS and a byte"), init(lists), ecdh(), packet(Uint8Array.of(21, 0))),
      keyed("two NEWKEYS", packet(message(21))),
      keyed("a wrong MAC", request({ isCorrupt: true })),
      keyed("a packet in clear", clear(5, "ssh-userauth"), raw(zeros(300, 1), "300 more")),
      ...[0, 4, 11, 12, 13, 27, 29, 35_000, 262_140, 262_141, 0xffff_ffff].map((length) =>
        keyed(`a packet_length of ${length}`, request({ length }), raw(zeros(64, 1), "64 more"))
      ),
      ...[0, 3, 4, 27, 28, 255].map((padLength) =>
        keyed(`a padding_length of ${padLength}`, request({ padLength }))
      ),
      keyed("much padding", request({ padBytes: 250 })),
      keyed("an empty payload under keys", packet(zeros(0))),
      keyed(
        "300,000 bytes under keys",
        together(request({ length: 0xffff_fff0 }), raw(zeros(300_000, 1))),
      ),
    ];
  });
}
