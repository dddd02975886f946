import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { makeHostKey } from "../../../../lib/decoys/ssh/keys/host_key.ts";
import { readPrivateKey } from "../../../../lib/decoys/ssh/keys/private_key_format.ts";
import { verifySignature } from "../../../../lib/decoys/ssh/keys/signature.ts";
import { WireReader, WireWriter } from "../../../../lib/decoys/ssh/wire.ts";
import { Random } from "../../../fuzz/random.ts";
import { HAS_P521, readFixture, readPublic, readSignature } from "./fixtures.ts";

const GENUINE = {
  "rsa": "rsa-sha2-512",
  "rsa-cert": "rsa-sha2-512-cert-v01@openssh.com",
  "ecdsa": "ecdsa-sha2-nistp256",
  "ecdsa384": "ecdsa-sha2-nistp384",
  "ecdsa521": "ecdsa-sha2-nistp521",
  "ed25519": "ssh-ed25519",
  "dss": "ssh-dss",
};

const text = (value: string) => new TextEncoder().encode(value);

for (const [name, algorithm] of Object.entries(GENUINE)) {
  Deno.test(`verifySignature() tells a right signature by ${algorithm} from a wrong one`, () => {
    const blob = readPublic(name);
    const { signature, data } = readSignature(name);
    const isKnown = name !== "ecdsa521" || HAS_P521;
    assertEquals(verifySignature(algorithm, blob, { signature, data }), isKnown || undefined);
    const other = data.slice();
    other[20]! ^= 1;
    const forged = signature.slice();
    forged[signature.length - 1]! ^= 1;
    const wrong = isKnown ? false : undefined;
    assertEquals(verifySignature(algorithm, blob, { signature, data: other }), wrong);
    assertEquals(verifySignature(algorithm, blob, { signature: forged, data }), wrong);
  });
}

Deno.test("verifySignature() agrees with the runtime on RSA with every hash", async () => {
  const key = makeHostKey(readPrivateKey(readFixture("rsa_pem.key")));
  const data = text("session id and request");
  for (const algorithm of ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"]) {
    const signature = await key.sign(algorithm, data);
    assertEquals(verifySignature(algorithm, key.blob, { signature, data }), true);
    for (const other of ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"]) {
      const verified = verifySignature(other, key.blob, { signature, data });
      assertEquals(verified, other === algorithm, `${algorithm} as ${other}`);
    }
  }
});

Deno.test("verifySignature() takes an RSA signature without its leading zeros, as OpenSSH does", async () => {
  const key = makeHostKey(readPrivateKey(readFixture("rsa_pem.key")));
  const data = text("try 271"); // found by trying: RSA signatures of this kind are always the same
  const reader = new WireReader(await key.sign("rsa-sha2-256", data));
  reader.string();
  const value = reader.string();
  assertEquals(value[0], 0);
  const signature = new WireWriter(512).string("rsa-sha2-256").string(value.subarray(1)).bytes();
  assertEquals(verifySignature("rsa-sha2-256", key.blob, { signature, data }), true);
});

Deno.test("verifySignature() checks what keys in hardware sign", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const jwk = privateKey.export({ format: "jwk" });
  const blob = new WireWriter().string("sk-ssh-ed25519@openssh.com")
    .string(Buffer.from(jwk.x!, "base64url")).string("ssh:").bytes();
  const data = text("session id and request");
  const signature = makeHardwareSignature(
    "sk-ssh-ed25519@openssh.com",
    (signed) => sign(null, signed, privateKey),
  );
  const algorithm = "sk-ssh-ed25519@openssh.com";
  assertEquals(verifySignature(algorithm, blob, { signature, data }), true);
  signature[signature.length - 1]! ^= 1; // the counter is signed too
  assertEquals(verifySignature(algorithm, blob, { signature, data }), false);
});

Deno.test("verifySignature() checks what ECDSA keys in hardware sign, and leaves webauthn open", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const jwk = privateKey.export({ format: "jwk" });
  const point = Buffer.concat([
    Uint8Array.of(4),
    Buffer.from(jwk.x!, "base64url"),
    Buffer.from(jwk.y!, "base64url"),
  ]);
  const algorithm = "sk-ecdsa-sha2-nistp256@openssh.com";
  const blob = new WireWriter().string(algorithm).string("nistp256").string(point).string("ssh:")
    .bytes();
  const data = text("session id and request");
  const signature = makeHardwareSignature(algorithm, (signed) => {
    const der = sign("sha256", signed, privateKey);
    const r = der.subarray(4, 4 + der[3]!);
    const s = der.subarray(4 + der[3]! + 2);
    return new WireWriter().string(r).string(s).bytes();
  });
  assertEquals(verifySignature(algorithm, blob, { signature, data }), true);
  const other = text("another request");
  assertEquals(verifySignature(algorithm, blob, { signature, data: other }), false);
  const webauthn = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
  assertEquals(verifySignature(webauthn, blob, { signature, data }), undefined);
});

