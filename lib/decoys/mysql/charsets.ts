/**
 * Names in the character sets of clients, as MariaDB turns them into its own and back.
 *
 * Exact for UTF-8, latin1, ascii and binary. Names of other bytes than ASCII in the others are taken
 * and shown as they are.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { shortLived } from "../../net/slab.ts";

/** How a character set is read. */
type Family = "utf8mb4" | "utf8mb3" | "latin1" | "ascii" | "binary" | "other" | "unusable";

/** A character set of a client. */
export interface CharacterSet {
  readonly name: string;
  readonly family: Family;
}

const UTF8MB4: CharacterSet = { name: "utf8mb4", family: "utf8mb4" };

/** Collations of MariaDB 10.11 with a number below 256, by character set. */
const COLLATIONS: readonly (readonly [name: string, family: Family, numbers: string])[] = [
  ["ascii", "ascii", "11,65"],
  ["binary", "binary", "63"],
  ["latin1", "latin1", "5,8,15,31,47-49,94"],
  ["utf8mb3", "utf8mb3", "33,83,192-215,223"],
  ["filename", "unusable", "17"],
  ["ucs2", "unusable", "35,90,128-151,159"],
  ["utf16", "unusable", "54,55,101-124"],
  ["utf16le", "unusable", "56,62"],
  ["utf32", "unusable", "60,61,160-183"],
  ["armscii8", "other", "32,64"],
  ["big5", "other", "1,84"],
  ["cp1250", "other", "26,34,44,66,99"],
  ["cp1251", "other", "14,23,50-52"],
  ["cp1256", "other", "57,67"],
  ["cp1257", "other", "29,58,59"],
  ["cp850", "other", "4,80"],
  ["cp852", "other", "40,81"],
  ["cp866", "other", "36,68"],
  ["cp932", "other", "95,96"],
  ["dec8", "other", "3,69"],
  ["eucjpms", "other", "97,98"],
  ["euckr", "other", "19,85"],
  ["gb2312", "other", "24,86"],
  ["gbk", "other", "28,87"],
  ["geostd8", "other", "92,93"],
  ["greek", "other", "25,70"],
  ["hebrew", "other", "16,71"],
  ["hp8", "other", "6,72"],
  ["keybcs2", "other", "37,73"],
  ["koi8r", "other", "7,74"],
  ["koi8u", "other", "22,75"],
  ["latin2", "other", "2,9,21,27,77"],
  ["latin5", "other", "30,78"],
  ["latin7", "other", "20,41,42,79"],
  ["macce", "other", "38,43"],
  ["macroman", "other", "39,53"],
  ["sjis", "other", "13,88"],
  ["swe7", "other", "10,82"],
  ["tis620", "other", "18,89"],
  ["ujis", "other", "12,91"],
];

/** Windows-1252, as MySQL's latin1 is, from 0x80 to 0x9f. */
const CP1252 = [0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021]
  .concat([0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f])
  .concat([0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014])
  .concat([0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178]);
const QUESTION_MARK = 0x3f;
/** Controls that messages show as they are. */
const WHITE_SPACE: readonly number[] = [0x09, 0x0a, 0x0d];

const byNumber = new Map<number, CharacterSet>();

/**
 * The character set of a collation.
 * @param number as in a handshake; `undefined` and unknown ones give that of the server.
 */
export function characterSetOf(number: number | undefined): CharacterSet {
  if (byNumber.size === 0) {
    for (const [name, family, numbers] of COLLATIONS) {
      for (const range of numbers.split(",")) {
        const [first, last = first] = range.split("-").map(Number);
        for (let i = first!; i <= last!; i++) byNumber.set(i, { name, family });
      }
    }
  }
  return byNumber.get(number ?? -1) ?? UTF8MB4;
}

/**
 * A name as code points, `?` for each byte that begins no character.
 * @param bytes as sent.
 * @param set of the client.
 * @param maxCharacters what is more is cut.
 */
export function decodeName(
  bytes: Uint8Array,
  { family }: CharacterSet,
  maxCharacters = Infinity,
): number[] {
  const points: number[] = [];
  for (let at = 0; at < bytes.length && points.length < maxCharacters;) {
    const byte = bytes[at]!;
    if (isUtf8(family)) {
      const [point, size] = decodeUtf8(bytes, at, family);
      points.push(point ?? QUESTION_MARK);
      at += size;
      continue;
    }
    at++;
    if (byte < 0x80) points.push(byte);
    else if (family === "ascii") points.push(QUESTION_MARK);
    else if (family === "latin1" && byte < 0xa0) points.push(CP1252[byte - 0x80]!);
    else points.push(byte);
  }
  return points;
}

/**
 * Code points in UTF-8, surrogates too.
 * @param points up to U+FFFF.
 */
export function encodeUtf8(points: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const point of points) {
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  }
  const encoded = shortLived(bytes.length);
  encoded.set(bytes);
  return encoded;
}

/**
 * A name as the server's messages show it to this client.
 * @param points of the name.
 * @param set of the client.
 * @returns one character a byte.
 */
export function showName(points: readonly number[], { family }: CharacterSet): string {
  return points.map((point) => {
    const isControl = point < 0x20 && !WHITE_SPACE.includes(point);
    const isHigh = family !== "other" && point >= 0x7f && point < 0xa0;
    if (isControl || isHigh || (point >= 0xd800 && point < 0xe000)) {
      return "\\" + point.toString(16).toUpperCase().padStart(4, "0");
    }
    if (isUtf8(family) || family === "binary") {
      return point < 0x80 ? String.fromCharCode(point) : latin1(encodeUtf8([point]));
    }
    const at = family === "latin1" ? CP1252.indexOf(point) : -1;
    return String.fromCharCode(at < 0 ? point : 0x80 + at);
  }).join("");
}

/**
 * Whether a text can be turned into the server's own character set.
 * @param bytes as sent.
 * @param set of the client.
 */
export function isConvertible(bytes: Uint8Array, { family }: CharacterSet): boolean {
  if (family === "latin1" || family === "other") return true;
  for (let at = 0; at < bytes.length;) {
    const [point, size] = isUtf8(family) ? decodeUtf8(bytes, at, family) : [undefined, 1];
    if (point === undefined && bytes[at]! >= 0x80) return false;
    at += size;
  }
  return true;
}

function isUtf8(family: Family): boolean {
  return family === "utf8mb3" || family === "utf8mb4";
}

/** A character of at most three bytes, as in MariaDB's utf8mb3, and its length. */
function decodeUtf8(
  bytes: Uint8Array,
  at: number,
  family: Family,
): [point: number | undefined, size: number] {
  const [a, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  const isTail = (byte: number) => (byte & 0xc0) === 0x80;
  if (a! < 0x80) return [a, 1];
  if (a! >= 0xc2 && a! < 0xe0 && isTail(b)) return [((a! & 0x1f) << 6) | (b & 0x3f), 2];
  if (a! >= 0xe0 && a! < 0xf0 && isTail(b) && isTail(c) && (a! > 0xe0 || b >= 0xa0)) {
    return [((a! & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f), 3];
  }
  // A good character of four bytes is one that is not known there.
  const isFour = family === "utf8mb4" && a! >= 0xf0 && a! < 0xf5 && isTail(b) && isTail(c) &&
    isTail(d) &&
    (a! > 0xf0 || b >= 0x90) && (a! < 0xf4 || b < 0x90);
  return [undefined, isFour ? 4 : 1];
}
