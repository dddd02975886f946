/**
 * Numbers as the server reads and writes them: by C's strtol family, with what may stand behind them.
 * @module
 */

const MAX_64 = 0xffff_ffff_ffff_ffffn;

/** Leading white space, a sign and digits; then the end, or white space before anything else. */
const NUMBER = /^[\t-\r ]*([+-]?)0*(\d+)(?=$|[\t-\r ])/;
/** More digits than the largest number has. */
const TOO_MANY_DIGITS = 21;

/**
 * A signed number of 32 bits.
 * @param text from `latin1`.
 * @returns `undefined` when it is none.
 */
export function parseInt32(text: string): number | undefined {
  const match = NUMBER.exec(text);
  if (match === null || match[2]!.length >= TOO_MANY_DIGITS) return undefined;
  const value = BigInt(match[2]!) * (match[1] === "-" ? -1n : 1n);
  if (value > 0x7fff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) return undefined;
  return Number(BigInt.asIntN(32, value));
}

/**
 * An unsigned number of 32 bits; a larger one is cut off, as the server does.
 * @param text from `latin1`.
 * @returns `undefined` when it is none.
 */
export function parseUint32(text: string): number | undefined {
  const value = parseUint64(text);
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

/**
 * An unsigned number of 64 bits. One with a minus is none, unless it wraps round to a small one.
 * @param text from `latin1`.
 * @returns `undefined` when it is none.
 */
export function parseUint64(text: string): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null || match[2]!.length >= TOO_MANY_DIGITS) return undefined;
  const magnitude = BigInt(match[2]!);
  if (magnitude > MAX_64) return undefined;
  const value = match[1] === "-" ? BigInt.asUintN(64, -magnitude) : magnitude;
  // What looks negative as a signed number is refused when it was written with a minus.
  return value >> 63n === 1n && text.includes("-") ? undefined : value;
}
