/**
 * Commands on lists.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import { intArgument, rangeArgument, Refusal, SYNTAX } from "../refusal.ts";
import { timeoutArgument, waitForKeys } from "../waiting.ts";

type End = "left" | "right";

const NOT_POSITIVE = "ERR value is out of range, must be positive";

/** Commands on lists. */
export const lists: Handlers = {
  lpush: (call) => push(call, "left", false),
  rpush: (call) => push(call, "right", false),
  lpushx: (call) => push(call, "left", true),
  rpushx: (call) => push(call, "right", true),
  lpop: (call) => pop(call, "left"),
  rpop: (call) => pop(call, "right"),
  llen: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "list")?.items.length ?? 0),
  lrange: ({ db, argv, out }) => {
    const [start, end] = [intArgument(argv[2]), intArgument(argv[3])];
    const items = db.get(argv[1]!, "list")?.items ?? [];
    out.bulks(slice(items, start, end));
  },
  lindex: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "list");
    const index = value === undefined ? 0 : intArgument(argv[2]);
    out.bulkOrNull(value?.items.at(index));
  },
  lset: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "list");
    if (value === undefined) throw new Refusal("ERR no such key");
    let index = intArgument(argv[2]);
    if (index < 0) index += value.items.length;
    if (index < 0 || index >= value.items.length) throw new Refusal("ERR index out of range");
    value.items[index] = argv[3]!;
    db.changed(argv[1]!, argv[3]!.length);
    out.ok();
  },
  linsert: ({ db, argv, out }) => {
    const where = lower(argv[2]!);
    if (where !== "before" && where !== "after") throw new Refusal(SYNTAX);
    const value = db.own(argv[1]!, "list");
    if (value === undefined) return out.integer(0);
    const at = value.items.indexOf(argv[3]!);
    if (at < 0) return out.integer(-1);
    value.items.splice(where === "before" ? at : at + 1, 0, argv[4]!);
    db.changed(argv[1]!, argv[4]!.length + 16);
    out.integer(value.items.length);
  },
  lrem: ({ db, argv, out }) => {
    const count = intArgument(argv[2]);
    const value = db.own(argv[1]!, "list");
    if (value === undefined) return out.integer(0);
    let left = count === 0 ? Infinity : Math.abs(count);
    const keep = (item: string) => item !== argv[3] || left-- <= 0;
    const before = value.items.length;
    value.items = count < 0
      ? value.items.reverse().filter(keep).reverse()
      : value.items.filter(keep);
    const removed = before - value.items.length;
    if (removed > 0) db.changed(argv[1]!);
    out.integer(removed);
  },
  ltrim: ({ db, argv, out }) => {
    const [start, end] = [intArgument(argv[2]), intArgument(argv[3])];
    const value = db.own(argv[1]!, "list");
    if (value !== undefined) {
      value.items = slice(value.items, start, end);
      db.changed(argv[1]!);
    }
    out.ok();
  },
  lpos,
  lmove: (call) => {
    const { argv, out } = call;
    const [from, to] = [endArgument(argv[3]!), endArgument(argv[4]!)];
    out.bulkOrNull(move(call, { from, to }));
  },
  rpoplpush: (call) => call.out.bulkOrNull(move(call, { from: "right", to: "left" })),
  blmove: async (call) => {
    const [from, to] = [endArgument(call.argv[3]!), endArgument(call.argv[4]!)];
    await blockingMove(call, { from, to }, timeoutArgument(call.argv[5]));
  },
  brpoplpush: async (call) => {
    await blockingMove(call, { from: "right", to: "left" }, timeoutArgument(call.argv[3]));
  },
  blpop: (call) => blockingPop(call, "left"),
  brpop: (call) => blockingPop(call, "right"),
  lmpop: (call) => {
    const { keys, end, count } = manyArguments(call, 1);
    if (!popFirst(call, keys, end, count)) call.out.nullArray();
  },
  blmpop: async (call) => {
    const timeoutMs = timeoutArgument(call.argv[1]);
    const { keys, end, count } = manyArguments(call, 2);
    const isDone = await waitForKeys(call, () => popFirst(call, keys, end, count), {
      keys,
      timeoutMs,
    });
    if (!isDone) call.out.nullArray();
  },
};

function slice(items: readonly string[], start: number, end: number): string[] {
  const { length } = items;
  const from = start < 0 ? Math.max(0, length + start) : start;
  const to = end < 0 ? length + end : end;
  return from > to ? [] : items.slice(from, to + 1);
}

function push({ db, argv, out }: Call, end: End, onlyIfThere: boolean): void {
  const value = db.own(argv[1]!, "list");
  const added = argv.slice(2);
  if (value === undefined) {
    if (onlyIfThere) return out.integer(0);
    db.put(argv[1]!, { type: "list", items: end === "left" ? added.reverse() : added });
    return out.integer(added.length);
  }
  const bytes = added.reduce((sum, item) => sum + item.length + 16, 0);
  if (end === "right") { for (const item of added) value.items.push(item); }
  else for (const item of added) value.items.unshift(item);
  out.integer(value.items.length);
  db.changed(argv[1]!, bytes);
}

function takeOne(items: string[], end: End): string {
  return end === "left" ? items.shift()! : items.pop()!;
}

