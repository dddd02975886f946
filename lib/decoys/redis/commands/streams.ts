/**
 * Commands on streams.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import type { Replies } from "../replies.ts";
import { bigArgument, intArgument, Refusal, SYNTAX } from "../refusal.ts";
import {
  boundArgument,
  compareIds,
  formatId,
  idArgument,
  nextId,
  type StreamId,
} from "../stream_ids.ts";
import type { StreamEntry, StreamValue } from "../values.ts";
import { waitForKeys } from "../waiting.ts";

/** Commands on streams but for groups. */
export const streams: Handlers = {
  xadd,
  xlen: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "stream")?.entries.length ?? 0),
  xrange: (call) => range(call, false),
  xrevrange: (call) => range(call, true),
  xdel: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "stream");
    const ids = argv.slice(2).map((text) => idArgument(text, 0n));
    if (value === undefined) return out.integer(0);
    let removed = 0;
    for (const id of ids) {
      const at = value.entries.findIndex((entry) => compareIds(entry, id) === 0);
      if (at < 0) continue;
      value.entries.splice(at, 1);
      if (compareIds(id, { ms: value.maxDeletedMs, seq: value.maxDeletedSeq }) > 0) {
        value.maxDeletedMs = id.ms;
        value.maxDeletedSeq = id.seq;
      }
      removed++;
    }
    if (removed > 0) db.changed(argv[1]!);
    out.integer(removed);
  },
  xtrim: ({ db, argv, out }) => {
    const { trim } = trimArguments(argv, 2, true);
    const value = db.own(argv[1]!, "stream");
    const removed = value === undefined ? 0 : cut(value, trim!);
    if (removed > 0) db.changed(argv[1]!);
    out.integer(removed);
  },
  xsetid: ({ db, argv, out }) => {
    const id = idArgument(argv[2]!, 0n);
    for (let i = 3; i < argv.length; i += 2) {
      const option = lower(argv[i]!);
      if (argv[i + 1] === undefined) throw new Refusal(SYNTAX);
      if (option === "entriesadded") bigArgument(argv[i + 1]);
      else if (option === "maxdeletedid") idArgument(argv[i + 1]!, 0n);
      else throw new Refusal(SYNTAX);
    }
    const value = db.own(argv[1]!, "stream");
    if (value === undefined) throw new Refusal("ERR no such key");
    const top = value.entries.at(-1);
    if (top !== undefined && compareIds(id, top) < 0) {
      throw new Refusal(
        "ERR The ID specified in XSETID is smaller than the target stream top item",
      );
    }
    value.lastMs = id.ms;
    value.lastSeq = id.seq;
    db.changed(argv[1]!);
    out.ok();
  },
  xread: async (call) => {
    const { out, db } = call;
    const { keys, ids, count, blockMs } = readArguments(call, 1);
    const from = ids.map((text, i) => {
      if (text !== "$") return idArgument(text, 0n);
      const value = db.get(keys[i]!, "stream");
      return value === undefined ? { ms: 0n, seq: 0n } : lastOf(value);
    });
    const attempt = () => {
      const found = keys.flatMap((key, i) => {
        const value = db.get(key, "stream");
        const entries = value?.entries.filter((entry) => compareIds(entry, from[i]!) > 0) ?? [];
        return entries.length === 0 ? [] : [{ key, entries: entries.slice(0, count) }];
      });
      if (found.length === 0) return false;
      showStreams(out, found);
      return true;
    };
    if (blockMs === undefined) {
      if (!attempt()) out.nullArray();
    } else if (!await waitForKeys(call, attempt, { keys, timeoutMs: blockMs })) out.nullArray();
  },
};

/** The last number given. */
export function lastOf({ lastMs, lastSeq }: StreamValue): StreamId {
  return { ms: lastMs, seq: lastSeq };
}

/** A stream that has nothing yet. */
export function emptyStream(): StreamValue {
  return {
    type: "stream",
    entries: [],
    lastMs: 0n,
    lastSeq: 0n,
    added: 0n,
    maxDeletedMs: 0n,
    maxDeletedSeq: 0n,
    groups: new Map(),
  };
}

/** What XREAD and XREADGROUP ask for. */
export function readArguments({ argv, facts }: Call, start: number) {
  let count: number | undefined;
  let blockMs: number | undefined;
  let isNoAck = false;
  for (let i = start; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if (option === "count" && i + 1 < argv.length) count = Math.max(0, intArgument(argv[++i]));
    else if (option === "block" && i + 1 < argv.length) {
      blockMs = intArgument(argv[++i], "ERR timeout is not an integer or out of range");
      if (blockMs < 0) throw new Refusal("ERR timeout is negative");
    } else if (option === "noack" && start > 1) isNoAck = true;
    else if (option === "streams" && i + 1 < argv.length) {
      const rest = argv.slice(i + 1);
      if (rest.length % 2 !== 0) {
        const symbol = facts.name === "xread" ? "$" : ">";
        throw new Refusal(
          `ERR Unbalanced '${facts.name}' list of streams: for each stream key an ID or '${symbol}' ` +
            "must be specified.",
        );
      }
      const keys = rest.slice(0, rest.length / 2);
      const ids = rest.slice(rest.length / 2);
      return { keys, ids, count: count || undefined, blockMs, isNoAck };
    } else throw new Refusal(SYNTAX);
  }
  throw new Refusal(SYNTAX);
}

