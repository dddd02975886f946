/**
 * JSON that is nearly what it was: changes of whole tokens and members, of which most leave it JSON.
 * @module
 */
import type { Random } from "../fuzz/random.ts";

/** Values that a reader may take for another one, or for none. */
export const ODD_VALUES: readonly string[] = [
  ...["0", "-0", "00", "-1", "-", "101", "1.0", "1e2", "1e400", "+1", ".5", "NaN"],
  ...["9007199254740991", "9007199254740992", "123456789012345", "1234567890123456"],
  ...["null", "true", "false", "tru", "{}", "[]", "[{}]", "[[]]", "[1]", '[""]', '["a",]'],
  ...['{"name":"a","value":"b"}', '[{"name":"a","value":"b"}]', '[{"value":"b","name":"a"}]'],
  ...['[{"name":"a","value":"b","more":1}]', '[{"n\\u0061me":"a","value":"b"}]'],
  ...['""', '"a"', '"/"', '"\\/"', '"\\u0041"', '"\\n"', '"\\\\"', '"\\""', '"\\\\\\""', '"\\x"'],
  ...[
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\u{1f600}"',
    '"\u00fc"',
    '"\u202e"',
    '"\\u202e"',
    '"\u2028"',
  ],
  ...['"\u0007"', '"\u007f"', '"a\nb"', '"\t"', '"\ufeff"', '"\u200b"'],
  ...['"::"', '"::1"', '"2001:db8::1"', '"2001:DB8::1"', '"::ffff:192.0.2.1"', '":"', '"a"'],
  ...['"0.0.0.0"', '"255.255.255.255"', '"256.1.1.1"', '"01.2.3.4"', '"1.2.3"', '"1.2.3.4.5"'],
  ...['"1..2.3"', '"1.2.3.1000"', '"1.2.3.4 "', '"1.2.3.04"', '"1.2.3.4."'],
  ...['"AA=="', '"AA==="', '"A=A"', '"="', '"A\\/A"', '"A/A+"'],
  ...['"2026-11-22T01:02:03.004Z"', '"2026-13-22T01:02:03.004Z"', '"2026-02-30T01:02:03.004Z"'],
  ...['"2026-11-22T24:00:00.000Z"', '"2026-11-22T25:00:00.000Z"', '"2026-11-22t01:02:03.004Z"'],
  ...['"2026-11-22T01:02:03Z"', '"2099-11-22T01:02:03.004Z"', '"2026-11-22T01:02:03.004\\u005a"'],
  ...['"edge-1"', '"edge-2"', '"edge\\u002d1"', '"edge-1\\\\"'],
];
/** Names that are somebody else's, or written otherwise. */
const ODD_NAMES: readonly string[] = [
  ...['"__proto__"', '"constructor"', '"hasOwnProperty"', '"1"', '""', '"a.b"', '"n\\u0061me"'],
  ...['"name"', '"id"', '"event"', '"observer"', '"ingested"', '"@timestamp"', '"ip"', '"later"'],
];
/** What is put into the midst of a text. */
const ODD_PARTS: readonly string[] = [
  ...[
    "\\\\",
    '\\"',
    "\\u0041",
    "\\/",
    "\\n",
    "\\",
    "\u200b",
    "\u00e9",
    "\u2028",
    "\u0000",
    "\u007f",
  ],
  ...["x", " ", ".", "=", "/", "%"],
];
/** What may stand where nothing was. */
const ODD_TOKENS: readonly string[] = [
  ...[" ", "\t", "\n", "\r", "\ufeff", ",", ":", "{", "}", "[", "]", '"', "\\"],
];
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+|true|false|[^"]/gs;

/** From a name up to what follows its value. */
interface Member {
  readonly start: number;
  readonly end: number;
}

/**
 * Changes JSON a little.
 * @param json canonical: as `JSON.stringify` writes it.
 * @param random decides everything.
 * @returns mostly JSON.
 */
export function changeJson(json: string, random: Random): string {
  const tokens = [...json.match(TOKEN)!];
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    const members = findMembers(tokens);
    if (members.length === 0) break;
    const { start, end } = random.pick(members);
    const member = tokens.slice(start, end);
    switch (random.below(8)) {
      case 0: // stands somewhere else as well
        tokens.splice(random.pick(members).start, 0, ...member, ",");
        break;
      case 1:
        tokens.splice(start, end - start + (tokens[end] === "," ? 1 : 0));
        break;
      case 2:
        tokens[start] = random.pick(ODD_NAMES);
        break;
      case 3:
        changeText(tokens, random);
        break;
      case 4:
        tokens.splice(random.below(tokens.length + 1), random.below(2), random.pick(ODD_TOKENS));
        break;
      default:
        tokens.splice(start + 2, end - start - 2, random.pick(ODD_VALUES));
    }
  }
  return tokens.join("");
}

function findMembers(tokens: readonly string[]): Member[] {
  const members: Member[] = [];
  for (let start = 0; start + 1 < tokens.length; start++) {
    if (tokens[start + 1] !== ":") continue;
    let end = start + 2;
    for (let depth = 0; end < tokens.length; end++) {
      if (tokens[end] === "{" || tokens[end] === "[") depth++;
      else if (depth === 0 && /^[\]},]$/.test(tokens[end]!)) break;
      else if (tokens[end] === "}" || tokens[end] === "]") depth--;
    }
    members.push({ start, end });
  }
  return members;
}

/** Puts something into a text or a name. */
function changeText(tokens: string[], random: Random): void {
  const texts = tokens.flatMap((token, i) => token.length > 1 && token.startsWith('"') ? [i] : []);
  if (texts.length === 0) return;
  const i = random.pick(texts);
  const text = tokens[i]!;
  const at = 1 + random.below(text.length - 1);
  tokens[i] = text.slice(0, at) + random.pick(ODD_PARTS) + text.slice(at + random.below(2));
}
