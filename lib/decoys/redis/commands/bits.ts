/**
 * Commands on single bits of strings.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import { bigArgument, intArgument, OUT_OF_MEMORY, Refusal, SYNTAX } from "../refusal.ts";

const BAD_OFFSET = "ERR bit offset is not an integer or out of range";
/** Bits of the longest string. */
const MAX_BITS = 4_294_967_296;

/** Commands on bits. */
export const bits: Handlers = {
  setbit: ({ db, argv, out, source }) => {
    const at = offsetArgument(argv[2]!);
    const bit = intArgument(argv[3], "ERR bit is not an integer or out of range");
    if (bit !== 0 && bit !== 1) throw new Refusal("ERR bit is not an integer or out of range");
    const text = db.own(argv[1]!, "string")?.text ?? "";
    const size = Math.max(text.length, (at >>> 3) + 1, Math.floor(at / 8) + 1);
    if (!source.hasRoom(size)) throw new Refusal(OUT_OF_MEMORY);
    out.integer(bitAt(text, at));
    const padded = text.padEnd(size, "\0");
    const index = Math.floor(at / 8);
    const mask = 0x80 >> (at % 8);
    const byte = padded.charCodeAt(index);
    const changed = String.fromCharCode(bit === 1 ? byte | mask : byte & ~mask);
    const next = padded.slice(0, index) + changed + padded.slice(index + 1);
    db.replace(argv[1]!, { type: "string", text: next, isRaw: true });
  },
  getbit: ({ db, argv, out }) => {
    const at = offsetArgument(argv[2]!);
    out.integer(bitAt(db.get(argv[1]!, "string")?.text ?? "", at));
  },
  bitcount: ({ db, argv, out }) => {
    if (argv.length === 3 || argv.length > 5) throw new Refusal(SYNTAX);
    const range = argv.length > 3 ? rangeOf(argv, 2) : undefined;
    const text = db.get(argv[1]!, "string")?.text ?? "";
    const [from, to] = clamp(range, text.length);
    let sum = 0;
    for (let at = from; at <= to; at++) sum += bitAt(text, at);
    out.integer(sum);
  },
  bitpos: ({ db, argv, out }) => {
    const bit = intArgument(argv[2], "ERR The bit argument must be 1 or 0.");
    if (bit !== 0 && bit !== 1) throw new Refusal("ERR The bit argument must be 1 or 0.");
    if (argv.length > 6) throw new Refusal(SYNTAX);
    const range = argv.length > 3 ? rangeOf(argv, 3) : undefined;
    const value = db.get(argv[1]!, "string");
    if (value === undefined) return out.integer(bit === 1 ? -1 : 0);
    const { text } = value;
    const [from, to] = clamp(range, text.length);
    for (let at = from; at <= to; at++) if (bitAt(text, at) === bit) return out.integer(at);
    // Behind the string there are zeros, unless an end was given.
    out.integer(bit === 0 && from <= to && argv.length < 5 ? to + 1 : -1);
  },
  bitop: ({ db, argv, out, source }) => {
    const how = lower(argv[1]!);
    if (!/^(?:and|or|xor|not)$/.test(how)) throw new Refusal(SYNTAX);
    if (how === "not" && argv.length !== 4) {
      throw new Refusal("ERR BITOP NOT must be called with a single source key.");
    }
    const texts = argv.slice(3).map((key) => db.get(key, "string")?.text ?? "");
    const size = Math.max(...texts.map(({ length }) => length));
    if (!source.hasRoom(size)) throw new Refusal(OUT_OF_MEMORY);
    const bytes = Array.from({ length: size }, (_, at) => {
      const values = texts.map((text) => text.charCodeAt(at) || 0);
      if (how === "not") return ~values[0]! & 0xff;
      return values.reduce((a, b) => how === "and" ? a & b : how === "or" ? a | b : a ^ b);
    });
    if (size === 0) db.delete(argv[2]!);
    else {
      const text = bytes.map((byte) => String.fromCharCode(byte)).join("");
      db.put(argv[2]!, { type: "string", text, isRaw: true });
    }
    out.integer(size);
  },
  bitfield: (call) => bitfield(call, false),
  bitfield_ro: (call) => bitfield(call, true),
};

function bitAt(text: string, at: number): number {
  const byte = text.charCodeAt(Math.floor(at / 8)) || 0;
  return (byte >> (7 - at % 8)) & 1;
}

function offsetArgument(text: string): number {
  const at = intArgument(text, BAD_OFFSET);
  if (at < 0 || at >= MAX_BITS) throw new Refusal(BAD_OFFSET);
  return at;
}

interface BitRange {
  readonly start: number;
  readonly end: number;
  readonly isBits: boolean;
}

function rangeOf(argv: readonly string[], at: number): BitRange {
  const start = intArgument(argv[at]);
  const end = argv[at + 1] === undefined ? -1 : intArgument(argv[at + 1]);
  const unit = lower(argv[at + 2] ?? "byte");
  if (unit !== "byte" && unit !== "bit") throw new Refusal(SYNTAX);
  return { start, end, isBits: unit === "bit" };
}

