/**
 * What X25519 costs: `deno bench tests/bench/ssh_x25519_bench.ts`.
 * @module
 */
import { curve25519 } from "../../lib/decoys/ssh/kex/curve25519.ts";
import { x25519KeyPair } from "../../lib/decoys/ssh/kex/x25519.ts";

const client = x25519KeyPair();
const turn = { run: () => Promise.reject(new Error("no turn is needed")) };

Deno.bench("x25519: key pair", () => {
  x25519KeyPair();
});

Deno.bench("x25519: agree", () => {
  client.agree(client.publicKey);
});

Deno.bench("curve25519-sha256: respond", async () => {
  await curve25519.respond(client.publicKey, turn);
});
