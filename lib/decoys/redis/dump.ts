/**
 * DUMP's form of a value: the type, the value as in an RDB file, the version, and a checksum.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { formatDouble, parseInteger } from "./refusal.ts";
import type { Value } from "./values.ts";

/** Version of RDB files: Redis 7.0. */
const VERSION = 10;
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;
let table: BigUint64Array | undefined;

/**
 * A value as DUMP gives it, in forms that every server reads.
 * @returns nothing for a stream.
 */
export function dumpValue(value: Value): string | undefined {
  const body = bodyOf(value);
  if (body === undefined) return undefined;
  const text = `${body}${String.fromCharCode(VERSION)}\0`;
  return text + checksum(text);
}

/** Whether a dump is whole and not newer than this server. */
export function isWholeDump(text: string): boolean {
  if (text.length < 10) return false;
  const version = text.charCodeAt(text.length - 10) + 256 * text.charCodeAt(text.length - 9);
  const sum = text.slice(-8);
  return version <= VERSION && (sum === "\0".repeat(8) || sum === checksum(text.slice(0, -8)));
}

/**
 * A value of a dump.
 * @param text that `isWholeDump` takes.
 * @returns nothing for what is no plain string: packed forms are not read.
 */
export function readDump(text: string): Value | undefined {
  if (text.charCodeAt(0) !== 0) return undefined;
  const string = readString(text.slice(1, -10));
  return string === undefined ? undefined : { type: "string", text: string };
}

function readString(text: string): string | undefined {
  const head = text.charCodeAt(0);
  if (head < 0x40) return text.length === head + 1 ? text.slice(1) : undefined;
  if (head < 0x80) {
    const length = (head & 63) * 256 + text.charCodeAt(1);
    return text.length === length + 2 ? text.slice(2) : undefined;
  }
  const view = new DataView(new Uint8Array(latin1Bytes(text)).buffer);
  if (head === 0x80 && text.length >= 5) {
    return text.length === view.getUint32(1) + 5 ? text.slice(5) : undefined;
  }
  if (head === 0xc0 && text.length === 2) return String(view.getInt8(1));
  if (head === 0xc1 && text.length === 3) return String(view.getInt16(1, true));
  if (head === 0xc2 && text.length === 5) return String(view.getInt32(1, true));
  return undefined;
}

function bodyOf(value: Value): string | undefined {
  switch (value.type) {
    case "string":
      return `\0${string(value.text)}`;
    case "list":
      return `\x01${length(value.items.length)}${value.items.map(string).join("")}`;
    case "set":
      return `\x02${length(value.members.size)}${[...value.members].map(string).join("")}`;
    case "zset": {
      const rows = [...value.scores].map(([member, score]) => {
        const text = formatDouble(score);
        return string(member) + String.fromCharCode(text.length) + text;
      });
      return `\x03${length(rows.length)}${rows.join("")}`;
    }
    case "hash": {
      const rows = [...value.fields].map(([field, text]) => string(field) + string(text));
      return `\x04${length(rows.length)}${rows.join("")}`;
    }
    default:
      return undefined;
  }
}

function length(count: number): string {
  if (count < 64) return String.fromCharCode(count);
  if (count < 16_384) return String.fromCharCode(0x40 | (count >> 8), count & 255);
  return String.fromCharCode(
    0x80,
    count >>> 24,
    (count >> 16) & 255,
    (count >> 8) & 255,
    count & 255,
  );
}

/** A string; small numbers in short. */
function string(text: string): string {
  const number = text.length <= 11 ? parseInteger(text) : undefined;
  if (number !== undefined) {
    const [value, low] = [Number(number), Number(number) & 255];
    const bytes = [low, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
    if (value >= -128 && value < 128) return String.fromCharCode(0xc0, low);
    if (value >= -32_768 && value < 32_768) return String.fromCharCode(0xc1, ...bytes.slice(0, 2));
    if (value >= -(2 ** 31) && value < 2 ** 31) return String.fromCharCode(0xc2, ...bytes);
  }
  return length(text.length) + text;
}

/** CRC-64 of Jones, lowest byte first. */
function checksum(text: string): string {
  table ??= BigUint64Array.from({ length: 256 }, (_, i) => {
    let sum = BigInt(i);
    for (let bit = 0; bit < 8; bit++) {
      sum = (sum & 1n) === 1n ? (sum >> 1n) ^ POLYNOMIAL : sum >> 1n;
    }
    return sum;
  });
  let sum = 0n;
  for (let i = 0; i < text.length; i++) {
    sum = table[Number((sum ^ BigInt(text.charCodeAt(i))) & 255n)]! ^ (sum >> 8n);
  }
  let bytes = "";
  for (let i = 0; i < 8; i++) bytes += String.fromCharCode(Number((sum >> BigInt(8 * i)) & 255n));
  return bytes;
}
