/**
 * Comparing a packet's MAC or AEAD tag.
 * @module
 */

/**
 * Compares without saying by its duration where the first difference is.
 * @param expected what we computed.
 * @param actual what the peer sent.
 * @returns whether all bytes and the lengths are the same.
 */
export function isSameTag(expected: Uint8Array, actual: Uint8Array): boolean {
  if (expected.length !== actual.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ actual[i]!;
  return difference === 0;
}
