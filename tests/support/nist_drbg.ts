/**
 * The random bytes of the known answers that were made for NIST's competition: its CTR_DRBG with
 * AES-256, without derivation function (NIST SP 800-90A §10.2.1), as seeded by its test program.
 * @module
 */
import { createCipheriv } from "node:crypto";

/** Gives the same bytes for the same seed. */
export class NistDrbg {
  #key = new Uint8Array(32);
  #counter = new Uint8Array(16);

  /** @param seed 48 bytes. */
  constructor(seed: Uint8Array) {
    this.#update(seed);
  }

  /** The next bytes. How many are asked for at a time matters. */
  bytes(count: number): Uint8Array {
    const bytes = this.#blocks(Math.ceil(count / 16)).subarray(0, count);
    this.#update(new Uint8Array(48));
    return bytes;
  }

  #update(data: Uint8Array): void {
    const next = this.#blocks(3).map((byte, i) => byte ^ data[i]!);
    this.#key = next.slice(0, 32);
    this.#counter = next.slice(32);
  }

  /** AES of the numbers that follow the counter; the counter ends at the last of them. */
  #blocks(count: number): Uint8Array {
    const blocks = new Uint8Array(16 * count);
    for (let i = 0; i < count; i++) {
      let at = 15;
      do this.#counter[at]!++; while (this.#counter[at] === 0 && at-- > 0);
      const cipher = createCipheriv("aes-256-ctr", this.#key, this.#counter);
      blocks.set(cipher.update(new Uint8Array(16)), 16 * i);
      cipher.final();
    }
    return blocks;
  }
}
