/**
 * The other side of `sntrup761`: making keys and decapsulation, for tests only (slow, and simple).
 * Draft-josefsson-ntruprime-streamlined-00 §2 and §4.
 * @module
 */
import {
  centre,
  deriveSecret,
  encodeSmall,
  encrypt,
  hash,
  makeShort,
  multiplySmall,
  P,
  PUBLIC_KEY_BYTES,
  Q,
  QUOTIENT_CODEC,
  type RandomBytes,
  ROUNDED_CODEC,
  SMALL_BYTES,
  WEIGHT,
} from "../../lib/decoys/ssh/kex/sntrup761.ts";

/** A key pair as the reference writes it. */
export interface KeyPair {
  /** 1158 bytes. */
  readonly publicKey: Uint8Array;
  /** 1763 bytes: f, 1/g, the public key, what stands for a wrong ciphertext, hash of the public key. */
  readonly secretKey: Uint8Array;
}

/**
 * Makes a key pair.
 * @param random asked for 4 bytes a coefficient and polynomial, then for 191 bytes.
 */
export function makeKeyPair(random: RandomBytes): KeyPair {
  let g: Int8Array;
  let inverse: number[] | undefined;
  do {
    g = makeSmall(random);
    inverse = invert(Array.from(g), 3);
  } while (inverse === undefined);
  const gInverse = Int8Array.from(inverse, (c) => mod(c + 1, 3) - 1);
  const f = makeShort(random);
  const h = Int16Array.from(invert(Array.from(f, (c) => 3 * c), Q)!, centre);
  multiplySmall(h, g, h);
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
  QUOTIENT_CODEC.encode(Uint16Array.from(h, (c) => c + 2295), publicKey);
  const parts = [encodeSmall(f), encodeSmall(gInverse), publicKey, random(SMALL_BYTES)];
  const secretKey = new Uint8Array([...parts, hash(4, publicKey)].flatMap((part) => [...part]));
  return { publicKey, secretKey };
}

/**
 * Gets the secret from a ciphertext.
 * @returns another secret, which nobody knows, when the ciphertext is wrong.
 */
export function decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const f = decodeSmall(secretKey.subarray(0, SMALL_BYTES));
  const gInverse = decodeSmall(secretKey.subarray(SMALL_BYTES, 2 * SMALL_BYTES));
  const publicKey = secretKey.subarray(2 * SMALL_BYTES, 2 * SMALL_BYTES + PUBLIC_KEY_BYTES);
  const rejected = secretKey.subarray(2 * SMALL_BYTES + PUBLIC_KEY_BYTES).subarray(0, SMALL_BYTES);
  const numbers = new Uint16Array(P);
  ROUNDED_CODEC.decode(ciphertext, numbers);
  const c = Int16Array.from(numbers, (number) => 3 * number - 2295);
  multiplySmall(c, f, c);
  const e = Int16Array.from(c, (number) => mod(centre(3 * number) + 1, 3) - 1);
  multiplySmall(e, gInverse, e); // below 2295 in size: not reduced by Q, so right by 3 too
  let short = Int8Array.from(e, (number) => mod(number + 1, 3) - 1);
  if (short.reduce((weight, number) => weight + (number & 1), 0) !== WEIGHT) {
    short = new Int8Array(P).fill(1, 0, WEIGHT);
  }
  const isGood = encrypt(short, publicKey).every((byte, i) => byte === ciphertext[i]);
  return deriveSecret(isGood ? 1 : 0, isGood ? encodeSmall(short) : rejected, ciphertext);
}

function makeSmall(random: RandomBytes): Int8Array {
  const bytes = random(4 * P);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Int8Array.from(
    { length: P },
    (_, i) => Math.floor((view.getUint32(4 * i, true) & 0x3fffffff) * 3 / 2 ** 30) - 1,
  );
}

function decodeSmall(bytes: Uint8Array): Int8Array {
  return Int8Array.from({ length: P }, (_, i) => ((bytes[i >> 2]! >> (2 * (i & 3))) & 3) - 1);
}

/** The extended Euclidean algorithm in Z/m[x] with x^p - x - 1. */
function invert(polynomial: number[], m: number): number[] | undefined {
  let a = new Array<number>(P + 1).fill(0);
  a[0] = a[1] = m - 1;
  a[P] = 1;
  let b = polynomial.map((c) => mod(c, m));
  let u: number[] = [];
  let v = [1];
  trim(a);
  trim(b);
  while (b.length > 1) {
    // a, u -= b, v times a monomial, until a is the smaller one.
    const scale = invertNumber(b.at(-1)!, m);
    while (a.length >= b.length) {
      const factor = a.at(-1)! * scale % m;
      const shift = a.length - b.length;
      subtract(a, b, { factor, shift, m });
      subtract(u, v, { factor, shift, m });
    }
    [a, b, u, v] = [b, a, v, u];
  }
  if (b.length === 0) return undefined;
  const scale = invertNumber(b[0]!, m);
  return Array.from({ length: P }, (_, i) => (v[i] ?? 0) * scale % m);
}

function subtract(
  from: number[],
  what: readonly number[],
  { factor, shift, m }: { factor: number; shift: number; m: number },
): void {
  for (let i = 0; i < what.length; i++) {
    from[i + shift] = mod((from[i + shift] ?? 0) - factor * what[i]!, m);
  }
  for (let i = 0; i < from.length; i++) from[i] ??= 0;
  trim(from);
}

function trim(polynomial: number[]): void {
  while (polynomial.at(-1) === 0) polynomial.pop();
}

function invertNumber(number: number, m: number): number {
  let result = 1;
  for (let i = 0; i < m - 2; i++) result = result * number % m;
  return result;
}

function mod(number: number, m: number): number {
  return ((number % m) + m) % m;
}
