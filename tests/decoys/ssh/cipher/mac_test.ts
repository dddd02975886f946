import { decodeHex, encodeHex } from "./hex.ts";
import { assertEquals } from "@std/assert";
import { hmac, type HmacHash } from "../../../../lib/decoys/ssh/cipher/mac.ts";

/** The published messages begin with what is a sequence number for us: their first four letters. */
const VECTORS: [source: string, hash: HmacHash, key: string, message: string, tag: string][] = [
  [
    "RFC 2202 §3, case 1",
    "sha1",
    "0b".repeat(20),
    "Hi There",
    "b617318655057264e28bc0b6fb378c8ef146be00",
  ],
  [
    "RFC 2202 §3, case 2",
    "sha1",
    "4a656665",
    "what do ya want for nothing?",
    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
  ],
  [
    "RFC 4231 §4.2",
    "sha256",
    "0b".repeat(20),
    "Hi There",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    "RFC 4231 §4.2",
    "sha512",
    "0b".repeat(20),
    "Hi There",
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
    "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  ],
  [
    "RFC 4231 §4.3",
    "sha256",
    "4a656665",
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "RFC 4231 §4.3",
    "sha512",
    "4a656665",
    "what do ya want for nothing?",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  ],
];

for (const [source, hash, key, message, expected] of VECTORS) {
  Deno.test(`hmac() agrees with ${source}, for ${hash}, also the second time`, () => {
    const bytes = new TextEncoder().encode(message);
    const sequence = new DataView(bytes.buffer).getUint32(0);
    const mac = hmac(hash, decodeHex(key));
    assertEquals(encodeHex(mac.tag(bytes.subarray(4), sequence)), expected);
    assertEquals(encodeHex(mac.tag(bytes.subarray(4), sequence)), expected);
    assertEquals(mac.tagBytes, expected.length / 2);
  });
}
