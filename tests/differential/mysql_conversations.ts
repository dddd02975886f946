/**
 * What the differential test says to MariaDB before a login.
 * @module
 */
import { CAPABILITY } from "../../lib/decoys/mysql/handshake.ts";
import {
  type Answer,
  counted,
  handshake,
  head,
  oldHandshake,
  packet,
  PROOF,
} from "../support/mysql_messages.ts";
import type { Conversation } from "./client.ts";
import { segmented } from "./harness.ts";

const { connectWithDb, longAuthData, pluginAuth, protocol41, secureConnection, ssl } = CAPABILITY;
const USUAL = handshake();

function talk(name: string, ...sends: Conversation["sends"]): Conversation {
  return { name, sends };
}

/** One first packet a conversation. */
function each(name: string, payloads: Readonly<Record<string, string>>): Conversation[] {
  return Object.entries(payloads).map(([what, payload]) =>
    talk(`${name}: ${what}`, packet(1, payload))
  );
}

/** One login a conversation; a second packet for those who are asked for another plugin. */
function logins(name: string, answers: Readonly<Record<string, Answer>>): Conversation[] {
  return Object.entries(answers).map(([what, answer]) =>
    talk(`${name}: ${what}`, packet(1, handshake(answer)), packet(3, PROOF))
  );
}

const ATTRIBUTE = counted("_pid") + counted("12");
const LONG = protocol41 | secureConnection | pluginAuth | longAuthData;

/** Lengths of the long form, with what they are the length of. */
const LENGTHS: Readonly<Record<string, string>> = {
  "20": "\x14" + PROOF,
  "0": "\0",
  "null": "\xfb",
  "20 in two bytes": "\xfc\x14\0" + PROOF,
  "20 in three bytes": "\xfd\x14\0\0" + PROOF,
  "20 in eight bytes": "\xfe\x14" + "\0".repeat(7) + PROOF,
  "an error": "\xff",
  "cut": "\xfc\x14",
  "huge": "\xfe" + "\xff".repeat(8),
  "19": "\x13" + PROOF,
};

