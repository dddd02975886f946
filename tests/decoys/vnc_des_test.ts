import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { encryptsTo, keySchedule, passwordSchedule, prepare } from "../../lib/decoys/vnc/des.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** Key, plain, encrypted: from FIPS 81, NBS SP 500-20 (a vector for each kind of table), and others. */
const VECTORS = [
  ["0123456789abcdef", "4e6f772069732074", "3fa40e8a984d4815"],
  ["133457799bbcdff1", "0123456789abcdef", "85e813540f0ab405"],
  ["0101010101010101", "95f8a5e5dd31d900", "8000000000000000"],
  ["0101010101010101", "0000000000000001", "166b40b44aba4bd6"],
  ["8001010101010101", "0000000000000000", "95a8d72813daa94d"],
  ["0101010101010102", "0000000000000000", "869efd7f9f265a09"],
  ["1046913489980131", "0000000000000000", "88d55e54f54c97b4"],
  ["7ca110454a1a6e57", "01a1d6d039776742", "690f5b0d9a26939b"],
  ["0131d9619dc1376e", "5cd54ca83def57da", "7a389d10354bd271"],
  ["49793ebc79b3258f", "437540c8698f3cfa", "6fbf1cafcffd0556"],
  ["ffffffffffffffff", "ffffffffffffffff", "7359b2163e4edc58"],
] as const;

for (const [key, plain, encrypted] of VECTORS) {
  Deno.test(`encryptsTo() knows DES: ${key} turns ${plain} into ${encrypted}`, () => {
    const schedule = keySchedule(hex(key));
    assert(encryptsTo(schedule, prepare(hex(plain)), prepare(hex(encrypted))));
    const other = hex(encrypted);
    other[3]! ^= 4;
    assert(!encryptsTo(schedule, prepare(hex(plain)), prepare(other)));
  });
}

/** Password, challenge, response: published with john's format VNC. */
const RESPONSES = [
  ["pass1234", "84076f040550eea9341967633b5f3855", "dd96d21781a70da49443279975404dd0"],
  ["Password", "0805b790b58e967f2a350a0c99de3881", "aecb26faeaaa62d79636a5934bac1078"],
  ["openwall", "addc021f444f999b8e27144c0dce7389", "afaf1bb57588784333962a124668a2c6"],
] as const;

Deno.test("passwordSchedule() reverses the bits of each byte, and takes eight of them", () => {
  const schedule = (text: string) => passwordSchedule(new TextEncoder().encode(text));
  for (const [password, challenge, response] of RESPONSES) {
    for (const half of [0, 16]) {
      const plain = prepare(hex(challenge.slice(half, half + 16)));
      const encrypted = prepare(hex(response.slice(half, half + 16)));
      assert(encryptsTo(schedule(password), plain, encrypted));
      assert(encryptsTo(schedule(`${password}56`), plain, encrypted));
      assert(!encryptsTo(schedule(password.slice(0, 7)), plain, encrypted));
    }
  }
  assertEquals(passwordSchedule(hex("")), keySchedule(new Uint8Array(8)));
  assertEquals(passwordSchedule(hex("61")), keySchedule(hex("8600000000000000")));
});
