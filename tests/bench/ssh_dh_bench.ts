/** `deno bench tests/bench/ssh_dh_bench.ts`: both exponentiations of a key exchange, in all. */
import { randomBytes } from "node:crypto";
import { dhMethod } from "../../lib/decoys/ssh/kex/dh.ts";
import { fixedGroup, numberToBytes } from "../../lib/decoys/ssh/kex/dh_groups.ts";
import { builtInModuli } from "../../lib/decoys/ssh/kex/moduli.ts";
import { CountingTurn } from "../decoys/ssh/kex/turns.ts";

const turn = new CountingTurn();
const value = randomBytes(250);

for (const number of [14, 16, 18] as const) {
  const method = dhMethod(fixedGroup(number), "sha512");
  Deno.bench(`group${number}`, async () => {
    await method.respond(value, turn);
  });
}

for (const group of (await builtInModuli()).filter(({ g }, i) => g === 5n && i % 2 === 0)) {
  const method = dhMethod(group, "sha256");
  const other = numberToBytes(group.p / 3n, group.bits / 8);
  Deno.bench(`group exchange, ${group.bits} bits`, async () => {
    await method.respond(other, turn);
  });
}