/** Everything but names. */
export const LOGINS: readonly Conversation[] = [
  ...segmented([
    talk("a login", packet(1, USUAL)),
    talk(
      "a login by another plugin",
      packet(1, handshake({ plugin: "caching_sha2_password" })),
      packet(3, PROOF),
    ),
    talk(
      "a login that says all",
      packet(1, handshake({ user: "root", database: "shop", attributes: counted(ATTRIBUTE) })),
    ),
  ]),
  talk("a login, then more", packet(1, USUAL), "\x01\0\0\0\x0e"),
  {
    ...talk("a login and a query", packet(1, USUAL) + packet(0, "\x03SELECT 1")),
    isResetAllowed: true,
  },
  ...logins("login", {
    "no password": { proof: "" },
    "root without password": { user: "root", proof: "" },
    "mariadb.sys without password": { user: "mariadb.sys", proof: "" },
    "mariadb.sys": { user: "mariadb.sys" },
    "Mariadb.sys without password": { user: "Mariadb.sys", proof: "" },
    "19 bytes": { proof: "A".repeat(19) },
    "21 bytes": { proof: "A".repeat(21) },
    "1 byte": { proof: "\0" },
    "255 bytes": { proof: "A".repeat(255) },
    "root, 19 bytes": { user: "root", proof: "A".repeat(19) },
    "a database": { database: "test" },
    "root, a database": { user: "root", database: "mysql" },
    "clear": { plugin: "mysql_clear_password", proof: "secret\0" },
    "root, clear": { user: "root", plugin: "mysql_clear_password", proof: "secret\0" },
    "an empty plugin": { plugin: "" },
    "upper case": { plugin: "MYSQL_NATIVE_PASSWORD" },
    "dialog": { plugin: "dialog" },
    "old": { plugin: "mysql_old_password" },
    "root, old": { user: "root", plugin: "mysql_old_password" },
    "client_ed25519": { plugin: "client_ed25519" },
    "a long plugin": { plugin: "p".repeat(3000) },
    "odd bytes": { plugin: "\xff\n%s" },
    "no plugins": { plugin: null },
    "root, no plugins": { user: "root", plugin: null },
    "no plugins, 8 bytes": { plugin: null, proof: "abcdefgh" },
  }),
  ...["", "\0", "A".repeat(19), "A".repeat(21), "A".repeat(40_000)].flatMap((second) =>
    ["app", "root"].map((user) =>
      talk(
        `second packet of ${user}: ${second.length} bytes`,
        packet(1, handshake({ user, plugin: "x" })),
        packet(3, second),
      )
    )
  ),
  ...["app", "root"].flatMap((user) =>
    [0, 1, 2, 4, 255].map((sequence) =>
      talk(
        `second packet of ${user}: sequence ${sequence}`,
        packet(1, handshake({ user, plugin: "x" })),
        packet(sequence, ""),
      )
    )
  ),
  talk("second packet: end", packet(1, handshake({ plugin: "x" })), null),
  talk("second packet: end within", packet(1, handshake({ plugin: "x" })), "\x14\0", null),
  ...Object.entries({
    "good": counted(ATTRIBUTE),
    "empty": "\0",
    "none": "",
    "short": "\x20" + ATTRIBUTE,
    "and more": counted(ATTRIBUTE) + "xyz",
    "odd": counted("\x30abc"),
    "odd length": "\xfc\0\x01" + ATTRIBUTE,
    "null": "\xfb",
    "error": "\xff",
    "huge": "\xfe" + "\xff".repeat(8),
    "empty names": counted("\0\0"),
    "a name alone": counted("\x01a"),
  }).flatMap(([what, attributes]) => [
    ...logins(`attributes: ${what}`, {
      "": { attributes },
      "root": { user: "root", attributes },
      "another plugin": { attributes, plugin: "x" },
      "no plugin": { attributes, plugin: null },
    }),
  ]),
  ...Object.entries(LENGTHS).flatMap(([what, proof]) => [
    ...each(`length ${what}`, {
      "": head(LONG) + `app\0${proof}mysql_native_password\0`,
      "database": head(LONG | connectWithDb) + `app\0${proof}test\0mysql_native_password\0`,
      "nothing behind": head(LONG) + `app\0${proof}`,
    }),
  ]),
  ...each("before 4.1 secure", {
    "8 bytes": head(protocol41) + "app\0abcdefgh\0",
    "no password": head(protocol41) + "app\0\0",
    "root": head(protocol41) + "root\0abcdefgh\0",
    "root without password": head(protocol41) + "root\0\0",
    "a plugin": head(protocol41 | pluginAuth) + "app\0abcdefgh\0mysql_native_password\0",
    "a database": head(protocol41 | connectWithDb) + "app\0abcdefgh\0test\0",
    "no NUL": head(protocol41) + "app\0abcdefgh",
    "an empty database": head(protocol41 | connectWithDb) + "app\0\0",
  }),
  ...each("3.20", {
    "8 bytes": oldHandshake("app\0abcdefgh"),
    "8 bytes and NUL": oldHandshake("app\0abcdefgh\0"),
    "no password": oldHandshake("app\0"),
    "no password and NUL": oldHandshake("app\0\0"),
    "root": oldHandshake("root\0"),
    "root with password": oldHandshake("root\0abcdefgh\0"),
    "database": oldHandshake("app\0abcdefgh\0test\0", 5 | connectWithDb),
    "empty database": oldHandshake("app\0\0", 5 | connectWithDb),
    "bad database": oldHandshake("app\0\0\xff\0", 5 | connectWithDb),
    "secure": oldHandshake(`app\0\x14${PROOF}`, 5 | secureConnection),
    "secure without password": oldHandshake("app\0\0", 5 | secureConnection),
    "a name that is no UTF-8": oldHandshake("\xe4\xc3\xa4\0"),
    "plugin flags": oldHandshake("app\0\0").replace("\0\0\0app", "\x08\0\0app"),
  }),
  ...Array.from({ length: USUAL.length + 1 }, (_, i) => i).flatMap((size) =>
    each("cut", { [`${size} bytes`]: USUAL.slice(0, size) })
  ),
  ...Array.from({ length: 13 }, (_, i) => i).flatMap((size) =>
    each("cut 3.20", { [`${size} bytes`]: oldHandshake("app\0abcd\0").slice(0, size) })
  ),
  ...each("TLS", {
    "a request": head(protocol41 | secureConnection | ssl),
    "within a login": handshake({ capabilities: protocol41 | secureConnection | pluginAuth | ssl }),
    "a request of 3.20": oldHandshake("", 5 | ssl),
  }),
  ...each("capabilities", {
    "all": handshake({ capabilities: 0xffffffff }),
    "all, and a length": head(0xffffffff) + "app\0\x14" + PROOF + "test\0mysql_native_password\0\0",
    "none but 4.1": head(protocol41) + "app",
  }),
  ...each("database", {
    "without NUL": head(protocol41 | secureConnection | connectWithDb) + "app\0\0db",
    "missing": head(protocol41 | secureConnection | connectWithDb) + "app\0\0",
    "missing, with password": head(protocol41 | secureConnection | connectWithDb) +
      `app\0\x14${PROOF}`,
  }),
  ...each("query", {
    "in the place of a login": "\x03SELECT 1",
    "quit": "\x01",
    "ping": "\x0e",
    "nothing": "",
  }),
  talk("an answer without an end", packet(1, USUAL).slice(0, 40)),
  talk("end at once", null),
  talk("end within a head", "\x01\0", null),
  talk("end within a packet", packet(1, USUAL).slice(0, 30), null),
  { ...talk("vanish", packet(1, USUAL).slice(0, 30)), vanishes: true },
];

