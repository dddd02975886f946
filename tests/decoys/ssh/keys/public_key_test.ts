import { assert, assertEquals } from "@std/assert";
import {
  fingerprint,
  parsePublicKey,
  plainName,
} from "../../../../lib/decoys/ssh/keys/public_key.ts";
import { WireWriter } from "../../../../lib/decoys/ssh/wire.ts";
import { Random } from "../../../fuzz/random.ts";
import { readPublic } from "./fixtures.ts";

/** As `ssh-keygen -l` shows them. */
const LISTED = {
  "dss": [1024, "SHA256:4W3ohucH0Srg4SHtOXAH1hA6mFONqs9bs3jhzswGGOU", "ssh-dss"],
  "rsa": [3072, "SHA256:1ATdVFpC6CHVQT1mO8+jn/iLUUGMpZ4oaKVAsl033Bg", "ssh-rsa"],
  "rsa_pem": [2048, "SHA256:iXggH5r2V3OhyKTEmrf0n5B3gKCZ//vNSOrKxmICh8U", "ssh-rsa"],
  "ecdsa": [256, "SHA256:mQn34a4MVmM7dgaATSvXZm1Tyz2Xjn3zSKUpV47AFQ8", "ecdsa-sha2-nistp256"],
  "ecdsa384": [384, "SHA256:Bf1fQVGb+tUir0lmr3ek7WcVe3UjST4iFKkyA+OUZbk", "ecdsa-sha2-nistp384"],
  "ecdsa521": [521, "SHA256:jZoiIsaJFKZK0dhVFZVx6ZTcKN3v9rkj1qCuq9uE0z4", "ecdsa-sha2-nistp521"],
  "ed25519": [256, "SHA256:ax+gakz1z5AgQ21GGnQVOYP4V7w7dlt6dAPF5cwTPuk", "ssh-ed25519"],
} as const;

for (const [name, [bits, shown, type]] of Object.entries(LISTED)) {
  Deno.test(`parsePublicKey() tells of ${name} what ssh-keygen -l does`, () => {
    const key = parsePublicKey(readPublic(name))!;
    assertEquals([key.bits, key.fingerprint, key.type], [bits, shown, type]);
    assertEquals(key.plainType, key.type);
  });
}

for (const name of ["rsa", "ecdsa", "ed25519"] as const) {
  Deno.test(`parsePublicKey() finds the plain key in a certificate of ${name}`, () => {
    const key = parsePublicKey(readPublic(`${name}-cert`))!;
    const [bits, shown, type] = LISTED[name];
    assertEquals([key.bits, key.fingerprint, key.plainType], [bits, shown, type]);
    assertEquals(key.type, `${type}-cert-v01@openssh.com`);
    assertEquals(fingerprint(readPublic(`${name}-cert`)), shown);
  });
}

Deno.test("parsePublicKey() reads keys in hardware with their application", () => {
  const ed25519 = new WireWriter().string("sk-ssh-ed25519@openssh.com").string(new Uint8Array(32))
    .string("ssh:").bytes();
  const key = parsePublicKey(ed25519)!;
  assertEquals([key.type, key.bits], ["sk-ssh-ed25519@openssh.com", 256]);
  assertEquals(new TextDecoder().decode(key.application), "ssh:");
  const point = new Uint8Array(65).fill(4, 0, 1);
  const ecdsa = new WireWriter().string("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")
    .string("nonce").string("nistp256").string(point).string("ssh:").string("the rest").bytes();
  assertEquals(parsePublicKey(ecdsa)!.plainType, "sk-ecdsa-sha2-nistp256@openssh.com");
});

Deno.test("fingerprint() is that of the bytes when no key can be read from them", () => {
  // printf hello | openssl sha256 -binary | base64
  const blob = new TextEncoder().encode("hello");
  assertEquals(parsePublicKey(blob), undefined);
  assertEquals(fingerprint(blob), "SHA256:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ");
});

Deno.test("plainName() takes off what makes certificates", () => {
  assertEquals(plainName("rsa-sha2-256-cert-v01@openssh.com"), "rsa-sha2-256");
  assertEquals(plainName("sk-ssh-ed25519-cert-v01@openssh.com"), "sk-ssh-ed25519@openssh.com");
  assertEquals(plainName("ssh-ed25519"), "ssh-ed25519");
});

Deno.test("parsePublicKey() refuses what OpenSSH does", () => {
  const writer = () => new WireWriter(4096);
  const point = new Uint8Array(65).fill(4, 0, 1);
  const compressed = new Uint8Array(33).fill(2, 0, 1);
  const refused: Record<string, Uint8Array> = {
    "an unknown type": writer().string("ssh-foo").string("x").bytes(),
    "a name of Object": writer().string("constructor").string("x").bytes(),
    "an algorithm in place of a type": writer().string("rsa-sha2-512").raw(
      readPublic("rsa").subarray(11),
    ).bytes(),
    "bytes behind the key": writer().raw(readPublic("ed25519")).u8(0).bytes(),
    "31 bytes of Ed25519": writer().string("ssh-ed25519").string(new Uint8Array(31)).bytes(),
    "another curve's name": writer().string("ecdsa-sha2-nistp256").string("nistp384")
      .string(point).bytes(),
    "a compressed point": writer().string("ecdsa-sha2-nistp256").string("nistp256")
      .string(compressed).bytes(),
    "a negative number": writer().string("ssh-rsa").string(Uint8Array.of(0x81))
      .string(Uint8Array.of(1)).bytes(),
    "a modulus of more than 16384 bits": writer().string("ssh-rsa").mpint(Uint8Array.of(3))
      .mpint(new Uint8Array(2049).fill(1)).bytes(),
  };
  for (const [what, blob] of Object.entries(refused)) {
    assertEquals(parsePublicKey(blob), undefined, what);
  }
  const largest = writer().string("ssh-rsa").mpint(Uint8Array.of(3))
    .mpint(new Uint8Array(2048).fill(255)).bytes();
  assertEquals(parsePublicKey(largest)?.bits, 16_384);
});

Deno.test("parsePublicKey() never throws, wherever a key is cut or changed", () => {
  const random = new Random("public keys");
  let read = 0;
  for (const name of [...Object.keys(LISTED), "rsa-cert", "ecdsa-cert", "ed25519-cert"]) {
    const blob = readPublic(name);
    for (let i = 0; i < 300; i++) {
      const changed = blob.slice(0, i % 2 === 0 ? blob.length : random.below(blob.length));
      if (changed.length > 0) changed[random.below(changed.length)] = random.below(256);
      const key = parsePublicKey(changed);
      if (key !== undefined) read++;
      assert(fingerprint(changed).length === "SHA256:".length + 43);
    }
  }
  assert(read > 100, `${read} read`);
});
