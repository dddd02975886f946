/**
 * A failed login at each decoy that has one and needs no computing by the client: what the load
 * generator says and waits for.
 * @module
 */

/** One decoy's dialogue. */
export interface Dialogue {
  readonly kind: string;
  /** Options as a YAML flow mapping has them. */
  readonly options: string;
  /** As `load.c` takes them. */
  readonly steps: readonly string[];
  /** Connections at a time, where the server's own pause asks for many. */
  readonly parallel?: number;
}

/** Bytes as `load.c` reads them. */
const hex = (bytes: readonly number[]) =>
  bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
const ascii = (text: string) => [...new TextEncoder().encode(text)];
const uint32 = (
  value: number,
) => [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];

/** PostgreSQL's StartupMessage: protocol 3.0, user and database. */
const POSTGRES_BODY = [...uint32(196_608), ...ascii("user\0root\0database\0root\0\0")];
const POSTGRES_START = [...uint32(POSTGRES_BODY.length + 4), ...POSTGRES_BODY];
const POSTGRES_PASSWORD = [...ascii("p"), ...uint32(4 + 7), ...ascii("secret\0")];
/** MySQL's login: protocol 4.1 with a native scramble of 20 bytes. */
const MYSQL_BODY = [
  ...[0x85, 0xa6, 0x08, 0x00], // long password, protocol 4.1, transactions, secure, plugin
  ...[0, 0, 0, 1, 33],
  ...Array(23).fill(0),
  ...ascii("root\0"),
  20,
  ...Array(20).fill(0x5a),
  ...ascii("mysql_native_password\0"),
];
const MYSQL_LOGIN = [MYSQL_BODY.length, 0, 0, 1, ...MYSQL_BODY];
/** MQTT's CONNECT: 3.1.1 with user and password. */
const MQTT_BODY = [
  ...[0, 4, ...ascii("MQTT"), 4, 0xc2, 0, 60],
  ...[0, 1, ...ascii("c"), 0, 4, ...ascii("root"), 0, 6, ...ascii("secret")],
];
const MQTT_CONNECT = [0x10, MQTT_BODY.length, ...MQTT_BODY];

/** The dialogues, in the order of the README's table of decoys. */
export const DIALOGUES: readonly Dialogue[] = [
  {
    kind: "smtp",
    options: "pause_min_ms: 0, pause_max_ms: 0, slow_down: false",
    steps: [
      "<220 ",
      ">EHLO x\\r\\n",
      "<CHUNKING",
      ">AUTH PLAIN AHJvb3QAc2VjcmV0\\r\\n",
      "<535 ",
    ],
  },
  {
    kind: "pop3",
    options: "pause_min_ms: 0, pause_max_ms: 0, slow_down: false",
    steps: ["<+OK", ">USER root\\r\\n", "<+OK", ">PASS secret\\r\\n", "<-ERR"],
  },
  {
    kind: "imap",
    options: "pause_min_ms: 0, pause_max_ms: 0, slow_down: false",
    steps: ["<* OK", ">a LOGIN root secret\\r\\n", "<a NO"],
  },
  {
    kind: "mysql",
    options: "pause_min_ms: 0, pause_max_ms: 0",
    steps: ["<mysql_native_password", `>${hex(MYSQL_LOGIN)}`, "<Access denied"],
  },
  {
    kind: "postgres",
    options: "auth: password",
    steps: [`>${hex(POSTGRES_START)}`, "<R", `>${hex(POSTGRES_PASSWORD)}`, "<FATAL"],
  },
  { kind: "redis", options: "password: other", steps: [">AUTH secret\\r\\n", "<-WRONGPASS"] },
  { kind: "memcached", options: "", steps: [">get a\\r\\n", "<END"] },
  { kind: "mqtt", options: "", steps: [`>${hex(MQTT_CONNECT)}`, "<\\x05"] },
  {
    kind: "socks",
    options: "auth: username, lookup_min_ms: 0, lookup_max_ms: 0",
    steps: [">\\x05\\x01\\x02", "<\\x02", ">\\x01\\x04root\\x06secret", "<\\x01"],
  },
  {
    kind: "http-proxy",
    options: "auth: basic",
    steps: [
      ">GET http://x/ HTTP/1.1\\r\\nHost: x\\r\\nProxy-Authorization: Basic cm9vdDpzZWNyZXQ=\\r\\n\\r\\n",
      "<407",
    ],
  },
  {
    // The genuine 100 ms before a refusal; as all clients are from a few addresses, no blacklist.
    kind: "vnc",
    options: "blacklist: false",
    steps: [
      "<RFB 003.008\\n",
      ">RFB 003.008\\n",
      "<\\x02",
      ">\\x02",
      "#16",
      `>${hex(Array(16).fill(0x5a))}`,
      "<Authentication failure",
    ],
    parallel: 1000,
  },
  {
    kind: "git",
    options: "",
    steps: [">0028git-upload-pack /x.git\\x00host=a.examp\\x00", "<ERR"],
  },
];
