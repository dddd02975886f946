import { assert, assertEquals } from "@std/assert";
import { makeHostKey } from "../../../lib/decoys/ssh/keys/host_key.ts";
import { readPrivateKey } from "../../../lib/decoys/ssh/keys/private_key_format.ts";
import type { Product } from "../../../lib/decoys/ssh/product.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "../../../lib/decoys/ssh/products/openssh.ts";
import { WireWriter } from "../../../lib/decoys/ssh/wire.ts";
import { ProtocolError } from "../../../lib/errors.ts";
import { SshConnection } from "../../support/ssh_connection.ts";
import {
  authRequest,
  kexinit,
  message,
  passwordRequest,
  serviceRequest,
} from "../../support/ssh_messages.ts";
import { NEWKEYS, PEER_KEX_INIT } from "../../support/ssh_peer.ts";
import { readFixture, readPublic } from "./keys/fixtures.ts";

const STRICT = "curve25519-sha256,kex-strict-c-v00@openssh.com";
const ACCEPT = 'SERVICE_ACCEPT "ssh-userauth"';
const FAILURE = 'FAILURE "publickey,password" false';
const PRODUCTS = { "OpenSSH 9.2": OPENSSH_DEBIAN_12, "OpenSSH 9.6": OPENSSH_UBUNTU_24, DROPBEAR };

/** OpenSSH that takes new keys before a login, as it does after one. */
const REKEYING: Product = {
  ...OPENSSH_DEBIAN_12,
  react: (type, situation) =>
    situation.stage === "open" && type === 20 ? "take" : OPENSSH_DEBIAN_12.react(type, situation),
};

/** What is said, without what is in it. */
const kinds = (said: readonly string[]) => said.map((text) => text.split(" ")[0]);

for (const [name, product] of Object.entries(PRODUCTS)) {
  for (const kex of ["curve25519-sha256", STRICT]) {
    for (const ciphers of ["chacha20-poly1305@openssh.com", "aes128-ctr"]) {
      Deno.test(`${name} talks on under ${ciphers} after ${kex}`, async () => {
        const connection = await SshConnection.start(product);
        const said = await connection.open({ kex, ciphers });
        assertEquals(kinds(said), ["KEX_REPLY", "NEWKEYS"]);
        assertEquals(connection.peer.isStrict, kex === STRICT);
        assertEquals(await connection.say(serviceRequest()), [ACCEPT]);
        assertEquals(await connection.say(passwordRequest("root", "x")), [FAILURE]);
        assertEquals(connection.events.map(({ id }) => id), ["ssh.client", "auth.attempt"]);
        assert((await connection.end() as Error).name === "UnexpectedEof");
      });
    }
  }
}

Deno.test("EXT_INFO follows NEWKEYS for peers that ask for it, and for no others", async () => {
  for (const [name, product] of Object.entries(PRODUCTS)) {
    const without = await SshConnection.start(product);
    assertEquals(kinds(await without.open({ kex: STRICT })), ["KEX_REPLY", "NEWKEYS"], name);
    const asking = await SshConnection.start(product);
    const said = await asking.open({ kex: "curve25519-sha256,ext-info-c" });
    assertEquals(kinds(said), ["KEX_REPLY", "NEWKEYS", "EXT_INFO"], name);
    assert(said[2]!.includes("server-sig-algs"));
    await without.end();
    await asking.end();
  }
});

Deno.test("EXT_INFO comes again in OpenSSH 9.6's authentication for peers that take it there", async () => {
  for (const takes of [false, true]) {
    const connection = await SshConnection.start(OPENSSH_UBUNTU_24);
    await connection.open({ kex: "curve25519-sha256,ext-info-c" });
    const name = takes ? "ext-info-in-auth@openssh.com" : "other";
    assertEquals(await connection.say(message(7, 1, name, "0"), serviceRequest()), [ACCEPT]);
    const said = await connection.say(authRequest("root", "none"));
    assertEquals(kinds(said), takes ? ["EXT_INFO", "FAILURE"] : ["FAILURE"]);
    // Once said, no more is taken.
    assertEquals(await connection.say(message(7, 1, name, "0")), ["UNIMPLEMENTED 6"]);
    await connection.end();
  }
});

