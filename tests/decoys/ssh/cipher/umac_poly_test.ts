import { assertEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { Poly64 } from "../../../../lib/decoys/ssh/cipher/umac_poly.ts";

const PRIME = 2n ** 64n - 59n;
const KEY_MASK = 0x01ffffff01ffffffn;

/** RFC 4418 §5.3.2, word for word, where the words are those of a message. */
function polynomial(key: bigint, message: readonly bigint[]): bigint {
  const k = key & KEY_MASK;
  let y = 1n;
  for (const m of message) {
    if (m >= 2n ** 64n - 2n ** 32n) {
      y = (k * y + PRIME - 1n) % PRIME;
      y = (k * y + m - 59n) % PRIME;
    } else y = (k * y + m) % PRIME;
  }
  return y;
}

function poly64(key: bigint, message: readonly bigint[]): bigint {
  const poly = new Poly64(Number(key >> 32n), Number(key & 0xffffffffn));
  for (const m of message) poly.add(Number(m >> 32n), Number(m & 0xffffffffn));
  const limbs = new Uint16Array(4);
  poly.finish(limbs);
  return limbs.reduce((value, limb) => value * 65536n + BigInt(limb), 0n);
}

function random64(): bigint {
  return randomBytes(8).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

Deno.test("Poly64 is RFC 4418's polynomial for random words", () => {
  for (let i = 0; i < 200; i++) {
    const key = random64();
    const message = Array.from({ length: i % 40 }, random64);
    assertEquals(poly64(key, message), polynomial(key, message));
  }
});

Deno.test("Poly64 takes words from 2^64 - 2^32 on in two steps", () => {
  const top = 2n ** 64n;
  const words = [-1n, -2n, -58n, -59n, -60n, -(2n ** 32n), 58n - 2n ** 32n, 59n - 2n ** 32n];
  const below = [-(2n ** 32n) - 1n, -(2n ** 33n), -top];
  for (const word of [...words, ...below]) {
    for (const key of [0n, 1n, 2n, KEY_MASK, random64()]) {
      const message = [random64(), top + word, top + word, random64()];
      assertEquals(poly64(key, message), polynomial(key, message), `${word} ${key}`);
      assertEquals(poly64(key, [top + word]), polynomial(key, [top + word]), `${word} ${key}`);
    }
  }
});

Deno.test("Poly64.finish() gives less than the prime for sums around it", () => {
  // With key 1 the value is 1 and the word.
  for (let less = 55n; less <= 65n; less++) {
    const high = 2n ** 64n - 2n ** 32n - 1n;
    const message = [high, 2n ** 32n - less];
    assertEquals(poly64(1n, message), polynomial(1n, message), `${less}`);
  }
});

Deno.test("Poly64.reset() begins again", () => {
  const poly = new Poly64(5, 7);
  const fresh = new Uint16Array(4);
  poly.finish(fresh);
  poly.add(1, 2);
  poly.reset();
  const limbs = new Uint16Array(4);
  poly.finish(limbs);
  assertEquals(limbs, fresh);
});
