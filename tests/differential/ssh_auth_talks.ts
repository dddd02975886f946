/**
 * What both SSH servers are told about users in the differential tests: service requests,
 * authentication requests of all kinds, right and wrong, and every message out of place.
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, sign } from "node:crypto";
import { WireWriter } from "../../lib/decoys/ssh/wire.ts";
import {
  authRequest,
  type Field,
  message,
  passwordRequest,
  serviceRequest,
} from "../support/ssh_messages.ts";
import {
  ecdh,
  end,
  init,
  keys,
  newKeys,
  packet,
  packetOf,
  type Step,
  together,
  within,
} from "../support/ssh_talk.ts";
import type { Talk } from "./ssh_compare.ts";
import { hello, STRICT } from "./ssh_talks.ts";

/** Longest delay of a failure, and something to spare, in ms. */
export const FAILURE_MS = 9000;
/** Delays of failures depend on a secret of each server: doubled, or not. */
export const FAILURE_SLACK_MS = 2600;

const none = packet(authRequest("root", "none"));
const keyed: readonly Step[] = [...hello, keys()];
const asked: readonly Step[] = [...keyed, packet(serviceRequest())];
const zeros = (length: number, value = 0) => Buffer.alloc(length, value);
const rest = (length: number) => ({ raw: zeros(length) });

/** A talk from the keys on; a `none` follows, to see how the session goes on. */
const before = (name: string, ...steps: readonly Step[]): Talk => ({
  name,
  steps: [...keyed, ...steps, none],
  isResetAllowed: true,
});
/** The same from the service on. */
const then = (name: string, ...steps: readonly Step[]): Talk => ({
  name,
  steps: [...asked, ...steps.map(patiently)],
  isResetAllowed: true,
  slackMs: FAILURE_SLACK_MS,
});
const patiently = (step: Step) => within(step.waitMs ?? FAILURE_MS, step);
/** A step that may have no answer. */
const quiet = (step: Step) => within(200, step);
/** One USERAUTH_REQUEST. */
const request = (name: string, ...payloads: readonly Uint8Array[]) =>
  then(name, ...payloads.map((payload) => packet(payload)));
const root = (method: string, ...fields: readonly Field[]) =>
  authRequest("root", method, ...fields);

/** Services, and messages out of place. */
export function serviceTalks(): Talk[] {
  const names = [
    ...["ssh-userauth", "ssh-connection", "foo", "", "ssh-userauth\0", "SSH-USERAUTH"],
    ...["x".repeat(300), "\xff\n\x1b%s"],
  ];
  return [
    ...names.map((name) =>
      before(`the service ${JSON.stringify(name.slice(0, 20))}`, packet(serviceRequest(name)))
    ),
    before("a service and a byte", packet(message(5, "ssh-userauth", rest(1)))),
    before("a cut service", packet(message(5, { raw: Buffer.from("0000000c737368", "hex") }))),
    before("no service"),
    before("EXT_INFO", packet(message(7, 1, "ext-info-in-auth@openssh.com", "0"))),
    before("a PING", packet(message(192, "hello"))),
    before("re-keying before the service", keys(), packet(serviceRequest())),
    then("a service twice", packet(serviceRequest()), none),
    then("a service after an attempt", none, packet(serviceRequest()), none),
    then("another service", packet(serviceRequest("ssh-connection")), none),
    then("re-keying", none, keys(), none, keys({ kex: "diffie-hellman-group14-sha256" }), none),
    then("re-keying without a method in common", init({ kex: "foo" }), none),
    then("re-keying, and an attempt before its end", init(), none),
    then(
      "re-keying, and messages to ignore",
      init(),
      quiet(packet(message(2, "x"))),
      ecdh(),
      quiet(packet(message(4, true, "x", ""))),
      quiet(newKeys),
      none,
    ),
    then("two KEXINITs in a session", init(), init()),
    then("IGNORE", quiet(packet(message(2, "x"))), none),
    then("IGNORE, cut", quiet(packet(message(2, rest(2)))), none),
    then("DEBUG", quiet(packet(message(4, true, "x", "y"))), none),
    then("DEBUG, cut", quiet(packet(message(4, rest(2)))), none),
    then("DEBUG without a language", quiet(packet(message(4, true, "x"))), none),
    then("UNIMPLEMENTED", quiet(packet(message(3, 5))), none),
    then("UNIMPLEMENTED, cut", quiet(packet(message(3, rest(2)))), none),
    then("DISCONNECT", packet(message(1, 11, "bye", ""))),
    then("DISCONNECT, cut", packet(message(1, rest(2)))),
    then("DISCONNECT with a long text", packet(message(1, 2, zeros(20_000, 120), ""))),
    then("an end behind an attempt", together(packet(passwordRequest("root", "x")), end)),
    then(
      "DISCONNECT behind an attempt",
      together(packet(passwordRequest("root", "x")), packet(message(1, 11, "bye", ""))),
    ),
  ];
}