Deno.test("PING is read, and not answered before a login", async () => {
  const connection = await SshConnection.start(OPENSSH_UBUNTU_24);
  await connection.greet();
  assertEquals(await connection.say(message(192, "x".repeat(2000))), []);
  await connection.exchange();
  assertEquals(await connection.say(message(192, "x"), serviceRequest()), [ACCEPT]);
  await connection.say(message(192));
  assert(connection.ended instanceof ProtocolError);
});

Deno.test("a wrong guess is passed over, a right one taken", async () => {
  const hostKeys = "rsa-sha2-512,ssh-ed25519";
  const guesses: [Product, string, string, isRight: boolean][] = [
    [OPENSSH_DEBIAN_12, "sntrup761x25519-sha512,curve25519-sha256", hostKeys, true],
    [OPENSSH_DEBIAN_12, "curve25519-sha256", "ssh-ed25519", false],
    [OPENSSH_DEBIAN_12, "curve25519-sha256", hostKeys, false],
    [DROPBEAR, "curve25519-sha256,kexguess2@matt.ucc.asn.au", "rsa-sha2-256", true],
    [DROPBEAR, "nothing,curve25519-sha256,kexguess2@matt.ucc.asn.au", "ssh-ed25519", false],
    [DROPBEAR, "curve25519-sha256", "ssh-ed25519", true],
  ];
  for (const [product, kex, keys, isRight] of guesses) {
    const connection = await SshConnection.start(product);
    await connection.greet();
    const guess = isRight ? PEER_KEX_INIT : message(30, "a guess");
    const payload = kexinit({ kex, hostKeys: keys, isGuessed: true });
    // sntrup761 would take more than 32 bytes: that it is taken at all is what is asked.
    const said = await connection.say(payload, guess);
    if (kex.startsWith("sntrup")) assert(connection.ended instanceof ProtocolError);
    else if (isRight) assertEquals(kinds(said).slice(-2), ["KEX_REPLY", "NEWKEYS"], kex);
    else {
      assertEquals(kinds(said).includes("KEX_REPLY"), false, kex);
      assertEquals(kinds(await connection.say(PEER_KEX_INIT)), ["KEX_REPLY", "NEWKEYS"]);
    }
    await connection.end();
  }
});

Deno.test("a strict exchange allows nothing in between", async () => {
  const late = await SshConnection.start(OPENSSH_DEBIAN_12);
  await late.greet();
  await late.say(message(2, "x"));
  const words = "strict KEX violation: KEXINIT was not the first packet";
  assertEquals((await late.say(kexinit({ kex: STRICT }))).at(-1), `DISCONNECT 2 "${words}" ""`);
  assert(late.ended instanceof ProtocolError);
  assertEquals(late.made.session.isAbrupt, true);

  const between = await SshConnection.start(OPENSSH_DEBIAN_12);
  await between.greet();
  await between.say(kexinit({ kex: STRICT }));
  const violation = "strict KEX violation: unexpected packet type 2 (seqnr 1)";
  assertEquals(await between.say(message(2, "x")), [`DISCONNECT 2 "${violation}" ""`]);

  const free = await SshConnection.start(OPENSSH_DEBIAN_12);
  await free.greet();
  await free.say(message(2, "x"), kexinit(), message(4, true, "x", ""));
  assertEquals(kinds(await free.say(PEER_KEX_INIT)), ["KEX_REPLY", "NEWKEYS"]);
  await free.end();
});

Deno.test("lists without a common name end the talk, and the client is told in full", async () => {
  const connection = await SshConnection.start(OPENSSH_DEBIAN_12);
  await connection.greet();
  const said = await connection.say(kexinit({ kex: "x", hostKeys: "y" }));
  assertEquals(kinds(said), []);
  const error = connection.ended as ProtocolError;
  assertEquals([error.name, connection.made.session.isAbrupt], ["ProtocolError", true]);
  const [client] = connection.events;
  assertEquals(connection.events.length, 1);
  assertEquals([client!.data.kexAlgorithms, client!.data.chosen], [["x"], undefined]);
});

