/**
 * Commands on keys whatever they hold.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { expiryArgument } from "../expiry.ts";
import { globMatches } from "../glob.ts";
import { inTableOrder } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import { bigArgument, intArgument, OUT_OF_MEMORY, Refusal, SYNTAX } from "../refusal.ts";
import { DATABASES } from "../source.ts";
import { copyOf, encodingOf, sizeOf } from "../values.ts";

/** Commands on keys. */
export const keys: Handlers = {
  del,
  unlink: del,
  exists: ({ db, argv, out }) => {
    out.integer(argv.slice(1).filter((key) => db.read(key) !== undefined).length);
  },
  touch: ({ db, argv, out }) => {
    out.integer(argv.slice(1).filter((key) => db.read(key) !== undefined).length);
  },
  type: ({ db, argv, out }) => out.status(db.peek(argv[1]!)?.value.type ?? "none"),
  keys: ({ db, argv, out, server }) => {
    const all = inTableOrder(db.keys(), server.identity.tableSeed);
    out.bulks(all.filter((key) => globMatches(argv[1]!, key)));
  },
  dbsize: ({ db, out }) => out.integer(db.keys().length),
  randomkey: ({ db, out, nowMs }) => {
    const all = db.keys();
    out.bulkOrNull(all[Math.floor(nowMs * 7919) % Math.max(1, all.length)]);
  },
  rename: ({ db, argv, out }) => {
    move(db, argv);
    out.ok();
  },
  renamenx: ({ db, argv, out }) => {
    if (db.peek(argv[1]!) === undefined) throw new Refusal("ERR no such key");
    if (db.peek(argv[2]!) !== undefined) return out.integer(0);
    move(db, argv);
    out.integer(1);
  },
  move: ({ db, argv, out, source }) => {
    const index = databaseArgument(argv[2]!);
    if (index === db.index) throw new Refusal("ERR source and destination objects are the same");
    const entry = db.peek(argv[1]!);
    const target = source.database(index);
    if (entry === undefined || target.peek(argv[1]!) !== undefined) return out.integer(0);
    target.put(argv[1]!, entry.value, entry.expiresAtMs);
    db.delete(argv[1]!);
    out.integer(1);
  },
  copy: ({ db, argv, out, source }) => {
    let target = db;
    let isReplacing = false;
    for (let i = 3; i < argv.length; i++) {
      const option = lower(argv[i]!);
      if (option === "replace") isReplacing = true;
      else if (option === "db" && i + 1 < argv.length) {
        target = source.database(databaseArgument(argv[++i]!));
      } else throw new Refusal(SYNTAX);
    }
    if (target === db && argv[1] === argv[2]) {
      throw new Refusal("ERR source and destination objects are the same");
    }
    const entry = db.read(argv[1]!);
    if (entry === undefined) return out.integer(0);
    if (target.peek(argv[2]!) !== undefined && !isReplacing) return out.integer(0);
    if (!source.hasRoom(sizeOf(entry.value))) throw new Refusal(OUT_OF_MEMORY);
    target.put(argv[2]!, copyOf(entry.value), entry.expiresAtMs);
    out.integer(1);
  },
  expire: (call) => expire(call, "ex"),
  pexpire: (call) => expire(call, "px"),
  expireat: (call) => expire(call, "exat"),
  pexpireat: (call) => expire(call, "pxat"),
  ttl: (call) => left(call, (ms, nowMs) => Math.floor((Math.max(0, ms - nowMs) + 500) / 1000)),
  pttl: (call) => left(call, (ms, nowMs) => Math.max(0, ms - nowMs)),
  expiretime: (call) => left(call, (ms) => Math.floor((ms + 500) / 1000)),
  pexpiretime: (call) => left(call, (ms) => ms),
  persist: ({ db, argv, out }) => {
    const entry = db.peek(argv[1]!);
    if (entry?.expiresAtMs === undefined) return out.integer(0);
    entry.expiresAtMs = undefined;
    db.changed(argv[1]!);
    out.integer(1);
  },
  flushdb: ({ db, argv, out }) => {
    flushMode(argv);
    db.clear();
    out.ok();
  },
  flushall: ({ source, argv, out }) => {
    flushMode(argv);
    for (const db of source.databases()) db.clear();
    out.ok();
  },
  swapdb: ({ source, argv, out }) => {
    const first = intArgument(argv[1], "ERR invalid first DB index");
    const second = intArgument(argv[2], "ERR invalid second DB index");
    for (const index of [first, second]) {
      if (index < 0 || index >= DATABASES) throw new Refusal("ERR DB index is out of range");
    }
    if (first !== second) source.database(first).swap(source.database(second));
    out.ok();
  },
  "object|encoding": ({ db, argv, out }) => {
    const entry = db.peek(argv[2]!);
    out.bulkOrNull(entry === undefined ? undefined : encodingOf(entry.value));
  },
  "object|refcount": ({ db, argv, out }) => {
    const entry = db.peek(argv[2]!);
    if (entry === undefined) return out.null();
    out.integer(isSharedNumber(entry.value) ? 2_147_483_647 : 1);
  },
  "object|idletime": ({ db, argv, out, nowMs }) => {
    const entry = db.peek(argv[2]!);
    if (entry === undefined) return out.null();
    out.integer(Math.floor((nowMs - entry.usedAtMs) / 1000));
  },
  "object|freq": ({ db, argv, out }) => {
    if (db.peek(argv[2]!) === undefined) return out.null();
    throw new Refusal(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that " +
        "when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    );
  },
  "memory|usage": ({ db, argv, out }) => {
    for (let i = 3; i < argv.length; i += 2) {
      if (lower(argv[i]!) !== "samples" || i + 1 >= argv.length) throw new Refusal(SYNTAX);
      if (intArgument(argv[i + 1]) < 0) throw new Refusal(SYNTAX);
    }
    const entry = db.peek(argv[2]!);
    if (entry === undefined) return out.null();
    const { value } = entry;
    const key = allocated(argv[2]!.length + (argv[2]!.length < 32 ? 2 : 4));
    if (value.type !== "string") return out.integer(40 + key + 80 + sizeOf(value));
    const encoding = encodingOf(value);
    const text = encoding === "int"
      ? 0
      : encoding === "embstr"
      ? allocated(19 + value.text.length) - 16
      : allocated(value.text.length + 6);
    out.integer(24 + key + 16 + text);
  },
};

/** Sizes that jemalloc gives. */
function allocated(bytes: number): number {
  if (bytes <= 8) return 8;
  if (bytes <= 128) return Math.ceil(bytes / 16) * 16;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** Whether a value is one of the numbers that the server shares. */
function isSharedNumber(value: { type: string; text?: string }): boolean {
  return value.type === "string" && /^(?:0|[1-9]\d{0,3})$/.test(value.text ?? "");
}

function del({ db, argv, out }: Call): void {
  out.integer(argv.slice(1).filter((key) => db.delete(key)).length);
}

function move(db: Call["db"], argv: readonly string[]): void {
  const entry = db.peek(argv[1]!);
  if (entry === undefined) throw new Refusal("ERR no such key");
  if (argv[1] === argv[2]) return;
  db.delete(argv[1]!);
  db.put(argv[2]!, entry.value, entry.expiresAtMs);
}

function databaseArgument(text: string): number {
  const index = intArgument(text);
  if (index < 0 || index >= DATABASES) throw new Refusal("ERR DB index is out of range");
  return index;
}

function flushMode(argv: readonly string[]): void {
  const isFine = argv.length === 1 ||
    (argv.length === 2 && /^(?:a?sync)$/.test(lower(argv[1]!)));
  if (!isFine) throw new Refusal(SYNTAX);
}

function expire({ db, argv, out, nowMs, facts }: Call, unit: string): void {
  const flags = new Set<string>();
  const time = bigArgument(argv[2]);
  for (const word of argv.slice(3)) {
    const flag = lower(word);
    if (!/^(?:nx|xx|gt|lt)$/.test(flag)) throw new Refusal(`ERR Unsupported option ${word}`);
    flags.add(flag);
  }
  if (flags.has("nx") && flags.size > 1) {
    throw new Refusal("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (flags.has("gt") && flags.has("lt")) {
    throw new Refusal("ERR GT and LT options at the same time are not compatible");
  }
  const options = { unit, nowMs, command: facts.name, isPastFine: true };
  const atMs = expiryArgument(String(time), options);
  const entry = db.peek(argv[1]!);
  if (entry === undefined) return out.integer(0);
  const current = entry.expiresAtMs ?? Infinity;
  const isRefused = (flags.has("nx") && current !== Infinity) ||
    (flags.has("xx") && current === Infinity) || (flags.has("gt") && atMs <= current) ||
    (flags.has("lt") && atMs >= current);
  if (isRefused) return out.integer(0);
  if (atMs <= nowMs) db.delete(argv[1]!);
  else {
    entry.expiresAtMs = atMs;
    db.changed(argv[1]!);
  }
  out.integer(1);
}

function left({ db, argv, out, nowMs }: Call, show: (ms: number, nowMs: number) => number): void {
  const entry = db.peek(argv[1]!);
  if (entry === undefined) return out.integer(-2);
  out.integer(entry.expiresAtMs === undefined ? -1 : show(entry.expiresAtMs, nowMs));
}
