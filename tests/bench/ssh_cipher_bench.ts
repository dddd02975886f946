/**
 * What protecting and opening a small SSH packet costs, for each cipher and MAC.
 *
 * A password attempt takes about ten packets each way, nearly all of about this size. Run it by
 * `deno bench --no-prompt tests/bench/ssh_cipher_bench.ts`.
 * @module
 */
import {
  CIPHERS,
  keySizes,
  MACS,
  makeOpener,
  makeSealer,
} from "../../lib/decoys/ssh/cipher/ciphers.ts";

/** What is padded to whole blocks, in bytes. */
const PADDED_BYTES = 64;

for (const [cipher, { isAead }] of Object.entries(CIPHERS)) {
  for (const mac of isAead ? ["none"] : Object.keys(MACS)) {
    const choice = { cipher, mac };
    const sizes = keySizes(choice);
    const keys = {
      iv: new Uint8Array(sizes.ivBytes),
      key: new Uint8Array(sizes.keyBytes),
      macKey: new Uint8Array(sizes.macKeyBytes),
    };
    const group = isAead ? cipher : `${cipher}, ${mac}`;
    const sealer = makeSealer(choice, keys);
    const packet = new Uint8Array(PADDED_BYTES + (sealer.isLengthApart ? 4 : 0));
    packet[3] = packet.length - 4;
    let sent = 0;
    Deno.bench(`seal ${group}`, { group }, () => {
      sealer.seal(packet, sent++);
    });

    // Packets open in order only: a new pair starts over once all of these were opened.
    const before = makeSealer(choice, keys);
    const sealed = Array.from({ length: 1000 }, (_, i) => before.seal(packet.slice(), i));
    let opener = makeOpener(choice, keys);
    let received = 0;
    Deno.bench(`open ${group}`, { group }, () => {
      if (received === sealed.length) {
        opener = makeOpener(choice, keys);
        received = 0;
      }
      const next = sealed[received]!;
      opener.openLength(next.subarray(0, opener.headBytes), received);
      if (opener.open(next, received++) === null) throw new Error("A packet did not open");
    });
  }
}
