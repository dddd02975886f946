import { assertEquals, assertThrows } from "@std/assert";
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
Deno.test("Umac.tag() gives the same tag whichever nonces came before", () => {
  for (const tagBytes of [8, 16] as const) {
    const one = new Umac(KEY, tagBytes);
    const tags = new Map<number, string>();
    for (const low of [4, 5, 6, 5, 4, 4, 7, 6, 0, 1, 0]) {
      const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, low);
      const tag = hex(one.tag(KEY, nonce));
      assertEquals(tag, hex(new Umac(KEY, tagBytes).tag(KEY, nonce)));
      tags.set(low, tag);
    }
    assertEquals(new Set(tags.values()).size, 6);
  }
});

Deno.test("Umac.tag() is not touched by what it hashed before", () => {
  const one = new Umac(KEY, 8);
  one.tag(new Uint8Array(5000).fill(255), NONCE);
  assertEquals(hex(one.tag(Buffer.from("aaa"), NONCE)), "44B5CB542F220104");
  one.tag(new Uint8Array(1000).fill(255), NONCE);
  assertEquals(hex(one.tag(Buffer.from("a".repeat(2 ** 15)), NONCE)), "27F8EF643B0D118D");
});

// Made with GNU Nettle 3.8 from a message of `i * 7 + 3` at its byte i: lengths around a chunk's end.
const NETTLE_TAGS = [
  [1, "1E424A4DB8C5E6DA", "42A9CEF0922C4063F318EFA24F1E5873"],
  [31, "F485B09AB983F7D9", "A86E3427936A51607C9B82C9A56C1987"],
  [32, "3D0F12F829FE7BBC", "61E496450317DD05A1D4079954570B1C"],
  [33, "1942E88D24DC6953", "45A96C300E35CFEA5F8B5EF6E37DD32E"],
  [63, "3097BAE9A64FF1B9", "6C7C3E548CA65700AAF76306AC67E14F"],
  [64, "FF610D89BBA3F42B", "A38A8934914A52927B72DB017038F006"],
  [65, "7D06D3EFA5DC1BCC", "21ED57528F35BD75AF6D82AC12795BA2"],
  [256, "07ECD1C8BCF9AA46", "5B07557596100CFFAE4C33FDA4E08014"],
  [257, "CD938AD569AF2956", "91780E6843468FEF89FC3540C7E94B9B"],
  [1023, "9E9B93F3E6CE0837", "C270174ECC27AE8E535DCF9958AF9D50"],
  [1025, "B0849E8DA20A6F9B", "EC6F1A3088E3C9227DD8A830C4758E03"],
  [1056, "CFB06727D757EF03", "935BE39AFDBE49BAF7B7B1E986599F23"],
  [2047, "1794826544A93E75", "4B7F06D86E4098CC993D79E9D185D36B"],
  [2048, "C35BF2668DD0A093", "9FB076DBA739062A28B68062A4840EEE"],
  [2049, "E91088E37BF19361", "B5FB0C5E511835D839773A4A1382130B"],
  [35000, "1D4A7DA8CD9DC01F", "41A1F915E77466A648952CB91BC14276"],
  [262144, "CFBC7FC204ED5208", "9357FB7F2E04F4B1EF0ABAF24761FF65"],
] as const;

Deno.test("Umac.tag() gives Nettle's tags at the edges of groups and chunks", () => {
  for (const [length, tag64, tag128] of NETTLE_TAGS) {
    const message = Uint8Array.from({ length }, (_, i) => i * 7 + 3);
    assertEquals(hex(new Umac(KEY, 8).tag(message, NONCE)), tag64, `${length} bytes`);
    assertEquals(hex(new Umac(KEY, 16).tag(message, NONCE)), tag128, `${length} bytes`);
  }
});

Deno.test("Umac.tag() refuses a message that needs the wider polynomial", () => {
  const message = new Uint8Array(2 ** 24 + 1);
  assertThrows(() => new Umac(KEY, 8).tag(message, NONCE), RangeError, "16777217 bytes");
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
