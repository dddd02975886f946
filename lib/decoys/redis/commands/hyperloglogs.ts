/**
 * Counts of what is different: HyperLogLogs in their dense form.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Call, Handlers } from "../call.ts";
import { OUT_OF_MEMORY, Refusal } from "../refusal.ts";

/** Registers, bits of each, and bytes in front of them. */
const REGISTERS = 16_384;
const HEADER = "HYLL\0\0\0\0\0\0\0\0\0\0\0\0";
const SEED = 0xadc83b19n;
const MULTIPLIER = 0xc6a4a7935bd1e995n;

/** Commands of HyperLogLogs. */
export const hyperloglogs: Handlers = {
  pfadd: ({ db, argv, out, source }) => {
    const value = db.own(argv[1]!, "string");
    const registers = value === undefined ? new Uint8Array(REGISTERS) : unpack(value.text);
    let isChanged = value === undefined;
    for (const element of argv.slice(2)) {
      const { index, rank } = place(element);
      if (registers[index]! >= rank) continue;
      registers[index] = rank;
      isChanged = true;
    }
    if (isChanged) {
      if (!source.hasRoom(REGISTERS)) throw new Refusal(OUT_OF_MEMORY);
      db.replace(argv[1]!, { type: "string", text: pack(registers), isRaw: true });
    }
    out.integer(isChanged ? 1 : 0);
  },
  pfcount: (call) => call.out.integer(estimate(merged(call, call.argv.slice(1)))),
  pfmerge: (call) => {
    const { db, argv, out, source } = call;
    const registers = merged(call, argv.slice(1));
    if (!source.hasRoom(REGISTERS)) throw new Refusal(OUT_OF_MEMORY);
    db.replace(argv[1]!, { type: "string", text: pack(registers), isRaw: true });
    out.ok();
  },
  pfdebug: ({ db, argv }) => {
    if (db.own(argv[2]!, "string") === undefined) {
      throw new Refusal("ERR The specified key does not exist");
    }
    throw new Refusal(`ERR Unknown PFDEBUG subcommand '${argv[1]}'`);
  },
};

function merged({ db }: Call, keys: readonly string[]): Uint8Array {
  const result = new Uint8Array(REGISTERS);
  for (const key of keys) {
    const value = db.own(key, "string");
    if (value === undefined) continue;
    for (const [i, rank] of unpack(value.text).entries()) result[i] = Math.max(result[i]!, rank);
  }
  return result;
}

function unpack(text: string): Uint8Array {
  if (!text.startsWith("HYLL") || text.length !== HEADER.length + REGISTERS * 6 / 8) {
    throw new Refusal("WRONGTYPE Key is not a valid HyperLogLog string value.");
  }
  const bytes = Buffer.from(text.slice(HEADER.length) + "\0", "latin1");
  return Uint8Array.from({ length: REGISTERS }, (_, i) => {
    const bit = i * 6;
    const pair = bytes[bit >> 3]! | (bytes[(bit >> 3) + 1]! << 8);
    return (pair >> (bit & 7)) & 63;
  });
}

function pack(registers: Uint8Array): string {
  const bytes = Buffer.alloc(REGISTERS * 6 / 8 + 1);
  for (const [i, rank] of registers.entries()) {
    const bit = i * 6;
    const shifted = rank << (bit & 7);
    bytes[bit >> 3]! |= shifted & 0xff;
    bytes[(bit >> 3) + 1]! |= shifted >> 8;
  }
  return HEADER + bytes.subarray(0, -1).toString("latin1");
}

function place(element: string): { index: number; rank: number } {
  const hash = murmur64(element);
  const index = Number(hash & 16_383n);
  let rest = (hash >> 14n) | (1n << 50n);
  let rank = 1;
  while ((rest & 1n) === 0n) {
    rank++;
    rest >>= 1n;
  }
  return { index, rank };
}

/** MurmurHash64A. */
function murmur64(text: string): bigint {
  const mask = 2n ** 64n - 1n;
  const bytes = Buffer.from(text, "latin1");
  let hash = SEED ^ ((BigInt(bytes.length) * MULTIPLIER) & mask);
  const whole = bytes.length - bytes.length % 8;
  for (let at = 0; at < whole; at += 8) {
    let part = (bytes.readBigUInt64LE(at) * MULTIPLIER) & mask;
    part ^= part >> 47n;
    hash ^= (part * MULTIPLIER) & mask;
    hash = (hash * MULTIPLIER) & mask;
  }
  if (whole < bytes.length) {
    for (let at = bytes.length - 1; at >= whole; at--) {
      hash ^= BigInt(bytes[at]!) << BigInt(8 * (at - whole));
    }
    hash = (hash * MULTIPLIER) & mask;
  }
  hash ^= hash >> 47n;
  hash = (hash * MULTIPLIER) & mask;
  return hash ^ (hash >> 47n);
}

/** Ertl's estimate, as Redis has it. */
function estimate(registers: Uint8Array): number {
  const histogram = new Array<number>(64).fill(0);
  for (const rank of registers) histogram[rank]!++;
  let z = REGISTERS * tau((REGISTERS - histogram[51]!) / REGISTERS);
  for (let rank = 50; rank >= 1; rank--) z = (z + histogram[rank]!) * 0.5;
  z += REGISTERS * sigma(histogram[0]! / REGISTERS);
  return Math.round(0.721347520444481703680 * REGISTERS * REGISTERS / z);
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let [x, y, z, before] = [start, 1, 1 - start, NaN];
  while (z !== before) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

function sigma(start: number): number {
  if (start === 1) return Infinity;
  let [x, y, z, before] = [start, 1, start, NaN];
  while (z !== before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}
