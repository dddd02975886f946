/**
 * Reads CEF as a receiver does, character by character, knowing nothing of what wrote it.
 * @module
 */

/** A parsed line. */
export interface CefRecord {
  /** Vendor, product, version, event class, name, severity. */
  readonly header: readonly string[];
  readonly extension: ReadonlyMap<string, string>;
}

const VALUE_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", "=": "=", n: "\n", r: "\r" };

/**
 * Parses a line.
 * @param line without its end.
 * @throws {SyntaxError} when it is no CEF.
 */
export function parseCef(line: string): CefRecord {
  if (!line.startsWith("CEF:0|")) throw new SyntaxError("no CEF:0");
  if (/[\r\n]/.test(line)) throw new SyntaxError("more than one line");
  const header: string[] = [];
  let at = 6;
  let field = "";
  while (header.length < 6) {
    const character = line[at++];
    if (character === undefined) throw new SyntaxError("header ends too early");
    if (character === "|") {
      header.push(field);
      field = "";
    } else if (character === "\\") {
      const next = line[at++];
      if (next !== "\\" && next !== "|") throw new SyntaxError(`\\${next} in the header`);
      field += next;
    } else field += character;
  }
  return { header, extension: parseExtension(line.slice(at)) };
}

/** A value goes on until a space that is followed by a key and a bare equals sign. */
function parseExtension(text: string): Map<string, string> {
  const extension = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const [whole, key] = /^([A-Za-z0-9]+)=/.exec(text.slice(at)) ?? [];
    if (whole === undefined) throw new SyntaxError(`no key at ${at}: ${text.slice(at, at + 30)}`);
    if (extension.has(key!)) throw new SyntaxError(`${key} twice`);
    at += whole.length;
    let value = "";
    while (at < text.length) {
      const character = text[at]!;
      if (character === " " && /^ [A-Za-z0-9]+=/.test(text.slice(at, at + 40))) break;
      if (character === "=") throw new SyntaxError(`bare = in ${key}`);
      if (character === "\\") {
        const escaped = VALUE_ESCAPES[text[at + 1] ?? ""];
        if (escaped === undefined) throw new SyntaxError(`\\${text[at + 1]} in ${key}`);
        value += escaped;
        at += 2;
      } else {
        value += character;
        at++;
      }
    }
    extension.set(key!, value.trim()); // as receivers do
    at++;
  }
  return extension;
}