Deno.test("a client that sends no KEXINIT is told at the end, by its line alone", async () => {
  const connection = await SshConnection.start(DROPBEAR, { line: "SSH-2.0-zgrab\x1b" });
  await connection.greet();
  await connection.end();
  assertEquals(connection.events, [{
    id: "ssh.client",
    data: { clientVersion: "SSH-2.0-zgrab\\x1b" },
  }]);
});

for (const [name, product] of [["DROPBEAR", DROPBEAR], ["another server", REKEYING]] as const) {
  Deno.test(`${name} takes new keys at any time, by other ciphers, and stays the same session`, async () => {
    for (const kex of ["curve25519-sha256", STRICT]) {
      const connection = await SshConnection.start(product);
      await connection.open({ kex });
      await connection.say(serviceRequest());
      for (const ciphers of ["chacha20-poly1305@openssh.com", "aes256-ctr", "aes128-ctr"]) {
        assertEquals(kinds(await connection.exchange({ kex, ciphers })), ["KEX_REPLY", "NEWKEYS"]);
        assertEquals(await connection.say(passwordRequest("root", ciphers)), [FAILURE]);
      }
      // Signatures are over the first exchange's hash.
      const request = authRequest("root", "publickey", true, "ssh-ed25519", readPublic("ed25519"));
      const key = makeHostKey(readPrivateKey(readFixture("ed25519.key")));
      const data = new WireWriter().string(connection.peer.sessionId).raw(request).bytes();
      const signature = await key.sign("ssh-ed25519", data);
      await connection.say(new WireWriter(512).raw(request).string(signature).bytes());
      const attempts = connection.events.filter(({ id }) => id === "auth.attempt");
      assertEquals(attempts.at(-1)?.data.publicKey.signatureValid, true);
      assertEquals(connection.events.filter(({ id }) => id === "ssh.client").length, 1);
      await connection.end();
    }
  });
}

Deno.test("what is said during new keys waits for them", async () => {
  // A server that reads requests also then; the genuine ones do not, as nobody may send them.
  const connection = await SshConnection.start({
    ...REKEYING,
    react: (type, situation) => type === 5 ? "take" : REKEYING.react(type, situation),
  });
  await connection.open();
  assertEquals(await connection.say(serviceRequest()), [ACCEPT]);
  assertEquals(kinds(await connection.say(kexinit(), serviceRequest())), ["KEXINIT"]);
  assertEquals(kinds(await connection.say(PEER_KEX_INIT)), ["KEX_REPLY", "NEWKEYS"]);
  assertEquals(await connection.say(NEWKEYS), [ACCEPT]);
  assertEquals(await connection.say(serviceRequest()), [ACCEPT]);
  await connection.end();
});

Deno.test("messages that are not understood are answered each, and reported up to eight times", async () => {
  const connection = await SshConnection.start(OPENSSH_DEBIAN_12);
  await connection.open();
  const said = await connection.say(...Array.from({ length: 20 }, () => message(90, "x")));
  assertEquals(said, Array.from({ length: 20 }, (_, i) => `UNIMPLEMENTED ${i + 3}`));
  const reports = connection.events.filter(({ id }) => id === "protocol.error");
  assertEquals(reports.length, 8);
  assertEquals(reports[0]!.data.expected, "no message 90 (open)");
  await connection.end();
});

Deno.test("another service than ssh-userauth ends the talk", async () => {
  const connection = await SshConnection.start(OPENSSH_DEBIAN_12);
  await connection.open();
  assertEquals(await connection.say(serviceRequest("ssh-connection")), [
    'DISCONNECT 2 "bad service request ssh-connection" ""',
  ]);
  assertEquals(connection.ended instanceof ProtocolError, true);
});

Deno.test("a peer that says goodbye has done nothing wrong", async () => {
  for (const product of Object.values(PRODUCTS)) {
    const connection = await SshConnection.start(product);
    await connection.open();
    assertEquals(await connection.say(message(1, 11, "bye", "")), []);
    assertEquals([connection.ended, connection.made.session.isAbrupt], ["done", true]);
  }
});
