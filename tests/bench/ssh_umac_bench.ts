/**
 * What UMAC costs: `deno bench tests/bench/ssh_umac_bench.ts`.
 * @module
 */
import { Umac } from "../../lib/decoys/ssh/cipher/umac.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);

for (const tagBytes of [8, 16] as const) {
  Deno.bench(`umac-${tagBytes * 8}: set up`, () => {
    new Umac(KEY, tagBytes);
  });

  for (const length of [64, 1024, 32768, 262144]) {
    const umac = new Umac(KEY, tagBytes);
    const message = new Uint8Array(length).fill(200);
    const nonce = new Uint8Array(8);
    const sequence = new DataView(nonce.buffer);
    let packets = 0;
    Deno.bench(`umac-${tagBytes * 8}: tag of ${length} bytes`, () => {
      sequence.setUint32(4, packets++);
      umac.tag(message, nonce);
    });
  }
}
