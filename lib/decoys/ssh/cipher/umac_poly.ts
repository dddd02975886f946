/**
 * The polynomial hash of UMAC's second layer (RFC 4418 §5.3.2), for messages of up to 16 MiB.
 *
 * Numbers modulo 2^64 - 59 are four limbs of 16 bits, lowest first, so that all products are exact
 * floating-point integers.
 * @module
 */

const LIMB = 2 ** 16;
/** 2^64 modulo the prime. */
const FOLD = 59;

/** One polynomial: its key, and its value so far. */
export class Poly64 {
  readonly #keyHigh: number;
  readonly #keyLow: number;
  #y0 = 1;
  #y1 = 0;
  #y2 = 0;
  #y3 = 0;

  /**
   * Begins with nothing added.
   * @param high upper word of the key.
   * @param low its lower word.
   */
  constructor(high: number, low: number) {
    // RFC 4418 §5.3.1: 25 bits of each word count.
    this.#keyHigh = high & 0x01ffffff;
    this.#keyLow = low & 0x01ffffff;
  }

  /** Begins again. */
  reset(): void {
    this.#y0 = 1;
    this.#y1 = this.#y2 = this.#y3 = 0;
  }

  /**
   * Takes the next 64 bits of the message.
   * @param high their upper word, not negative.
   * @param low their lower word, not negative.
   */
  add(high: number, low: number): void {
    if (high !== 0xffffffff) return this.#step(high, low);
    // Numbers from 2^64 - 2^32 on take two steps: the marker p - 1, then the number less 59.
    this.#step(0xffffffff, 0xffffffff - FOLD);
    if (low >= FOLD) this.#step(high, low - FOLD);
    else this.#step(high - 1, low + 2 ** 32 - FOLD);
  }

  /**
   * The value.
   * @param out gets four numbers of 16 bits, highest first.
   */
  finish(out: Uint16Array): void {
    while (this.#y3 >= LIMB) this.#carry(this.#y0, this.#y1, this.#y2, this.#y3);
    const isAbovePrime = this.#y3 === LIMB - 1 && this.#y2 === LIMB - 1 && this.#y1 === LIMB - 1 &&
      this.#y0 >= LIMB - FOLD;
    out[0] = isAbovePrime ? 0 : this.#y3;
    out[1] = isAbovePrime ? 0 : this.#y2;
    out[2] = isAbovePrime ? 0 : this.#y1;
    out[3] = isAbovePrime ? this.#y0 - (LIMB - FOLD) : this.#y0;
  }

  /** Times the key, plus a number. */
  #step(high: number, low: number): void {
    const kh = this.#keyHigh;
    const kl = this.#keyLow;
    // Below 2^48 each: 25 bits by 16, a factor of 59, a few sums.
    this.#carry(
      kl * this.#y0 + FOLD * (kh * this.#y2) + (low & 0xffff),
      kl * this.#y1 + FOLD * (kh * this.#y3) + (low >>> 16),
      kl * this.#y2 + kh * this.#y0 + (high & 0xffff),
      kl * this.#y3 + kh * this.#y1 + (high >>> 16),
    );
  }

  /** Makes limbs of sums. The highest may end at 2^16, which the next step takes as well. */
  #carry(c0: number, c1: number, c2: number, c3: number): void {
    c1 += Math.floor(c0 / LIMB);
    c2 += Math.floor(c1 / LIMB);
    c3 += Math.floor(c2 / LIMB);
    const d0 = c0 % LIMB + FOLD * Math.floor(c3 / LIMB);
    const d1 = c1 % LIMB + Math.floor(d0 / LIMB);
    const d2 = c2 % LIMB + Math.floor(d1 / LIMB);
    this.#y0 = d0 % LIMB;
    this.#y1 = d1 % LIMB;
    this.#y2 = d2 % LIMB;
    this.#y3 = c3 % LIMB + Math.floor(d2 / LIMB);
  }
}
