/**
 * SCAN and its like.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { globMatches } from "../glob.ts";
import { scanTable } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import { formatDouble, intArgument, Refusal, SYNTAX } from "../refusal.ts";
import { encodingOf, isIntset, isPackedHash, sortedMembers } from "../values.ts";
import { setInOrder } from "./sets.ts";

/** Entries wanted when a client does not say. */
const DEFAULT_COUNT = 10;
/** Most buckets that one step looks at. */
const MAX_COUNT = 100_000;

/** What a scan asks for. */
interface ScanOptions {
  readonly cursor: bigint;
  readonly count: number;
  readonly pattern: string | undefined;
  readonly type: string | undefined;
}

/** The scans. */
export const scans: Handlers = {
  scan: ({ db, argv, out, server }) => {
    const cursor = cursorArgument(argv[1]!);
    const options = { cursor, ...scanOptions(argv, 2, true) };
    const names = db.keys();
    const step = scanTable(names, server.identity.tableSeed, options);
    const shown = step.names.filter((key) =>
      isLike(key, options) &&
      (options.type === undefined || db.peek(key)?.value.type === options.type)
    );
    out.array(2);
    out.bulk(String(step.cursor));
    out.bulks(shown);
  },
  sscan: (call) => {
    const { db, argv, server } = call;
    const cursor = cursorArgument(argv[2]!);
    const value = db.get(argv[1]!, "set");
    if (value === undefined) return nothing(call);
    const options = { cursor, ...scanOptions(argv, 3, false) };
    const names = setInOrder(value, server);
    if (isIntset(value)) return answer(call, 0n, names.filter((name) => isLike(name, options)));
    const step = scanTable([...value.members], server.identity.tableSeed, options);
    answer(call, step.cursor, step.names.filter((name) => isLike(name, options)));
  },
  hscan: (call) => {
    const { db, argv, server } = call;
    const cursor = cursorArgument(argv[2]!);
    const value = db.get(argv[1]!, "hash");
    if (value === undefined) return nothing(call);
    const options = { cursor, ...scanOptions(argv, 3, false) };
    const all = [...value.fields.keys()];
    const step = isPackedHash(value)
      ? { names: all, cursor: 0n }
      : scanTable(all, server.identity.tableSeed, options);
    const shown = step.names.filter((name) => isLike(name, options));
    answer(call, step.cursor, shown.flatMap((name) => [name, value.fields.get(name)!]));
  },
  zscan: (call) => {
    const { db, argv, server } = call;
    const cursor = cursorArgument(argv[2]!);
    const value = db.get(argv[1]!, "zset");
    if (value === undefined) return nothing(call);
    const options = { cursor, ...scanOptions(argv, 3, false) };
    const all = sortedMembers(value);
    const step = encodingOf(value) === "listpack"
      ? { names: all, cursor: 0n }
      : scanTable(all, server.identity.tableSeed, options);
    const shown = step.names.filter((name) => isLike(name, options));
    answer(
      call,
      step.cursor,
      shown.flatMap((name) => [name, formatDouble(value.scores.get(name)!)]),
    );
  },
};

function cursorArgument(text: string): bigint {
  if (!/^[ \t\n\v\f\r]*$|^\d{1,20}$/.test(text) || text === "") {
    throw new Refusal("ERR invalid cursor");
  }
  return BigInt(text) & (2n ** 64n - 1n);
}

function scanOptions(argv: readonly string[], from: number, isKeys: boolean) {
  let count = DEFAULT_COUNT;
  let pattern: string | undefined;
  let type: string | undefined;
  for (let i = from; i < argv.length; i += 2) {
    const option = lower(argv[i]!);
    const value = argv[i + 1];
    if (value === undefined) throw new Refusal(SYNTAX);
    if (option === "count") {
      count = intArgument(value);
      if (count < 1) throw new Refusal(SYNTAX);
    } else if (option === "match") pattern = value;
    else if (option === "type" && isKeys) type = lower(value);
    else throw new Refusal(SYNTAX);
  }
  return { count: Math.min(count, MAX_COUNT), pattern, type };
}

function isLike(name: string, { pattern }: Pick<ScanOptions, "pattern">): boolean {
  return pattern === undefined || globMatches(pattern, name);
}

function nothing({ out }: Call): void {
  out.array(2);
  out.bulk("0");
  out.array(0);
}

function answer({ out }: Call, cursor: bigint, texts: readonly string[]): void {
  out.array(2);
  out.bulk(String(cursor));
  out.bulks(texts);
}
