/**
 * Multiplication of points of the curve P-521 (FIPS 186-4, D.1.2.5), in slices of about a ms.
 *
 * The runtime has this curve in its newer versions only, and a library's takes 20 ms in one go.
 * Jacobian coordinates, a window of four bits; the field's prime makes reducing a shift and a sum.
 * The time depends on the scalar: it is used once, for the password of whoever attacks a decoy.
 * @module
 */

/** A point that is not at infinity. */
export interface Point {
  /** From 0 to the field's prime less 1. */
  readonly x: bigint;
  /** The same. */
  readonly y: bigint;
}

/** With x = X / Z², y = Y / Z³; at infinity, Z is 0. */
type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];

const P = (1n << 521n) - 1n;
const INFINITY: Jacobian = [1n, 1n, 0n];
const WINDOW_BITS = 4;
/** Windows in a slice: of 131. */
const WINDOWS_PER_SLICE = 24;

/** The base point. */
export const P521_BASE: Point = {
  x: BigInt(
    "0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127" +
      "a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
  ),
  y: BigInt(
    "0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b901" +
      "3fad0761353c7086a272c24088be94769fd16650",
  ),
};

/**
 * Multiplies a point.
 * @param point on the curve.
 * @param scalar from 1 to the order less 1.
 */
export function* multiply(point: Point, scalar: bigint): Generator<void, Point> {
  const table: Jacobian[] = [INFINITY, [point.x, point.y, 1n]];
  for (let i = 2; i < 1 << WINDOW_BITS; i++) table.push(add(table[i - 1]!, table[1]!));
  const digits = scalar.toString(1 << WINDOW_BITS);
  let sum = INFINITY;
  for (let i = 0; i < digits.length; i++) {
    for (let bit = 0; bit < WINDOW_BITS; bit++) sum = double(sum);
    sum = add(sum, table[parseInt(digits[i]!, 1 << WINDOW_BITS)]!);
    if (i % WINDOWS_PER_SLICE === WINDOWS_PER_SLICE - 1) yield;
  }
  yield;
  const z = yield* invert(sum[2]);
  const zz = reduce(z * z);
  return { x: canonical(sum[0] * zz), y: canonical(sum[1] * reduce(zz * z)) };
}

/** Something congruent that is hardly above P; the number has at most 1,060 bits, and no sign. */
function reduce(value: bigint): bigint {
  const folded = (value & P) + (value >> 521n);
  return folded > P ? (folded & P) + (folded >> 521n) : folded;
}

/** The one representative from 0 to P - 1. */
function canonical(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** A difference that is not negative: each has at most 526 bits. */
function minus(a: bigint, b: bigint): bigint {
  return reduce(a + (P << 6n) - b);
}

function double([x, y, z]: Jacobian): Jacobian {
  if (z === 0n) return INFINITY;
  const zz = reduce(z * z);
  const yy = reduce(y * y);
  const xyy = reduce(x * yy);
  const slope = reduce(3n * reduce(minus(x, zz) * reduce(x + zz))); // as a = -3
  const x3 = minus(reduce(slope * slope), xyy << 3n);
  const y3 = minus(reduce(slope * minus(xyy << 2n, x3)), reduce(yy * yy) << 3n);
  return [x3, y3, reduce((y * z) << 1n)];
}

function add(a: Jacobian, b: Jacobian): Jacobian {
  if (a[2] === 0n) return b;
  if (b[2] === 0n) return a;
  const zz1 = reduce(a[2] * a[2]);
  const zz2 = reduce(b[2] * b[2]);
  const u1 = reduce(a[0] * zz2);
  const s1 = reduce(a[1] * reduce(b[2] * zz2));
  const h = canonical(reduce(b[0] * zz1) - u1);
  const r = canonical(reduce(b[1] * reduce(a[2] * zz1)) - s1);
  if (h === 0n) return r === 0n ? double(a) : INFINITY;
  const hh = reduce(h * h);
  const hhh = reduce(h * hh);
  const v = reduce(u1 * hh);
  const x3 = minus(reduce(r * r), hhh + (v << 1n));
  const y3 = minus(reduce(r * minus(v, x3)), reduce(s1 * hhh));
  return [x3, y3, reduce(h * reduce(a[2] * b[2]))];
}

/** The inverse, by Fermat: the power P - 2, which is 519 ones, a zero and a one. */
function* invert(value: bigint): Generator<void, bigint> {
  let power = value;
  for (let i = 1; i < 519; i++) power = reduce(reduce(power * power) * value);
  yield;
  power = reduce(power * power);
  return reduce(reduce(power * power) * value);
}