/** Every message number, with nothing behind it, in each state of a session. */
export function numberTalks(): Talk[] {
  const numbers = Array.from({ length: 256 }, (_, number) => number);
  // Those that end the session one by one, the others in a row.
  const alone = new Set([
    0,
    1,
    3,
    4,
    5,
    20,
    21,
    30,
    50,
    51,
    60,
    61,
    63,
    66,
    80,
    90,
    127,
    191,
    192,
    255,
  ]);
  const bare = (number: number) => packet(message(number));
  const states: [string, readonly Step[], readonly Step[]][] = [
    ["before a KEXINIT", hello, [init(), ecdh()]],
    ["in an exchange", [...hello, init()], [ecdh()]],
    ["in a strict exchange", [...hello, init({ kex: STRICT })], [ecdh()]],
    ["under keys", keyed, [packet(serviceRequest())]],
    ["with a service", asked, [none]],
    ["after an attempt", [...asked, within(FAILURE_MS, none)], [none]],
  ];
  return states.flatMap(([name, first, last]) => {
    const start: Talk = { name, steps: first, isResetAllowed: true };
    const row = numbers.filter((n) => !alone.has(n) && n > 5 && n < 50);
    return [
      ...[...alone, 2, 7, 200].map((number): Talk => ({
        ...start,
        name: `message ${number} ${name}`,
        steps: [...first, bare(number), ...last],
      })),
      {
        ...start,
        name: `all others ${name}`,
        steps: [...first, together(...row.map(bare)), ...last],
      },
    ];
  });
}

/** Attempts of all methods. */
export function attemptTalks(): Talk[] {
  const users = [
    ...[
      "",
      "nosuchuser",
      "nobody",
      "u".repeat(300),
      "ro\0ot",
      "root\0",
      "root\n",
      "root:x",
      "a/b",
      "\xe9",
    ],
    "u".repeat(5000),
  ];
  const password = (name: string, secret: string) => request(name, passwordRequest("root", secret));
  return [
    ...users.map((user) =>
      request(`none of ${JSON.stringify(user.slice(0, 20))}`, authRequest(user, "none"))
    ),
    request("none and a byte", root("none", rest(1))),
    request("another service than ssh-connection", message(50, "root", "foo", "none")),
    request("no service name", message(50, "root", "", "none")),
    ...["foo", "", "m".repeat(300), "none\0", "gssapi-with-mic", "hostbased"].map((method) =>
      request(`method ${JSON.stringify(method.slice(0, 20))}`, root(method))
    ),
    request("a cut request", message(50, "root", "ssh-connection")),
    password("a password", "x"),
    request("a password of nobody", passwordRequest("nosuchuser", "x")),
    password("an empty password", ""),
    password("a password of 1,024 bytes", "p".repeat(1024)),
    password("a password of 1,025 bytes", "p".repeat(1025)),
    password("a password with NUL", "a\0b"),
    password("a password of 30,000 bytes", "p".repeat(30_000)),
    request("a password and a byte", root("password", false, "x", rest(1))),
    request("a password cut off", root("password", false)),
    request("nothing behind password", root("password")),
    request("a cut password", root("password", false, { raw: Buffer.from("0000000561", "hex") })),
    request("a password change", root("password", true, "old", "new")),
    request("a password change without a new one", root("password", true, "old")),
    request("another user", root("none"), authRequest("admin", "none")),
    request("another style", root("none"), authRequest("root:x", "none")),
    request("another service name", root("none"), message(50, "root", "foo", "none")),
    request("keyboard-interactive", root("keyboard-interactive", "", ""), message(61, 1, "x")),
    request("keyboard-interactive, cut", root("keyboard-interactive")),
    request("five passwords, one by one", root("none"), ...same(passwordRequest("root", "x"), 2)),
    then("three at once", together(none, none, packet(passwordRequest("root", "a")))),
    ...keyTalks(),
  ];
}

