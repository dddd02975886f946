/**
 * Sums of numbers as the genuine server's long double has them: 64 bits of precision, printed with 17
 * digits behind the point but for those that are zero at the end.
 * @module
 */

/** Bits of a long double's fraction. */
const PRECISION_BITS = 64;
/** Digits behind the point. */
const DIGITS = 17n;
/** Largest exponent of ten that is worked with: a long double has more. */
const MAX_EXPONENT = 400;

/** A number: `mantissa * 2^exponent`. */
interface Binary {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/**
 * Adds two numbers.
 * @param a decimal text, such as `-1.5e3`.
 * @param b likewise.
 * @returns nothing when one is infinite, or the sum too large.
 */
export function addDecimals(a: string, b: string): string | undefined {
  const [x, y] = [parse(a), parse(b)];
  if (x === undefined || y === undefined) return undefined;
  const exponent = Math.min(x.exponent, y.exponent);
  const sum = shift(x.mantissa, x.exponent - exponent) + shift(y.mantissa, y.exponent - exponent);
  const rounded = round(sum, 1n);
  return format({ mantissa: rounded.mantissa, exponent: rounded.exponent + exponent });
}

function shift(value: bigint, bits: number): bigint {
  return value << BigInt(bits);
}

function parse(text: string): Binary | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) {
    const hex = /^([+-]?)0x([0-9a-f]+)$/i.exec(text);
    if (hex === null) return undefined;
    const value = BigInt(`0x${hex[2]}`);
    return round(hex[1] === "-" ? -value : value, 1n);
  }
  const [, sign, whole = "", rest = "", exponent = "0"] = match;
  const digits = BigInt((whole + rest) || "0") * (sign === "-" ? -1n : 1n);
  const power = Number(exponent) - rest.length;
  if (Math.abs(Number(exponent)) > MAX_EXPONENT || rest.length > MAX_EXPONENT) {
    return Number(exponent) > 0 && digits !== 0n ? undefined : { mantissa: 0n, exponent: 0 };
  }
  return power >= 0
    ? round(digits * 10n ** BigInt(power), 1n)
    : round(digits, 10n ** BigInt(-power));
}

/** A fraction with as many bits as a long double keeps, the even one of two as near. */
function round(numerator: bigint, denominator: bigint): Binary {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 };
  const isNegative = numerator < 0n;
  let top = isNegative ? -numerator : numerator;
  let exponent = bitsOf(top) - bitsOf(denominator) - PRECISION_BITS;
  let bottom = denominator;
  if (exponent < 0) top <<= BigInt(-exponent);
  else bottom <<= BigInt(exponent);
  let mantissa = divide(top, bottom);
  if (bitsOf(mantissa) > PRECISION_BITS) {
    exponent++;
    mantissa = divide(top, bottom * 2n);
  }
  return { mantissa: isNegative ? -mantissa : mantissa, exponent };
}

function bitsOf(value: bigint): number {
  return value.toString(2).length;
}

/** Division of what is not negative, to the nearest, the even one of two as near. */
function divide(top: bigint, bottom: bigint): bigint {
  const whole = top / bottom;
  const twice = (top % bottom) * 2n;
  if (twice < bottom || (twice === bottom && whole % 2n === 0n)) return whole;
  return whole + 1n;
}

function format({ mantissa, exponent }: Binary): string {
  const isNegative = mantissa < 0n;
  const scaled = (isNegative ? -mantissa : mantissa) * 10n ** DIGITS;
  const value = exponent >= 0
    ? scaled << BigInt(exponent)
    : divide(scaled, 1n << BigInt(-exponent));
  const width = Number(DIGITS);
  const digits = String(value).padStart(width + 1, "0");
  const rest = digits.slice(-width).replace(/0+$/, "");
  const text = digits.slice(0, -width) + (rest === "" ? "" : `.${rest}`);
  return isNegative && value !== 0n ? `-${text}` : text;
}
