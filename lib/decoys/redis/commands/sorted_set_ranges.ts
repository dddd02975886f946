/**
 * Commands that show ranges of sorted sets, or put several together.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import { lexRange, membersBetween, membersIn, scoreRange } from "../ranges.ts";
import {
  floatArgument,
  formatDouble,
  intArgument,
  OUT_OF_MEMORY,
  Refusal,
  SYNTAX,
} from "../refusal.ts";
import { sizeOf, sortedMembers, type SortedSetValue } from "../values.ts";

type By = "rank" | "score" | "lex";

/** Ranges and unions. */
export const sortedSetRanges: Handlers = {
  zrange: (call) => range(call, parse(call, 1)),
  zrevrange: (call) => range(call, parse(call, 1, { by: "rank", isReverse: true })),
  zrangebyscore: (call) => range(call, parse(call, 1, { by: "score", isReverse: false })),
  zrevrangebyscore: (call) => range(call, parse(call, 1, { by: "score", isReverse: true })),
  zrangebylex: (call) => range(call, parse(call, 1, { by: "lex", isReverse: false })),
  zrevrangebylex: (call) => range(call, parse(call, 1, { by: "lex", isReverse: true })),
  zrangestore: (call) => {
    const { members, value } = parse(call, 2);
    store(call, new Map(members.map((member) => [member, value!.scores.get(member)!])));
  },
  zunion: (call) => showAll(call, "union"),
  zinter: (call) => showAll(call, "inter"),
  zdiff: (call) => showAll(call, "diff"),
  zunionstore: (call) => store(call, combine(call, 2, "union").scores),
  zinterstore: (call) => store(call, combine(call, 2, "inter").scores),
  zdiffstore: (call) => store(call, combine(call, 2, "diff").scores),
  zintercard: (call) => {
    const { argv, out } = call;
    const { keys, at } = keysArgument(call, 1);
    let limit = 0;
    for (let i = at; i < argv.length; i += 2) {
      if (lower(argv[i]!) !== "limit" || i + 1 >= argv.length) throw new Refusal(SYNTAX);
      limit = intArgument(argv[i + 1]);
      if (limit < 0) throw new Refusal("ERR LIMIT can't be negative");
    }
    const { size } = merge(call, { keys, weights: [], aggregate: "sum" }, "inter");
    out.integer(limit > 0 ? Math.min(limit, size) : size);
  },
};

/** What a range command shows. */
interface Range {
  readonly value: SortedSetValue | undefined;
  readonly members: readonly string[];
  readonly isWithScores: boolean;
}

