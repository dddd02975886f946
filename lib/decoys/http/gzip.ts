/**
 * Compressed bodies in gzip's format (RFC 1952), as the products send them.
 *
 * The deflate stream is ours (zlib's algorithm of another build), so it is as long as the genuine one
 * or nearly so, and not the same byte for byte; the frame around it is the genuine one.
 * @module
 */
import { deflateRawSync } from "node:zlib";

const CRC_TABLE = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * Compresses a body.
 * @param bytes the body.
 * @param extraFlags byte 8 of the header: nginx's level 1 leaves 4, Apache's level 6 leaves 0.
 */
export function gzip(bytes: Uint8Array, extraFlags: 0 | 4): Uint8Array<ArrayBuffer> {
  const deflated = deflateRawSync(bytes, { level: 6 });
  const out = new Uint8Array(10 + deflated.length + 8);
  out.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extraFlags, 3]);
  out.set(deflated, 10);
  const view = new DataView(out.buffer, 10 + deflated.length);
  view.setUint32(0, crc32(bytes), true);
  view.setUint32(4, bytes.length, true);
  return out;
}

/**
 * The checksum of gzip and PNG.
 * @param bytes any.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
