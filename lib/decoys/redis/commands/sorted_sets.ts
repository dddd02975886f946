/**
 * Commands on sorted sets that write, and those that ask for single members.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { chance, sample } from "../chance.ts";
import { lower } from "../octets.ts";
import { lexRange, membersBetween, membersIn, scoreRange } from "../ranges.ts";
import {
  countArgument,
  floatArgument,
  formatDouble,
  intArgument,
  rangeArgument,
  Refusal,
  SYNTAX,
} from "../refusal.ts";
import { sortedMembers, type SortedSetValue } from "../values.ts";
import { timeoutArgument, waitForKeys } from "../waiting.ts";

/** Commands on sorted sets. */
export const sortedSets: Handlers = {
  zadd,
  zincrby: (call) => {
    const { argv, out } = call;
    const step = floatArgument(argv[2]);
    const score = add(call, { member: argv[3]!, score: step, flags: new Set(["incr"]) });
    out.double(formatDouble(score.score!));
  },
  zrem: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "zset");
    out.integer(remove({ db, argv } as Call, value, argv.slice(2)));
  },
  zremrangebyrank: (call) => {
    const { db, argv, out } = call;
    const range = [intArgument(argv[2]), intArgument(argv[3])] as const;
    const value = db.own(argv[1]!, "zset");
    out.integer(remove(call, value, membersBetween(value, range, false)));
  },
  zremrangebyscore: (call) => {
    const { db, argv, out } = call;
    const test = scoreRange(argv[2]!, argv[3]!);
    const value = db.own(argv[1]!, "zset");
    out.integer(remove(call, value, membersIn(value, test)));
  },
  zremrangebylex: (call) => {
    const { db, argv, out } = call;
    const test = lexRange(argv[2]!, argv[3]!);
    const value = db.own(argv[1]!, "zset");
    out.integer(remove(call, value, membersIn(value, test)));
  },
  zcard: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "zset")?.scores.size ?? 0),
  zcount: ({ db, argv, out }) => {
    const test = scoreRange(argv[2]!, argv[3]!);
    out.integer(membersIn(db.get(argv[1]!, "zset"), test).length);
  },
  zlexcount: ({ db, argv, out }) => {
    const test = lexRange(argv[2]!, argv[3]!);
    out.integer(membersIn(db.get(argv[1]!, "zset"), test).length);
  },
  zscore: ({ db, argv, out }) => {
    const score = db.get(argv[1]!, "zset")?.scores.get(argv[2]!);
    if (score === undefined) out.null();
    else out.double(formatDouble(score));
  },
  zmscore: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "zset");
    out.array(argv.length - 2);
    for (const member of argv.slice(2)) {
      const score = value?.scores.get(member);
      if (score === undefined) out.null();
      else out.double(formatDouble(score));
    }
  },
  zrank: (call) => rank(call, false),
  zrevrank: (call) => rank(call, true),
  zpopmin: (call) => pop(call, false),
  zpopmax: (call) => pop(call, true),
  bzpopmin: (call) => blockingPop(call, false),
  bzpopmax: (call) => blockingPop(call, true),
  zmpop: (call) => {
    const { keys, isMax, count } = manyArguments(call, 1);
    if (!popFirst(call, keys, isMax, count)) call.out.nullArray();
  },
  bzmpop: async (call) => {
    const timeoutMs = timeoutArgument(call.argv[1]);
    const { keys, isMax, count } = manyArguments(call, 2);
    const isDone = await waitForKeys(call, () => popFirst(call, keys, isMax, count), {
      keys,
      timeoutMs,
    });
    if (!isDone) call.out.nullArray();
  },
  zrandmember: ({ db, argv, out }) => {
    const isWithScores = argv.length === 4 && lower(argv[3]!) === "withscores";
    if (argv.length > 4 || (argv.length === 4 && !isWithScores)) throw new Refusal(SYNTAX);
    const count = argv.length < 3 ? undefined : countArgument(argv[2]);
    const scores = [...db.get(argv[1]!, "zset")?.scores ?? []];
    if (count === undefined) return out.bulkOrNull(scores[chance(scores.length)]?.[0]);
    if (scores.length === 0) return out.array(0);
    const chosen = count >= 0 ? sample(scores, count) : undefined;
    const shown = chosen?.length ?? -count;
    out.array(out.proto === 2 && isWithScores ? shown * 2 : shown);
    for (let i = 0; i < shown; i++) {
      const [member, score] = chosen?.[i] ?? scores[chance(scores.length)]!;
      if (isWithScores && out.proto === 3) out.array(2);
      out.bulk(member);
      if (isWithScores) out.double(formatDouble(score));
    }
  },
};

const FLAGS = new Set(["nx", "xx", "gt", "lt", "ch", "incr"]);

