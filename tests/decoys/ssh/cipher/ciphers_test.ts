import { Buffer } from "node:buffer";
import { encodeHex } from "./hex.ts";
import { assertEquals, assertThrows } from "@std/assert";
import {
  CIPHERS,
  CLEAR_SEALER,
  clearOpener,
  keySizes,
  MACS,
  makeOpener,
  makeSealer,
} from "../../../../lib/decoys/ssh/cipher/ciphers.ts";
import type { Opener } from "../../../../lib/decoys/ssh/cipher/packet_cipher.ts";

/**
 * What asyncssh 2.10.1 sends for `PACKETS` with the keys of `pairOf`: the first half of the SHA-256 of
 * all of it together. Any MAC's name does for a cipher that authenticates by itself.
 */
const ASYNCSSH: [cipher: string, mac: string, sha256: string][] = [
  ["chacha20-poly1305@openssh.com", "none", "2b5b79cf2745790b323455f2b2bc5db4"],
  ["aes128-ctr", "umac-64-etm@openssh.com", "cf6e85a42aa16ef49c14a2bc4bddac09"],
  ["aes128-ctr", "umac-128-etm@openssh.com", "246899959bece57b92a57dbf01082394"],
  ["aes128-ctr", "hmac-sha2-256-etm@openssh.com", "324d0b19e7e5a4421a8fcd963f6ee1db"],
  ["aes128-ctr", "hmac-sha2-512-etm@openssh.com", "27d53ee7641d02859d842bf03ad31a7e"],
  ["aes128-ctr", "hmac-sha1-etm@openssh.com", "4e10dedd3d6294ef651d0106fe9f3a14"],
  ["aes128-ctr", "umac-64@openssh.com", "8e59beddce2b9de259a3c76a8aa1dcbd"],
  ["aes128-ctr", "umac-128@openssh.com", "01d997c70204f5d3dfbf15652d977e6b"],
  ["aes128-ctr", "hmac-sha2-256", "e591f97fe05c9bb957c828f00cf7b961"],
  ["aes128-ctr", "hmac-sha2-512", "bdc73bda1678417149077f0df7d3b71f"],
  ["aes128-ctr", "hmac-sha1", "edd4bf2a278ac8dbfb1a6f8969cdcc27"],
  ["aes192-ctr", "umac-64-etm@openssh.com", "4d492f20a6de51dd694061b45382edea"],
  ["aes192-ctr", "umac-128-etm@openssh.com", "34f5f8fa0f1b159b7797e4b1460839aa"],
  ["aes192-ctr", "hmac-sha2-256-etm@openssh.com", "ef984c64426c34652e98124fc479a2ce"],
  ["aes192-ctr", "hmac-sha2-512-etm@openssh.com", "70521f4093c9344ee0b6d8e3a2b7b1a0"],
  ["aes192-ctr", "hmac-sha1-etm@openssh.com", "7c9bae48a7bd7ff00cc7cbd6e5046ab1"],
  ["aes192-ctr", "umac-64@openssh.com", "0e3d785d40d5b99042a9b2fe5753479a"],
  ["aes192-ctr", "umac-128@openssh.com", "533e4e45eeadaa36942510e4d98fccef"],
  ["aes192-ctr", "hmac-sha2-256", "f5059fa31531d2d9915a4e1ca68b2344"],
  ["aes192-ctr", "hmac-sha2-512", "b7d4496183f9f021683fb336fe3cd67f"],
  ["aes192-ctr", "hmac-sha1", "8d86a3f4d2da30087a3a628b7a43d7c9"],
  ["aes256-ctr", "umac-64-etm@openssh.com", "4e6c167709e98d468a00b216a242266b"],
  ["aes256-ctr", "umac-128-etm@openssh.com", "c0390424000739823a1401b680bee539"],
  ["aes256-ctr", "hmac-sha2-256-etm@openssh.com", "76f450ffdb55aa1ab2b4b9577295d3bb"],
  ["aes256-ctr", "hmac-sha2-512-etm@openssh.com", "05f79928b96bd4387f696a42a3da6501"],
  ["aes256-ctr", "hmac-sha1-etm@openssh.com", "7c4571fc527673bd00cdc3cf9d7f4349"],
  ["aes256-ctr", "umac-64@openssh.com", "3ab71b345e4d9f3809528f823720965a"],
  ["aes256-ctr", "umac-128@openssh.com", "92c52a101cbd8b9d4a1a5c2072baa3ec"],
  ["aes256-ctr", "hmac-sha2-256", "420a96f4c71166be2bb45ccf4120f8f6"],
  ["aes256-ctr", "hmac-sha2-512", "33a40689304120e8288508bac4cbc3ff"],
  ["aes256-ctr", "hmac-sha1", "7c2c589336ac7873187591ad83314400"],
  ["aes128-gcm@openssh.com", "none", "f62eeaf00dbe0c9c8f632cc4a9907d6e"],
  ["aes256-gcm@openssh.com", "none", "02479823ba89b01cae72e805f5c3c31c"],
];

