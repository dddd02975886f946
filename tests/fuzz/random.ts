/**
 * Numbers that look random and are the same for the same seed.
 * @module
 */

/** A generator: sfc32, seeded by any text. */
export class Random {
  readonly #state = new Uint32Array(4);

  /** @param seed the same seed gives the same numbers. */
  constructor(seed: string) {
    let hash = 0x811c9dc5; // FNV-1a
    for (let at = 0; at < seed.length; at++) {
      hash = Math.imul(hash ^ seed.charCodeAt(at), 0x01000193) >>> 0;
      this.#state[at & 3]! ^= hash;
    }
    this.#state[3]! |= 1;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** From 0 up to 1. */
  next(): number {
    const s = this.#state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum / 0x1_0000_0000;
  }

  /** A whole number from 0 up to, not with, `end`; 0 when that is 0. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Whether something happens of the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A length: mostly short, now and then up to `max`. */
  length(max: number): number {
    return Math.min(max, 1 + Math.floor(2 ** (this.next() * Math.log2(max + 1))) - 1);
  }

  /** Any bytes. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
