/**
 * What SSH clients say, as payloads: the key exchanges that there are, and every way to log in.
 * @module
 */
import { Buffer } from "node:buffer";
import { WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { authRequest, kexinit, message, serviceRequest } from "../support/ssh_messages.ts";
import { NEWKEYS, PEER_KEX_INIT } from "../support/ssh_peer.ts";
import { readPublic, readSignature } from "../decoys/ssh/keys/fixtures.ts";
import type { Seed } from "./target.ts";

const HOSTBOUND = "publickey-hostbound-v00@openssh.com";
const EXTRA = ",ext-info-c,kex-strict-c-v00@openssh.com";

/** A KEXINIT whose cookie is always the same. */
function init(lists: Parameters<typeof kexinit>[0] = {}): Uint8Array {
  const payload = kexinit({ hostKeys: "ssh-ed25519,ecdsa-sha2-nistp256", ...lists });
  payload.fill(0x63, 1, 17);
  return payload;
}

/** KEXINITs with which a session begins: each agrees on curve25519 with every product. */
export const SESSION_INITS: readonly Uint8Array[] = [
  init({ ciphers: "aes128-ctr", macs: "hmac-sha2-256" }),
  init({ kex: "curve25519-sha256" + EXTRA, ciphers: "chacha20-poly1305@openssh.com" }),
  init({ kex: "curve25519-sha256,ext-info-c", ciphers: "aes256-ctr", macs: "hmac-sha1" }),
  init({ kex: "curve25519-sha256@libssh.org,kex-strict-c-v00@openssh.com" }),
];

/** Messages that begin a session: KEXINIT, the exchange, NEWKEYS. */
export function handshake(clientInit: Uint8Array): Uint8Array[] {
  return [clientInit, PEER_KEX_INIT, NEWKEYS];
}

const [plain, chacha] = SESSION_INITS as [Uint8Array, Uint8Array];
const value = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const point = (bytes: number) => Uint8Array.from({ length: 1 + 2 * bytes }, (_, i) => i ? 7 : 4);

/** Conversations up to the first keys. */
export const KEX_SEEDS: readonly Seed[] = [
  ...SESSION_INITS.map((payload) => handshake(payload)),
  [init({ kex: "curve25519-sha256", isGuessed: true }), PEER_KEX_INIT, NEWKEYS],
  [init({ kex: "x,curve25519-sha256", isGuessed: true }), message(30, "x"), PEER_KEX_INIT],
  [init(), message(30, value(32, 0)), NEWKEYS],
  [init(), message(2, "x"), message(4, true, "x", ""), message(3, 0), PEER_KEX_INIT],
  [init({ kex: "ecdh-sha2-nistp256" }), message(30, point(32)), NEWKEYS],
  [init({ kex: "ecdh-sha2-nistp384" }), message(30, point(48))],
  [init({ kex: "ecdh-sha2-nistp521" }), message(30, point(66))],
  [init({ kex: "sntrup761x25519-sha512@openssh.com" }), message(30, value(1190, 9))],
  [init({ kex: "diffie-hellman-group14-sha256" }), message(30, value(256, 0x11)), NEWKEYS],
  [init({ kex: "diffie-hellman-group14-sha256" }), message(30, Uint8Array.of(1))],
  [
    init({ kex: "diffie-hellman-group-exchange-sha256" }),
    message(34, 2048, 2048, 8192),
    message(32, value(256, 0x11)),
    NEWKEYS,
  ],
  [init({ kex: "diffie-hellman-group-exchange-sha256" }), message(34, 1024, 512, 1024)],
  [init({ kex: "none" }), PEER_KEX_INIT],
  [message(1, 11, "bye", ""), serviceRequest(), message(200, "x"), message(0)],
].map((messages, i) => ({ name: `ssh kex ${i + 1}`, messages }));

/** Conversations behind the first keys. */
export const AUTH_SEEDS: readonly Seed[] = [
  [serviceRequest(), authRequest("root", "none"), authRequest("root", "password", false, "x")],
  [serviceRequest(), authRequest("root", "password", true, "old", "new")],
  [
    serviceRequest(),
    authRequest("git", "publickey", false, "ssh-ed25519", readPublic("ed25519")),
    signedRequest("ed25519", "ssh-ed25519"),
    signedRequest("ecdsa", "ecdsa-sha2-nistp256"),
  ],
  [serviceRequest(), signedRequest("rsa", "rsa-sha2-512"), signedRequest("dss", "ssh-dss")],
  [
    serviceRequest(),
    authRequest("git", HOSTBOUND, false, "ssh-rsa", readPublic("rsa"), readPublic("ed25519")),
    signedRequest("ed25519-cert", "ssh-ed25519-cert-v01@openssh.com", "ed25519"),
  ],
  [
    serviceRequest(),
    authRequest("bob", "keyboard-interactive", "", "pam"),
    message(61, 1, "secret"),
    authRequest("bob", "keyboard-interactive", "", ""),
    message(61, 2, "a", "b"),
  ],
  [
    serviceRequest(),
    authRequest("x", "hostbased", "ssh-ed25519", readPublic("ed25519"), "h.example.", "y", "sig"),
  ],
  [serviceRequest(), authRequest("x", "gssapi-with-mic", 1, "oid"), authRequest("y", "none")],
  [serviceRequest(), ...Array.from({ length: 12 }, () => authRequest("a", "password", false, "p"))],
  [
    message(7, 1, "ext-info-in-auth@openssh.com", "0"),
    serviceRequest(),
    authRequest("a:b", "none"),
    message(50, "a", "ssh-userauth", "none"),
  ],
  [serviceRequest("ssh-connection"), message(80, "x", true), message(90, "session", 0, 1, 2)],
  [message(2, "x"), message(3, 1), message(4, true, "x", "y"), message(192, "ping"), message(200)],
  // New keys.
  [...handshake(plain), serviceRequest(), authRequest("r", "none")],
  [serviceRequest(), ...handshake(chacha), authRequest("r", "none"), ...handshake(plain)],
  [plain, serviceRequest(), message(192, "x"), PEER_KEX_INIT, NEWKEYS, message(1, 11, "", "")],
].map((messages, i) => ({ name: `ssh auth ${i + 1}`, messages }));

/** Blobs of keys, with signatures where there are some: `blob ‖ signature ‖ algorithm`. */
export const SIGNATURE_SEEDS: readonly Seed[] = ([
  ["ed25519", "ssh-ed25519"],
  ["ecdsa", "ecdsa-sha2-nistp256"],
  ["ecdsa384", "ecdsa-sha2-nistp384"],
  ["ecdsa521", "ecdsa-sha2-nistp521"],
  ["rsa", "rsa-sha2-512"],
  ["rsa", "ssh-rsa"],
  ["dss", "ssh-dss"],
  ["rsa-cert", "rsa-sha2-512-cert-v01@openssh.com"],
] as const).map(([name, algorithm]) => ({
  name: `signature ${name}`,
  messages: [readPublic(name), readSignature(name).signature, Buffer.from(algorithm)],
}));

function signedRequest(name: string, algorithm: string, signer = name): Uint8Array {
  return new WireWriter().raw(authRequest("git", "publickey", true, algorithm, readPublic(name)))
    .string(readSignature(signer).signature).bytes().slice();
}
