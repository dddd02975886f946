/**
 * Commands on strings.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { expiryArgument } from "../expiry.ts";
import { addDecimals } from "../decimal.ts";
import { lower } from "../octets.ts";
import {
  bigArgument,
  fits,
  floatArgument,
  intArgument,
  OUT_OF_MEMORY,
  parseFloatText,
  parseInteger,
  Refusal,
  SYNTAX,
} from "../refusal.ts";
import type { StringValue } from "../values.ts";

/** Longest string that the server takes: `proto-max-bulk-len`. */
const MAX_STRING_BYTES = 536_870_912;
const TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
/** Most work of LCS: both lengths multiplied. */
const MAX_LCS_STEPS = 4_000_000;

/** Commands on strings. */
export const strings: Handlers = {
  get: ({ db, argv, out }) => out.bulkOrNull(db.get(argv[1]!, "string")?.text),
  set,
  setnx: ({ db, argv, out }) => {
    const isNew = db.peek(argv[1]!) === undefined;
    if (isNew) db.put(argv[1]!, { type: "string", text: argv[2]! });
    out.integer(isNew ? 1 : 0);
  },
  setex: (call) => setWithTime(call, "ex"),
  psetex: (call) => setWithTime(call, "px"),
  getset: ({ db, argv, out }) => {
    const before = db.get(argv[1]!, "string");
    const text = before?.text;
    db.put(argv[1]!, { type: "string", text: argv[2]! });
    out.bulkOrNull(text);
  },
  getdel: ({ db, argv, out }) => {
    const before = db.get(argv[1]!, "string");
    out.bulkOrNull(before?.text);
    if (before !== undefined) db.delete(argv[1]!);
  },
  getex: ({ db, argv, out, nowMs, facts }) => {
    let expiresAtMs: number | undefined;
    let isPersist = false;
    for (let i = 2; i < argv.length; i++) {
      const option = lower(argv[i]!);
      if (option === "persist" && argv.length === 3) isPersist = true;
      else if (TIMES.has(option) && i + 1 < argv.length && expiresAtMs === undefined) {
        expiresAtMs = expiryArgument(argv[++i]!, { unit: option, nowMs, command: facts.name });
      } else throw new Refusal(SYNTAX);
    }
    const value = db.get(argv[1]!, "string");
    out.bulkOrNull(value?.text);
    const entry = db.peek(argv[1]!);
    if (entry === undefined) return;
    if (isPersist) entry.expiresAtMs = undefined;
    if (expiresAtMs !== undefined) {
      entry.expiresAtMs = expiresAtMs;
      db.peek(argv[1]!);
    }
  },
  mget: ({ db, argv, out }) => {
    out.array(argv.length - 1);
    for (const key of argv.slice(1)) {
      const value = db.read(key)?.value;
      out.bulkOrNull(value?.type === "string" ? value.text : undefined);
    }
  },
  mset: (call) => {
    pairs(call);
    call.out.ok();
  },
  msetnx: (call) => {
    const { argv, db, out } = call;
    checkPairs(call);
    for (let i = 1; i < argv.length; i += 2) {
      if (db.peek(argv[i]!) !== undefined) return out.integer(0);
    }
    pairs(call);
    out.integer(1);
  },
  append: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "string");
    const text = (value?.text ?? "") + argv[2]!;
    if (text.length > MAX_STRING_BYTES) throw new Refusal(TOO_LONG);
    if (value === undefined) db.put(argv[1]!, { type: "string", text });
    else {
      value.text = text;
      value.isRaw = true;
      db.changed(argv[1]!, argv[2]!.length);
    }
    out.integer(text.length);
  },
  strlen: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "string")?.text.length ?? 0),
  incr: (call) => increment(call, 1n),
  decr: (call) => increment(call, -1n),
  incrby: (call) => increment(call, bigArgument(call.argv[2])),
  decrby: (call) => {
    const step = bigArgument(call.argv[2]);
    if (step === -(2n ** 63n)) throw new Refusal("ERR decrement would overflow");
    increment(call, -step);
  },
  incrbyfloat: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "string");
    const before = value?.text ?? "0";
    if (parseFloatText(before) === undefined) throw new Refusal("ERR value is not a valid float");
    floatArgument(argv[2]);
    const text = addDecimals(before, argv[2]!);
    if (text === undefined) {
      throw new Refusal("ERR increment would produce NaN or Infinity");
    }
    db.replace(argv[1]!, { type: "string", text });
    out.bulk(text);
  },
  getrange,
  substr: getrange,
  setrange: ({ db, argv, out, source }) => {
    const offset = intArgument(argv[2]);
    if (offset < 0) throw new Refusal("ERR offset is out of range");
    const value = db.own(argv[1]!, "string");
    const before = value?.text ?? "";
    const patch = argv[3]!;
    if (patch === "") return out.integer(before.length);
    if (offset + patch.length > MAX_STRING_BYTES) throw new Refusal(TOO_LONG);
    if (!source.hasRoom(offset + patch.length)) throw new Refusal(OUT_OF_MEMORY);
    const text = before.slice(0, offset).padEnd(offset, "\0") + patch +
      before.slice(offset + patch.length);
    db.replace(argv[1]!, { type: "string", text, isRaw: true });
    out.integer(text.length);
  },
  lcs,
};

const TIMES = new Set(["ex", "px", "exat", "pxat"]);

