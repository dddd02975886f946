/**
 * `deno bench --allow-read tests/bench/ssh_keys_bench.ts`: what host keys and clients' signatures cost.
 *
 * RSA signs off the thread that serves sessions: `held` is for how long it holds that one.
 */
import { makeHostKey } from "../../lib/decoys/ssh/keys/host_key.ts";
import { formatPrivateKey, readPrivateKey } from "../../lib/decoys/ssh/keys/private_key_format.ts";
import { parsePublicKey } from "../../lib/decoys/ssh/keys/public_key.ts";
import { verifySignature } from "../../lib/decoys/ssh/keys/signature.ts";
import { WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { readFixture, readPublic, readSignature } from "../decoys/ssh/keys/fixtures.ts";

const hash = new Uint8Array(32).fill(7);

for (const name of ["ed25519", "ecdsa", "rsa"]) {
  const key = makeHostKey(readPrivateKey(readFixture(`${name}.key`)));
  for (const algorithm of key.algorithms) {
    Deno.bench(`sign ${algorithm}`, { group: "sign" }, async () => {
      await key.sign(algorithm, hash);
    });
  }
}

{
  const key = makeHostKey(readPrivateKey(readFixture("rsa.key")));
  await key.sign("rsa-sha2-512", hash);
  Deno.bench("sign rsa-sha2-512, held", { group: "sign" }, async (b) => {
    b.start();
    const signature = key.sign("rsa-sha2-512", hash);
    await Promise.resolve();
    await Promise.resolve();
    b.end();
    await signature;
  });
}

const SIGNED = {
  "ed25519": "ssh-ed25519",
  "ecdsa": "ecdsa-sha2-nistp256",
  "ecdsa384": "ecdsa-sha2-nistp384",
  "ecdsa521": "ecdsa-sha2-nistp521",
  "rsa": "rsa-sha2-512",
  "dss": "ssh-dss",
};
for (const [name, algorithm] of Object.entries(SIGNED)) {
  const blob = readPublic(name);
  const signed = readSignature(name);
  Deno.bench(`verify ${algorithm}`, { group: "verify" }, () => {
    if (verifySignature(algorithm, blob, signed) !== true) throw new Error(algorithm);
  });
}

/** The longest keys that are reckoned with. */
const ones = (bytes: number) => new Uint8Array(bytes).fill(0xff);
const worst = {
  "ssh-rsa": new WireWriter(8192).string("ssh-rsa").mpint(ones(4)).mpint(ones(2048)).bytes(),
  "ssh-dss": new WireWriter(8192).string("ssh-dss").mpint(ones(384)).mpint(
    Uint8Array.of(...ones(19), 0xd1), // 2^160 - 47, a prime
  ).mpint(ones(383)).mpint(ones(382)).bytes(),
};
const values = { "ssh-rsa": ones(2047), "ssh-dss": new Uint8Array(40).fill(0x77) };
for (const algorithm of ["ssh-rsa", "ssh-dss"] as const) {
  const signature = new WireWriter(8192).string(algorithm).string(values[algorithm]).bytes();
  Deno.bench(`verify ${algorithm}, worst`, { group: "verify" }, () => {
    const verified = verifySignature(algorithm, worst[algorithm], { signature, data: hash });
    if (verified !== false) throw new Error(algorithm);
  });
}

for (const name of ["ed25519", "ecdsa", "rsa"]) {
  const file = readFixture(`${name}.key`);
  const key = readPrivateKey(file);
  const blob = readPublic(name);
  Deno.bench(`read a file of ${name}`, { group: "files" }, () => void readPrivateKey(file));
  Deno.bench(`write a file of ${name}`, { group: "files" }, () => void formatPrivateKey(key, "x"));
  Deno.bench(`parse a blob of ${name}`, { group: "files" }, () => void parsePublicKey(blob));
}