/** What is not the next packet; what the server leaves unread makes it reset the connection. */
export const DISORDER: readonly Conversation[] = [
  ...Object.entries({
    "sequence 0": packet(0, USUAL),
    "sequence 2": packet(2, USUAL),
    "sequence 255": packet(255, USUAL),
    "nothing, sequence 0": packet(0, ""),
    "a query": packet(0, "\x03SELECT 1"),
    "quit": packet(0, "\x01"),
    "0xff": "\xff".repeat(50),
    "SQL": "SELECT 1;\n",
    "HTTP": "GET / HTTP/1.0\r\n\r\n",
    "TLS": "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(32),
    "SSH": "SSH-2.0-OpenSSH_9.2\r\n",
    "RDP": "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00",
    "a greeting": "J\0\0\0\n5.1.29\0\x0b\0\0\0!>4\x1bQ?43`\0" + "\0".repeat(15),
  }).map(([what, data]) => ({ ...talk(`disorder: ${what}`, data), isResetAllowed: true })),
  talk("a long packet", packet(1, USUAL + "x".repeat(100_000))),
  talk("a long packet that is none", packet(1, "x".repeat(1_000_000))),
  talk("a head of 16 MB, and no more", "\xff\xff\xff\x01"),
];

/** Names and databases of odd bytes, in the character sets that are done exactly. */
export const NAMES: readonly Conversation[] = [
  ...[
    "",
    "root",
    "mysql",
    "Root",
    "ROOT",
    "root ",
    " root",
    "r\xc3\xb6\xc3\xb6t",
    "admin",
    "test",
    "\xc3\xa4",
    "\xe4\xc3\xa4",
    "\xf0\x9f\x98\x80",
    "\xf0\x9f",
    "\xe2\x82",
    "a\xe2\x82b",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xef\xbb\xbf",
    "\xef\xbf\xbf",
    "\xe2\x80\xa8",
    "\xe2\x80\xae",
    "\xc2\x80",
    "\xc2\x9f",
    "\xc2\xa0",
    "\xc2\xad",
    "\xc0\x80",
    "\xe0\x80\x80",
    "\xff",
    "a\xff\xfeb",
    "\x01\x1f\x7f",
    "a\tb",
    "a\vb",
    "a\fb",
    "a\bb",
    "a\rb",
    "a\nb",
    "a'b\"c\\d`",
    "%",
    "%s%n",
    "\x1b[2J",
    "\x80\x81\x9f\xa0\xff",
    "x".repeat(127),
    "x".repeat(128),
    "x".repeat(129),
    "\xc3\xa4".repeat(130),
    "\xff".repeat(300),
    "\xe2\x82\xac".repeat(200),
    "\xe9".repeat(300),
    "y".repeat(5000),
  ].flatMap((user, i) =>
    [45, 8, 63, 11, 33, 255].flatMap((characterSet) =>
      logins(`name ${i} in ${characterSet}`, { "": { user, characterSet } })
    )
  ),
  ...Array.from({ length: 120 }, (_, i) => {
    const letters = "abcXYZ019_-. \xc3\xa4";
    const user = Array.from({ length: i % 11 }, (_, k) => letters[(i * 7 + k * k * 13) % 15]).join(
      "",
    );
    return talk(`strangers: ${i}`, packet(1, handshake({ user })));
  }),
  ...[
    "",
    "\xff",
    "\xe4\xb8",
    "d".repeat(300),
    "d".repeat(63) + "\xff",
    "d".repeat(59) + "\xff",
    "d".repeat(60) + "\xff",
    "d".repeat(61) + "\xff",
    "d".repeat(64) + "\xff",
    "\xff".repeat(15),
    "\xff".repeat(16),
    "\xff".repeat(17),
    "\xf0\x9f\x98\x80",
    "a'b\"\\c\n\xff",
    "\x01\x7f\xc3\xa4\xff",
  ].flatMap((database, i) =>
    [45, 8, 63, 11, 33, 200].flatMap((characterSet) =>
      logins(`database ${i} in ${characterSet}`, {
        "": { database, characterSet },
        "root": { user: "root", database, characterSet },
      })
    )
  ),
  // swe7 has no @, which makes its messages others.
  ...Array.from({ length: 256 }, (_, i) => i).filter((i) => i !== 10 && i !== 82).map((i) =>
    talk(
      `character set ${i}`,
      packet(1, handshake({ characterSet: i })),
    )
  ),
  talk(
    "character set that is none, and a bad login",
    packet(1, handshake({ characterSet: 35 }).slice(0, 33)),
  ),
  talk("character set 256", packet(1, handshake().replace("-\0", "\0\x01"))),
];