/** Entries of several streams. */
export function showStreams(
  out: Replies,
  found: readonly { key: string; entries: readonly StreamEntry[] }[],
): void {
  out.raw(out.proto === 2 ? `*${found.length}\r\n` : `%${found.length}\r\n`);
  for (const { key, entries } of found) {
    if (out.proto === 2) out.array(2);
    out.bulk(key);
    showEntries(out, entries);
  }
}

/** Entries of one stream. */
export function showEntries(out: Replies, entries: readonly StreamEntry[]): void {
  out.array(entries.length);
  for (const entry of entries) {
    out.array(2);
    out.bulk(formatId(entry));
    out.bulks(entry.fields);
  }
}

interface Trim {
  readonly maxLength?: number;
  readonly least?: StreamId;
  readonly isRough: boolean;
}

function trimArguments(argv: readonly string[], start: number, isTrimOnly: boolean) {
  let trim: Trim | undefined;
  let makes = true;
  let hasLimit = false;
  let at = start;
  for (; at < argv.length; at++) {
    const option = lower(argv[at]!);
    const left = argv.length - at - 1;
    if ((option === "maxlen" || option === "minid") && left >= 1) {
      if (trim !== undefined) {
        throw new Refusal(
          "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        );
      }
      const mark = argv[at + 1]!;
      const isMarked = (mark === "~" || mark === "=") && left >= 2;
      const text = argv[at + (isMarked ? 2 : 1)]!;
      if (option === "maxlen") {
        const maxLength = intArgument(text);
        if (maxLength < 0) throw new Refusal("ERR The MAXLEN argument must be >= 0.");
        trim = { maxLength, isRough: mark === "~" };
      } else trim = { least: idArgument(text, 0n), isRough: mark === "~" };
      at += isMarked ? 2 : 1;
    } else if (option === "limit" && left >= 1) {
      if (intArgument(argv[++at]) < 0) throw new Refusal("ERR The LIMIT argument must be >= 0.");
      hasLimit = true;
    } else if (option === "nomkstream" && !isTrimOnly) makes = false;
    else if (isTrimOnly) throw new Refusal(SYNTAX);
    else break;
  }
  if (hasLimit && trim === undefined) {
    throw new Refusal(
      "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
    );
  }
  if (hasLimit && !trim!.isRough) {
    throw new Refusal("ERR syntax error, LIMIT cannot be used without the special ~ option");
  }
  if (isTrimOnly && trim === undefined) throw new Refusal(SYNTAX);
  return { trim, makes, at };
}

/** Takes the oldest off; a rough cut takes whole nodes of a hundred. */
function cut(value: StreamValue, { maxLength, least, isRough }: Trim): number {
  let count = maxLength !== undefined
    ? Math.max(0, value.entries.length - maxLength)
    : value.entries.findIndex((entry) => compareIds(entry, least!) >= 0);
  if (count < 0) count = value.entries.length;
  if (isRough) count -= count % 100;
  value.entries.splice(0, count);
  return count;
}

function xadd({ db, argv, out, nowMs, facts }: Call): void {
  const { trim, makes, at } = trimArguments(argv, 2, false);
  const text = argv[at];
  if (text === undefined || argv.length - at - 1 < 2 || (argv.length - at - 1) % 2 !== 0) {
    throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
  }
  const given = text === "*"
    ? undefined
    : text.endsWith("-*")
    ? { ms: idArgument(text.slice(0, -2), 0n).ms, seq: undefined }
    : idArgument(text, 0n);
  if (given?.ms === 0n && given.seq === 0n) {
    throw new Refusal("ERR The ID specified in XADD must be greater than 0-0");
  }
  const known = db.own(argv[1]!, "stream");
  if (known === undefined && !makes) return out.null();
  const value = known ?? emptyStream();
  const id = numberFor(value, given, nowMs);
  value.entries.push({ ...id, fields: argv.slice(at + 1) });
  value.lastMs = id.ms;
  value.lastSeq = id.seq;
  value.added++;
  if (trim !== undefined) cut(value, trim);
  const bytes = argv.reduce((sum, word) => sum + word.length + 16, 32);
  if (known === undefined) db.put(argv[1]!, value);
  else db.changed(argv[1]!, bytes);
  out.bulk(formatId(id));
}

function numberFor(
  value: StreamValue,
  given: { ms: bigint; seq: bigint | undefined } | undefined,
  nowMs: number,
): StreamId {
  const last = lastOf(value);
  if (given === undefined) {
    const ms = BigInt(Math.floor(nowMs));
    return ms > last.ms ? { ms, seq: 0n } : nextId(last);
  }
  const seq = given.seq ?? (given.ms === last.ms ? last.seq + 1n : 0n);
  const id = { ms: given.ms, seq };
  if (compareIds(id, last) <= 0) {
    throw new Refusal(
      "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
  }
  return id;
}

function range({ db, argv, out }: Call, isReverse: boolean): void {
  const [first, second] = isReverse ? [argv[3]!, argv[2]!] : [argv[2]!, argv[3]!];
  const start = boundArgument(first, true);
  const end = boundArgument(second, false);
  let count: number | undefined;
  for (let i = 4; i < argv.length; i += 2) {
    if (lower(argv[i]!) !== "count" || argv[i + 1] === undefined) throw new Refusal(SYNTAX);
    count = Math.max(0, intArgument(argv[i + 1]));
  }
  const value = db.get(argv[1]!, "stream");
  if (value !== undefined && count === 0) return out.nullArray();
  const found = (value?.entries ?? []).filter((entry) =>
    compareIds(entry, start) >= 0 && compareIds(entry, end) <= 0
  );
  if (isReverse) found.reverse();
  showEntries(out, found.slice(0, count));
}
