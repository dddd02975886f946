/**
 * Case of texts of octets.
 * @module
 */

/**
 * Lower case of ASCII letters alone, as C's tolower has it in the server's locale.
 * @param text from `latin1`.
 */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
