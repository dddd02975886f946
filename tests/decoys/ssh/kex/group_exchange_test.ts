import { assert, assertEquals } from "@std/assert";
import { fixedGroup } from "../../../../lib/decoys/ssh/kex/dh_groups.ts";
import { chooseGroup } from "../../../../lib/decoys/ssh/kex/group_exchange.ts";
import { builtInModuli, parseModuli } from "../../../../lib/decoys/ssh/kex/moduli.ts";

const SIZES = [2048, 3072, 4096, 6144, 7680, 8192];

for (
  const [min, n, max, bits] of [
    [2048, 2048, 8192, 2048],
    [1024, 1024, 8192, 2048], // below what we give
    [2048, 2049, 8192, 3072],
    [2048, 3072, 8192, 3072],
    [2048, 5000, 8192, 6144],
    [2048, 7680, 8192, 7680],
    [2048, 8192, 8192, 8192],
    [2048, 10000, 20000, 8192],
    [4096, 4096, 4096, 4096],
    [2048, 5000, 5000, 4096], // no larger one may be taken
  ] as const
) {
  Deno.test(`chooseGroup() gives ${bits} bits for ${min}, ${n}, ${max}`, async () => {
    assertEquals(chooseGroup(await builtInModuli(), { min, n, max })?.bits, bits);
  });
}

for (
  const [min, n, max] of [
    [2048, 1024, 8192],
    [4096, 2048, 8192],
    [2048, 8192, 4096],
    [8192, 8192, 2048],
    [512, 1024, 1536],
    [9000, 9500, 10000],
    [0, 0, 0],
    [0xffffffff, 0xffffffff, 0xffffffff],
  ] as const
) {
  Deno.test(`chooseGroup() gives nothing for ${min}, ${n}, ${max}`, async () => {
    assertEquals(chooseGroup(await builtInModuli(), { min, n, max }), undefined);
  });
}

Deno.test("chooseGroup() falls back on a fixed group when the list has none that suits", () => {
  const sizes = [[2100, 2100, 2200, 14], [3072, 3072, 3072, 16], [6144, 6144, 6144, 18]] as const;
  for (const [min, n, max, number] of sizes) {
    assertEquals(chooseGroup([], { min, n, max }), fixedGroup(number));
  }
});

Deno.test("chooseGroup() takes another group of the size now and then", async () => {
  const moduli = await builtInModuli();
  const chosen = Array.from(
    { length: 100 },
    () => chooseGroup(moduli, { min: 2048, n: 2048, max: 2048 })!.p,
  );
  assertEquals(new Set(chosen).size, 4);
});

Deno.test("builtInModuli() has four primes of each size of Debian's, with the top bit set", async () => {
  const moduli = await builtInModuli();
  for (const size of SIZES) {
    const groups = moduli.filter(({ bits }) => bits === size);
    assertEquals(groups.map(({ g }) => g), [2n, 2n, 5n, 5n]);
    for (const { p } of groups) assertEquals(p >> BigInt(size - 1), 1n);
    assertEquals(new Set(groups.map(({ p }) => p)).size, 4);
  }
  assertEquals(moduli.length, 4 * SIZES.length);
});

Deno.test("builtInModuli() holds primes: 2 to the half of p less 1 is 1 or p less 1", async () => {
  // Euler's criterion, on the smaller half: a wrong digit anywhere fails it.
  for (const { p, bits } of await builtInModuli()) {
    if (bits > 3072) continue;
    let [power, result] = [2n, 1n];
    for (let rest = (p - 1n) / 2n; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = result * power % p;
      power = power * power % p;
    }
    assert(result === 1n || result === p - 1n);
  }
});

const PRIME = `F${"0".repeat(510)}F`;

Deno.test("parseModuli() reads lines of moduli(5), and leaves out comments and empty lines", () => {
  const text =
    `# Time Type Tests Tries Size Generator Modulus\n\n20220714110357 2 6 100 2047 5 ${PRIME}\n`;
  assertEquals(parseModuli(text), [{ p: BigInt(`0x${PRIME}`), g: 5n, bits: 2048 }]);
});

Deno.test("parseModuli() leaves out what OpenSSH leaves out", () => {
  const lines = [
    `1 4 6 100 2047 2 ${PRIME}`, // not a safe prime
    `1 2 0 100 2047 2 ${PRIME}`, // not tested
    `1 2 1 100 2047 2 ${PRIME}`, // composite
    `1 2 7 100 2047 2 ${PRIME}`,
    `1 2 32 100 2047 2 ${PRIME}`,
    `1 2 6 0 2047 2 ${PRIME}`, // no tries
    `1 2 6 100 2048 2 ${PRIME}`, // wrong size
    `1 2 6 100 2047 1 ${PRIME}`,
    `1 2 6 100 2047 0 ${PRIME}`,
    `1 2 6 100 2047 100 ${PRIME}`, // too large for us
    `1 2 6 100 2047 2 ${PRIME}x`,
    `1 2 6 100 2047 ${PRIME}`,
    `1 2 6 100 2047 2 ${PRIME} 1`,
    `1 2 6 100 99999999 2 ${PRIME}`,
    `1 2 6 100 16383 2 ${"F".repeat(4096)}`,
  ];
  assertEquals(parseModuli(lines.join("\n")), []);
});
