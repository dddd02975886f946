import { assertEquals } from "@std/assert";
import { openAesGcm, sealAesGcm } from "../../../../lib/decoys/ssh/cipher/aes_gcm.ts";

/** What the runtime's other implementation makes of a packet (RFC 5647 §7.3). */
async function expectedOf(packet: Uint8Array, key: Uint8Array, iv: Uint8Array) {
  const native = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, [
    "encrypt",
  ]);
  const algorithm = {
    name: "AES-GCM",
    iv: new Uint8Array(iv),
    additionalData: packet.slice(0, 4),
  };
  const body = await crypto.subtle.encrypt(algorithm, native, packet.slice(4));
  return Uint8Array.from([...packet.subarray(0, 4), ...new Uint8Array(body)]);
}

for (const keyBytes of [16, 32]) {
  Deno.test(`seal() counts packets in the nonce's last 8 bytes alone, ${keyBytes * 8} bits`, async () => {
    const key = Uint8Array.from({ length: keyBytes }, (_, i) => i * 5 + 1);
    const first = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe];
    const nonces = [
      first,
      first.with(11, 0xff),
      [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
      [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1],
    ];
    const sealer = sealAesGcm(key, Uint8Array.from(first));
    const opener = openAesGcm(key, Uint8Array.from(first));
    const packet = Uint8Array.from({ length: 36 }, (_, i) => i < 3 ? 0 : i === 3 ? 32 : i * 3);
    for (const [sequence, nonce] of nonces.entries()) {
      const sealed = sealer.seal(packet.slice(), sequence);
      assertEquals(sealed, await expectedOf(packet, key, Uint8Array.from(nonce)));
      assertEquals(opener.openLength(sealed.subarray(0, 4), sequence), 32);
      assertEquals(opener.open(sealed, sequence), packet);
    }
  });
}
