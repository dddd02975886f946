import { decodeHex, encodeHex } from "./hex.ts";
import { assertEquals } from "@std/assert";
import { sealAesCtr } from "../../../../lib/decoys/ssh/cipher/aes_ctr.ts";
import { hmac } from "../../../../lib/decoys/ssh/cipher/mac.ts";

const CLEAR = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
/** SP 800-38A: section, key, ciphertext. The second block's counter has a carry. */
const VECTORS = [
  [
    "F.5.1",
    "2b7e151628aed2a6abf7158809cf4f3c",
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff" +
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
  ],
  [
    "F.5.3",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94" +
    "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
  ],
  [
    "F.5.5",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5" +
    "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
  ],
] as const;
const mac = hmac("sha1", new Uint8Array(20));

for (const [section, key, expected] of VECTORS) {
  for (const size of [16, 32, 64]) {
    Deno.test(`seal() agrees with SP 800-38A ${section}, packets of ${size} bytes`, () => {
      const iv = decodeHex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
      const sealer = sealAesCtr({ key: decodeHex(key), iv, mac, isEtm: false });
      let sealed = "";
      for (let at = 0; at < CLEAR.length; at += size * 2) {
        const packet = decodeHex(CLEAR.slice(at, at + size * 2));
        sealed += encodeHex(sealer.seal(packet, 0).subarray(0, size));
      }
      assertEquals(sealed, expected);
    });
  }
}

Deno.test("seal() goes on with 0 after the counter's last value", async () => {
  const key = decodeHex(VECTORS[0][1]);
  const iv = new Uint8Array(16).fill(0xff);
  const sealer = sealAesCtr({ key, iv, mac, isEtm: false });
  const sealed = new Uint8Array(96);
  for (let at = 0; at < 96; at += 32) {
    sealed.set(sealer.seal(new Uint8Array(32), 0).subarray(0, 32), at);
  }
  const native = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-CTR", false, [
    "encrypt",
  ]);
  const algorithm = { name: "AES-CTR", counter: iv, length: 128 };
  const expected = await crypto.subtle.encrypt(algorithm, native, new Uint8Array(96));
  assertEquals(sealed, new Uint8Array(expected));
});
