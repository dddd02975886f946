/**
 * The client's version line, read as SConnection.cxx of TigerVNC reads it: by sscanf with
 * `RFB %03d.%03d\n`.
 *
 * White space may stand before each number or be missing; a number has up to three characters, a sign
 * among them; what follows it is not looked at.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";

/** Length of the line, in bytes: RFC 6143 §7.1.1. */
export const VERSION_BYTES = 12;

const FORMAT = /^RFB[ \t-\r]*([+-]\d{1,2}|\d{1,3})\.[ \t-\r]*([+-]\d{1,2}|\d{1,3})/;

/** A version of the protocol. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/**
 * Reads it.
 * @param line `VERSION_BYTES` long.
 * @returns `undefined` when it is none.
 */
export function parseVersion(line: Uint8Array): Version | undefined {
  const match = FORMAT.exec(latin1(line).split("\0", 1)[0]!);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/**
 * The version that is spoken with a client of major version 3.
 * @param minor what it asked for.
 */
export function spokenMinor(minor: number): 3 | 7 | 8 {
  if (minor >= 8) return 8;
  return minor === 7 ? 7 : 3;
}