/** As often as any server bears it. */
export function limitTalks(): Talk[] {
  const key = root("publickey", false, "ssh-ed25519", ed25519Blob(zeros(32, 9)));
  const again = (name: string, payload: Uint8Array, count: number) =>
    request(`${name} ${count} times`, ...same(payload, count));
  return [
    again("none", root("none"), 12),
    again("an unknown method", root("foo"), 12),
    again("a key", key, 12),
    again("keyboard-interactive", root("keyboard-interactive", "", ""), 12),
    again("an empty password", passwordRequest("root", ""), 12),
    again("a password change", root("password", true, "a", "b"), 12),
    request("none, and then keys", root("none"), ...same(key, 12)),
    then("many at once", together(...same(root("none"), 12).map((one) => packet(one)))),
  ];
}

/** Public keys: asked for, signed with, wrong. */
function keyTalks(): Talk[] {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const blob = ed25519Blob(publicKey.export({ type: "spki", format: "der" }).subarray(-32));
  const query = (name: string, algorithm: string, of: Uint8Array) =>
    request(`a key: ${name}`, root("publickey", false, algorithm, of));
  const string = (...fields: readonly Field[]) => Buffer.from(message(0, ...fields).subarray(1));
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({
    format: "jwk",
  });
  const number = (text: string | undefined) => {
    const value = Buffer.from(text!, "base64url");
    return { raw: new WireWriter().mpint(value).bytes().slice() };
  };
  const rsaBlob = string("ssh-rsa", number(rsa.e as string), number(rsa.n as string));
  const signed = (user: string, isGood: boolean) =>
    packetOf((client) => {
      const body = authRequest(user, "publickey", true, "ssh-ed25519", blob);
      const data = Buffer.concat([string(client.sessionId), body]);
      const signature = sign(null, data, privateKey);
      if (!isGood) signature[5]! ^= 1;
      return Buffer.concat([body, string(string("ssh-ed25519", signature))]);
    }, `a signature of ${user}`);
  return [
    query("Ed25519", "ssh-ed25519", blob),
    query("RSA of 1024 bits", "rsa-sha2-256", rsaBlob),
    query("RSA with SHA-1", "ssh-rsa", rsaBlob),
    query("an unknown type", "foo", blob),
    query("another type", "rsa-sha2-256", blob),
    query("garbage", "ssh-ed25519", zeros(51, 7)),
    query("nothing", "ssh-ed25519", zeros(0)),
    query("cut", "ssh-ed25519", blob.subarray(0, 40)),
    query(
      "a security key",
      "sk-ssh-ed25519@openssh.com",
      string("sk-ssh-ed25519@openssh.com", zeros(32, 1), "ssh:"),
    ),
    query(
      "a certificate",
      "ssh-ed25519-cert-v01@openssh.com",
      string("ssh-ed25519-cert-v01@openssh.com", zeros(10)),
    ),
    request("a key and a byte", root("publickey", false, "ssh-ed25519", blob, rest(2))),
    request("a key without blob", root("publickey", false, "ssh-ed25519")),
    request("nothing behind publickey", root("publickey")),
    request("a key without the signature", root("publickey", true, "ssh-ed25519", blob)),
    request(
      "a key and a wrong signature",
      root("publickey", true, "ssh-ed25519", blob, zeros(30, 1)),
    ),
    then("a signed key", signed("root", true)),
    then("a signed key of nobody", signed("nosuchuser", true)),
    then("a key with a broken signature", signed("root", false)),
    request(
      "a host-bound key with another host key",
      root("publickey-hostbound-v00@openssh.com", false, "ssh-ed25519", blob, zeros(51, 3)),
    ),
  ];
}

function ed25519Blob(key: Uint8Array): Uint8Array {
  return message(0, "ssh-ed25519", key).subarray(1);
}

function same(payload: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => payload);
}
