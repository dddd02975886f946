/**
 * Commands on sets.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { chance, sample } from "../chance.ts";
import { inTableOrder } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import {
  countArgument,
  intArgument,
  OUT_OF_MEMORY,
  rangeArgument,
  Refusal,
  SYNTAX,
} from "../refusal.ts";
import type { Server } from "../server.ts";
import { isIntset, type SetValue, sizeOf } from "../values.ts";

/** Commands on sets. */
export const sets: Handlers = {
  sadd: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "set");
    const members = value?.members ?? new Set();
    const { size } = members;
    for (const member of argv.slice(2)) members.add(member);
    if (value === undefined) db.put(argv[1]!, { type: "set", members });
    else if (members.size > size) {
      isIntset(value);
      db.changed(argv[1]!, argv.slice(2).reduce((sum, word) => sum + word.length + 16, 0));
    }
    out.integer(members.size - size);
  },
  srem: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "set");
    const removed = argv.slice(2).filter((member) => value?.members.delete(member)).length;
    if (removed > 0) db.changed(argv[1]!);
    out.integer(removed);
  },
  scard: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "set")?.members.size ?? 0),
  sismember: ({ db, argv, out }) => {
    out.integer(db.get(argv[1]!, "set")?.members.has(argv[2]!) ? 1 : 0);
  },
  smismember: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "set");
    out.array(argv.length - 2);
    for (const member of argv.slice(2)) out.integer(value?.members.has(member) ? 1 : 0);
  },
  smembers: ({ db, argv, out, server }) => {
    const value = db.get(argv[1]!, "set");
    const members = value === undefined ? [] : setInOrder(value, server);
    out.set(members.length);
    for (const member of members) out.bulk(member);
  },
  smove: ({ db, argv, out }) => {
    const from = db.own(argv[1]!, "set");
    if (from === undefined) return out.integer(0);
    const to = db.own(argv[2]!, "set");
    const member = argv[3]!;
    if (argv[1] === argv[2]) return out.integer(from.members.has(member) ? 1 : 0);
    if (!from.members.delete(member)) return out.integer(0);
    db.changed(argv[1]!);
    if (to === undefined) db.put(argv[2]!, { type: "set", members: new Set([member]) });
    else {
      to.members.add(member);
      db.changed(argv[2]!, member.length + 16);
    }
    out.integer(1);
  },
  spop: (call) => {
    const { db, argv, out } = call;
    if (argv.length > 3) throw new Refusal(SYNTAX);
    const count = argv.length < 3 ? undefined : rangeArgument(argv[2], {
      min: 0,
      complaint: "ERR value is out of range, must be positive",
    });
    const value = db.own(argv[1]!, "set");
    if (count === undefined) {
      if (value === undefined) return out.null();
      const member = [...value.members][chance(value.members.size)]!;
      value.members.delete(member);
      db.changed(argv[1]!);
      return out.bulk(member);
    }
    const taken = value === undefined ? [] : sample([...value.members], count);
    for (const member of taken) value!.members.delete(member);
    if (taken.length > 0) db.changed(argv[1]!);
    out.set(taken.length);
    for (const member of taken) out.bulk(member);
  },
  srandmember: ({ db, argv, out }) => {
    if (argv.length > 3) throw new Refusal(SYNTAX);
    const count = argv.length < 3 ? undefined : countArgument(argv[2]);
    const value = db.get(argv[1]!, "set");
    if (count === undefined) {
      const all = [...value?.members ?? []];
      return out.bulkOrNull(all[chance(Math.max(1, all.length))]);
    }
    const all = [...value?.members ?? []];
    if (all.length === 0) return out.array(0);
    if (count >= 0) return out.bulks(sample(all, count));
    out.array(-count);
    for (let i = count; i < 0; i++) out.bulk(all[chance(all.length)]!);
  },
  sinter: (call) => show(call, combine(call, call.argv.slice(1), "inter")),
  sunion: (call) => show(call, combine(call, call.argv.slice(1), "union")),
  sdiff: (call) => show(call, combine(call, call.argv.slice(1), "diff")),
  sinterstore: (call) => store(call, combine(call, call.argv.slice(2), "inter")),
  sunionstore: (call) => store(call, combine(call, call.argv.slice(2), "union")),
  sdiffstore: (call) => store(call, combine(call, call.argv.slice(2), "diff")),
  sintercard: (call) => {
    const { argv, out } = call;
    const count = rangeArgument(argv[1], {
      min: 1,
      max: 2 ** 31,
      complaint: "ERR numkeys should be greater than 0",
    });
    if (count > argv.length - 2) {
      throw new Refusal("ERR Number of keys can't be greater than number of args");
    }
    let limit = 0;
    for (let i = 2 + count; i < argv.length; i += 2) {
      if (lower(argv[i]!) !== "limit" || i + 1 >= argv.length) throw new Refusal(SYNTAX);
      limit = intArgument(argv[i + 1]);
      if (limit < 0) throw new Refusal("ERR LIMIT can't be negative");
    }
    const { size } = combine(call, argv.slice(2, 2 + count), "inter");
    out.integer(limit > 0 ? Math.min(limit, size) : size);
  },
};

/** Members as the server shows them: numbers by size, others by their place in its table. */
export function setInOrder(value: SetValue, server: Server): string[] {
  if (!isIntset(value)) return inTableOrder(value.members, server.identity.tableSeed);
  return [...value.members].map(BigInt).sort((a, b) => a < b ? -1 : a > b ? 1 : 0).map(String);
}

function combine(
  { db }: Call,
  keys: readonly string[],
  how: "inter" | "union" | "diff",
): Set<string> {
  const sets = keys.map((key) => db.get(key, "set")?.members ?? new Set<string>());
  const result = new Set(sets[0]);
  for (const other of sets.slice(1)) {
    if (how === "union") { for (const member of other) result.add(member); }
    else {
      for (const member of result) {
        if (other.has(member) === (how === "diff")) result.delete(member);
      }
    }
  }
  return result;
}

function show({ out, server }: Call, members: Set<string>): void {
  const shown = setInOrder({ type: "set", members }, server);
  out.set(shown.length);
  for (const member of shown) out.bulk(member);
}

function store({ db, argv, out, source }: Call, members: Set<string>): void {
  const value: SetValue = { type: "set", members };
  if (!source.hasRoom(sizeOf(value))) throw new Refusal(OUT_OF_MEMORY);
  if (members.size === 0) db.delete(argv[1]!);
  else db.put(argv[1]!, value);
  out.integer(members.size);
}
