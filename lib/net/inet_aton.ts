/**
 * IPv4 addresses in all the forms that C libraries take for one.
 * @module
 */

/**
 * Reads an address as inet_aton(3) does: one to four parts, decimal, octal or hexadecimal.
 * @param text without anything around it.
 * @returns four bytes; `undefined` when it is none.
 * @example
 * ```ts
 * import { parseInetAton } from "./inet_aton.ts";
 * console.assert(parseInetAton("0x7f.1")?.join(".") === "127.0.0.1");
 * ```
 */
export function parseInetAton(text: string): Uint8Array | undefined {
  if (!/^(?:0[xX][0-9a-fA-F]+|\d+)(?:\.(?:0[xX][0-9a-fA-F]+|\d+)){0,3}$/.test(text)) {
    return undefined;
  }
  const parts = text.split(".").map(parsePart);
  const last = parts.pop()!;
  const isInRange = parts.every((part) => part <= 255) && last < 256 ** (4 - parts.length);
  if (!isInRange) return undefined; // so is a part that is no number
  let value = last;
  for (const [i, part] of parts.entries()) value += part * 256 ** (3 - i);
  return new Uint8Array([24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256));
}

function parsePart(part: string): number {
  if (/^0x/i.test(part)) return parseInt(part, 16);
  if (!/^0\d/.test(part)) return Number(part);
  return /^[0-7]+$/.test(part) ? parseInt(part, 8) : NaN;
}