/** Sequence number, and bytes that are padded to blocks. */
const PACKETS = [[3, 64], [4, 2048], [5, 64], [0xffffffff, 64], [0, 64]] as const;

/** Bytes that are easy to make elsewhere. */
function bytesOf(length: number, tag: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + tag * 13 + 5);
}

function pairOf(cipher: string, mac: string) {
  const choice = { cipher, mac };
  const { keyBytes, ivBytes, macKeyBytes } = keySizes(choice);
  const keys = {
    key: bytesOf(keyBytes, 1),
    iv: bytesOf(ivBytes, 2),
    macKey: bytesOf(macKeyBytes, 3),
  };
  return { sealer: makeSealer(choice, keys), opener: makeOpener(choice, keys) };
}

/** A packet with `packet_length` in front: `padded` bytes are what has to be whole blocks. */
function packetOf(padded: number, isLengthApart: boolean, tag = 0): Uint8Array {
  const body = bytesOf(padded, tag).subarray(isLengthApart ? 0 : 4);
  const packet = new Uint8Array(4 + body.length);
  new DataView(packet.buffer).setUint32(0, body.length);
  packet.set(body, 4);
  return packet;
}

/** As the packet layer does it: the length, then the packet. */
function open(opener: Opener, sealed: Uint8Array, sequence: number): Uint8Array | null {
  opener.openLength(sealed.subarray(0, opener.headBytes), sequence);
  return opener.open(sealed.slice(), sequence);
}

Deno.test("CIPHERS and MACS have no pair that was not compared with asyncssh", () => {
  const pairs = Object.entries(CIPHERS).flatMap(([cipher, { isAead }]) =>
    (isAead ? ["none"] : Object.keys(MACS)).map((mac) => `${cipher} ${mac}`)
  );
  assertEquals(ASYNCSSH.map(([cipher, mac]) => `${cipher} ${mac}`), pairs);
});

for (const [cipher, mac, sha256] of ASYNCSSH) {
  Deno.test(`makeSealer() protects as asyncssh does: ${cipher}, ${mac}`, async () => {
    const { sealer } = pairOf(cipher, mac);
    const sealed: number[] = [];
    for (const [sequence, padded] of PACKETS) {
      const packet = packetOf(padded, sealer.isLengthApart, sequence & 15);
      sealed.push(...sealer.seal(packet, sequence));
    }
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(sealed));
    assertEquals(encodeHex(new Uint8Array(digest)).slice(0, 32), sha256);
  });

  Deno.test(`makeOpener() takes what makeSealer() made: ${cipher}, ${mac}`, () => {
    for (const size of [1, 2, 3, 16, 17, 100, 2187]) { // blocks of 16 bytes: up to 34,992
      const { sealer, opener } = pairOf(cipher, mac);
      const padded = size * sealer.blockBytes * (16 / sealer.blockBytes);
      for (let sequence = 0; sequence < 3; sequence++) {
        const packet = packetOf(padded, sealer.isLengthApart, sequence);
        const sealed = sealer.seal(packet.slice(), sequence);
        assertEquals(sealed.length, packet.length + sealer.tagBytes);
        const head = sealed.slice(0, opener.headBytes);
        assertEquals(opener.openLength(head, sequence), packet.length - 4);
        assertEquals(head, sealed.slice(0, opener.headBytes));
        assertEquals(opener.open(sealed, sequence)?.every((byte, i) => byte === packet[i]), true);
      }
    }
  });

  Deno.test(`open() returns null for a changed bit in any byte: ${cipher}, ${mac}`, () => {
    const { sealer } = pairOf(cipher, mac);
    const sealed = sealer.seal(packetOf(64, sealer.isLengthApart), 9);
    assertEquals(open(pairOf(cipher, mac).opener, sealed, 9) === null, false);
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i]! ^= 1 << (i % 8);
      assertEquals(open(pairOf(cipher, mac).opener, changed, 9), null, `byte ${i}`);
    }
  });

  Deno.test(`open() returns null for a packet that comes again: ${cipher}, ${mac}`, () => {
    const { sealer, opener } = pairOf(cipher, mac);
    const sealed = sealer.seal(packetOf(64, sealer.isLengthApart), 0);
    assertEquals(open(opener, sealed, 0) === null, false);
    assertEquals(open(opener, sealed, 1), null);
  });
}

