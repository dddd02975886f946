/**
 * ULIDs: 48 bits of time and 80 bits of chance as 26 characters that sort by time.
 *
 * Within one millisecond the chance part is counted up, so ids of one maker always rise.
 * @module
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Characters of the time part and of each half of the chance part. */
const TIME_CHARACTERS = 10;
const HALF_CHARACTERS = 8;
const HALF_RANGE = 2 ** 40;

/** Makes ULIDs that rise. */
export class UlidMaker {
  #timeMs = -1;
  #timeText = "";
  #high = 0;
  #highText = "";
  #low = 0;

  /**
   * Makes the next id.
   * @param nowMs wall clock, in ms since 1970; an earlier time than at the last call counts as that.
   * @returns 26 characters, greater than every one before.
   */
  next(nowMs: number): string {
    if (nowMs > this.#timeMs) {
      this.#timeMs = nowMs;
      this.#timeText = base32(nowMs, TIME_CHARACTERS);
      const random = crypto.getRandomValues(new Uint32Array(4));
      this.#high = (random[0]! & 0x7f) * 2 ** 32 + random[1]!;
      this.#highText = base32(this.#high, HALF_CHARACTERS);
      this.#low = (random[2]! & 0xff) * 2 ** 32 + random[3]!;
    } else if (++this.#low === HALF_RANGE) {
      this.#low = 0;
      this.#highText = base32(++this.#high, HALF_CHARACTERS);
    }
    return this.#timeText + this.#highText + base32(this.#low, HALF_CHARACTERS);
  }
}

/** A whole number below 2^53 in Crockford's base 32. */
function base32(value: number, characters: number): string {
  let text = "";
  let rest = value;
  for (let i = 0; i < characters; i++) {
    const digit = rest % 32;
    text = ALPHABET[digit]! + text;
    rest = (rest - digit) / 32;
  }
  return text;
}
