/**
 * SHA-1 (RFC 3174) of a short message, for Community IDs.
 *
 * Every connection needs one, of 16 or 40 bytes. The runtime's hash costs several µs to set up each
 * time, which under a flood is more than all the rest of an event.
 * @module
 */

/** Longest message that fits one block with its padding, in bytes. */
export const MAX_SHORT_BYTES = 55;

const block = new Uint8Array(64);
const view = new DataView(block.buffer);
const schedule = new Int32Array(80);

/**
 * Hashes a message of at most `MAX_SHORT_BYTES`.
 * @param message the bytes.
 * @param digest takes the 20 bytes; a new array when absent.
 * @returns it.
 * @throws {RangeError} when the message is longer.
 */
export function sha1Short(
  message: Uint8Array,
  digest: Uint8Array<ArrayBuffer> = new Uint8Array(20),
): Uint8Array<ArrayBuffer> {
  const { length } = message;
  if (length > MAX_SHORT_BYTES) {
    throw new RangeError(`Cannot hash ${length} bytes at once, must be at most ${MAX_SHORT_BYTES}`);
  }
  block.fill(0);
  block.set(message);
  block[length] = 0x80;
  view.setUint32(60, length * 8);
  for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(t * 4);
  for (let t = 16; t < 80; t++) {
    const mixed = schedule[t - 3]! ^ schedule[t - 8]! ^ schedule[t - 14]! ^ schedule[t - 16]!;
    schedule[t] = (mixed << 1) | (mixed >>> 31);
  }
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = 0xc3d2e1f0 | 0;
  for (let t = 0; t < 80; t++) {
    // One of four functions and constants; all sums are kept to 32 bits, which is what makes it fast.
    let f = 0;
    if (t < 20) f = (((b & c) | (~b & d)) + 0x5a827999) | 0;
    else if (t < 40) f = ((b ^ c ^ d) + 0x6ed9eba1) | 0;
    else if (t < 60) f = (((b & c) | (b & d) | (c & d)) + (0x8f1bbcdc | 0)) | 0;
    else f = ((b ^ c ^ d) + (0xca62c1d6 | 0)) | 0;
    const next = (((((a << 5) | (a >>> 27)) + f) | 0) + ((e + schedule[t]!) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  putInt32(digest, 0, a + 0x67452301);
  putInt32(digest, 4, b + 0xefcdab89);
  putInt32(digest, 8, c + 0x98badcfe);
  putInt32(digest, 12, d + 0x10325476);
  putInt32(digest, 16, e + 0xc3d2e1f0);
  return digest;
}

/** The lowest 32 bits of a number, big end first. */
function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
