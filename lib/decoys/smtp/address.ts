/**
 * Addresses in an envelope as Postfix reads them: by the grammar of RFC 822 rather than RFC 5321, so
 * comments, quotes, routes and spaces are all taken, and what is left must be one address.
 * @module
 */

/** An address in its internal form, without quotes; octets. */
export interface Address {
  /** The whole; empty for the null sender. */
  readonly text: string;
  /** Before the last `@`. */
  readonly local: string;
  /** Behind it; `undefined` when there is none. */
  readonly domain: string | undefined;
}

/** A word, an atom or quoted string, or one of RFC 822's special characters. */
interface Part {
  readonly type: "word" | "special";
  readonly text: string;
}

/**
 * Reads an address.
 * @param text as it came; octets.
 * @param options `isUtf8`: whether the domain may have characters beyond ASCII.
 * @returns `undefined` when it is none, or more than one.
 */
export function parseAddress(
  text: string,
  options: { isUtf8?: boolean } = {},
): Address | undefined {
  const found = findAddresses(scan(text));
  if (found.length > 1) return undefined;
  const parts = found[0] ?? [];
  const at = parts.findLastIndex(({ type, text }) => type === "special" && text === "@");
  const whole = parts.map(({ text }) => text).join("");
  if (whole === "@") return undefined;
  if (at < 0) return { text: whole, local: whole, domain: undefined };
  const local = parts.slice(0, at).map(({ text }) => text).join("");
  const domain = parts.slice(at + 1).map(({ text }) => text).join("");
  const isNull = domain === "" && !local.includes("@"); // `a@`; of `a@b@` the last is dropped
  if (isNull || (domain !== "" && !isDomain(domain, options))) return undefined;
  return { text: whole, local, domain };
}

/** Words and specials, without comments and white space. */
function scan(text: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (/[ \t-\r]/.test(character)) {
      at++;
      if (parts.at(-1)?.text !== "") parts.push({ type: "special", text: "" });
    } else if (character === "(") {
      at = commentEnd(text, at);
    } else if (character === '"') {
      const [word, end] = unquote(text, at + 1, '"');
      parts.push({ type: "word", text: word });
      at = end;
    } else if (character === "[") {
      const literal = /^[^\]<>[]*/.exec(text.slice(at + 1))![0];
      parts.push({ type: "word", text: `[${literal}]` });
      at += literal.length + 1;
      if (text[at] === "]") at++;
    } else if (/[<>@,;:.()\]]/.test(character)) {
      parts.push({ type: "special", text: character });
      at++;
    } else {
      let word = "";
      while (at < text.length && !/[ \t-\r<>@,;:.()[\]"]/.test(text[at]!)) {
        if (text[at] === "\\") at++;
        word += text[at++] ?? "";
      }
      word = word.replace(/[^ -~\x80-\xff]/g, " "); // what is not printed is a space
      parts.push({ type: "word", text: word });
    }
  }
  return parts;
}

/** The text up to a quote, and where it ends; a backslash takes away what the next one means. */
function unquote(text: string, start: number, quote: string): [word: string, end: number] {
  let word = "";
  for (let at = start; at < text.length; at++) {
    if (text[at] === quote) return [word, at + 1];
    if (text[at] === "\\") at++;
    word += text[at] ?? "";
  }
  return [word, text.length];
}

function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The addresses in a list of parts: those in brackets stand for what is around them. */
function findAddresses(parts: readonly Part[]): Part[][] {
  const addresses: Part[][] = [];
  let current: Part[] = [];
  let isRoute = false;
  const end = () => {
    if (current.length > 0) addresses.push(current);
    current = [];
  };
  for (const [i, part] of parts.entries()) {
    const isSpecial = part.type === "special";
    if (isSpecial && part.text === "") continue; // white space
    if (isSpecial && part.text === "<" && parts.slice(i).some(isClosing)) {
      current = []; // a phrase before an address in brackets
      isRoute = true;
    } else if (isSpecial && part.text === ">") {
      end();
      isRoute = false;
    } else if (isSpecial && part.text === ":" && (!isRoute || current[0]?.text === "@")) {
      current = []; // the route, or the name of a group
    } else if (isSpecial && (part.text === "," || part.text === ";")) {
      if (!(isRoute && current[0]?.text === "@")) end();
    } else {
      const last = current.at(-1);
      if (last?.type === "word" && part.type === "word") end(); // two words in a row
      current.push(part);
    }
  }
  end();
  return addresses;
}

function isClosing({ type, text }: Part): boolean {
  return type === "special" && text === ">";
}

/**
 * Whether a domain is a host name or an address literal that Postfix would look up.
 * @param domain octets.
 * @param options `isUtf8`: whether it may have characters beyond ASCII.
 */
export function isDomain(domain: string, { isUtf8 = false }: { isUtf8?: boolean } = {}): boolean {
  const literal = /^\[(.*)\]$/.exec(domain)?.[1];
  if (literal !== undefined) return isAddressLiteral(literal);
  const name = domain.endsWith(".") ? domain.slice(0, -1) : domain;
  return isHostname(name, isUtf8);
}

/**
 * Whether a text is a host name, by Postfix's rules: labels of 63 bytes at most, underscores allowed,
 * not all digits.
 * @param name octets.
 * @param isUtf8 whether it may have characters beyond ASCII.
 */
export function isHostname(name: string, isUtf8 = false): boolean {
  if (name.length === 0 || name.length > 255 || /^[\d.]+$/.test(name)) return false;
  const label = isUtf8 ? /^[A-Za-z0-9_\x80-\xff-]+$/ : /^[A-Za-z0-9_-]+$/;
  return name.split(".").every((part) =>
    part.length <= 63 && label.test(part) && !part.startsWith("-") && !part.endsWith("-")
  );
}

function isAddressLiteral(text: string): boolean {
  if (/^ipv6:/i.test(text)) return /^[0-9a-f:]+(?:\d+\.\d+\.\d+\.\d+)?$/i.test(text.slice(5));
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}