function zadd(call: Call): void {
  const { db, argv, out } = call;
  const flags = new Set<string>();
  let at = 2;
  for (; at < argv.length && FLAGS.has(lower(argv[at]!)); at++) flags.add(lower(argv[at]!));
  const pairs = argv.length - at;
  if (pairs === 0 || pairs % 2 !== 0) throw new Refusal(SYNTAX);
  if (flags.has("nx") && flags.has("xx")) {
    throw new Refusal("ERR XX and NX options at the same time are not compatible");
  }
  if (
    (flags.has("gt") && (flags.has("nx") || flags.has("lt"))) ||
    (flags.has("lt") && flags.has("nx"))
  ) {
    throw new Refusal("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (flags.has("incr") && pairs > 2) {
    throw new Refusal("ERR INCR option supports a single increment-element pair");
  }
  const items: { score: number; member: string }[] = [];
  for (; at < argv.length; at += 2) {
    items.push({ score: floatArgument(argv[at]), member: argv[at + 1]! });
  }
  db.own(argv[1]!, "zset");
  let added = 0;
  let updated = 0;
  let last: number | undefined;
  for (const item of items) {
    const result = add(call, { ...item, flags });
    if (result.isNew) added++;
    if (result.isChanged) updated++;
    last = result.score;
  }
  if (!flags.has("incr")) return out.integer(flags.has("ch") ? added + updated : added);
  if (last === undefined) out.null();
  else out.double(formatDouble(last));
}

/** Sets or raises one score; no score when the flags forbid it. */
function add(
  { db, argv }: Call,
  { member, score, flags }: { member: string; score: number; flags: ReadonlySet<string> },
): { score?: number; isNew?: boolean; isChanged?: boolean } {
  const value = db.own(argv[1]!, "zset");
  const before = value?.scores.get(member);
  if (before === undefined ? flags.has("xx") : flags.has("nx")) return {};
  let next = score;
  if (flags.has("incr") && before !== undefined) {
    next = before + score;
    if (Number.isNaN(next)) throw new Refusal("ERR resulting score is not a number (NaN)");
  }
  if (before !== undefined) {
    if ((flags.has("gt") && next <= before) || (flags.has("lt") && next >= before)) return {};
    if (next === before) return { score: next };
  }
  if (value === undefined) {
    db.put(argv[1]!, { type: "zset", scores: new Map([[member, next]]) });
  } else {
    value.scores.set(member, next);
    value.sorted = undefined;
    db.changed(argv[1]!, before === undefined ? member.length + 32 : 0);
  }
  return { score: next, isNew: before === undefined, isChanged: before !== undefined };
}

function remove(
  { db, argv }: Call,
  value: SortedSetValue | undefined,
  members: readonly string[],
): number {
  if (value === undefined) return 0;
  const removed = members.filter((member) => value.scores.delete(member)).length;
  if (removed > 0) {
    value.sorted = undefined;
    db.changed(argv[1]!);
  }
  return removed;
}

function rank({ db, argv, out }: Call, isReverse: boolean): void {
  const value = db.get(argv[1]!, "zset");
  const at = value?.scores.has(argv[2]!) ? sortedMembers(value).indexOf(argv[2]!) : -1;
  if (at < 0) return out.null();
  out.integer(isReverse ? value!.scores.size - 1 - at : at);
}

/** Takes members off one end. */
function take(call: Call, key: string, isMax: boolean, count: number): [string, number][] {
  const value = call.db.own(key, "zset");
  if (value === undefined) return [];
  const members = membersBetween(value, [0, count - 1], isMax);
  const taken = members.map((member): [string, number] => [member, value.scores.get(member)!]);
  for (const member of members) value.scores.delete(member);
  value.sorted = undefined;
  call.db.changed(key);
  return taken;
}

function pop(call: Call, isMax: boolean): void {
  const { argv, out } = call;
  if (argv.length > 3) throw new Refusal(SYNTAX);
  const count = argv.length < 3 ? undefined : rangeArgument(argv[2], {
    min: 0,
    complaint: "ERR value is out of range, must be positive",
  });
  call.db.own(argv[1]!, "zset");
  const taken = count === 0 ? [] : take(call, argv[1]!, isMax, count ?? 1);
  const isNested = out.proto === 3 && count !== undefined;
  out.array(isNested ? taken.length : taken.length * 2);
  for (const [member, score] of taken) {
    if (isNested) out.array(2);
    out.bulk(member);
    out.double(formatDouble(score));
  }
}

async function blockingPop(call: Call, isMax: boolean): Promise<void> {
  const { argv, out } = call;
  const timeoutMs = timeoutArgument(argv.at(-1));
  const keys = argv.slice(1, -1);
  const isDone = await waitForKeys(call, () => {
    for (const key of keys) {
      const [taken] = take(call, key, isMax, 1);
      if (taken === undefined) continue;
      out.array(3);
      out.bulk(key);
      out.bulk(taken[0]);
      out.double(formatDouble(taken[1]));
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
  const where = lower(argv[at + 1 + number] ?? "");
  if (where !== "min" && where !== "max") throw new Refusal(SYNTAX);
  let count: number | undefined;
  for (let i = at + 2 + number; i < argv.length; i += 2) {
    if (lower(argv[i]!) !== "count" || i + 1 >= argv.length || count !== undefined) {
      throw new Refusal(SYNTAX);
    }
    count = rangeArgument(argv[i + 1], { min: 1, complaint: "ERR count should be greater than 0" });
  }
  return { keys, isMax: where === "max", count: count ?? 1 };
}

function popFirst(call: Call, keys: readonly string[], isMax: boolean, count: number): boolean {
  const { out } = call;
  for (const key of keys) {
    const taken = take(call, key, isMax, count);
    if (taken.length === 0) continue;
    out.array(2);
    out.bulk(key);
    out.array(taken.length);
    for (const [member, score] of taken) {
      out.array(2);
      out.bulk(member);
      out.double(formatDouble(score));
    }
    return true;
  }
  return false;
}
