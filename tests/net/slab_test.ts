import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { readBuffer, shortLived, takeRead } from "../../lib/net/slab.ts";

Deno.test("shortLived() gives zeros that nobody else has, of every length", () => {
  const arrays = Array.from({ length: 600 }, (_, length) => shortLived(length));
  for (const [i, array] of arrays.entries()) {
    assertEquals([array.length, array.some((byte) => byte !== 0)], [i, false]);
    array.fill(i % 255 + 1);
  }
  for (const [i, array] of arrays.entries()) {
    assert(array.every((byte) => byte === i % 255 + 1), `array of ${i} bytes`);
  }
});

Deno.test("shortLived() keeps at most 4 KiB alive for a short array, and cuts no long one", () => {
  for (let length = 0; length < 2000; length++) {
    const { buffer } = shortLived(length);
    assertEquals(buffer.byteLength, length <= 512 ? 4096 : length);
  }
});

Deno.test("takeRead() gives few bytes as a copy and their array to the next reader", () => {
  const buffer = readBuffer(8192);
  buffer.set([1, 2, 3]);
  const taken = takeRead(buffer, 2);
  assertEquals([...taken], [1, 2]);
  assertStrictEquals(readBuffer(8192), buffer);
  buffer.fill(9);
  assertEquals([...taken], [1, 2]);
});

Deno.test("takeRead() gives many bytes, and those of odd lengths, where they are", () => {
  for (const [length, count] of [[8192, 513], [32_768, 2], [1000, 2], [4, 4]] as const) {
    const buffer = readBuffer(length);
    const taken = takeRead(buffer, count);
    assertEquals(taken.length, count);
    assertStrictEquals(taken.buffer, buffer.buffer);
    if (length > 512) assert(readBuffer(length) !== buffer);
  }
});

Deno.test("takeRead() keeps a few arrays and no more", () => {
  const buffers = Array.from({ length: 100 }, () => readBuffer(4096));
  assertEquals(new Set(buffers).size, 100);
  for (const buffer of buffers) takeRead(buffer, 1);
  const again = Array.from({ length: 100 }, () => readBuffer(4096));
  assertEquals(again.filter((buffer) => buffers.includes(buffer)).length, 16);
});