/** First and last bit of a range. */
function clamp(range: BitRange | undefined, bytes: number): [number, number] {
  if (range === undefined) return [0, bytes * 8 - 1];
  const size = range.isBits ? bytes * 8 : bytes;
  if (range.start < 0 && range.end < 0 && range.start > range.end) return [0, -1];
  const start = range.start < 0 ? Math.max(0, size + range.start) : range.start;
  const end = Math.min(size - 1, range.end < 0 ? Math.max(0, size + range.end) : range.end);
  return range.isBits ? [start, end] : [start * 8, end * 8 + 7];
}

interface FieldType {
  readonly isSigned: boolean;
  readonly width: number;
}

interface FieldStep extends FieldType {
  readonly what: string;
  readonly at: number;
  readonly value: bigint;
  readonly overflow: string;
}

function bitfield({ db, argv, out, source }: Call, isReadOnly: boolean): void {
  const steps: FieldStep[] = [];
  let overflow = "wrap";
  for (let i = 2; i < argv.length;) {
    const what = lower(argv[i]!);
    const left = argv.length - i - 1;
    if (what === "overflow" && left >= 1) {
      overflow = lower(argv[i + 1]!);
      if (!/^(?:wrap|sat|fail)$/.test(overflow)) {
        throw new Refusal("ERR Invalid OVERFLOW type specified");
      }
      i += 2;
      continue;
    }
    const words = what === "get" ? 2 : what === "set" || what === "incrby" ? 3 : 99;
    if (left < words) throw new Refusal(SYNTAX);
    const type = typeArgument(argv[i + 1]!);
    const offset = argv[i + 2]!;
    const isTimes = offset.startsWith("#");
    const at = intArgument(isTimes ? offset.slice(1) : offset, BAD_OFFSET) *
      (isTimes ? type.width : 1);
    if (at < 0 || at + type.width > MAX_BITS) throw new Refusal(BAD_OFFSET);
    if (isReadOnly && what !== "get") {
      throw new Refusal("ERR BITFIELD_RO only supports the GET subcommand");
    }
    const value = what === "get" ? 0n : bigArgument(argv[i + 3]);
    steps.push({ what, ...type, at, value, overflow });
    i += words + 1;
  }
  let text = db.own(argv[1]!, "string")?.text ?? "";
  const writes = steps.filter(({ what }) => what !== "get");
  const size = Math.max(0, ...writes.map(({ at, width }) => Math.ceil((at + width) / 8)));
  if (size > 0 && !source.hasRoom(size)) throw new Refusal(OUT_OF_MEMORY);
  text = text.padEnd(size, "\0");
  out.array(steps.length);
  for (const step of steps) {
    const before = readField(text, step);
    if (step.what === "get") {
      out.integer(before);
      continue;
    }
    const next = settle(step.what === "set" ? step.value : before + step.value, step);
    if (next === undefined) {
      out.null();
      continue;
    }
    text = writeField(text, step, next);
    out.integer(step.what === "set" ? before : next);
  }
  if (writes.length > 0) db.replace(argv[1]!, { type: "string", text, isRaw: true });
}

function typeArgument(text: string): FieldType {
  const match = /^([iu])([1-9]\d?)$/.exec(text);
  const isSigned = match?.[1] === "i";
  const width = Number(match?.[2] ?? 99);
  if (width > (isSigned ? 64 : 63)) {
    throw new Refusal(
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
    );
  }
  return { isSigned, width };
}

function readField(text: string, { at, width, isSigned }: FieldStep): bigint {
  let value = 0n;
  for (let i = 0; i < width; i++) value = value * 2n + BigInt(bitAt(text, at + i));
  return isSigned ? BigInt.asIntN(width, value) : value;
}

function writeField(text: string, { at, width }: FieldStep, value: bigint): string {
  const first = Math.floor(at / 8);
  const last = Math.floor((at + width - 1) / 8);
  const bytes = Array.from({ length: last - first + 1 }, (_, i) => text.charCodeAt(first + i));
  for (let i = 0; i < width; i++) {
    const bit = Number((value >> BigInt(width - 1 - i)) & 1n);
    const index = Math.floor((at + i) / 8) - first;
    const mask = 0x80 >> ((at + i) % 8);
    bytes[index] = bit === 1 ? bytes[index]! | mask : bytes[index]! & ~mask;
  }
  return text.slice(0, first) + String.fromCharCode(...bytes) + text.slice(last + 1);
}

/** What a value becomes that does not fit. */
function settle(value: bigint, { isSigned, width, overflow }: FieldStep): bigint | undefined {
  const most = isSigned ? 2n ** BigInt(width - 1) - 1n : 2n ** BigInt(width) - 1n;
  const least = isSigned ? -(2n ** BigInt(width - 1)) : 0n;
  if (value >= least && value <= most) return value;
  if (overflow === "fail") return undefined;
  if (overflow === "sat") return value > most ? most : least;
  return isSigned ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}
