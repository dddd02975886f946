/** `deno bench tests/bench/ssh_ecdh_bench.ts`: the server's part of a key exchange. */
import { createECDH } from "node:crypto";
import { numberToBytes } from "../../lib/decoys/ssh/kex/dh_groups.ts";
import { ecdhMethod } from "../../lib/decoys/ssh/kex/ecdh.ts";
import { P521_BASE } from "../../lib/decoys/ssh/kex/p521.ts";
import { CountingTurn } from "../decoys/ssh/kex/turns.ts";

const turn = new CountingTurn();

for (const [curve, name] of [["nistp256", "prime256v1"], ["nistp384", "secp384r1"]] as const) {
  const [method, client] = [ecdhMethod(curve), createECDH(name).generateKeys()];
  Deno.bench(curve, async () => {
    await method.respond(client, turn);
  });
}

const base = new Uint8Array([
  4,
  ...numberToBytes(P521_BASE.x, 66),
  ...numberToBytes(P521_BASE.y, 66),
]);
const p521 = ecdhMethod("nistp521");

Deno.bench("nistp521", async () => {
  await p521.respond(base, turn);
});
