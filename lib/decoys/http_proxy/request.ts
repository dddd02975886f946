/**
 * Heads of requests as Squid 5.7 reads them: request line, header fields, and where they end.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { shortLived } from "../../net/slab.ts";
import type { Session } from "../decoy.ts";

/** Largest head: `request_header_max_size`, in bytes. */
export const MAX_HEAD_BYTES = 65_536;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);

/** One request up to its body; texts have one character a byte. */
export interface Head {
  readonly method: string;
  readonly target: string;
  readonly major: number;
  readonly minor: number;
  readonly fields: readonly Field[];
  /** Whether the fields can be read. */
  readonly isReadable: boolean;
}

/** A header field. */
export type Field = readonly [name: string, value: string];

/** What came in place of a head. */
export type NoHead =
  | { readonly kind: "end" } // the peer ended its side
  | { readonly kind: "senseless"; readonly text: string } // no request line
  | { readonly kind: "long line" | "long fields"; readonly text: string };

/** Reads heads, and what follows them. */
export class RequestReader {
  readonly #session: Session;
  #buffer: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  /** @param session read by nobody else. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** What has come and was not used yet. */
  get #data(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** The next head. */
  async head(): Promise<Head | NoHead> {
    // A peer that was heard holds little until it speaks again.
    if (this.#end === 0) this.#buffer = NOTHING;
    const lineEnd = await this.#lineEnd();
    if (typeof lineEnd !== "number") return lineEnd;
    const line = latin1(this.#data.subarray(0, lineEnd)).replace(/\r$/, "");
    const request = parseRequestLine(line);
    if (request === undefined) return { kind: "senseless", text: this.#text(lineEnd + 1) };
    if (request.major === 0 && !request.hasVersion) {
      this.#skip(lineEnd + 1);
      return { ...request, fields: [], isReadable: true };
    }
    const end = await this.#blockEnd(lineEnd + 1);
    if (typeof end !== "number") return end;
    const block = latin1(this.#data.subarray(lineEnd + 1, end));
    this.#skip(end);
    return { ...request, ...parseFields(block) };
  }

  /**
   * Bytes of a body.
   * @param maxBytes how many at most.
   * @returns at least one byte, a copy; `null` at the peer's end.
   */
  async some(maxBytes: number): Promise<Uint8Array | null> {
    if (this.#data.length === 0 && !await this.#more()) return null;
    const part = this.#data.slice(0, maxBytes);
    this.#skip(part.length);
    return part;
  }

  /**
   * A line of a chunked body without its end.
   * @param maxBytes longest.
   * @returns `undefined` when it is longer, or the peer ended before.
   */
  async line(maxBytes: number): Promise<string | undefined> {
    for (;;) {
      const at = this.#data.indexOf(LF);
      if (at > maxBytes || (at < 0 && this.#data.length > maxBytes)) return undefined;
      if (at >= 0) {
        const line = latin1(this.#data.subarray(0, at)).replace(/\r$/, "");
        this.#skip(at + 1);
        return line;
      }
      if (!await this.#more()) return undefined;
    }
  }

  /** Where the request line ends; empty lines before it are passed over. */
  async #lineEnd(): Promise<number | NoHead> {
    for (let from = 0;;) {
      const blank = this.#blankBytes();
      if (blank > 0) from = 0;
      this.#skip(blank);
      const data = this.#data;
      const at = data.indexOf(LF, from);
      if (at >= 0 && at < MAX_HEAD_BYTES) return at;
      if (at >= 0 || data.length >= MAX_HEAD_BYTES) {
        const text = this.#text();
        const isLine = /^[^\s]{1,32}[ \t]/.test(text);
        return { kind: isLine ? "long line" : "senseless", text };
      }
      from = data.length;
      if (!await this.#more()) return { kind: "end" };
    }
  }

  /** Bytes of the empty lines in front. */
  #blankBytes(): number {
    let at = this.#start;
    for (; at < this.#end; at++) {
      if (this.#buffer[at] === LF) continue;
      if (this.#buffer[at] !== 0x0d || at + 1 >= this.#end || this.#buffer[at + 1] !== LF) break;
    }
    return at - this.#start;
  }

  /** Where the fields end, the empty line included. */
  async #blockEnd(start: number): Promise<number | NoHead> {
    for (let from = start;;) {
      for (let at = this.#data.indexOf(LF, from); at >= 0; at = this.#data.indexOf(LF, from)) {
        const size = at - from;
        from = at + 1;
        if (size === 0 || (size === 1 && this.#data[at - 1] === 0x0d)) {
          return from < MAX_HEAD_BYTES ? from : { kind: "long fields", text: this.#text() };
        }
      }
      if (this.#data.length >= MAX_HEAD_BYTES) return { kind: "long fields", text: this.#text() };
      if (!await this.#more()) return { kind: "end" };
    }
  }

  #text(maxBytes = 1024): string {
    return latin1(this.#data.subarray(0, Math.min(maxBytes, 1024)));
  }

  #skip(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  async #more(): Promise<boolean> {
    const chunk = await this.#session.read();
    if (chunk === null) return false;
    if (this.#end + chunk.length > this.#buffer.length) {
      const data = this.#data;
      const grown = shortLived(Math.max(256, 2 * (data.length + chunk.length)));
      grown.set(data);
      this.#buffer = grown;
      [this.#start, this.#end] = [0, data.length];
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
    return true;
  }
}

/** Method, target and version; without a version there is but GET: HTTP/0.9. */
function parseRequestLine(
  line: string,
): Pick<Head, "method" | "target" | "major" | "minor"> & { hasVersion: boolean } | undefined {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})[ \t\v\f\r]+(.*)$/s.exec(line);
  if (match === null) return undefined;
  const [, method, rest] = match as unknown as [string, string, string];
  // Patterns that could begin anywhere in a run of white space would take its square in time.
  const version = /^HTTP\/(\d)\.(\d)$/.exec(rest.slice(-8));
  const before = rest.slice(0, -8);
  const target = trimEnd(before, " \t\v\f\r");
  if (version !== null && target !== "" && target.length < before.length) {
    return {
      method,
      target,
      major: Number(version[1]),
      minor: Number(version[2]),
      hasVersion: true,
    };
  }
  if (method !== "GET" || rest === "") return undefined;
  return { method, target: rest, major: 0, minor: 9, hasVersion: false };
}

/** The fields of a head, and whether all of them make sense; one that does not is kept as it came. */
function parseFields(block: string): Pick<Head, "fields" | "isReadable"> {
  let isReadable = !block.includes("\0");
  const fields: [string, string][] = [];
  for (const [i, line] of block.split("\n").map((line) => line.replace(/\r$/, "")).entries()) {
    if (line === "") continue;
    if (/^[ \t]/.test(line)) {
      // White space before the first field hides it; later, the line goes on.
      if (i > 0 && fields.length > 0) fields.at(-1)![1] += ` ${line.trim()}`;
      continue;
    }
    const [, name, value] = /^([^\s:]+):[ \t]*(.*)$/s.exec(line) ?? [];
    if (name === undefined) {
      fields.push([line, ""]);
      isReadable = false;
    } else fields.push([name, trimEnd(value!, " \t")]);
  }
  return { fields, isReadable };
}

/** A text without the characters at its end. */
function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}
