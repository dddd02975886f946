/**
 * A name and its token, as whoever logs in has them.
 * @module
 */

/** By what somebody logs in. */
export interface Credentials {
  readonly name: string;
  readonly token: string;
}

/**
 * Whether a text can be a name: 1 to 64 letters, digits, dots, dashes and underscores.
 * @param name the text.
 */
export function isTokenName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name);
}

/**
 * Reads the line of a token file.
 * @param text `NAME TOKEN`.
 * @returns `undefined` when it is something else.
 */
export function parseCredentials(text: string): Credentials | undefined {
  const match = /^\s*([A-Za-z0-9_.-]{1,64})\s+([A-Za-z0-9_-]{16,128})\s*$/.exec(text);
  return match === null ? undefined : { name: match[1]!, token: match[2]! };
}
