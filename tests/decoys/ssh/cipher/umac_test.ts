import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Umac } from "../../../../lib/decoys/ssh/cipher/umac.ts";

/**
 * RFC 4418, appendix, with its key and nonce. It has UMAC-64, and UMAC-96, which is UMAC-128's first 12
 * bytes; the last 4 are from the tests of GNU Nettle.
 */
const KNOWN_TAGS = [
  ["", 0, "6E155FAD26900BE1", "32FEDB100C79AD58F07FF7643CC60465"],
  ["a", 3, "44B5CB542F220104", "185E4FE905CBA7BD85E4C2DC3D117D8D"],
  ["a", 2 ** 10, "26BF2F5D60118BD9", "7A54ABE04AF82D60FB298C3CBD195BCB"],
  ["a", 2 ** 15, "27F8EF643B0D118D", "7B136BD911E4B734286EF2BE501F2C3C"],
  ["a", 2 ** 20, "A4477E87E9F55853", "F8ACFA3AC31CFEEA047F7B115B03BEF5"],
  ["abc", 1, "D4D7B9F6BD4FBFCF", "883C3D4B97A61976FFCF232308CBA5A5"],
  ["abc", 500, "D4CF26DDEFD5C01A", "8824A260C53C66A36C9260A62CB83AA1"],
] as const;
const KEY = Buffer.from("abcdefghijklmnop");
const NONCE = Buffer.from("bcdefghi");

for (const [text, count, tag64, tag128] of KNOWN_TAGS) {
  Deno.test(`Umac.tag() gives RFC 4418's tags of ${count} times "${text}"`, () => {
    const message = Buffer.from(text.repeat(count));
    assertEquals(hex(new Umac(KEY, 8).tag(message, NONCE)), tag64);
    assertEquals(hex(new Umac(KEY, 16).tag(message, NONCE)), tag128);
  });
}
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
