/**
 * OpenSSH's sshd, as Debian 12 and Ubuntu 24.04 have it: what it says and how it takes odd things.
 *
 * From recordings of Debian's 9.2p1, whose behaviour the differential tests check; what differs in
 * Ubuntu's 9.6p1 is from its documents: PROTOCOL §1.8 (ping), §1.9 (EXT_INFO during authentication).
 * @module
 */
import { MESSAGE } from "../messages.ts";
import type { KexLists } from "../kex_init.ts";
import { opensshLines } from "../identification.ts";
import type { PacketError } from "../packet.ts";
import type { Product, Reaction, Refusal, Situation } from "../product.ts";
import { makeOpensshAuth } from "./openssh_auth.ts";

/** Longest version line, in bytes (kex.h). */
const MAX_LINE_BYTES = 8192;
/** Greatest `packet_length` (packet.c). */
const MAX_PACKET_LENGTH = 262_144;
/** Last message number of the transport and of key exchanges (RFC 4250 §4.1.1). */
const LAST_TRANSPORT_MESSAGE = 49;
/** First number that only programs use among themselves (RFC 4250 §4.1.1). */
const FIRST_LOCAL_MESSAGE = 192;

/** What tells one release from another. */
interface Release {
  readonly identification: string;
  readonly kex: readonly string[];
  readonly extensions: readonly (readonly [string, string])[];
  /** Whether it knows PING, which is answered only after a login. */
  readonly isPingable: boolean;
  /** Whether it reads EXT_INFO, and may send its own again after the first authentication request. */
  readonly takesExtensions: boolean;
}

const COMMON_KEX = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group-exchange-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group18-sha512",
  "diffie-hellman-group14-sha256",
];
const STRICT_SERVER = "kex-strict-s-v00@openssh.com";

const DEBIAN_12: Release = {
  identification: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
  kex: [
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    ...COMMON_KEX,
    STRICT_SERVER,
  ],
  extensions: [
    [
      "server-sig-algs",
      "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384," +
      "ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com," +
      "webauthn-sk-ecdsa-sha2-nistp256@openssh.com,ssh-dss,ssh-rsa,rsa-sha2-256,rsa-sha2-512",
    ],
    ["publickey-hostbound@openssh.com", "0"],
  ],
  isPingable: false,
  takesExtensions: false,
};

const UBUNTU_24: Release = {
  identification: "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.20",
  kex: ["sntrup761x25519-sha512@openssh.com", ...COMMON_KEX, "ext-info-s", STRICT_SERVER],
  extensions: [
    [
      "server-sig-algs",
      "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," +
      "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256",
    ],
    ["publickey-hostbound@openssh.com", "0"],
    ["ping@openssh.com", "0"],
  ],
  isPingable: true,
  takesExtensions: true,
};

const HOST_KEYS = ["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"];
const CIPHERS = [
  "chacha20-poly1305@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
];
const MACS = [
  "umac-64-etm@openssh.com",
  "umac-128-etm@openssh.com",
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha1-etm@openssh.com",
  "umac-64@openssh.com",
  "umac-128@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
  "hmac-sha1",
];
const COMPRESSION = ["none", "zlib@openssh.com"];

/** Clients that pad a secret of Curve25519 wrongly, and for which its older name is not offered. */
const PADS_WRONGLY = /^OpenSSH_6\.(?:5|6(?!\.1))/;
/** Clients that know only the older form of group exchange, for which it is not offered. */
const OLD_GROUP_EXCHANGE =
  /^(?:PuTTY_Local:|PuTTY[-_]Release[-_]0\.5|PuTTY_Release_0\.60|PuTTY_Release_0\.6[0-4]|FuTTY|WinSCP_release_(?:4|5\.(?:[0-6]|7(?:\.[0-4])?$)))/;
/** Clients to which it says nothing any more: scanners of old. */
const SCANNER = /SSH_Version_Mapper|^Probe-/;

/** `openssh-9.2-debian12`. */
export const OPENSSH_DEBIAN_12: Product = makeProduct(DEBIAN_12);
/** `openssh-9.6-ubuntu24`. */
export const OPENSSH_UBUNTU_24: Product = makeProduct(UBUNTU_24);

function makeProduct(release: Release): Product {
  return {
    identification: release.identification,
    greetsWithKexInit: false,
    lists: (clientLine) => listsFor(release, clientLine),
    lineRules: () => opensshLines(MAX_LINE_BYTES),
    judgeLine,
    packets: {
      minLength: 5,
      maxLength: MAX_PACKET_LENGTH,
      maxPayload: Infinity,
      limitsWhole: false,
      minSentBytes: 0,
      isClearPaddingRandom: false,
      checksPadding: true,
    },
    fault,
    react: (type, situation) => react(type, situation, release),
    lateStrictness: {
      disconnect: "strict KEX violation: KEXINIT was not the first packet",
    },
    readsNotices: true,
    allowsTrailing: false,
    readNames,
    readsCTexts: true,
    swallows: (type, reaction) =>
      type > MESSAGE.DEBUG && type < FIRST_LOCAL_MESSAGE && reaction !== "silence",
    minDhBits: 4,
    isGuessRight: (client, server) =>
      client.kex[0] === server.kex[0] && client.hostKey[0] === server.hostKey[0],
    extensions: release.extensions,
    badValue: "silence",
    auth: makeOpensshAuth({ extendsInAuth: release.takesExtensions }),
  };
}

