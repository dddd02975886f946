/**
 * Lengths and sequence numbers, without a reader or writer around them: they are read and written for
 * each packet.
 * @module
 */

/** Bytes of `packet_length` (RFC 4253 §6). */
export const LENGTH_BYTES = 4;

/**
 * Reads a number.
 * @param bytes its first 4 are the number, big-endian.
 */
export function decodeUint32(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

/**
 * Writes a number, big-endian, to the end of what is there.
 * @param bytes at least 4.
 * @param value 0 to 2^32-1.
 */
export function encodeUint32(bytes: Uint8Array, value: number): void {
  const end = bytes.length;
  bytes[end - 4] = value >>> 24;
  bytes[end - 3] = value >>> 16;
  bytes[end - 2] = value >>> 8;
  bytes[end - 1] = value;
}
