import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  CIPHERS,
  keySizes,
  MACS,
  makeOpener,
  makeSealer,
} from "../../../lib/decoys/ssh/cipher/ciphers.ts";
import type { Agreement } from "../../../lib/decoys/ssh/kex_init.ts";
import { exchangeHash, makeKeys } from "../../../lib/decoys/ssh/key_exchange.ts";
import { deriveKeys } from "../../support/ssh_client_crypto.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const SECRET = Uint8Array.of(0, 0, 0, 2, 0, 0x80);
const H = new Uint8Array(32).fill(7);

/** A packet whose length needs no padding under any cipher: 4 + 28 bytes, or 32 behind the length. */
function packetOf(isLengthApart: boolean): Uint8Array {
  const packet = new Uint8Array(isLengthApart ? 36 : 32).fill(9);
  new DataView(packet.buffer).setUint32(0, packet.length - 4);
  packet[4] = 4;
  return packet;
}

function agreementOn(inwards: [string, string], outwards: [string, string]): Agreement {
  return {
    ...{ kex: "curve25519-sha256", hostKey: "ssh-ed25519" },
    ...{ cipherIn: inwards[0], macIn: inwards[1], cipherOut: outwards[0], macOut: outwards[1] },
    ...{ compressionIn: "none", compressionOut: "none" },
  };
}

/** RFC 4253 §7.2 as it stands there. */
function derive(hash: string, letter: string, length: number, sessionId: Uint8Array): Uint8Array {
  const blocks = [
    createHash(hash).update(SECRET).update(H).update(letter).update(sessionId).digest(),
  ];
  while (Buffer.concat(blocks).length < length) {
    blocks.push(createHash(hash).update(SECRET).update(H).update(Buffer.concat(blocks)).digest());
  }
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}

Deno.test("exchangeHash() hashes what both sides said, each with its length", () => {
  const transcript = {
    clientLine: bytes("SSH-2.0-c"),
    serverLine: bytes("SSH-2.0-server"),
    clientKexInit: Uint8Array.of(20, 1),
    serverKexInit: Uint8Array.of(20, 2, 3),
  };
  const parts = { hostKey: bytes("key"), fields: Uint8Array.of(0, 0, 0, 1, 5), secret: SECRET };
  const plain = "00000009" + "5353482d322e302d63" + "0000000e" + "5353482d322e302d736572766572" +
    "00000002" + "1401" + "00000003" + "140203" + "00000003" + "6b6579" + "0000000105" +
    "00000002" + "0080";
  for (const hash of ["sha1", "sha256", "sha384", "sha512"] as const) {
    const expected = createHash(hash).update(plain, "hex").digest("hex");
    assertEquals(Buffer.from(exchangeHash(hash, transcript, parts)).toString("hex"), expected);
  }
});

Deno.test("makeKeys() gives each direction its own letters, and keys longer than a hash", () => {
  const sessionId = new Uint8Array(32).fill(1);
  for (const hash of ["sha1", "sha256", "sha384", "sha512"] as const) {
    for (const cipher of Object.keys(CIPHERS)) {
      for (const mac of CIPHERS[cipher]!.isAead ? [""] : Object.keys(MACS)) {
        const agreement = agreementOn([cipher, mac], [cipher, mac]);
        const { opener, sealer } = makeKeys(agreement, {
          ...{ hash, secret: SECRET, exchangeHash: H, sessionId },
        });
        const { ivBytes, keyBytes, macKeyBytes } = keySizes({ cipher, mac });
        const keys = ([iv, key, macKey]: string) => ({
          iv: derive(hash, iv!, ivBytes, sessionId),
          key: derive(hash, key!, keyBytes, sessionId),
          macKey: derive(hash, macKey!, macKeyBytes, sessionId),
        });
        const packet = packetOf(sealer.isLengthApart);
        const theirs = makeSealer({ cipher, mac }, keys("ACE")).seal(packet.slice(), 3);
        opener.openLength(theirs.slice(0, opener.headBytes), 3);
        assertEquals(opener.open(theirs.slice(), 3), packet, `${hash} ${cipher} ${mac} in`);
        const ours = sealer.seal(packet.slice(), 4);
        const peer = makeOpener({ cipher, mac }, keys("BDF"));
        peer.openLength(ours.slice(0, peer.headBytes), 4);
        assertEquals(peer.open(ours.slice(), 4), packet, `${hash} ${cipher} ${mac} out`);
      }
    }
  }
});

Deno.test("makeKeys() keeps to the first exchange's session identifier, and to each direction's cipher", () => {
  const sessionId = new Uint8Array(32).fill(1);
  const agreement = agreementOn(["aes128-ctr", "hmac-sha2-256"], ["aes256-gcm@openssh.com", ""]);
  const result = { hash: "sha256", secret: SECRET, exchangeHash: H, sessionId } as const;
  const { opener, sealer } = makeKeys(agreement, result);
  const keys = deriveKeys({ secret: SECRET, exchangeHash: H }, { sessionId, letters: "ACE" });
  const choice = { cipher: "aes128-ctr", mac: "hmac-sha2-256" };
  const sealed = makeSealer(choice, keys).seal(packetOf(false), 0);
  opener.openLength(sealed.slice(0, opener.headBytes), 0);
  assertEquals(opener.open(sealed, 0), packetOf(false));
  assertEquals([sealer.tagBytes, sealer.isLengthApart], [16, true]);
});
