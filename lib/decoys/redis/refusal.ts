/**
 * Errors that a command is answered with, and the numbers that arguments must be.
 * @module
 */

/**
 * Ends a command with an error: nothing was answered or changed before. No `Error`, whose stack costs
 * more than the whole command, and tells nothing: peers cause it.
 */
export class Refusal {
  /** @param message code and words, such as `ERR syntax error`. */
  constructor(readonly message: string) {}
}

/** Errors that many commands have. */
export const SYNTAX = "ERR syntax error";
export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
export const NOT_INTEGER = "ERR value is not an integer or out of range";
export const NOT_FLOAT = "ERR value is not a valid float";
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";

const MAX_INT64 = 9_223_372_036_854_775_807n;
const MIN_INT64 = -9_223_372_036_854_775_808n;

/**
 * A 64-bit number as string2ll takes it.
 * @returns nothing for anything else.
 */
export function parseInteger(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > MAX_INT64 || value < MIN_INT64 ? undefined : value;
}

/**
 * A 64-bit argument.
 * @throws {Refusal} with `complaint`.
 */
export function bigArgument(text: string | undefined, complaint = NOT_INTEGER): bigint {
  const value = parseInteger(text ?? "");
  if (value === undefined) throw new Refusal(complaint);
  return value;
}

/**
 * A 64-bit argument as a number: lengths and positions, for which what is lost does not matter.
 * @throws {Refusal} with `complaint`.
 */
export function intArgument(text: string | undefined, complaint = NOT_INTEGER): number {
  return Number(bigArgument(text, complaint));
}

/**
 * An argument in a range.
 * @throws {Refusal} with `complaint` for anything else.
 */
export function rangeArgument(
  text: string | undefined,
  { min, max = Number.MAX_SAFE_INTEGER, complaint }: {
    min: number;
    max?: number;
    complaint: string;
  },
): number {
  const value = intArgument(text, complaint);
  if (value < min || value > max) throw new Refusal(complaint);
  return value;
}

/**
 * How many of something, of either sign.
 * @throws {Refusal} when it is no number, or the one that has no opposite.
 */
export function countArgument(text: string | undefined): number {
  const value = bigArgument(text);
  if (value !== MIN_INT64) return Number(value);
  throw new Refusal(
    `ERR value is out of range, value must between ${-MAX_INT64} and ${MAX_INT64}`,
  );
}

/** Whether a result fits 64 bits. */
export function fits(value: bigint): boolean {
  return value <= MAX_INT64 && value >= MIN_INT64;
}

/**
 * A number with a point, as strtod takes it; hexadecimal ones too.
 * @returns nothing for anything else, NaN among it.
 */
export function parseFloatText(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  const hex = /^([+-]?)0x([0-9a-f]+)$/i.exec(text);
  return hex === null ? undefined : (hex[1] === "-" ? -1 : 1) * parseInt(hex[2]!, 16);
}

/**
 * A number with a point.
 * @throws {Refusal} with `complaint`.
 */
export function floatArgument(text: string | undefined, complaint = NOT_FLOAT): number {
  const value = parseFloatText(text ?? "");
  if (value === undefined) throw new Refusal(complaint);
  return value;
}

/** A score as printf's `%.17g` writes it, without what is not needed. */
export function formatDouble(value: number): string {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e17) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const [digits, exponent] = value.toExponential(16).split("e") as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 17) {
    const mantissa = digits.replace(/\.?0+$/, "");
    const sign = power < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const fixed = value.toFixed(Math.min(100, Math.max(0, 16 - power)));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}
