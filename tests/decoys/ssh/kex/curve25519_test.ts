import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { curve25519 } from "../../../../lib/decoys/ssh/kex/curve25519.ts";
import { KexValueError, type Turn } from "../../../../lib/decoys/ssh/kex/method.ts";
import { x25519KeyPair } from "../../../../lib/decoys/ssh/kex/x25519.ts";

const TURN: Turn = {
  run: () => {
    throw new Error("curve25519 does not wait for a turn");
  },
};

Deno.test("curve25519.respond() encodes the secret as an mpint, whatever its first byte", async () => {
  const seen = new Set<number>();
  // Half of all secrets need a leading zero, one of 256 has a zero at its front.
  for (let i = 0; i < 40; i++) {
    const client = x25519KeyPair();
    const { serverPublic, secret } = await curve25519.respond(client.publicKey, TURN);
    assertEquals(serverPublic.length, 32);
    const number = BigInt("0x" + Buffer.from(client.agree(serverPublic)).toString("hex"));
    const length = Buffer.from(secret).readUInt32BE(0);
    assertEquals(secret.length, 4 + length);
    assertEquals(BigInt("0x" + Buffer.from(secret.subarray(4)).toString("hex")), number);
    assertEquals(secret[4]! < 0x80, true);
    assertEquals(length, Math.floor(number.toString(2).length / 8) + 1);
    seen.add(length);
  }
  assertEquals(seen.has(33) && seen.has(32), true);
});

Deno.test("curve25519.respond() refuses what OpenSSH refuses", async () => {
  for (const value of [new Uint8Array(31), new Uint8Array(33).fill(9), new Uint8Array(32)]) {
    await assertRejects(() => curve25519.respond(value, TURN), KexValueError);
  }
});
