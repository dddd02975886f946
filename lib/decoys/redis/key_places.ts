/**
 * Where the keys of a command stand among its words.
 * @module
 */
import type { CommandFacts } from "./catalogue.ts";
import { lower } from "./octets.ts";

/** Commands whose keys follow their number, by the place of the number. */
const COUNTED: Record<string, number> = {
  eval: 2,
  evalsha: 2,
  eval_ro: 2,
  evalsha_ro: 2,
  fcall: 2,
  fcall_ro: 2,
  zunion: 1,
  zinter: 1,
  zdiff: 1,
  zunionstore: 2,
  zinterstore: 2,
  zdiffstore: 2,
  zintercard: 1,
  sintercard: 1,
  lmpop: 1,
  zmpop: 1,
  blmpop: 2,
  bzmpop: 2,
};

/**
 * The keys of a command.
 * @param facts of the command.
 * @param argv its words.
 */
export function keysOf(facts: CommandFacts, argv: readonly string[]): string[] {
  const { name, firstKey, lastKey, keyStep } = facts;
  const keys: string[] = [];
  const countAt = COUNTED[name];
  if (countAt !== undefined) {
    if (firstKey === 1 && countAt === 2) keys.push(argv[1]!);
    const count = Number(argv[countAt]);
    return Number.isInteger(count) ? keys.concat(argv.slice(countAt + 1, countAt + 1 + count)) : [];
  }
  if (name === "xread" || name === "xreadgroup") {
    const at = argv.findIndex((word) => lower(word) === "streams");
    return at < 0 ? [] : argv.slice(at + 1, at + 1 + Math.floor((argv.length - at - 1) / 2));
  }
  if (name === "migrate") {
    const at = argv.findIndex((word, i) => i > 5 && lower(word) === "keys");
    return at < 0 ? [argv[3]!] : argv.slice(at + 1);
  }
  if (firstKey > 0) {
    const end = lastKey < 0 ? argv.length + lastKey : lastKey;
    for (let i = firstKey; i <= end; i += Math.max(1, keyStep)) keys.push(argv[i]!);
  }
  if (name === "sort" || name.startsWith("georadius")) {
    const at = argv.findIndex((word, i) => i > 1 && /^store(?:dist)?$/.test(lower(word)));
    if (at > 0 && argv[at + 1] !== undefined) keys.push(argv[at + 1]!);
  }
  return keys.filter((key) => key !== undefined);
}
