import { assertEquals } from "@std/assert";
import { isDisconnect, writeAll } from "../../lib/net/stream.ts";

Deno.test("isDisconnect() knows what a vanished peer is, also by what routers say of it", () => {
  const said = (code: number) => isDisconnect(new Error(`Something is wrong (os error ${code})`));
  // Linux: include/net/icmp.h and net/ipv6/icmp.c turn ICMP errors into these.
  for (const code of [32, 64, 71, 92, 95, 101, 103, 104, 107, 110, 111, 112, 113]) {
    assertEquals(said(code), true, `${code}`);
  }
  for (const code of [2, 5, 9, 11, 12, 22, 24, 28, 10, 1040]) {
    assertEquals(said(code), false, `${code}`);
  }
  assertEquals(isDisconnect(new Deno.errors.ConnectionReset("gone")), true);
  assertEquals(isDisconnect(new TypeError("x is undefined")), false);
  assertEquals(isDisconnect("os error 104)"), false);
});

Deno.test("writeAll() sends everything, however little the system takes at a time", async () => {
  const taken: number[] = [];
  const stream = {
    read: () => Promise.resolve(null),
    write: (data: Uint8Array) => {
      const count = Math.min(3, data.length);
      taken.push(...data.subarray(0, count));
      return Promise.resolve(count);
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  await writeAll(stream, new Uint8Array([1, 2, 3, 4, 5, 6, 7]));
  assertEquals(taken, [1, 2, 3, 4, 5, 6, 7]);
});