function listsFor({ kex }: Release, clientLine: string): KexLists {
  const software = clientLine.replace(/^SSH-[^-]*-/, "");
  const isOffered = (name: string) =>
    !(name === "curve25519-sha256@libssh.org" && PADS_WRONGLY.test(software)) &&
    !(name.startsWith("diffie-hellman-group-exchange-") && OLD_GROUP_EXCHANGE.test(software));
  return {
    kex: kex.filter(isOffered),
    hostKey: HOST_KEYS,
    ciphersIn: CIPHERS,
    ciphersOut: CIPHERS,
    macsIn: MACS,
    macsOut: MACS,
    compressionIn: COMPRESSION,
    compressionOut: COMPRESSION,
    languagesIn: [],
    languagesOut: [],
  };
}

/** The version as C's scanf reads it: blanks and signs may stand before the numbers. */
const VERSION = /^SSH-[ \t\n\v\f\r]*([+-]?\d+)\.[ \t\n\v\f\r]*([+-]?\d+)-(.+)$/s;

function judgeLine(line: string, isRefused: boolean): Refusal | undefined {
  const match = isRefused || line.length <= 4 ? null : VERSION.exec(line);
  if (match === null) return { text: "Invalid SSH identification string." };
  const [major, minor] = [toInt(match[1]!), toInt(match[2]!)];
  if (major !== 2 && !(major === 1 && minor === 99)) {
    return { text: "Protocol major versions differ." };
  }
  return SCANNER.test(match[3]!) ? "silence" : undefined;
}

/** A number as C's `%d` reads it: into 64 bits, of which the lower 32 are taken. */
function toInt(digits: string): number {
  const value = BigInt(digits.replace(/^\+/, ""));
  const max = 2n ** 63n - 1n;
  const clamped = value > max ? max : value < -max - 1n ? -max - 1n : value;
  return Number(BigInt.asIntN(32, clamped));
}

/** A list up to its first empty name; a NUL ends the talk unless it is the last byte. */
function readNames(text: string): string[] | undefined {
  const list = text.replace(/\0$/, "");
  if (list.includes("\0")) return undefined;
  const names = list.split(",");
  const end = names.indexOf("");
  return end < 0 ? names : names.slice(0, end);
}

function fault({ fault, value }: PacketError): Refusal {
  return fault === "padding" ? { disconnect: `Corrupted padlen ${value} on input.` } : "silence";
}

function react(type: number, situation: Situation, release: Release): Reaction {
  const { isInitial, isStrict, stage, sequence } = situation;
  const isLocal = type >= FIRST_LOCAL_MESSAGE && !release.isPingable;
  if (type === 0 || isLocal) return { disconnect: `Invalid ssh2 packet type: ${type}` };
  if (type === MESSAGE.DISCONNECT) return "take";
  // While strict, nothing comes between the messages of the first key exchange.
  const isNarrow = isStrict && isInitial && stage !== "kexinit";
  if (!isNarrow && (isNotice(type) || type === MESSAGE.PING)) return "take";
  if (isInitial && type > LAST_TRANSPORT_MESSAGE) return "silence";
  if (isExpected(type, situation, release)) return "take";
  // Once an authentication was tried, sshd has taken these out of its table rather than refuse them.
  const isRemoved = type === MESSAGE.USERAUTH_INFO_RESPONSE || type === MESSAGE.GSSAPI_COMPLETE;
  if (isRemoved && situation.hasTried) return "silence";
  if (isNarrow) {
    return {
      disconnect: `strict KEX violation: unexpected packet type ${type} (seqnr ${sequence})`,
    };
  }
  return "unimplemented";
}

function isNotice(type: number): boolean {
  return type === MESSAGE.IGNORE || type === MESSAGE.DEBUG || type === MESSAGE.UNIMPLEMENTED;
}

function isExpected(type: number, situation: Situation, release: Release): boolean {
  switch (situation.stage) {
    case "kexinit":
      return type === MESSAGE.KEXINIT;
    case "exchange":
      return situation.expected.includes(type);
    case "newkeys":
      return type === MESSAGE.NEWKEYS;
    case "open":
      // No new keys before the login: sshd's table of that time does not have KEXINIT.
      return type === MESSAGE.SERVICE_REQUEST ||
        (type === MESSAGE.EXT_INFO && situation.mayExtend && release.takesExtensions) ||
        (type === MESSAGE.USERAUTH_REQUEST && situation.isAuthenticating) ||
        (type === MESSAGE.USERAUTH_INFO_RESPONSE && situation.isPrompting);
  }
}
