/**
 * DES as VNC authentication uses it: FIPS PUB 46-3, with the bits of each byte of the key in reverse.
 *
 * Made for trying many keys on one block: the block's permutations are done once, by `prepare`, and a
 * key is tried by its sixteen rounds alone. Not for keeping anything secret.
 * @module
 */

const BLOCK_BYTES = 8;
const ROUNDS = 16;
const BOXES = 8;

/** Initial permutation, bits counted from 1. */
const INITIAL = [58, 60, 62, 64, 57, 59, 61, 63].flatMap((first) =>
  Array.from({ length: 8 }, (_, i) => first - 8 * i)
);
/** Permuted choice 1: which bits of the key are used, in what order. */
const CHOICE_1 = [
  ...[57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3],
  ...[60, 52, 44, 36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37],
  ...[29, 21, 13, 5, 28, 20, 12, 4],
];
/** Permuted choice 2: which of those go into the key of a round. */
const CHOICE_2 = [
  ...[14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2],
  ...[41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29],
  32,
];
/** By how many bits both halves of the key have turned to the left in each round. */
const TURNS = [1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28];
const HALF_KEY_BITS = 28;
/** Permutation of what the boxes give. */
const OUTPUT = [
  ...[16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10],
  ...[2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25],
];
/** The boxes: four rows of sixteen in each, in hex. */
const BOX_ROWS = [
  "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
  "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
  "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
  "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
  "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
  "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
  "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
  "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
];

/** What each box gives for its six bits, permuted by `OUTPUT`: box * 64 + bits. */
const BOX_OUTPUT = makeBoxOutput();

/** A block whose permutation is done: both halves. */
export type PreparedBlock = readonly [left: number, right: number];

/**
 * A block before its rounds, or, of an encrypted one, after them.
 * @param block 8 bytes.
 */
export function prepare(block: Uint8Array): PreparedBlock {
  let [left, right] = [0, 0];
  for (let i = 0; i < 32; i++) {
    left = (left << 1) | bitOf(block, INITIAL[i]! - 1);
    right = (right << 1) | bitOf(block, INITIAL[i + 32]! - 1);
  }
  return [left, right];
}

/**
 * The keys of all rounds for a password of VNC: its first eight bytes, each with its bits in reverse,
 * and zeros behind them. Six bits a number.
 * @param password any bytes; the highest bit of each does not count.
 */
export function passwordSchedule(password: Uint8Array): Uint8Array {
  const key = new Uint8Array(BLOCK_BYTES);
  for (const [i, byte] of password.subarray(0, BLOCK_BYTES).entries()) key[i] = reverseBits(byte);
  return keySchedule(key);
}

/**
 * The keys of all rounds. Six bits a number.
 * @param key 8 bytes; the lowest bit of each does not count.
 */
export function keySchedule(key: Uint8Array): Uint8Array {
  const chosen = CHOICE_1.map((bit) => bitOf(key, bit - 1));
  const schedule = new Uint8Array(ROUNDS * BOXES);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, bit] of CHOICE_2.entries()) {
      const half = bit > HALF_KEY_BITS ? HALF_KEY_BITS : 0;
      const turned = (bit - 1 - half + TURNS[round]!) % HALF_KEY_BITS + half;
      const at = round * BOXES + Math.trunc(i / 6);
      schedule[at] = (schedule[at]! << 1) | chosen[turned]!;
    }
  }
  return schedule;
}

/**
 * Whether a key turns one block into another.
 * @param schedule of the key.
 * @param plain from `prepare`.
 * @param encrypted from `prepare`.
 */
export function encryptsTo(
  schedule: Uint8Array,
  plain: PreparedBlock,
  encrypted: PreparedBlock,
): boolean {
  let [left, right] = plain;
  const boxes = BOX_OUTPUT;
  for (let at = 0; at < ROUNDS * BOXES; at += BOXES) {
    // Eight times by hand: a loop takes four times as long. Each box takes six bits, two of them its
    // neighbours'.
    const mixed = left ^
      boxes[((right << 5 | right >>> 27) & 63) ^ schedule[at]!]! ^
      boxes[64 | (right >>> 23 & 63) ^ schedule[at + 1]!]! ^
      boxes[128 | (right >>> 19 & 63) ^ schedule[at + 2]!]! ^
      boxes[192 | (right >>> 15 & 63) ^ schedule[at + 3]!]! ^
      boxes[256 | (right >>> 11 & 63) ^ schedule[at + 4]!]! ^
      boxes[320 | (right >>> 7 & 63) ^ schedule[at + 5]!]! ^
      boxes[384 | (right >>> 3 & 63) ^ schedule[at + 6]!]! ^
      boxes[448 | ((right << 1 | right >>> 31) & 63) ^ schedule[at + 7]!]!;
    left = right;
    right = mixed;
  }
  return right === encrypted[0] && left === encrypted[1];
}

function makeBoxOutput(): Int32Array {
  const outputs = new Int32Array(BOXES * 64);
  for (const [box, rows] of BOX_ROWS.entries()) {
    for (let bits = 0; bits < 64; bits++) {
      const row = bits >> 4 & 2 | bits & 1;
      const nibble = parseInt(rows[row << 4 | bits >> 1 & 15]!, 16);
      const word = nibble << 28 - 4 * box;
      const output = OUTPUT.reduce((sum, bit) => sum << 1 | word >>> 32 - bit & 1, 0);
      outputs[box << 6 | bits] = output;
    }
  }
  return outputs;
}

/** A bit counted from 0, the highest of the first byte. */
function bitOf(bytes: Uint8Array, bit: number): number {
  return bytes[bit >> 3]! >> 7 - (bit & 7) & 1;
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let i = 0; i < 8; i++) reversed |= (byte >> i & 1) << 7 - i;
  return reversed;
}