/** PROTOCOL.u2f: what a key in hardware makes of `session id and request`. */
function makeHardwareSignature(type: string, signer: (data: Uint8Array) => Uint8Array): Uint8Array {
  const sha256 = (value: string) => createHash("sha256").update(value).digest();
  const extra = Uint8Array.of(1, 0, 0, 0, 42);
  const signed = Buffer.concat([sha256("ssh:"), extra, sha256("session id and request")]);
  return new WireWriter(512).string(type).string(signer(signed)).raw(extra).bytes();
}

Deno.test("verifySignature() cannot tell of keys that are unknown, or too large to reckon with", () => {
  const data = text("data");
  const signature = new WireWriter(8192).string("ssh-rsa").string(new Uint8Array(128)).bytes();
  const rsa = (e: Uint8Array, n: Uint8Array) =>
    new WireWriter(8192).string("ssh-rsa").mpint(e).mpint(n).bytes();
  const modulus = new Uint8Array(256).fill(0xff);
  assertEquals(verifySignature("ssh-rsa", text("?"), { signature, data }), undefined);
  const large = rsa(Uint8Array.of(1, 0, 0, 0, 1), modulus);
  assertEquals(verifySignature("ssh-rsa", large, { signature, data }), undefined);
  assertEquals(
    verifySignature("ssh-rsa", rsa(new Uint8Array(4).fill(255), modulus), {
      signature,
      data,
    }),
    false,
  );
});

Deno.test("verifySignature() bears numbers that are no key at all", () => {
  const data = text("data");
  const number = (length: number, fill: number) => new Uint8Array(length).fill(fill);
  const odd = [number(0, 0), number(1, 1), number(1, 2), number(20, 255), number(128, 255)];
  const rsa = new WireWriter(8192).string("ssh-rsa").string(number(128, 1)).bytes();
  const dss = new WireWriter(8192).string("ssh-dss").string(number(40, 1)).bytes();
  for (const a of odd) {
    for (const b of odd) {
      const rsaKey = new WireWriter(8192).string("ssh-rsa").mpint(a).mpint(b).bytes();
      assert(verifySignature("ssh-rsa", rsaKey, { signature: rsa, data }) !== true);
      const dssKey = new WireWriter(8192).string("ssh-dss").mpint(a).mpint(b).mpint(a).mpint(b);
      const isRight = verifySignature("ssh-dss", dssKey.bytes(), { signature: dss, data });
      assert(isRight !== true);
    }
  }
});

Deno.test("verifySignature() bears points that are on no curve", () => {
  const data = text("data");
  for (const fill of [0, 1, 255]) {
    for (
      const [type, curve, bytes] of [["ecdsa-sha2-nistp256", "nistp256", 32], [
        "ecdsa-sha2-nistp384",
        "nistp384",
        48,
      ]] as const
    ) {
      const point = new Uint8Array(1 + 2 * bytes).fill(fill).fill(4, 0, 1);
      const blob = new WireWriter().string(type).string(curve).string(point).bytes();
      for (const number of [Uint8Array.of(0), Uint8Array.of(1), new Uint8Array(70).fill(1)]) {
        const value = new WireWriter().mpint(number).mpint(number).bytes();
        const signature = new WireWriter().string(type).string(value).bytes();
        assertEquals(verifySignature(type, blob, { signature, data }), false);
      }
    }
    const blob = new WireWriter().string("ssh-ed25519").string(new Uint8Array(32).fill(fill))
      .bytes();
    const value = new Uint8Array(64).fill(255);
    const signature = new WireWriter().string("ssh-ed25519").string(value).bytes();
    assertEquals(verifySignature("ssh-ed25519", blob, { signature, data }), false);
  }
});

Deno.test("verifySignature() never throws, wherever a signature or a key is cut or changed", () => {
  const random = new Random("signatures");
  for (const [name, algorithm] of Object.entries(GENUINE)) {
    const blob = readPublic(name);
    const { signature, data } = readSignature(name);
    for (let i = 0; i < 60; i++) {
      const change = (bytes: Uint8Array) => {
        const changed = bytes.slice(0, random.chance(0.3) ? random.below(bytes.length) : undefined);
        if (changed.length > 0) changed[random.below(changed.length)]! ^= 1 + random.below(255);
        return changed;
      };
      assert(verifySignature(algorithm, blob, { signature: change(signature), data }) !== true);
      verifySignature(algorithm, change(blob), { signature, data });
    }
  }
});
