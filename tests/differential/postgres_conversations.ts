/**
 * What the differential test says to PostgreSQL before a login.
 * @module
 */
import type { Conversation } from "./client.ts";
import type { Say } from "../support/tls_talk.ts";
import { segmented } from "./harness.ts";
import {
  GSS_REQUEST,
  int32,
  message,
  packet,
  passwordMessage,
  PROTOCOL_3,
  saslInitial,
  SSL_REQUEST,
  startup,
} from "../support/postgres_messages.ts";

const LOGIN = startup({ user: "postgres", database: "postgres" });
/** A good first message of SCRAM. */
export const FIRST = "n,,n=,r=abcdefghijklmnop";

/** A conversation; the client begins. */
function talk(name: string, ...sends: Conversation["sends"]): Conversation {
  return { name, sends, greetingMs: 0 };
}

/** One packet a conversation. */
function each(name: string, packets: Readonly<Record<string, string>>): Conversation[] {
  return Object.entries(packets).map(([what, data]) => ({
    ...talk(`${name}: ${what}`, data),
    isResetAllowed: data.length > 10_004, // more than the server's buffer takes
  }));
}

/** What comes before the startup packet, and packets that are none. */
export const REQUESTS: readonly Conversation[] = [
  talk("SSL, then a login", SSL_REQUEST, LOGIN),
  talk("SSL twice", SSL_REQUEST, SSL_REQUEST),
  talk("SSL, GSS, a login", SSL_REQUEST, GSS_REQUEST, LOGIN),
  talk("SSL, GSS, SSL", SSL_REQUEST, GSS_REQUEST, SSL_REQUEST),
  talk("SSL and a login in one", SSL_REQUEST + LOGIN),
  talk("SSL and a byte in one", SSL_REQUEST + "x"),
  talk("SSL, a ClientHello", SSL_REQUEST, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"),
  talk("SSL, a cancel request", SSL_REQUEST, packet(80877102, int32(1) + int32(1))),
  talk("SSL, then the end", SSL_REQUEST, null),
  talk("SSL, nothing but a length", SSL_REQUEST, "\0\0\0\x08"),
  ...each("SSL of another length", {
    "9": int32(9) + int32(80877103) + "x",
    "12": int32(12) + int32(80877103) + "abcd",
  }),
  talk("SSL after a longer one", int32(12) + int32(80877103) + "abcd", LOGIN),
  talk("SSL after a longer one that holds a login", int32(49) + int32(80877103) + LOGIN),
  ...each("cancel", {
    "whole": packet(80877102, int32(1) + int32(1)),
    "short": packet(80877102, int32(1)),
    "bare": packet(80877102),
    "long": packet(80877102, int32(1) + int32(1) + int32(1)),
  }),
  ...each("length", {
    "0": int32(0),
    "1": int32(1),
    "3": int32(3),
    "4": int32(4),
    "7": int32(7) + "abc",
    "8": packet(PROTOCOL_3),
    "9": int32(9) + int32(PROTOCOL_3) + "\0",
    "10": int32(10) + int32(PROTOCOL_3) + "\0\0",
    "10004, and nothing more": int32(10_004),
    "10005": int32(10_005),
    "10005 and a start": int32(10_005) + int32(PROTOCOL_3) + "user\0a\0",
    "-1": int32(-1),
    "2 GB": int32(0x7fffffff),
    "-2 GB": int32(-0x80000000),
    "one byte": "\0",
    "three bytes": "\0\0\0",
  }),
  ...each("code", {
    "0": packet(0),
    "1.0": packet(1 << 16),
    "2.0": packet(2 << 16),
    "2.65535 with a user": startup({ user: "a" }, (2 << 16) + 65535),
    "3.1": startup({ user: "a" }, PROTOCOL_3 + 1),
    "3.2": startup({ user: "a" }, PROTOCOL_3 + 2),
    "3.9999": startup({ user: "a" }, PROTOCOL_3 + 9999),
    "3.65535": startup({ user: "a" }, PROTOCOL_3 + 65535),
    "4.0": packet(4 << 16),
    "1234.0": packet(1234 << 16),
    "1234.5677": packet((1234 << 16) + 5677),
    "1234.5681": packet((1234 << 16) + 5681),
    "32768.0": packet(0x80000000),
    "65535.65535": packet(-1),
    "as PostgreSQL 6": int32(296) + int32(0) + "a".repeat(288),
    "as PostgreSQL 7.3": int32(296) + int32(2 << 16) + "a".repeat(64) + "b".repeat(224),
  }),
  ...each("scanner", {
    "HTTP": "GET / HTTP/1.0\r\n\r\n",
    "SSH": "SSH-2.0-OpenSSH_9.2\r\n",
    "RDP": "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00",
    "TLS": "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x00".repeat(32),
    "SMB": "\0\0\0\xa4\xff\x53\x4d\x42\x72\0\0\0\0\x08\x01\x40" + "\0".repeat(152),
    "LDAP": "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
    "DNS": "\0\x1e\0\x06\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03",
    "NULs": "\0".repeat(64),
    "0xff": "\xff".repeat(64),
    "a newline": "\r\n\r\n",
  }),
  talk("end at once", null),
  talk("end within the length", "\0\0", null),
  talk("end within the packet", LOGIN.slice(0, 20), null),
  { ...talk("vanish", LOGIN.slice(0, 20)), vanishes: true },
];

/** Startup packets, good and bad. */
export const STARTUPS: readonly Conversation[] = [
  ...each("startup", {
    "a login": LOGIN,
    "a user without database": startup({ user: "nobody" }),
    "no user": startup({ database: "x" }),
    "an empty user": startup({ user: "", database: "x" }),
    "an empty packet": startup({}),
    "the second user counts": packet(PROTOCOL_3, "user\0a\0user\0\0\0"),
    "upper case": startup({ USER: "a" }),
    "many parameters": startup({
      user: "a",
      database: "b",
      application_name: "psql",
      client_encoding: "UTF8",
      options: "-c geqo=off",
      DateStyle: "ISO",
      "no such": "parameter",
    }),
    "bytes that are no UTF-8": startup({ user: "\xff\xfe\x01", database: "\xc3\xa4\xe4" }),
    "a long user": startup({ user: "u".repeat(300) }),
    "a long database": startup({ user: "a", database: "d".repeat(300) }),
    "a packet of 10004 bytes": startup({ user: "a", x: "y".repeat(10_004 - 19) }),
    "a packet of 10003 bytes": startup({ user: "a", x: "y".repeat(10_003 - 19) }),
    "a packet of 10005 bytes": startup({ user: "a", x: "y".repeat(10_005 - 19) }),
    "3.2 and options": startup({ user: "a", "_pq_.a": "1", "_pq_.": "2" }, PROTOCOL_3 + 2),
    "3.0 and options": startup({ user: "a", "_pq_.command_tag_format": "on" }),
    "3.0 and an odd option": startup({ user: "a", "_pq_.\xff\n": "\xff" }),
    "options without a user": startup({ "_pq_.a": "1" }),
    "3.2 without a user": startup({ database: "x" }, PROTOCOL_3 + 2),
    "replication on": startup({ user: "a", replication: "on" }),
    "replication database": startup({ user: "a", replication: "database", database: "b" }),
    "replication DATABASE": startup({ user: "a", replication: "DATABASE" }),
    "replication off": startup({ user: "a", replication: "of" }),
    "replication o": startup({ user: "a", replication: "o" }),
    "replication empty": startup({ user: "a", replication: "" }),
    "replication TRUE": startup({ user: "a", replication: "TRUE" }),
    "replication yess": startup({ user: "a", replication: "yess" }),
    "replication no": startup({ user: "a", replication: "n" }),
    "replication 1": startup({ user: "a", replication: "1" }),
    "replication 10": startup({ user: "a", replication: "10" }),
    "replication with a quote and bytes": startup({ user: "a", replication: '"\xff\n' }),
    "replication that is odd, and no user": startup({ replication: "x" }),
    "replication without user": startup({ replication: "1" }),
    "a long replication": startup({ user: "a", replication: "r".repeat(2000) }),
  }),
  ...each("layout", {
    "no terminator": packet(PROTOCOL_3, "user\0a\0"),
    "a terminator too many": packet(PROTOCOL_3, "user\0a\0\0\0"),
    "something behind": packet(PROTOCOL_3, "user\0a\0\0x"),
    "no value": packet(PROTOCOL_3, "user\0"),
    "no value and no NUL": packet(PROTOCOL_3, "user"),
    "value without NUL": packet(PROTOCOL_3, "user\0a"),
    "a name alone at the end": packet(PROTOCOL_3, "user\0a\0x\0"),
    "a name and a terminator": packet(PROTOCOL_3, "user\0a\0x\0\0"),
    "options, but no terminator": packet(PROTOCOL_3, "user\0a\0_pq_.x\x001\0"),
    "an empty name first": packet(PROTOCOL_3, "\0user\0a\0\0"),
    "replication first": packet(PROTOCOL_3, "replication\0x\0user\0a"),
  }),
  talk("two logins at once", LOGIN + LOGIN),
  talk("a login, a second one", LOGIN, LOGIN),
  talk("a login, a query", LOGIN, message("Q", "SELECT 1;\0")),
  talk("a login, a query in one", LOGIN + message("Q", "SELECT 1;\0")),
  talk("a login, a password in one", LOGIN + passwordMessage("x")),
  talk("a login, terminate", LOGIN, message("X", "")),
  talk("a login, then the end", LOGIN, null),
  { ...talk("a login, then away", LOGIN), vanishes: true },
];

/** First answers to SASL, good and bad. */
export const SASL: readonly Conversation[] = [
  ...Object.entries({
    "none": saslInitial(null),
    "empty": saslInitial(""),
    "good": saslInitial(FIRST),
    "a name": saslInitial("n,,n=someone,r=abc"),
    "y": saslInitial("y,,n=,r=abc"),
    "p": saslInitial("p=tls-server-end-point,,n=,r=abc"),
    "p without a name": saslInitial("p=,,n=,r=abc"),
    "p of another name": saslInitial("p=tls-unique,,n=,r=abc"),
    "p and no comma": saslInitial("p=tls-server-end-point"),
    "x": saslInitial("x,,n=,r=abc"),
    "a control": saslInitial("\x01,,n=,r=abc"),
    "a byte": saslInitial("\xff,,n=,r=abc"),
    "a quote": saslInitial("',,n=,r=abc"),
    "NUL in it": saslInitial("n,,n=,r=a\0bc"),
    "NUL at the end": saslInitial("n,,n=,r=abc\0"),
    "n alone": saslInitial("n"),
    "n and a comma": saslInitial("n,"),
    "n and x": saslInitial("nx"),
    "n, and x": saslInitial("n,x"),
    "an authorization identity": saslInitial("n,a=b,n=,r=abc"),
    "y and an authorization identity": saslInitial("y,a=b,n=,r=abc"),
    "y and x": saslInitial("y,x,n=,r=abc"),
    "yx": saslInitial("yx"),
    "m": saslInitial("n,,m=x,n=,r=abc"),
    "no user": saslInitial("n,,r=abc"),
    "nothing after the header": saslInitial("n,,"),
    "n without =": saslInitial("n,,nx,r=abc"),
    "n without comma": saslInitial("n,,n=abc"),
    "no nonce": saslInitial("n,,n="),
    "nothing after the user": saslInitial("n,,n=,"),
    "an attribute that is none": saslInitial("n,,n=,x=abc"),
    "an attribute that is no letter": saslInitial("n,,n=,1=abc"),
    "r without =": saslInitial("n,,n=,rabc"),
    "an empty nonce": saslInitial("n,,n=,r="),
    "a nonce with a space": saslInitial("n,,n=,r=a b"),
    "a nonce with DEL": saslInitial("n,,n=,r=a\x7f"),
    "a nonce with UTF-8": saslInitial("n,,n=,r=\xc3\xa4"),
    "a nonce of all kinds": saslInitial("n,,n=,r=!~^`'\"\\%s$"),
    "extensions": saslInitial("n,,n=,r=abc,x=1,y=2"),
    "extensions that are none": saslInitial("n,,n=,r=abc,1"),
    "an extension without =": saslInitial("n,,n=,r=abc,x"),
    "a comma at the end": saslInitial("n,,n=,r=abc,"),
    "another mechanism": saslInitial(FIRST, "SCRAM-SHA-1"),
    "SCRAM-SHA-256-PLUS": saslInitial(FIRST, "SCRAM-SHA-256-PLUS"),
    "in lower case": saslInitial(FIRST, "scram-sha-256"),
    "an empty mechanism": saslInitial(FIRST, ""),
    "length 0 and more behind": message("p", `SCRAM-SHA-256\0${int32(0)}x`),
    "length too short": message("p", `SCRAM-SHA-256\0${int32(20)}${FIRST}`),
    "length too long": message("p", `SCRAM-SHA-256\0${int32(25)}${FIRST}`),
    "length of -2": message("p", `SCRAM-SHA-256\0${int32(-2)}${FIRST}`),
    "no length": message("p", "SCRAM-SHA-256\0"),
    "half a length": message("p", "SCRAM-SHA-256\0\0\0"),
    "no NUL": message("p", "SCRAM-SHA-256"),
    "nothing": message("p", ""),
    "a password": passwordMessage("secret"),
    "an md5 password": passwordMessage("md5" + "0".repeat(32)),
    "an empty password": passwordMessage(""),
    "a length of 1024": saslInitial(FIRST.padEnd(1002, "z")),
    "a length of 1025": saslInitial(FIRST.padEnd(1003, "z")),
    "a length of 3": "p" + int32(3),
    "a length of 0": "p" + int32(0),
    "a length of -1": "p" + int32(-1),
    "a length of 1024, and nothing more": "p" + int32(1024),
    "a length of 1025, and nothing more": "p" + int32(1025),
    "a length of 1 GB": "p" + int32(0x40000000) + "x",
    "P": message("P", "x"),
    "Q": message("Q", "SELECT 1;\0"),
    "X": message("X", ""),
    "NUL": "\0",
    "0xff": "\xff\xff\xff\xff\xff",
    "HTTP": "GET / HTTP/1.0\r\n\r\n",
    "one byte": "p",
    "and a second message": saslInitial(FIRST) + message("p", "c=biws,r=abc,p=AAAA"),
  }).map(([what, data]) => talk(`SASL: ${what}`, LOGIN, data)),
  talk("SASL: end after it", LOGIN, saslInitial(FIRST), null),
  talk("SASL: end within it", LOGIN, saslInitial(FIRST).slice(0, 30), null),
  talk("SASL: end within its length", LOGIN, "p\0\0", null),
  talk("SASL: end after its type", LOGIN, "p", null),
  talk(
    "SASL: user and database of odd bytes",
    startup({ user: "\xff\n%s", database: "\x01" }),
    "Q",
  ),
  talk("SASL: a first message after none", LOGIN, saslInitial(null), message("p", FIRST)),
  talk("SASL: a bad first message after none", LOGIN, saslInitial(null), message("p", "x")),
  talk("SASL: two times none", LOGIN, saslInitial(null), saslInitial(null)),
  talk("SASL: an empty message after none", LOGIN, saslInitial(null), message("p", "")),
];

/**
 * Answers to a request for a password, in clear or as MD5.
 * @param database for which pg_hba.conf has that.
 */
export function passwords(database: string): Conversation[] {
  const login = startup({ user: "postgres", database });
  return [
    ...Object.entries({
      "wrong": passwordMessage("secret"),
      "empty": passwordMessage(""),
      "MD5": passwordMessage("md5" + "0".repeat(32)),
      "no NUL": message("p", "secret"),
      "nothing": message("p", ""),
      "two NULs": message("p", "secret\0\0"),
      "NUL in it": message("p", "sec\0ret\0"),
      "odd bytes": passwordMessage("\xff\xfe\x01\n%s"),
      "8000 bytes": passwordMessage("x".repeat(8000)),
      "9000 bytes": passwordMessage("x".repeat(9000)),
      "a length of 65535": passwordMessage("x".repeat(65_530)),
      "a length of 65536": passwordMessage("x".repeat(65_531)),
      "a length of 3": "p" + int32(3),
      "a length of 1 GB": "p" + int32(0x40000000) + "x",
      "SASL": saslInitial(FIRST),
      "Q": message("Q", "SELECT 1;\0"),
      "X": message("X", ""),
      "NUL": "\0",
      "HTTP": "GET / HTTP/1.0\r\n\r\n",
      "twice": passwordMessage("a") + passwordMessage("b"),
    }).map(([what, data]): Conversation => ({
      ...talk(`${database}: password: ${what}`, login, data),
      isResetAllowed: what === "a length of 65536",
    })),
    ...segmented([
      talk(`${database}: somebody's`, startup({ user: "nobody", database }), passwordMessage("a")),
      talk(
        `${database}: odd names`,
        startup({ user: '\xff"\n%s', database }),
        passwordMessage("a"),
      ),
      talk(
        `${database}: a long name`,
        startup({ user: "u".repeat(300), database }),
        passwordMessage("a"),
      ),
    ]),
    talk(`${database}: in one with the login`, login + passwordMessage("secret")),
    talk(`${database}: end instead`, login, null),
    talk(`${database}: end within`, login, passwordMessage("secret").slice(0, 7), null),
  ];
}

/** For whom pg_hba.conf has no line. */
export const REFUSED_HOSTS: readonly Conversation[] = [
  ...each("no line", {
    "a login": LOGIN,
    "odd names": startup({ user: "\xff\n%s", database: '"\x01' }),
    "long names": startup({ user: "u".repeat(300), database: "d".repeat(300) }),
    "no database": startup({ user: "a" }),
    "an empty database": startup({ user: "a", database: "" }),
    "replication": startup({ user: "a", replication: "on" }),
    "replication of a database": startup({ user: "a", database: "b", replication: "database" }),
    "3.2": startup({ user: "a" }, PROTOCOL_3 + 2),
    "more behind": LOGIN + passwordMessage("x"),
  }),
];

/** Talks that hang on no segments. */
export const SEGMENTED: readonly Conversation[] = [
  talk("a login", SSL_REQUEST, LOGIN, saslInitial(FIRST), message("p", "c=biws,r=x,p=AAAA")),
  talk("a login without TLS", LOGIN, saslInitial(FIRST), message("p", "c=biws,r=x,p=AAAA")),
  talk("an odd login", LOGIN, passwordMessage("x")),
];

/** What comes in clear behind the request for TLS. */
export const EARLY: Readonly<Record<string, string>> = { "a byte": "x", "a login": LOGIN };

const PLUS = "SCRAM-SHA-256-PLUS";
const END_POINT = "p=tls-server-end-point";
const PROOF = "A".repeat(43) + "=";

/** A final message for the challenge that came last. */
function finalWith(binding: string): Say {
  return (last) => message("p", `c=${binding},r=${/r=([^,]+)/.exec(last)![1]},p=${PROOF}`);
}

/** Talks inside of TLS. */
export const IN_TLS: Readonly<Record<string, readonly Say[]>> = {
  "a request for TLS": [SSL_REQUEST],
  "a request for GSSAPI": [GSS_REQUEST],
  "a cancel request": [packet(80877102, int32(1) + int32(1))],
  "HTTP": ["GET / HTTP/1.0\r\n\r\n"],
  "no channel binding": [LOGIN, saslInitial(FIRST), finalWith("biws")],
  "no channel binding, and another header": [LOGIN, saslInitial(FIRST), finalWith("eSws")],
  "a password": [LOGIN, passwordMessage("x")],
  ...Object.fromEntries(
    Object.entries({
      "y": saslInitial("y,,n=,r=abc"),
      "p without PLUS": saslInitial(`${END_POINT},,n=,r=abc`),
      "PLUS and n": saslInitial("n,,n=,r=abc", PLUS),
      "PLUS and y": saslInitial("y,,n=,r=abc", PLUS),
      "PLUS and x": saslInitial("x,,n=,r=abc", PLUS),
      "PLUS, another type": saslInitial("p=tls-unique,,n=,r=abc", PLUS),
      "PLUS, an odd type": saslInitial("p=\x01\xff \xc3\xa4,,n=,r=abc", PLUS),
      "PLUS, a long type": saslInitial(`p=${"z".repeat(100)},,n=,r=abc`, PLUS),
      "PLUS, no type": saslInitial("p=,,n=,r=abc", PLUS),
      "PLUS, no =": saslInitial("px,,n=,r=abc", PLUS),
      "PLUS, no comma": saslInitial(END_POINT, PLUS),
      "PLUS, an identity": saslInitial(`${END_POINT},a=x,n=,r=abc`, PLUS),
      "PLUS, x": saslInitial(`${END_POINT},x,n=,r=abc`, PLUS),
      "PLUS, m": saslInitial(`${END_POINT},,m=,n=,r=abc`, PLUS),
      "another mechanism": saslInitial(FIRST, "SCRAM-SHA-1-PLUS"),
    }).map(([name, first]): [string, Say[]] => [name, [LOGIN, first]]),
  ),
  "PLUS, the binding of none": [
    LOGIN,
    saslInitial(`${END_POINT},,n=,r=abc`, PLUS),
    finalWith("biws"),
  ],
  "PLUS, an empty binding": [LOGIN, saslInitial(`${END_POINT},,n=,r=abc`, PLUS), finalWith("")],
};

/** Final messages of SCRAM; given the whole nonce. */
export const FINALS: Readonly<Record<string, (nonce: string) => string>> = {
  "a wrong proof": (nonce) => `c=biws,r=${nonce},p=${PROOF}`,
  "another nonce": (nonce) => `c=biws,r=${nonce}x,p=${PROOF}`,
  "no nonce": () => `c=biws,p=${PROOF}`,
  "an empty nonce": () => `c=biws,r=,p=${PROOF}`,
  "the client's nonce": () => `c=biws,r=abcdefghijklmnop,p=${PROOF}`,
  "another binding": (nonce) => `c=eSws,r=${nonce},p=${PROOF}`,
  "an empty binding": (nonce) => `c=,r=${nonce},p=${PROOF}`,
  "no binding": (nonce) => `r=${nonce},p=${PROOF}`,
  "c without =": (nonce) => `cbiws,r=${nonce},p=${PROOF}`,
  "no proof": (nonce) => `c=biws,r=${nonce}`,
  "no proof and a comma": (nonce) => `c=biws,r=${nonce},`,
  "extensions": (nonce) => `c=biws,r=${nonce},x=1,y=,p=${PROOF}`,
  "an extension that is none": (nonce) => `c=biws,r=${nonce},1=x,p=${PROOF}`,
  "an extension without =": (nonce) => `c=biws,r=${nonce},x,p=${PROOF}`,
  "an extension of UTF-8": (nonce) => `c=biws,r=${nonce},\xc3=,p=${PROOF}`,
  "an extension of a control": (nonce) => `c=biws,r=${nonce},\x1f=,p=${PROOF}`,
  "garbage": (nonce) => `c=biws,r=${nonce},p=${PROOF},x=1`,
  "a comma": (nonce) => `c=biws,r=${nonce},p=${PROOF},`,
  "a short proof": (nonce) => `c=biws,r=${nonce},p=AAAA`,
  "an empty proof": (nonce) => `c=biws,r=${nonce},p=`,
  "a proof of 33 bytes": (nonce) => `c=biws,r=${nonce},p=${"A".repeat(44)}`,
  "a proof of 31 bytes": (nonce) => `c=biws,r=${nonce},p=${"A".repeat(42)}==`,
  "a proof without padding": (nonce) => `c=biws,r=${nonce},p=${"A".repeat(43)}`,
  "a proof with padding within": (nonce) => `c=biws,r=${nonce},p=${"A".repeat(42)}=A`,
  "a proof with three paddings": (nonce) => `c=biws,r=${nonce},p=${"A".repeat(41)}===`,
  "a proof with a space": (nonce) => `c=biws,r=${nonce},p= ${PROOF}`,
  "a proof with a newline": (nonce) => `c=biws,r=${nonce},p=${PROOF}\n`,
  "a proof that is no base64": (nonce) => `c=biws,r=${nonce},p=${"-".repeat(43)}=`,
  "NUL in it": (nonce) => `c=biws,r=${nonce}\0,p=${PROOF}`,
  "nothing": () => "",
  "a password": () => "secret",
  "a first message again": () => FIRST,
  "bytes": () => "\xff\xfe",
  "1020 bytes": (nonce) =>
    `c=biws,r=${nonce},x=`.padEnd(1020 - PROOF.length - 3, "y") + `,p=${PROOF}`,
  "1021 bytes": (nonce) =>
    `c=biws,r=${nonce},x=`.padEnd(1021 - PROOF.length - 3, "y") + `,p=${PROOF}`,
};
