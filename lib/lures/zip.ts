/**
 * Archives for lures: ZIP, as `zip` writes small ones (APPNOTE.TXT §4.3).
 *
 * ```text
 * local header, 30 bytes ‖ name ‖ data   for each file
 * central header, 46 bytes ‖ name        for each file
 * end of central directory, 22 bytes
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

/** A file of an archive. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Version 2.0 to take it out; made by 3.0 on Unix. */
const NEEDED = 20;
const MADE_BY = 0x031e;
const DEFLATED = 8;
/** A regular file that its owner may write and all may read. */
const UNIX_MODE = 0o100644;

/**
 * Packs files.
 * @param files their names and contents.
 * @param modifiedMs when all were written, in ms since 1970.
 */
export function zipFiles(files: readonly ZipFile[], modifiedMs: number): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const packed = deflateRawSync(bytes);
    const label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(NEEDED, 0);
    common.writeUInt16LE(DEFLATED, 4);
    common.writeUInt32LE(dosTime(modifiedMs), 6);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([uint32(LOCAL), common, label, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((UNIX_MODE << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([uint32(CENTRAL), uint16(MADE_BY), common, rest, label]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, uint32(END), end]);
}

/** Date and time of MS-DOS, both 16 bits, to two seconds. */
function dosTime(ms: number): number {
  const date = new Date(ms);
  const day = (date.getUTCFullYear() - 1980) << 9 | (date.getUTCMonth() + 1) << 5 |
    date.getUTCDate();
  const time = date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1;
  return (day << 16 | time) >>> 0;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
