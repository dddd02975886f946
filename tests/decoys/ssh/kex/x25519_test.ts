import { assertEquals, assertThrows } from "@std/assert";
import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { Buffer } from "node:buffer";
import { KexValueError } from "../../../../lib/decoys/ssh/kex/method.ts";
import { x25519KeyPair } from "../../../../lib/decoys/ssh/kex/x25519.ts";

/** Points of small order: RFC 7748 §6.1, and the list at cr.yp.to/ecdh.html. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

Deno.test("agree() gives both sides the same secret", () => {
  const one = x25519KeyPair();
  const other = x25519KeyPair();
  assertEquals(one.publicKey.length, 32);
  assertEquals(Buffer.from(one.agree(other.publicKey)), Buffer.from(other.agree(one.publicKey)));
});

Deno.test("agree() gives the secret that a peer with a key in JWK gets", () => {
  const pair = x25519KeyPair();
  const peer = generateKeyPairSync("x25519");
  const x = Buffer.from(pair.publicKey).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
  const peerX = Buffer.from(peer.publicKey.export({ format: "jwk" }).x!, "base64url");
  assertEquals(
    Buffer.from(pair.agree(peerX)),
    diffieHellman({ privateKey: peer.privateKey, publicKey }),
  );
});

Deno.test("agree() refuses keys of another length", () => {
  for (const length of [0, 31, 33]) {
    assertThrows(() => x25519KeyPair().agree(new Uint8Array(length)), KexValueError, `${length}`);
  }
});

Deno.test("agree() refuses points of small order, whose secret is zero", () => {
  for (const point of SMALL_ORDER) {
    const agree = () => x25519KeyPair().agree(Buffer.from(point, "hex"));
    assertThrows(agree, KexValueError, "zero");
  }
});