function set({ db, argv, out, nowMs, facts }: Call): void {
  const [, key = "", text = ""] = argv;
  let condition: "nx" | "xx" | undefined;
  let expiresAtMs: number | undefined;
  let isKeeping = false;
  let isGet = false;
  let time: { unit: string; text: string } | undefined;
  for (let i = 3; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if ((option === "nx" || option === "xx") && (condition ?? option) === option) {
      condition = option;
    } else if (option === "get") isGet = true;
    else if (option === "keepttl" && time === undefined) isKeeping = true;
    else if (TIMES.has(option) && i + 1 < argv.length && time === undefined && !isKeeping) {
      time = { unit: option, text: argv[++i]! };
    } else throw new Refusal(SYNTAX);
  }
  if (time !== undefined) {
    expiresAtMs = expiryArgument(time.text, { unit: time.unit, nowMs, command: facts.name });
  }
  const before = isGet ? db.get(key, "string")?.text : undefined;
  const exists = db.peek(key) !== undefined;
  if ((condition === "nx" && exists) || (condition === "xx" && !exists)) {
    return isGet ? out.bulkOrNull(before) : out.null();
  }
  if (isKeeping) db.replace(key, { type: "string", text });
  else db.put(key, { type: "string", text }, expiresAtMs);
  if (isGet) out.bulkOrNull(before);
  else out.ok();
}

function setWithTime({ db, argv, out, nowMs, facts }: Call, unit: string): void {
  const expiresAtMs = expiryArgument(argv[2]!, { unit, nowMs, command: facts.name });
  db.put(argv[1]!, { type: "string", text: argv[3]! }, expiresAtMs);
  out.ok();
}

function checkPairs({ argv, facts }: Call): void {
  if (argv.length % 2 === 0) {
    throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
  }
}

function pairs(call: Call): void {
  checkPairs(call);
  const { argv, db } = call;
  for (let i = 1; i < argv.length; i += 2) db.put(argv[i]!, { type: "string", text: argv[i + 1]! });
}

function increment({ db, argv, out }: Call, step: bigint): void {
  const value = db.own(argv[1]!, "string");
  const before = value === undefined ? 0n : parseInteger(value.text);
  if (before === undefined) throw new Refusal("ERR value is not an integer or out of range");
  if (!fits(before + step)) throw new Refusal("ERR increment or decrement would overflow");
  const text = String(before + step);
  if (value === undefined) db.put(argv[1]!, { type: "string", text });
  else {
    value.text = text;
    delete value.isRaw;
    db.changed(argv[1]!, 1);
  }
  out.integer(before + step);
}

function getrange({ db, argv, out }: Call): void {
  let start = intArgument(argv[2]);
  let end = intArgument(argv[3]);
  const text = db.get(argv[1]!, "string")?.text ?? "";
  if (start < 0 && end < 0 && start > end) return out.bulk("");
  if (start < 0) start = Math.max(0, text.length + start);
  if (end < 0) end = Math.max(0, text.length + end);
  out.bulk(text.slice(start, end + 1));
}

/** Longest common subsequence of two strings. */
function lcs({ db, argv, out }: Call): void {
  let isLength = false;
  let isIndex = false;
  let isWithLength = false;
  let least = 0;
  for (let i = 3; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if (option === "len") isLength = true;
    else if (option === "idx") isIndex = true;
    else if (option === "withmatchlen") isWithLength = true;
    else if (option === "minmatchlen" && i + 1 < argv.length) {
      least = Math.max(0, intArgument(argv[++i]));
    } else throw new Refusal(SYNTAX);
  }
  if (isLength && isIndex) {
    throw new Refusal(
      "ERR If you want both the length and indexes, please just use IDX.",
    );
  }
  const [a, b] = [argv[1]!, argv[2]!].map((key) => textOf(db.peek(key)?.value));
  if (a === undefined || b === undefined) {
    throw new Refusal("ERR The specified keys must contain string values");
  }
  if (a.length * b.length > MAX_LCS_STEPS) {
    throw new Refusal(
      "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
    );
  }
  const { text, ranges } = longestCommon(a, b);
  if (isLength) return out.integer(text.length);
  if (!isIndex) return out.bulk(text);
  const shown = ranges.filter(({ length }) => length >= least);
  out.map(2);
  out.bulk("matches");
  out.array(shown.length);
  for (const { inA, inB, length } of shown) {
    out.array(isWithLength ? 3 : 2);
    for (const start of [inA, inB]) {
      out.array(2);
      out.integer(start);
      out.integer(start + length - 1);
    }
    if (isWithLength) out.integer(length);
  }
  out.bulk("len");
  out.integer(text.length);
}

function textOf(value: { type: string } | undefined): string | undefined {
  if (value === undefined) return "";
  return value.type === "string" ? (value as StringValue).text : undefined;
}

function longestCommon(a: string, b: string) {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i * width + j] = a[i - 1] === b[j - 1]
        ? table[(i - 1) * width + j - 1]! + 1
        : Math.max(table[(i - 1) * width + j]!, table[i * width + j - 1]!);
    }
  }
  const parts: string[] = [];
  const ranges: { inA: number; inB: number; length: number }[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      parts.push(a[i - 1]!);
      i--;
      j--;
      const last = ranges.at(-1);
      if (last !== undefined && last.inA === i + 1 && last.inB === j + 1) {
        last.inA = i;
        last.inB = j;
        last.length++;
      } else ranges.push({ inA: i, inB: j, length: 1 });
    } else if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) i--;
    else j--;
  }
  return { text: parts.reverse().join(""), ranges };
}
