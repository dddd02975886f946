/**
 * Commands on hashes.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { chance, sample } from "../chance.ts";
import { addDecimals } from "../decimal.ts";
import { inTableOrder } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import {
  bigArgument,
  countArgument,
  fits,
  floatArgument,
  parseFloatText,
  parseInteger,
  Refusal,
  SYNTAX,
} from "../refusal.ts";
import type { Server } from "../server.ts";
import { type HashValue, isPackedHash } from "../values.ts";

/** Commands on hashes. */
export const hashes: Handlers = {
  hset: (call) => call.out.integer(setFields(call)),
  hmset: (call) => {
    setFields(call);
    call.out.ok();
  },
  hsetnx: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "hash");
    if (value?.fields.has(argv[2]!)) return out.integer(0);
    write({ db, argv } as Call, value, [[argv[2]!, argv[3]!]]);
    out.integer(1);
  },
  hget: ({ db, argv, out }) => out.bulkOrNull(db.get(argv[1]!, "hash")?.fields.get(argv[2]!)),
  hmget: ({ db, argv, out }) => {
    const value = db.get(argv[1]!, "hash");
    out.array(argv.length - 2);
    for (const field of argv.slice(2)) out.bulkOrNull(value?.fields.get(field));
  },
  hdel: ({ db, argv, out }) => {
    const value = db.own(argv[1]!, "hash");
    const removed = argv.slice(2).filter((field) => value?.fields.delete(field)).length;
    if (removed > 0) db.changed(argv[1]!);
    out.integer(removed);
  },
  hlen: ({ db, argv, out }) => out.integer(db.get(argv[1]!, "hash")?.fields.size ?? 0),
  hstrlen: ({ db, argv, out }) => {
    out.integer(db.get(argv[1]!, "hash")?.fields.get(argv[2]!)?.length ?? 0);
  },
  hexists: ({ db, argv, out }) => {
    out.integer(db.get(argv[1]!, "hash")?.fields.has(argv[2]!) ? 1 : 0);
  },
  hgetall: ({ db, argv, out, server }) => {
    const value = db.get(argv[1]!, "hash");
    const fields = value === undefined ? [] : fieldsInOrder(value, server);
    out.map(fields.length);
    for (const field of fields) {
      out.bulk(field);
      out.bulk(value!.fields.get(field)!);
    }
  },
  hkeys: ({ db, argv, out, server }) => {
    const value = db.get(argv[1]!, "hash");
    out.bulks(value === undefined ? [] : fieldsInOrder(value, server));
  },
  hvals: ({ db, argv, out, server }) => {
    const value = db.get(argv[1]!, "hash");
    const fields = value === undefined ? [] : fieldsInOrder(value, server);
    out.bulks(fields.map((field) => value!.fields.get(field)!));
  },
  hincrby: (call) => {
    const { db, argv, out } = call;
    const step = bigArgument(argv[3]);
    const value = db.own(argv[1]!, "hash");
    const before = parseInteger(value?.fields.get(argv[2]!) ?? "0");
    if (before === undefined) throw new Refusal("ERR hash value is not an integer");
    if (!fits(before + step)) throw new Refusal("ERR increment or decrement would overflow");
    write(call, value, [[argv[2]!, String(before + step)]]);
    out.integer(before + step);
  },
  hincrbyfloat: (call) => {
    const { db, argv, out } = call;
    floatArgument(argv[3]);
    const value = db.own(argv[1]!, "hash");
    const before = value?.fields.get(argv[2]!) ?? "0";
    if (parseFloatText(before) === undefined) throw new Refusal("ERR hash value is not a float");
    const text = addDecimals(before, argv[3]!);
    if (text === undefined) throw new Refusal("ERR increment would produce NaN or Infinity");
    write(call, value, [[argv[2]!, text]]);
    out.bulk(text);
  },
  hrandfield: ({ db, argv, out }) => {
    const isWithValues = argv.length === 4 && lower(argv[3]!) === "withvalues";
    if (argv.length > 4 || (argv.length === 4 && !isWithValues)) throw new Refusal(SYNTAX);
    const count = argv.length < 3 ? undefined : countArgument(argv[2]);
    const fields = [...db.get(argv[1]!, "hash")?.fields ?? []];
    if (count === undefined) return out.bulkOrNull(fields[chance(fields.length)]?.[0]);
    if (fields.length === 0) return out.array(0);
    const shown = count >= 0 ? Math.min(count, fields.length) : -count;
    const chosen = count >= 0 ? sample(fields, count) : undefined;
    out.array(out.proto === 2 && isWithValues ? shown * 2 : shown);
    for (let i = 0; i < shown; i++) {
      const [field, text] = chosen?.[i] ?? fields[chance(fields.length)]!;
      if (isWithValues && out.proto === 3) out.array(2);
      out.bulk(field);
      if (isWithValues) out.bulk(text);
    }
  },
};

/** Fields as the server shows them: in the order in which they came, or by their place in its table. */
export function fieldsInOrder(value: HashValue, server: Server): string[] {
  return isPackedHash(value)
    ? [...value.fields.keys()]
    : inTableOrder(value.fields.keys(), server.identity.tableSeed);
}

/** Sets all fields of a command; how many are new. */
function setFields(call: Call): number {
  const { db, argv, facts } = call;
  if (argv.length % 2 !== 0) {
    throw new Refusal(`ERR wrong number of arguments for '${facts.name}' command`);
  }
  const value = db.own(argv[1]!, "hash");
  const before = value?.fields.size ?? 0;
  const pairs: [string, string][] = [];
  for (let i = 2; i < argv.length; i += 2) pairs.push([argv[i]!, argv[i + 1]!]);
  return write(call, value, pairs) - before;
}

/** Sets fields; how many there are then. */
function write(
  { db, argv }: Call,
  value: HashValue | undefined,
  pairs: readonly (readonly [string, string])[],
): number {
  const fields = value?.fields ?? new Map<string, string>();
  let bytes = 0;
  for (const [field, text] of pairs) {
    fields.set(field, text);
    bytes += field.length + text.length + 16;
  }
  if (value === undefined) db.put(argv[1]!, { type: "hash", fields });
  else {
    isPackedHash(value);
    db.changed(argv[1]!, bytes);
  }
  return fields.size;
}