function pop({ db, argv, out, facts }: Call, end: End): void {
  if (argv.length > 3) {
    throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
  }
  const count = argv.length < 3
    ? undefined
    : rangeArgument(argv[2], { min: 0, complaint: NOT_POSITIVE });
  const value = db.own(argv[1]!, "list");
  if (value === undefined) return count === undefined ? out.null() : out.nullArray();
  if (count === undefined) {
    out.bulk(takeOne(value.items, end));
  } else {
    const taken = end === "left"
      ? value.items.splice(0, count)
      : value.items.splice(Math.max(0, value.items.length - count)).reverse();
    out.bulks(taken);
  }
  db.changed(argv[1]!);
}

function endArgument(text: string): End {
  const end = lower(text);
  if (end !== "left" && end !== "right") throw new Refusal(SYNTAX);
  return end;
}

function move({ db, argv }: Call, { from, to }: { from: End; to: End }): string | undefined {
  const source = db.own(argv[1]!, "list");
  if (source === undefined) return undefined;
  const target = db.own(argv[2]!, "list");
  const item = takeOne(source.items, from);
  if (argv[1] === argv[2]) {
    if (to === "left") source.items.unshift(item);
    else source.items.push(item);
    db.changed(argv[1]!);
    return item;
  }
  db.changed(argv[1]!);
  if (target === undefined) db.put(argv[2]!, { type: "list", items: [item] });
  else {
    if (to === "left") target.items.unshift(item);
    else target.items.push(item);
    db.changed(argv[2]!, item.length + 16);
  }
  return item;
}

async function blockingMove(
  call: Call,
  ends: { from: End; to: End },
  timeoutMs: number,
): Promise<void> {
  const isDone = await waitForKeys(call, () => {
    const item = move(call, ends);
    if (item !== undefined) call.out.bulk(item);
    return item !== undefined;
  }, { keys: [call.argv[1]!], timeoutMs });
  if (!isDone) call.out.nullArray();
}

async function blockingPop(call: Call, end: End): Promise<void> {
  const { argv, db, out } = call;
  const timeoutMs = timeoutArgument(argv.at(-1));
  const keys = argv.slice(1, -1);
  const isDone = await waitForKeys(call, () => {
    for (const key of keys) {
      const value = db.own(key, "list");
      if (value === undefined) continue;
      out.bulks([key, takeOne(value.items, end)]);
      db.changed(key);
      return true;
    }
    return false;
  }, { keys, timeoutMs });
  if (!isDone) out.nullArray();
}

function manyArguments({ argv }: Call, at: number) {
  const number = rangeArgument(argv[at], {
    min: 1,
    max: 2 ** 31,
    complaint: "ERR numkeys should be greater than 0",
  });
  const keys = argv.slice(at + 1, at + 1 + number);
  const where = argv[at + 1 + number];
  if (where === undefined) throw new Refusal(SYNTAX);
  const end = endArgument(where);
  let count = 1;
  let isCounted = false;
  for (let i = at + 2 + number; i < argv.length; i += 2) {
    if (lower(argv[i]!) !== "count" || i + 1 >= argv.length || isCounted) throw new Refusal(SYNTAX);
    count = rangeArgument(argv[i + 1], {
      min: 1,
      complaint: "ERR count should be greater than 0",
    });
    isCounted = true;
  }
  return { keys, end, count };
}

function popFirst({ db, out }: Call, keys: readonly string[], end: End, count: number): boolean {
  for (const key of keys) {
    const value = db.own(key, "list");
    if (value === undefined) continue;
    out.array(2);
    out.bulk(key);
    const taken = Math.min(count, value.items.length);
    out.array(taken);
    for (let i = 0; i < taken; i++) out.bulk(takeOne(value.items, end));
    db.changed(key);
    return true;
  }
  return false;
}

function lpos({ db, argv, out }: Call): void {
  let rank = 1;
  let count: number | undefined;
  let maxLength = 0;
  for (let i = 3; i < argv.length; i += 2) {
    const option = lower(argv[i]!);
    if (argv[i + 1] === undefined) throw new Refusal(SYNTAX);
    if (option === "rank") {
      rank = intArgument(argv[i + 1]);
      if (rank === 0) {
        throw new Refusal(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or " +
            "use negative to start from the end of the list",
        );
      }
    } else if (option === "count") {
      count = rangeArgument(argv[i + 1], { min: 0, complaint: "ERR COUNT can't be negative" });
    } else if (option === "maxlen") {
      maxLength = rangeArgument(argv[i + 1], { min: 0, complaint: "ERR MAXLEN can't be negative" });
    } else throw new Refusal(SYNTAX);
  }
  const items = db.get(argv[1]!, "list")?.items;
  if (items === undefined) return count === undefined ? out.null() : out.array(0);
  const found: number[] = [];
  const isBackward = rank < 0;
  let skip = Math.abs(rank) - 1;
  const steps = maxLength === 0 ? items.length : Math.min(maxLength, items.length);
  for (let i = 0; i < steps; i++) {
    const at = isBackward ? items.length - 1 - i : i;
    if (items[at] !== argv[2]) continue;
    if (skip-- > 0) continue;
    found.push(at);
    if (count === undefined || (count > 0 && found.length >= count)) break;
  }
  if (count === undefined) {
    if (found.length === 0) out.null();
    else out.integer(found[0]!);
    return;
  }
  out.array(found.length);
  for (const at of found) out.integer(at);
}
