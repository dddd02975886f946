/**
 * How Postfix's smtpd takes a command apart: words between white space, which quotes and angle brackets
 * keep together.
 * @module
 */

/** A word of a command. */
export interface Token {
  /** As it came, quotes and all; octets. */
  readonly text: string;
  /** Whether a quote or a bracket was not closed. */
  readonly isOpen: boolean;
}

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;

/**
 * The words of a line.
 * @param line octets, up to a NUL.
 */
export function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  let text = "";
  let isOpen = false;
  const end = () => {
    if (text !== "") tokens.push({ text, isOpen });
    text = "";
    isOpen = false;
  };
  for (let at = 0; at < line.length;) {
    const character = line[at]!;
    if (isSpace(line.charCodeAt(at))) {
      at++;
      end();
    } else if (character === "<" || character === '"') {
      const quoted = readQuoted(line, at);
      text += quoted.text;
      isOpen ||= !quoted.isClosed;
      at = quoted.end;
    } else if (character === "\\") {
      text += line.slice(at, at + 2);
      at += 2;
    } else {
      text += character;
      at++;
      // `MAIL FROM:<a>`: what follows is a word of its own.
      if (character === ":" && /^(?:to|from):$/i.test(text)) end();
    }
  }
  end();
  return tokens;
}

/** Whether a character is white space in C's locale. */
function isSpace(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= CR);
}

/** From a quote or `<` to what closes it; quotes may stand in brackets, and brackets in brackets. */
function readQuoted(line: string, start: number) {
  const closing = [line[start] === "<" ? ">" : '"'];
  let at = start + 1;
  while (at < line.length) {
    const character = line[at++]!;
    const wanted = closing.at(-1)!;
    if (character === "\\") at++;
    else if (character === wanted) {
      closing.pop();
      if (closing.length === 0) return { text: line.slice(start, at), end: at, isClosed: true };
    } else if (character === '"') closing.push('"');
    else if (character === "<" && wanted === ">") closing.push(">");
  }
  return { text: line.slice(start, at), end: at, isClosed: false };
}