function parse(
  call: Call,
  keyAt: number,
  fixed?: { readonly by: By; readonly isReverse: boolean },
): Range {
  const { argv, db } = call;
  let by: By = fixed?.by ?? "rank";
  let isReverse = fixed?.isReverse ?? false;
  let limit: { offset: number; count: number } | undefined;
  let isWithScores = false;
  const isStore = keyAt === 2;
  for (let i = keyAt + 3; i < argv.length; i++) {
    const option = lower(argv[i]!);
    if (!isStore && option === "withscores") isWithScores = true;
    else if (option === "limit" && i + 2 < argv.length) {
      limit = { offset: intArgument(argv[i + 1]), count: intArgument(argv[i + 2]) };
      i += 2;
    } else if (fixed === undefined && option === "rev") isReverse = true;
    else if (fixed === undefined && option === "bylex") by = "lex";
    else if (fixed === undefined && option === "byscore") by = "score";
    else throw new Refusal(SYNTAX);
  }
  if (limit !== undefined && by === "rank") {
    throw new Refusal(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  }
  if (isWithScores && by === "lex") {
    throw new Refusal("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }
  const [first, second] = [argv[keyAt + 1]!, argv[keyAt + 2]!];
  const [min, max] = isReverse && by !== "rank" ? [second, first] : [first, second];
  const test = by === "score"
    ? scoreRange(min, max)
    : by === "lex"
    ? lexRange(min, max)
    : undefined;
  const ranks = test === undefined ? [intArgument(first), intArgument(second)] as const : undefined;
  const value = db.get(argv[keyAt]!, "zset");
  const members = test === undefined
    ? membersBetween(value, ranks!, isReverse)
    : membersIn(value, test, { isReverse, ...limit });
  return { value, members, isWithScores };
}

function range({ out }: Call, { value, members, isWithScores }: Range): void {
  const isNested = isWithScores && out.proto === 3;
  out.array(isWithScores && !isNested ? members.length * 2 : members.length);
  for (const member of members) {
    if (isNested) out.array(2);
    out.bulk(member);
    if (isWithScores) out.double(formatDouble(value!.scores.get(member)!));
  }
}

type How = "union" | "inter" | "diff";

interface Mix {
  readonly keys: readonly string[];
  readonly weights: readonly number[];
  readonly aggregate: "sum" | "min" | "max";
}

function keysArgument({ argv, facts }: Call, at: number) {
  const number = intArgument(argv[at]);
  if (number < 1) {
    throw new Refusal(`ERR at least 1 input key is needed for '${facts.name}' command`);
  }
  if (number > argv.length - at - 1) throw new Refusal(SYNTAX);
  return { keys: argv.slice(at + 1, at + 1 + number), at: at + 1 + number };
}

function combine(call: Call, countAt: number, how: How) {
  const { argv } = call;
  const { keys, at } = keysArgument(call, countAt);
  let weights: number[] = [];
  let aggregate: Mix["aggregate"] = "sum";
  let isWithScores = false;
  for (let i = at; i < argv.length; i++) {
    const option = lower(argv[i]!);
    const left = argv.length - i - 1;
    if (how !== "diff" && option === "weights" && left >= keys.length) {
      weights = argv.slice(i + 1, i + 1 + keys.length).map((text) =>
        floatArgument(text, "ERR weight value is not a float")
      );
      i += keys.length;
    } else if (how !== "diff" && option === "aggregate" && left >= 1) {
      const word = lower(argv[++i]!);
      if (word !== "sum" && word !== "min" && word !== "max") throw new Refusal(SYNTAX);
      aggregate = word;
    } else if (countAt === 1 && option === "withscores") isWithScores = true;
    else throw new Refusal(SYNTAX);
  }
  return { scores: merge(call, { keys, weights, aggregate }, how), isWithScores };
}

function merge({ db }: Call, { keys, weights, aggregate }: Mix, how: How): Map<string, number> {
  const inputs = keys.map((key) => {
    const value = db.read(key)?.value;
    if (value === undefined) return new Map<string, number>();
    if (value.type === "zset") return value.scores;
    if (value.type === "set") return new Map([...value.members].map((member) => [member, 1]));
    throw new Refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
  });
  const weigh = (score: number, i: number) => {
    const weighed = score * (weights[i] ?? 1);
    return Number.isNaN(weighed) ? 0 : weighed;
  };
  const join = (a: number, b: number) => {
    if (aggregate === "min") return Math.min(a, b);
    if (aggregate === "max") return Math.max(a, b);
    return Number.isNaN(a + b) ? 0 : a + b;
  };
  const result = new Map<string, number>();
  const [first = new Map<string, number>(), ...others] = inputs;
  for (const [member, score] of first) {
    if (how === "diff" && others.some((other) => other.has(member))) continue;
    if (how === "inter" && !others.every((other) => other.has(member))) continue;
    result.set(member, weigh(score, 0));
  }
  if (how === "diff") return result;
  for (const [i, other] of others.entries()) {
    for (const [member, score] of other) {
      const before = result.get(member);
      if (before !== undefined) result.set(member, join(before, weigh(score, i + 1)));
      else if (how === "union") result.set(member, weigh(score, i + 1));
    }
  }
  return result;
}

function showAll(call: Call, how: How): void {
  const { scores, isWithScores } = combine(call, 1, how);
  const value: SortedSetValue = { type: "zset", scores };
  range(call, { value, members: sortedMembers(value), isWithScores });
}

function store({ db, argv, out, source }: Call, scores: Map<string, number>): void {
  const value: SortedSetValue = { type: "zset", scores };
  if (!source.hasRoom(sizeOf(value))) throw new Refusal(OUT_OF_MEMORY);
  if (scores.size === 0) db.delete(argv[1]!);
  else db.put(argv[1]!, value);
  out.integer(scores.size);
}
