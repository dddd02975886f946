import { assert, assertEquals, assertRejects } from "@std/assert";
import { createPublicKey, verify } from "node:crypto";
import { makeHostKey } from "../../../../lib/decoys/ssh/keys/host_key.ts";
import { readPrivateKey } from "../../../../lib/decoys/ssh/keys/private_key_format.ts";
import { verifySignature } from "../../../../lib/decoys/ssh/keys/signature.ts";
import { WireReader } from "../../../../lib/decoys/ssh/wire.ts";
import { HAS_P521, readFixture, readPublic, readSignature } from "./fixtures.ts";

const NAMES = ["rsa", "ecdsa", "ed25519", "ecdsa384", ...(HAS_P521 ? ["ecdsa521"] : [])];
const data = new TextEncoder().encode("exchange hash");

for (const name of NAMES) {
  Deno.test(`a host key of ${name} makes signatures that hold, by each of its algorithms`, async () => {
    const key = makeHostKey(readPrivateKey(readFixture(`${name}.key`)));
    assertEquals(key.blob, readPublic(name));
    for (const algorithm of key.algorithms) {
      for (let i = 0; i < 5; i++) {
        const message = new Uint8Array(i * 50).fill(i);
        const signature = await key.sign(algorithm, message);
        const reader = new WireReader(signature);
        assertEquals(new TextDecoder().decode(reader.string()), algorithm);
        assert(verifySignature(algorithm, key.blob, { signature, data: message }));
      }
    }
  });
}

Deno.test("sign() makes the very signature that ssh-keygen made, where there is only one", async () => {
  for (const [name, algorithm] of [["rsa", "rsa-sha2-512"], ["ed25519", "ssh-ed25519"]] as const) {
    const key = makeHostKey(readPrivateKey(readFixture(`${name}.key`)));
    const genuine = readSignature(name);
    assertEquals(await key.sign(algorithm, genuine.data), new Uint8Array(genuine.signature));
  }
});

Deno.test("sign() by ssh-rsa makes SHA-1 signatures, which Dropbear still offers", async () => {
  const file = readFixture("rsa_pem.key");
  const reader = new WireReader(await makeHostKey(readPrivateKey(file)).sign("ssh-rsa", data));
  reader.string();
  const publicKey = createPublicKey(new TextDecoder().decode(file));
  assert(verify("sha1", data, publicKey, reader.string()));
});

Deno.test("sign() refuses an algorithm of another key", async () => {
  const key = makeHostKey(readPrivateKey(readFixture("ed25519.key")));
  await assertRejects(() => key.sign("rsa-sha2-512", data), TypeError, "Cannot sign by");
});
