import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { WireError, WireReader, WireWriter } from "../../../lib/decoys/ssh/wire.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

Deno.test("WireWriter writes the examples of RFC 4251 §5", () => {
  assertEquals(hex(new WireWriter().u32(699_921_578).bytes()), "29b7f4aa");
  assertEquals(hex(new WireWriter().string("testing").bytes()), "0000000774657374696e67");
  const mpints: Record<string, string> = {
    "": "00000000",
    "09a378f9b2e332a7": "0000000809a378f9b2e332a7",
    "80": "000000020080",
  };
  for (const [value, wire] of Object.entries(mpints)) {
    assertEquals(hex(new WireWriter().mpint(unhex(value)).bytes()), wire);
    assertEquals(hex(new WireWriter().mpint(unhex("0000" + value)).bytes()), wire);
  }
});

Deno.test("WireWriter grows, and writes numbers from end to end", () => {
  const writer = new WireWriter(1).u8(255).bool(true).bool(false).u32(0xffff_ffff);
  assertEquals(
    hex(writer.raw(new Uint8Array(200).fill(7)).bytes()),
    "ff0100ffffffff" + "07".repeat(200),
  );
  assertEquals(hex(new WireWriter(0).string("").bytes()), "00000000");
});

Deno.test("WireReader reads fields from front to back, as views into the message", () => {
  const bytes = unhex("02 ffffffff 00000002 6162 07 c0ffee");
  const reader = new WireReader(bytes);
  assertEquals([reader.bool(), reader.u32(), reader.offset], [true, 4_294_967_295, 5]);
  const text = reader.string();
  assertEquals([hex(text), text.buffer === bytes.buffer], ["6162", true]);
  assertEquals([reader.u8(), reader.left, hex(reader.rest()), reader.left], [7, 3, "c0ffee", 0]);
  reader.end();
  assertEquals(new WireReader(bytes, 11).u8(), 7);
});

Deno.test("WireReader says what is missing, and where", () => {
  const cases: [string, (reader: WireReader) => unknown, string, number][] = [
    ["", (reader) => reader.u8(), "1 bytes", 0],
    ["000000", (reader) => reader.u32(), "4 bytes", 0],
    ["00000003 6162", (reader) => reader.string(), "a string of 3 bytes", 4],
    ["ffffffff", (reader) => reader.string(), "a string of 4294967295 bytes", 4],
    ["00", (reader) => reader.end(), "the end of the message", 0],
  ];
  for (const [wire, read, message, offset] of cases) {
    const error = assertThrows(() => read(new WireReader(unhex(wire))), WireError);
    assertEquals([error.message, error.offset], [message, offset]);
  }
  // Where a message is shorter than what is passed over, too.
  assertThrows(() => new WireReader(unhex("14"), 17).string(), WireError);
});

Deno.test("WireReader reads a text as C does: one NUL at its end does not count", () => {
  const read = (text: string) => hex(new WireReader(new WireWriter().string(text).bytes()).cText());
  assertEquals([read("ab"), read("ab\0"), read("")], ["6162", "6162", ""]);
  assertThrows(() => read("a\0b"), WireError);
  assertThrows(() => read("a\0\0"), WireError);
});
