import type { Decoy } from "../../lib/decoys/decoy.ts";
import { createSelfSigned } from "../../lib/net/certificate_authority.ts";
import { clientHelloFixture } from "../support/client_hellos.ts";
import { testRelay } from "../support/test_tls.ts";
import type { Conversation } from "./client.ts";
import { apache } from "./genuine/apache.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** A hello with bytes changed; `at` is told where the cipher suites' length stands. */
function changed(name: string, change: (bytes: Uint8Array, at: number) => void): Uint8Array {
  const bytes = clientHelloFixture(name).bytes.slice();
  change(bytes, 44 + bytes[43]!);
  return bytes;
}

/** Every cipher suite replaced. */
function withSuites(name: string, high: number, low: number): Uint8Array {
  return changed(name, (bytes, at) => {
    const size = bytes[at]! * 256 + bytes[at + 1]!;
    for (let i = 0; i < size; i += 2) bytes.set([high, low], at + 2 + i);
  });
}

/** A hello in the form of SSL 2.0. */
function sslv2(version: number): Uint8Array {
  const suites = [1, 0, 0x80, 2, 0, 0x80, 3, 0, 0x80, 0, 0, 0x35];
  const body = [1, version >> 8, version & 0xff, 0, suites.length, 0, 0, 0, 16, ...suites];
  return new Uint8Array([0x80, body.length + 16, ...body, ...new Array(16).fill(0x78)]);
}

function record(type: number, payload: readonly number[], version = 0x0301): Uint8Array {
  const head = [type, version >> 8, version & 0xff, payload.length >> 8, payload.length & 0xff];
  return new Uint8Array([...head, ...payload]);
}

const T12 = "openssl-tls1_2";

/** First flights that OpenSSL answers with an alert, or not at all. */
const FLIGHTS: readonly (readonly [string, Uint8Array])[] = [
  ...[
    "nmap-ssl3",
    "openssl-tls1_0",
    "openssl-tls1_1",
    "openssl-old-noext",
    "gnutls-legacy",
    "sslv2",
  ]
    .map((name) => [name, clientHelloFixture(name).bytes] as const),
  ...[0x0002, 0x0300, 0x0301, 0x0302, 0x0303].map((version) =>
    [`the form of SSL 2.0 for ${version.toString(16)}`, sslv2(version)] as const
  ),
  ["a version before SSL 3.0", changed(T12, (bytes) => bytes[9] = 2)],
  ["a record of another version", changed(T12, (bytes) => bytes[1] = 2)],
  ["a session id of 33 bytes", changed(T12, (bytes) => bytes[43] = 33)],
  ["a session id of 200 bytes", changed(T12, (bytes) => bytes[43] = 200)],
  ["an odd length of suites", changed(T12, (bytes, at) => bytes[at + 1]! ^= 1)],
  ["no suites", changed(T12, (bytes, at) => bytes.fill(0, at, at + 2))],
  ["unknown suites", withSuites(T12, 0x13, 0x99)],
  ["unknown suites of TLS 1.3", withSuites("openssl-tls1_3", 0x13, 0x99)],
  ["suites without encryption", withSuites(T12, 0, 1)],
  [
    "compression",
    changed(T12, (bytes, at) => bytes[at + 3 + bytes[at]! * 256 + bytes[at + 1]!] = 1),
  ],
  ["a message that is longer than its record", changed(T12, (bytes) => bytes[8]!++)],
  ["a message that is shorter", changed(T12, (bytes) => bytes[8]!--)],
  ["an empty hello", record(22, [1, 0, 0, 0])],
  ["16 MiB announced", record(22, [1, 255, 255, 255, ...new Array(252).fill(0)])],
  ["a server's hello", changed(T12, (bytes) => bytes[5] = 2)],
  ["Finished", changed(T12, (bytes) => bytes[5] = 20)],
  ["HelloRequest", record(22, [0, 0, 0, 0])],
  ["an empty record", record(22, [])],
  ["40 empty records", new Uint8Array(Array(40).fill([...record(22, [])]).flat())],
  ["a record of 65535 bytes", new Uint8Array([22, 3, 1, 255, 255, ...new Array(300).fill(0)])],
  ["a warning", record(21, [1, 0])],
  ["an alert", record(21, [2, 40], 0x0303)],
  ["ChangeCipherSpec", record(20, [1])],
  ["data", record(23, [1, 2, 3, 4, 5], 0x0303)],
  ["data of TLS 1.0", record(23, [1, 2, 3, 4, 5])],
  ["ChangeCipherSpec of TLS 1.2", record(20, [1], 0x0303)],
  ["a heartbeat of TLS 1.2", record(24, [1, 0, 1, 0], 0x0303)],
  ["a heartbeat", record(24, [1, 0, 1, 0])],
  ["zeros", new Uint8Array(12)],
];

const CONVERSATIONS: Conversation[] = FLIGHTS.map(([name, data]) => ({
  name,
  sends: [data],
  greetingMs: 0,
  waitMs: 250,
  quietMs: 80,
}));

differentialTest(
  // An RSA key, as ssl-cert's: with another, what old clients offer fails for want of a suite.
  apache(() => Promise.resolve(), () => createSelfSigned("localhost", Date.now())),
  "decoys turn clients away as OpenSSL 3.0 with Debian's settings",
  async (t, genuine) => {
    await using relay = await testRelay();
    const silent: Decoy = { serve: () => Promise.resolve() };
    await using decoy = serveDecoy(silent, { tls: relay, isSecure: true });
    await assertSame(t, {
      genuine,
      decoy: decoy.address,
      conversations: segmented(CONVERSATIONS, ["whole", "bytes"]),
    });
  },
);
