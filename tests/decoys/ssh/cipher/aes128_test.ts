import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createCipheriv, randomBytes } from "node:crypto";
import { Aes128 } from "../../../../lib/decoys/ssh/cipher/aes128.ts";

Deno.test("Aes128.encrypt() gives the block of FIPS 197, appendix C.1", () => {
  const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
  const clear = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  assertEquals(encrypt(key, clear), "69c4e0d86a7b0430d8cdb78070b4c55a");
});

Deno.test("Aes128.encrypt() agrees with the runtime's AES for random keys and blocks", () => {
  for (let i = 0; i < 200; i++) {
    const key = randomBytes(16);
    const clear = randomBytes(16);
    // The first block of a key stream is the counter encrypted.
    const cipher = createCipheriv("aes-128-ctr", key, clear);
    const expected = Buffer.from(cipher.update(new Uint8Array(16))).toString("hex");
    cipher.final();
    assertEquals(encrypt(key, clear), expected);
  }
});

Deno.test("Aes128 takes a key that is a part of other bytes", () => {
  const bytes = Buffer.from("ffff" + "000102030405060708090a0b0c0d0e0f" + "ff", "hex");
  const clear = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  assertEquals(encrypt(bytes.subarray(2, 18), clear), "69c4e0d86a7b0430d8cdb78070b4c55a");
});

function encrypt(key: Uint8Array, clear: Buffer): string {
  const block = Int32Array.from({ length: 4 }, (_, i) => clear.readInt32BE(4 * i));
  new Aes128(key).encrypt(block);
  const out = Buffer.alloc(16);
  block.forEach((word, i) => out.writeInt32BE(word, 4 * i));
  return out.toString("hex");
}