const PAM = { user: "pam" };
/** PAM thinks about it. */
const slow = (data: string) => ({ data, waitMs: 5000 });

/** Logins of an account that is asked for its password in clear. */
export const CLEAR: readonly Conversation[] = [
  talk("clear: a password", packet(1, handshake(PAM)), slow(packet(3, "secret\0"))),
  talk("clear: without NUL", packet(1, handshake(PAM)), slow(packet(3, "secret"))),
  talk("clear: a long one", packet(1, handshake(PAM)), slow(packet(3, "s".repeat(3000) + "\0"))),
  talk("clear: empty", packet(1, handshake(PAM)), slow(packet(3, "\0")), slow(packet(5, "x\0"))),
  talk("clear: nothing", packet(1, handshake(PAM)), slow(packet(3, "")), slow(packet(5, ""))),
  talk(
    "clear: unasked",
    slow(packet(1, handshake({ ...PAM, plugin: "mysql_clear_password", proof: "secret\0" }))),
  ),
  talk("clear: a client without plugins", packet(1, handshake({ ...PAM, plugin: null }))),
  talk("clear: disorder", packet(1, handshake(PAM)), packet(1, "")),
  talk("clear: end", packet(1, handshake(PAM)), null),
];

const TLS_REQUEST = head(protocol41 | secureConnection | pluginAuth | ssl);
const USUAL_TLS = packet(2, USUAL);

/** Talks inside of TLS: the request for it, and what follows. */
export const IN_TLS: Readonly<
  Record<string, readonly [request: string, sends: readonly string[]]>
> = {
  "a login": [TLS_REQUEST, [USUAL_TLS]],
  "a stranger to the system's user": [TLS_REQUEST, [packet(2, handshake({ user: "root" }))]],
  "another plugin": [TLS_REQUEST, [packet(2, handshake({ plugin: "x" })), packet(4, PROOF)]],
  "sequence 1": [TLS_REQUEST, [packet(1, USUAL)]],
  "the request again": [TLS_REQUEST, [packet(2, TLS_REQUEST)]],
  "the old form": [TLS_REQUEST, [packet(2, oldHandshake("app\0"))]],
  "the old form twice": [oldHandshake("", 5 | ssl), [packet(2, oldHandshake("app\0abcd\0"))]],
  "the old form, then the new one": [oldHandshake("", 5 | ssl), [USUAL_TLS]],
  "20 bytes": [TLS_REQUEST, [packet(2, USUAL.slice(0, 20))]],
  "nothing": [TLS_REQUEST, [packet(2, "")]],
  "another character set": [TLS_REQUEST, [packet(2, handshake({ characterSet: 35 }))]],
  "a database that was not announced": [
    TLS_REQUEST,
    [packet(2, handshake({ database: "test" })), packet(4, PROOF)],
  ],
  "a whole login as the request": [
    handshake({ capabilities: protocol41 | secureConnection | pluginAuth | ssl }),
    [USUAL_TLS],
  ],
};

/** Requests for TLS after which none comes. */
export const NO_TLS: readonly Conversation[] = [
  talk("TLS: HTTP", packet(1, TLS_REQUEST), "GET / HTTP/1.0\r\n\r\n"),
  talk("TLS: a login in clear", packet(1, TLS_REQUEST), USUAL_TLS),
  talk("TLS: a short request", packet(1, TLS_REQUEST.slice(0, 20)), "x".repeat(20)),
  talk("TLS: old, and bytes", packet(1, oldHandshake("", 5 | ssl)), "x".repeat(20)),
].map((conversation) => ({ ...conversation, isResetAllowed: true }));
