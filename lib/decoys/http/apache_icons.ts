/**
 * The little pictures of Apache's lists of directories: of our own drawing, in the genuine size, under
 * the genuine names, as old as the package.
 *
 * GIF89a (header, screen with 4 colours, a transparent first colour, one image). The LZW codes are of
 * three bits, and the table is cleared before it could grow.
 * @module
 */
import { SiteFile } from "./site.ts";

const WIDTH = 20;
const HEIGHT = 22;
/** When Debian built apache2-data 2.4.71, in ms since 1970. */
const BUILT_MS = Date.UTC(2026, 10, 9, 3, 7, 5);
/** Transparent, ink, paper, and one more for each picture. */
const INK = 1;
const PAPER = 2;
const TINT = 3;

/** Which colour a pixel has. */
type Drawing = (x: number, y: number) => number;

const sheet: Drawing = (x, y) => {
  if (x < 3 || x > 16 || y < 1 || y > 20) return 0;
  return x === 3 || x === 16 || y === 1 || y === 20 ? INK : PAPER;
};
const inside = (x: number, y: number) => x > 4 && x < 15 && y > 3 && y < 18;

const DRAWINGS: Readonly<Record<string, readonly [tint: string, drawing: Drawing]>> = {
  blank: ["\x99\x99\x99", () => 0],
  back: ["\x33\x66\xcc", (x, y) => {
    const isHead = x > 2 && x < 9 && Math.abs(y - 11) < x - 2;
    return isHead || (x > 7 && x < 17 && Math.abs(y - 11) < 2) ? TINT : 0;
  }],
  folder: ["\xff\xcc\x66", (x, y) => {
    const isTab = x > 1 && x < 9 && y > 3 && y < 7;
    const isBody = x > 1 && x < 18 && y > 5 && y < 18;
    if (!isTab && !isBody) return 0;
    return x === 2 || x === 17 || y === 17 || y === 6 ? INK : TINT;
  }],
  text: ["\x33\x66\xcc", (x, y) => inside(x, y) && y % 3 === 1 ? TINT : sheet(x, y)],
  layout: ["\xcc\x66\x33", (x, y) => inside(x, y) && (y < 7 || x < 8) ? TINT : sheet(x, y)],
  image2: ["\x33\x99\x66", (x, y) => inside(x, y) && y - 5 > Math.abs(x - 10) ? TINT : sheet(x, y)],
  unknown: ["\x99\x99\x99", (x, y) => {
    const isHook = Math.abs(Math.hypot(x - 9.5, y - 7.5) - 3) < 0.8 && (y < 8 || x > 10);
    const isStem = (x === 9 || x === 10) && (y === 11 || y === 12 || y === 15);
    return isHook || isStem ? TINT : sheet(x, y);
  }],
};

/** The pictures by path. */
export function apacheIcons(): Map<string, SiteFile> {
  return new Map(
    Object.entries(DRAWINGS).map(([name, [tint, drawing]]) => {
      const path = `/icons/${name}.gif`;
      return [path, new SiteFile(path, encodeGif(tint, drawing), BUILT_MS)] as const;
    }),
  );
}

function encodeGif(tint: string, drawing: Drawing): Uint8Array<ArrayBuffer> {
  const colours = "\xff\xff\xff\x33\x33\x33\xff\xff\xff" + tint;
  const head = `GIF89a${word(WIDTH)}${word(HEIGHT)}\x91\x00\x00${colours}` +
    "\x21\xf9\x04\x01\x00\x00\x00\x00" +
    `\x2c${word(0)}${word(0)}${word(WIDTH)}${word(HEIGHT)}\x00\x02`;
  const codes: number[] = [];
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    if (at % 2 === 0) codes.push(4); // clear
    codes.push(drawing(at % WIDTH, Math.floor(at / WIDTH)));
  }
  codes.push(5); // end
  const data = packCodes(codes);
  let blocks = "";
  for (let at = 0; at < data.length; at += 255) {
    const block = data.slice(at, at + 255);
    blocks += String.fromCharCode(block.length, ...block);
  }
  return Uint8Array.from(`${head}${blocks}\x00\x3b`, (character) => character.charCodeAt(0));
}

/** Three bits each, the lowest first. */
function packCodes(codes: readonly number[]): number[] {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const code of codes) {
    held |= code << bits;
    bits += 3;
    if (bits >= 8) {
      bytes.push(held & 0xff);
      held >>= 8;
      bits -= 8;
    }
  }
  return [...bytes, held & 0xff];
}

/** Two bytes, the lower first. */
function word(value: number): string {
  return String.fromCharCode(value & 0xff, value >> 8);
}
