import { assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { MAX_SHORT_BYTES, sha1Short } from "../../lib/events/sha1.ts";

Deno.test("sha1Short() agrees with the runtime's SHA-1 for every length it takes", () => {
  for (let length = 0; length <= MAX_SHORT_BYTES; length++) {
    for (const factor of [0, 7, 251]) {
      const message = new Uint8Array(length).map((_, i) => (i + 1) * factor);
      const expected = createHash("sha1").update(message).digest();
      assertEquals([...sha1Short(message)], [...expected]);
    }
  }
});

Deno.test("sha1Short() refuses what does not fit one block", () => {
  assertThrows(() => sha1Short(new Uint8Array(56)), RangeError, "at most 55");
});
