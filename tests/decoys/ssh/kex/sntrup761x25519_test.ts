import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { KexValueError, type Turn } from "../../../../lib/decoys/ssh/kex/method.ts";
import { sntrup761x25519 } from "../../../../lib/decoys/ssh/kex/sntrup761x25519.ts";
import { x25519KeyPair } from "../../../../lib/decoys/ssh/kex/x25519.ts";
import { decapsulate, makeKeyPair } from "../../../support/sntrup761_owner.ts";

const TURN: Turn = {
  run: () => {
    throw new Error("sntrup761x25519 does not wait for a turn");
  },
};

Deno.test("sntrup761x25519.respond() gives the client's secret, as a string", async () => {
  const kem = makeKeyPair(randomBytes);
  const curve = x25519KeyPair();
  const clientPublic = Buffer.concat([kem.publicKey, curve.publicKey]);
  const { serverPublic, secret } = await sntrup761x25519.respond(clientPublic, TURN);
  assertEquals(serverPublic.length, 1039 + 32);
  const expected = createHash("sha512")
    .update(decapsulate(serverPublic.subarray(0, 1039), kem.secretKey))
    .update(curve.agree(serverPublic.subarray(1039)))
    .digest();
  assertEquals(Buffer.from(secret), Buffer.concat([Buffer.of(0, 0, 0, 64), expected]));
  const again = await sntrup761x25519.respond(clientPublic, TURN);
  assertNotEquals(Buffer.from(again.serverPublic), Buffer.from(serverPublic));
});

Deno.test("sntrup761x25519.respond() takes any bytes for the part of sntrup761", async () => {
  const clientPublic = Buffer.concat([Buffer.alloc(1158, 255), x25519KeyPair().publicKey]);
  const { serverPublic } = await sntrup761x25519.respond(clientPublic, TURN);
  assertEquals(serverPublic.length, 1039 + 32);
});

Deno.test("sntrup761x25519.respond() refuses other lengths and a zero secret", async () => {
  const good = Buffer.concat([Buffer.alloc(1158), x25519KeyPair().publicKey]);
  const zero = Buffer.alloc(1158 + 32);
  for (const value of [zero, good.subarray(1), Buffer.concat([good, good]), good.subarray(1158)]) {
    await assertRejects(() => sntrup761x25519.respond(value, TURN), KexValueError);
  }
});