Deno.test("makeOpener() leaves keys and heads alone that are a Buffer, whose slice is a view", () => {
  for (const cipher of Object.keys(CIPHERS)) {
    const choice = { cipher, mac: "hmac-sha1" };
    const { ivBytes, keyBytes, macKeyBytes } = keySizes(choice);
    const bytes = Buffer.from(bytesOf(ivBytes + keyBytes + macKeyBytes, 1));
    const keys = {
      iv: bytes.subarray(0, ivBytes),
      key: bytes.subarray(ivBytes, ivBytes + keyBytes),
      macKey: bytes.subarray(ivBytes + keyBytes),
    };
    const sealer = makeSealer(choice, keys);
    const opener = makeOpener(choice, keys);
    for (let sequence = 0; sequence < 2; sequence++) {
      const packet = packetOf(64, sealer.isLengthApart);
      const sealed = Buffer.from(sealer.seal(Buffer.from(packet), sequence));
      const head = Buffer.from(sealed.subarray(0, opener.headBytes));
      assertEquals(opener.openLength(head, sequence), packet.length - 4);
      assertEquals(head, sealed.subarray(0, opener.headBytes));
      assertEquals(encodeHex(opener.open(sealed, sequence)!), encodeHex(packet));
    }
    assertEquals(encodeHex(bytes), encodeHex(bytesOf(bytes.length, 1)));
  }
});

Deno.test("keySizes() leaves the MAC's key out for a cipher that authenticates by itself", () => {
  const mac = "hmac-sha2-512";
  const chacha20 = { ivBytes: 0, keyBytes: 64, macKeyBytes: 0 };
  assertEquals(keySizes({ cipher: "chacha20-poly1305@openssh.com", mac }), chacha20);
  const gcm = { ivBytes: 12, keyBytes: 16, macKeyBytes: 0 };
  assertEquals(keySizes({ cipher: "aes128-gcm@openssh.com", mac }), gcm);
  const ctr = { ivBytes: 16, keyBytes: 24, macKeyBytes: 64 };
  assertEquals(keySizes({ cipher: "aes192-ctr", mac }), ctr);
});

Deno.test("keySizes() refuses names that are not in the tables", () => {
  assertThrows(() => keySizes({ cipher: "toString", mac: "none" }), RangeError, "toString");
  assertThrows(() => keySizes({ cipher: "aes128-ctr", mac: "none" }), RangeError, "none");
});

Deno.test("clearOpener() reads a length and leaves the packet as it is", () => {
  const packet = packetOf(16, false);
  const sealed = CLEAR_SEALER.seal(packet.slice(), 0);
  const opener = clearOpener();
  assertEquals(sealed, packet);
  assertEquals(opener.headBytes, 8);
  assertEquals(opener.openLength(sealed.subarray(0, 8), 0), 12);
  assertEquals(opener.openLength(Uint8Array.from([0xff, 0, 0, 1]), 0), 0xff000001);
  assertEquals(opener.open(sealed, 0), packet);
  assertEquals(clearOpener(4).headBytes, 4);
});
