import { decodeHex, encodeHex } from "./hex.ts";
import { assertEquals, assertThrows } from "@std/assert";
import {
  openChacha20Poly1305,
  sealChacha20Poly1305,
} from "../../../../lib/decoys/ssh/cipher/chacha20_poly1305.ts";

/** A packet and what is sent for it. */
const VECTORS = [
  {
    source: "draft-ietf-sshm-chacha20-poly1305, appendix A",
    sequence: 7,
    key: "8bbff6855fc102338c373e73aac0c914f076a905b2444a32eecaffeae22becc5" +
      "e9b7a7a5825a8249346ec1c28301cf394543fc7569887d76e168f37562ac0740",
    clear: "00000048065e00000000000000384c6f72656d20697073756d20646f6c6f7220" +
      "73697420616d65742c20636f6e7365637465747572206164697069736963696e" +
      "6720656c69744e43e804dc6c",
    sealed: "2c3ecce4a5bc05895bf07a7ba956b6c68829ac7c83b780b7000ecde745afc705" +
      "bbc378ce03a280236b87b53bed5839662302b164b6286a48cd1e097138e3cb90" +
      "9b8b2b829dd18d2a35ff82d995349e855bf02c298ef775f2d1a7e8b8",
  },
  {
    source: "the tests of AWS-LC",
    sequence: 94,
    key: "247a041f6780baf0de3741aa4436024b6a5169b0eab8a090a291f5900bf566a5" +
      "4ac2c64c0f38cab14a143111bc39d1873013f52f2e92062e375c1a5378ad9b32",
    clear: "000000100f000000000000000000000000000000",
    sealed: "c87186a24d89e672f37df98a95d0a0653e9f0fe4075bc727e855c8d487bb3060c42267cd",
  },
];

for (const { source, sequence, key, clear, sealed } of VECTORS) {
  Deno.test(`seal() and open() agree with the vector of ${source}`, () => {
    const out = sealChacha20Poly1305(decodeHex(key)).seal(decodeHex(clear), sequence);
    assertEquals(encodeHex(out), sealed);
    const opener = openChacha20Poly1305(decodeHex(key));
    const length = opener.openLength(decodeHex(sealed).subarray(0, 4), sequence);
    assertEquals(length, clear.length / 2 - 4);
    assertEquals(opener.open(decodeHex(sealed), sequence), decodeHex(clear));
  });
}

Deno.test("sealChacha20Poly1305() refuses a key that is too short", () => {
  assertThrows(() => sealChacha20Poly1305(new Uint8Array(63)), RangeError, "63");
});
