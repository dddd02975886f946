/**
 * Words of an inline command: quotes and escapes as Redis's sdssplitargs has them.
 * @module
 */

const SPACE = /[ \t\n\v\f\r]/;
const NAMED: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/**
 * Splits a line.
 * @param line one character a byte, without its end.
 * @returns its words; nothing when quotes do not match.
 */
export function splitInline(line: string): string[] | undefined {
  if (!/["']/.test(line)) return line.split(/[ \t\n\v\f\r]+/).filter((word) => word !== "");
  const words: string[] = [];
  for (let at = 0;;) {
    while (at < line.length && SPACE.test(line[at]!)) at++;
    if (at >= line.length) return words;
    const parts: string[] = [];
    for (let isOver = false; !isOver;) {
      const character = line[at];
      if (character === undefined || SPACE.test(character)) isOver = true;
      else if (character === '"' || character === "'") {
        const quoted = character === '"' ? doubleQuoted(line, at + 1) : singleQuoted(line, at + 1);
        if (quoted === undefined) return undefined;
        at = quoted.end;
        parts.push(quoted.text);
        // A closing quote must be followed by a space, or by nothing.
        if (at < line.length && !SPACE.test(line[at]!)) return undefined;
        isOver = true;
      } else {
        let end = at;
        while (end < line.length && !/[ \t\n\v\f\r"']/.test(line[end]!)) end++;
        parts.push(line.slice(at, end));
        at = end;
      }
    }
    words.push(parts.join(""));
  }
}

function doubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const parts: string[] = [];
  for (let at = start; at < line.length; at++) {
    const character = line[at]!;
    if (character === '"') return { text: parts.join(""), end: at + 1 };
    if (character !== "\\" || at + 1 >= line.length) {
      parts.push(character);
      continue;
    }
    const code = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
    if (code !== null) {
      parts.push(String.fromCharCode(parseInt(code[1]!, 16)));
      at += 3;
    } else {
      at++;
      parts.push(NAMED[line[at]!] ?? line[at]!);
    }
  }
  return undefined;
}

function singleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const parts: string[] = [];
  for (let at = start; at < line.length; at++) {
    const character = line[at]!;
    if (character === "'") return { text: parts.join(""), end: at + 1 };
    if (character === "\\" && line[at + 1] === "'") at++;
    parts.push(line[at]!);
  }
  return undefined;
}
