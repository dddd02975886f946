import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ByteReader } from "../../../lib/net/byte_reader.ts";
import { Malformed } from "../../../lib/sinks/mqtt/fields.ts";
import {
  encodeConnect,
  encodePublish,
  parseConnack,
  parseDisconnect,
  parsePuback,
  readPacket,
} from "../../../lib/sinks/mqtt/packets.ts";

/** Bytes of hex. */
function hex(text: string): Uint8Array {
  return new Uint8Array(text.trim().split(/\s+/).map((byte) => parseInt(byte, 16)));
}

/** A reader of these bytes, one at a time. */
function readerOf(bytes: Uint8Array): ByteReader {
  let at = 0;
  return new ByteReader({
    read: (buffer) => {
      if (at === bytes.length) return Promise.resolve(null);
      buffer[0] = bytes[at++]!;
      return Promise.resolve(1);
    },
    write: () => Promise.reject(new Error("not written to")),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  });
}

Deno.test("encodeConnect() makes what the specifications draw", () => {
  const fields = { clientId: "a", keepAliveS: 258, username: "u", password: "pw" };
  // MQTT 3.1.1 §3.1 and MQTT 5 §3.1.
  assertEquals(
    new Uint8Array(encodeConnect({ ...fields, version: "3.1.1" })),
    hex("10 14 00 04 4d 51 54 54 04 c2 01 02 00 01 61 00 01 75 00 02 70 77"),
  );
  assertEquals(
    new Uint8Array(encodeConnect({ version: "5", clientId: "a", keepAliveS: 60 })),
    hex("10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 61"),
  );
});

Deno.test("encodePublish() has lengths of one to four bytes", () => {
  assertEquals(
    new Uint8Array(encodePublish({ topic: "a/b", payload: "\u00e9" }, 258, "3.1.1")),
    hex("32 09 00 03 61 2f 62 01 02 c3 a9"),
  );
  assertEquals(
    new Uint8Array(encodePublish({ topic: "a", payload: "x" }, 1, "5")),
    hex("32 07 00 01 61 00 01 00 78"),
  );
  for (const [length, head] of [[127, "7f"], [128, "80 01"], [16_384, "80 80 01"]] as const) {
    const packet = encodePublish({ topic: "a", payload: "x".repeat(length - 5) }, 1, "3.1.1");
    const size = head.split(" ").length;
    assertEquals(new Uint8Array(packet.subarray(1, 1 + size)), hex(head));
    assertEquals(packet.length, 1 + size + length);
  }
});

Deno.test("readPacket() takes packets byte by byte, up to its bound", async () => {
  const reader = readerOf(hex("40 02 00 07 d0 00 40 80 01" + " 00".repeat(128)));
  assertEquals(await readPacket(reader), { type: 4, body: hex("00 07") });
  assertEquals((await readPacket(reader)).type, 13);
  assertEquals((await readPacket(reader)).body.length, 128);
  await assertRejects(() => readPacket(reader), Deno.errors.UnexpectedEof);
  await assertRejects(() => readPacket(readerOf(hex("20 81 80 04"))), Malformed, "65537 bytes");
  await assertRejects(() => readPacket(readerOf(hex("20 80 80 80 80 01"))), Malformed);
});

Deno.test("parseConnack() finds the broker's bounds among the properties of MQTT 5", () => {
  assertEquals(parseConnack(hex("00 05"), "3.1.1"), {
    code: 5,
    reason: "",
    receiveMaximum: 65_535,
    maxPacketBytes: Infinity,
  });
  const properties =
    "21 00 14 22 00 0a 27 00 01 00 00 13 00 1e 24 01 1f 00 02 6e 6f 26 00 01 61 00 01 62";
  const length = properties.split(" ").length.toString(16);
  assertEquals(parseConnack(hex(`01 87 ${length} ${properties}`), "5"), {
    code: 0x87,
    reason: "no",
    receiveMaximum: 20,
    maxPacketBytes: 65_536,
    keepAliveS: 30,
  });
});

Deno.test("parsePuback() and parseDisconnect() take the short forms and the long ones", () => {
  assertEquals(parsePuback(hex("01 02")), { id: 258, code: 0, reason: "" });
  assertEquals(parsePuback(hex("00 01 97")), { id: 1, code: 0x97, reason: "" });
  assertEquals(parsePuback(hex("00 01 97 05 1f 00 02 1b 41")).reason, "\\x1bA");
  assertEquals(parseDisconnect(hex("")), { code: 0, reason: "" });
  assertEquals(parseDisconnect(hex("8b 00")), { code: 0x8b, reason: "" });
});

Deno.test("what brokers send is Malformed or fits, and nothing else is thrown", () => {
  assertThrows(() => parsePuback(hex("01")), Malformed, "too short");
  assertThrows(() => parsePuback(hex("00 01 00 02 7e 00")), Malformed, "property 126");
  assertThrows(() => parsePuback(hex("00 01 00 ff ff ff ff 7f")), Malformed, "four bytes");
  let seed = 1;
  const chance = (most: number) => (seed = seed * 48_271 % 2_147_483_647) % most;
  let taken = 0;
  for (let run = 0; run < 20_000; run++) {
    const body = Uint8Array.from({ length: chance(24) }, () => chance(chance(2) === 0 ? 256 : 40));
    for (
      const parse of [parsePuback, parseDisconnect, (b: Uint8Array) => parseConnack(b, "5")]
    ) {
      try {
        parse(body);
        taken++;
      } catch (error) {
        assert(error instanceof Malformed, String(error));
      }
    }
  }
  assert(taken > 1000, `${taken} were taken`);
});
