import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { CIPHERS, CLEAR_SEALER, clearOpener } from "../../../lib/decoys/ssh/cipher/ciphers.ts";
import { describeAgreement, describeClient } from "../../../lib/decoys/ssh/client_report.ts";
import {
  agree,
  decodeKexInit,
  encodeKexInit,
  hassh,
  type KexLists,
} from "../../../lib/decoys/ssh/kex_init.ts";
import { PacketBudget, PacketLayer } from "../../../lib/decoys/ssh/packet.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "../../../lib/decoys/ssh/products/openssh.ts";
import { WireError } from "../../../lib/decoys/ssh/wire.ts";
import { kexinit } from "../../support/ssh_messages.ts";
import { memorySession } from "../../support/memory_session.ts";

/** A KEXINIT packet of the genuine sshd, in a recording of Debian's 9.2p1, from behind its cookie. */
const RECORDED = "\0\0\x01=sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com," +
  "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384," +
  "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512," +
  "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,kex-strict-s-v00@openssh.com" +
  "\0\0\x009rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519" +
  ("\0\0\0lchacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr," +
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com").repeat(2) +
  ("\0\0\0\xd5umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com," +
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com," +
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1").repeat(2) +
  "\0\0\0\x15none,zlib@openssh.com".repeat(2) + "\0".repeat(8) + "\0" + "\0".repeat(4) +
  "\0".repeat(11);
const COOKIE = { start: 6, end: 22 };

const isAead = (name: string) => CIPHERS[name]?.isAead ?? false;

Deno.test("encodeKexInit() gives the genuine sshd's packet byte for byte but for the cookie", async () => {
  const { session, stream } = memorySession();
  const layer = new PacketLayer(session, OPENSSH_DEBIAN_12.packets, {
    sealer: CLEAR_SEALER,
    opener: clearOpener(),
    budget: new PacketBudget(0),
  });
  layer.queue(encodeKexInit(OPENSSH_DEBIAN_12.lists("")));
  await layer.flush();
  const packet = Buffer.from(stream.written()).toString("latin1");
  assertEquals(packet.slice(0, COOKIE.start), "\0\0\x04l\x0b\x14");
  assertEquals(packet.slice(COOKIE.end), RECORDED);
});

Deno.test("encodeKexInit() draws another cookie each time", () => {
  const cookies = Array.from(
    { length: 4 },
    () => Buffer.from(encodeKexInit(DROPBEAR.lists("")).subarray(1, 17)).toString("hex"),
  );
  assertEquals(new Set(cookies).size, 4);
});

Deno.test("products have the HASSHserver of the genuine servers", () => {
  const hash = ({ kex, ciphersOut, macsOut, compressionOut }: KexLists) =>
    createHash("md5").update(
      [kex, ciphersOut, macsOut, compressionOut].map((names) => names.join(",")).join(";"),
    ).digest("hex");
  assertEquals(hash(OPENSSH_DEBIAN_12.lists("")), "425d29fe50d8e4f5e37efb6e24bcf660");
  assertEquals(hash(DROPBEAR.lists("")), "e1a0b5f8d334ec70fe937b2d5ff8d0b6");
  const ubuntu = OPENSSH_UBUNTU_24.lists("").kex;
  assertEquals([ubuntu[0], ubuntu.at(-2), ubuntu.length], [
    "sntrup761x25519-sha512@openssh.com",
    "ext-info-s",
    12,
  ]);
});

Deno.test("OpenSSH leaves out what some clients are known not to manage", () => {
  const offers = (line: string, name: string) => OPENSSH_DEBIAN_12.lists(line).kex.includes(name);
  const curve = "curve25519-sha256@libssh.org";
  const exchange = "diffie-hellman-group-exchange-sha256";
  assertEquals(offers("SSH-2.0-OpenSSH_6.6 x", curve), false);
  assertEquals(offers("SSH-2.0-OpenSSH_6.5", curve), false);
  assertEquals(offers("SSH-2.0-OpenSSH_6.6.1p1", curve), true);
  assertEquals(offers("SSH-2.0-PuTTY_Release_0.60", exchange), false);
  assertEquals(offers("SSH-2.0-PuTTY_Release_0.78", exchange), true);
  assertEquals(offers("SSH-2.0-WinSCP_release_5.7.5", exchange), true);
});

Deno.test("decodeKexInit() and hassh() read a client as it is known", () => {
  // OpenSSH 7.7p1's client, whose HASSH is published with the method.
  const kex = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256," +
    "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256," +
    "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512," +
    "diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha256," +
    "diffie-hellman-group14-sha1,ext-info-c";
  const ciphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr," +
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com";
  const macs = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com," +
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com," +
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";
  const compression = "none,zlib@openssh.com,zlib";
  const payload = kexinit({ kex, ciphers, ciphersBack: "aes128-ctr", macs, compression });
  const client = decodeKexInit(payload, OPENSSH_DEBIAN_12);
  const { hash, source } = hassh(client);
  assertEquals(hash, "06046964c022c6407d15a27b12a6a4fb");
  assertEquals(source, [kex, ciphers, macs, compression].join(";"));
  assertEquals(client.kex.length, 12);
  assertEquals([client.ciphersOut, client.languagesIn, client.firstKexPacketFollows], [
    ["aes128-ctr"],
    [],
    false,
  ]);
});

Deno.test("decodeKexInit() refuses what is cut short anywhere, or too long", () => {
  const payload = kexinit({ isGuessed: true, reserved: 7, languages: "de" });
  for (let length = 1; length < payload.length; length++) {
    assertThrows(() => decodeKexInit(payload.subarray(0, length), OPENSSH_DEBIAN_12), WireError);
  }
  assertEquals(decodeKexInit(payload, OPENSSH_DEBIAN_12).firstKexPacketFollows, true);
  const longer = Uint8Array.of(...payload, 0);
  assertThrows(() => decodeKexInit(longer, OPENSSH_DEBIAN_12), WireError);
  assertEquals(decodeKexInit(longer, DROPBEAR).languagesIn, ["de"]);
});

Deno.test("decodeKexInit() reads lists as the products do", () => {
  const read = (kex: string, product = OPENSSH_DEBIAN_12) =>
    decodeKexInit(kexinit({ kex }), product).kex;
  assertEquals(read("a,b,,c"), ["a", "b"]);
  assertEquals(read("a,b\0"), ["a", "b"]);
  assertThrows(() => read("a\0,b"), WireError);
  assertEquals(read(Array.from({ length: 60 }, (_, i) => i).join(), DROPBEAR).length, 50);
  assertThrows(() => read("x".repeat(9001), DROPBEAR), WireError);
  assertThrows(() => read("a\0", DROPBEAR), WireError);
});

Deno.test("agree() takes the client's first name that the server has, in each list", () => {
  const server = OPENSSH_DEBIAN_12.lists("");
  const client = decodeKexInit(
    kexinit({
      kex: "none,ext-info-c,ecdh-sha2-nistp521,curve25519-sha256",
      hostKeys: "ssh-dss,ssh-ed25519",
      ciphers: "aes256-gcm@openssh.com",
      ciphersBack: "3des-cbc,aes256-ctr",
      macs: "x",
      macsBack: "hmac-sha1,umac-64@openssh.com",
      compression: "zlib,zlib@openssh.com",
    }),
    OPENSSH_DEBIAN_12,
  );
  const agreement = agree(client, server, isAead);
  assertEquals(agreement, {
    kex: "ecdh-sha2-nistp521",
    hostKey: "ssh-ed25519",
    cipherIn: "aes256-gcm@openssh.com",
    cipherOut: "aes256-ctr",
    macIn: "",
    macOut: "hmac-sha1",
    compressionIn: "zlib@openssh.com",
    compressionOut: "zlib@openssh.com",
  });
  if (typeof agreement === "string") return;
  assertEquals(describeAgreement(agreement), {
    kex: "ecdh-sha2-nistp521",
    hostKey: "ssh-ed25519",
    cipherClientToServer: "aes256-gcm@openssh.com",
    cipherServerToClient: "aes256-ctr",
    macServerToClient: "hmac-sha1",
  });
});

Deno.test("agree() names the first list without a common name, and takes no pseudo method", () => {
  const server = OPENSSH_DEBIAN_12.lists("");
  const from = (lists: Parameters<typeof kexinit>[0]) =>
    agree(decodeKexInit(kexinit(lists), OPENSSH_DEBIAN_12), server, isAead);
  assertEquals(from({ kex: "kex-strict-s-v00@openssh.com,curve25519-sha256" }), "kex");
  assertEquals(from({ kex: "" }), "kex");
  assertEquals(from({ hostKeys: "ssh-dss" }), "hostKey");
  assertEquals(from({ ciphers: "rc4", ciphersBack: "aes128-ctr" }), "ciphersIn");
  assertEquals(from({ ciphersBack: "rc4" }), "ciphersOut");
  assertEquals(from({ macs: "md5", macsBack: "hmac-sha1" }), "macsIn");
  assertEquals(from({ macsBack: "md5" }), "macsOut");
  assertEquals(from({ compression: "lz4" }), "compressionIn");
  assertEquals(from({ compressionBack: "lz4" }), "compressionOut");
});

Deno.test("describeClient() escapes what a client calls its algorithms", () => {
  const client = decodeKexInit(kexinit({ kex: "a\x1b[2J,\xff" }), DROPBEAR);
  const { kexAlgorithms, hasshAlgorithms, firstKexPacketFollows } = describeClient(client);
  assertEquals(kexAlgorithms, ["a\\x1b[2J", "\\xff"]);
  assertEquals(hasshAlgorithms, "a\\x1b[2J,\\xff;aes128-ctr;hmac-sha2-256;none");
  assertEquals(firstKexPacketFollows, false);
});
