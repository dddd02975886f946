import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createDiffieHellman, randomBytes } from "node:crypto";
import { dhMethod, modularPower } from "../../../../lib/decoys/ssh/kex/dh.ts";
import {
  bytesToNumber,
  fixedGroup,
  numberToBytes,
} from "../../../../lib/decoys/ssh/kex/dh_groups.ts";
import { KexValueError } from "../../../../lib/decoys/ssh/kex/method.ts";
import { builtInModuli } from "../../../../lib/decoys/ssh/kex/moduli.ts";
import { WireReader } from "../../../../lib/decoys/ssh/wire.ts";
import { CountingTurn } from "./turns.ts";

/** Pi times a power of two, by Machin's formula. */
function piTimes(bits: number): bigint {
  const one = 1n << BigInt(bits + 64);
  const arctan = (inverse: bigint) => {
    let [sum, term] = [0n, one / inverse];
    for (let n = 1n; term !== 0n; n += 2n) {
      sum += n % 4n === 1n ? term / n : -(term / n);
      term /= inverse * inverse;
    }
    return sum;
  };
  return (16n * arctan(5n) - 4n * arctan(239n)) >> 64n;
}

for (
  const [number, bits, k] of [[14, 2048, 124476n], [16, 4096, 240904n], [
    18,
    8192,
    4743158n,
  ]] as const
) {
  Deno.test(`fixedGroup() has the prime of RFC 3526 for group ${number}`, () => {
    const n = BigInt(bits);
    const expected = (1n << n) - (1n << (n - 64n)) - 1n + ((piTimes(bits - 130) + k) << 64n);
    assertEquals(fixedGroup(number), { p: expected, g: 2n, bits });
  });

  Deno.test(`dhMethod() agrees with node:crypto on group ${number}`, async () => {
    const prime = numberToBytes(fixedGroup(number).p, bits / 8);
    const client = createDiffieHellman(Buffer.from(prime), 2);
    client.generateKeys();
    const turn = new CountingTurn();
    const method = dhMethod(fixedGroup(number), "sha512");
    const answer = await method.respond(client.getPublicKey(), turn);
    assertEquals([method.hash, method.values], ["sha512", "dh"]);
    const expected = client.computeSecret(Buffer.from(answer.serverPublic));
    const secret = new WireReader(answer.secret);
    assertEquals(bytesToNumber(secret.string()), bytesToNumber(expected));
    secret.end();
    assert(turn.slices >= 3);
  });
}

Deno.test("dhMethod() agrees with node:crypto on a group with generator 5", async () => {
  const group = (await builtInModuli()).find(({ g, bits }) => g === 5n && bits === 3072)!;
  const client = createDiffieHellman(Buffer.from(numberToBytes(group.p, 384)), 5);
  client.generateKeys();
  const answer = await dhMethod(group, "sha256").respond(client.getPublicKey(), new CountingTurn());
  const expected = client.computeSecret(Buffer.from(answer.serverPublic));
  assertEquals(bytesToNumber(answer.secret.subarray(4)), bytesToNumber(expected));
});

Deno.test("dhMethod() makes another key each time", async () => {
  const method = dhMethod(fixedGroup(14), "sha256");
  const [one, two] = await Promise.all(
    [1, 2].map(() => method.respond(new Uint8Array([0x77]), new CountingTurn())),
  );
  assert(bytesToNumber(one!.serverPublic) !== bytesToNumber(two!.serverPublic));
});

Deno.test("dhMethod() refuses what is not in the group, and values with few bits set", async () => {
  const group = fixedGroup(14);
  const method = dhMethod(group, "sha256");
  for (
    const value of [
      0n,
      1n,
      2n,
      4n,
      7n,
      group.p - 1n,
      group.p,
      group.p + 1n,
      group.p + 2n,
      1n << 2047n,
      1n << 4000n,
    ]
  ) {
    await assertRejects(
      () => method.respond(numberToBytes(value, 512), new CountingTurn()),
      KexValueError,
      "A public value",
    );
  }
  await assertRejects(() => method.respond(new Uint8Array(0), new CountingTurn()), KexValueError);
  await assertRejects(
    () => method.respond(new Uint8Array(300).fill(255), new CountingTurn()),
    KexValueError,
  );
});

Deno.test("dhMethod() takes the least and the largest value, and zeros in front", async () => {
  const group = fixedGroup(14);
  const method = dhMethod(group, "sha256");
  for (const value of [15n, group.p - 2n]) {
    const answer = await method.respond(numberToBytes(value, 300), new CountingTurn());
    assert(bytesToNumber(answer.secret.subarray(4)) > 1n);
  }
});

Deno.test("dhMethod() with minBitsSet 1 takes 2, as Dropbear does, and not 1", async () => {
  const method = dhMethod(fixedGroup(14), "sha1", { minBitsSet: 1 });
  const answer = await method.respond(new Uint8Array([2]), new CountingTurn());
  assertEquals(bytesToNumber(answer.secret.subarray(4)), bytesToNumber(answer.serverPublic));
  await assertRejects(() => method.respond(new Uint8Array([1]), new CountingTurn()), KexValueError);
});

Deno.test("modularPower() is right for exponents of every length, and bases small and large", () => {
  const group = { p: 1000003n, g: 2n, bits: 20 };
  for (const base of [2n, 5n, 255n, 256n, 999999n]) {
    for (let exponent = 0n; exponent < 3000n; exponent += 7n) {
      const steps = modularPower(base, numberToBytes(exponent, 2), group);
      let step = steps.next();
      while (!step.done) step = steps.next();
      assertEquals(step.value, base ** exponent % group.p);
    }
  }
});

Deno.test("numberToBytes() and bytesToNumber() are each other's inverse", () => {
  for (const length of [1, 2, 33]) {
    const bytes = new Uint8Array(randomBytes(length));
    assertEquals(new Uint8Array(numberToBytes(bytesToNumber(bytes), length)), bytes);
  }
  assertEquals(bytesToNumber(new Uint8Array(0)), 0n);
});
