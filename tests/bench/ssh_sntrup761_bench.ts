/**
 * What the hybrid key exchange of SSH costs: `deno bench tests/bench/ssh_sntrup761_bench.ts`.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { encapsulate } from "../../lib/decoys/ssh/kex/sntrup761.ts";
import { sntrup761x25519 } from "../../lib/decoys/ssh/kex/sntrup761x25519.ts";
import { x25519KeyPair } from "../../lib/decoys/ssh/kex/x25519.ts";
import { makeKeyPair } from "../support/sntrup761_owner.ts";

const { publicKey } = makeKeyPair(randomBytes);
const clientPublic = Buffer.concat([publicKey, x25519KeyPair().publicKey]);
const turn = { run: () => Promise.reject(new Error("no turn is needed")) };

Deno.bench("sntrup761: encapsulate", () => {
  encapsulate(publicKey);
});

Deno.bench("sntrup761x25519-sha512: respond", async () => {
  await sntrup761x25519.respond(clientPublic, turn);
});
