/**
 * How Postfix's smtpd reads and writes: lines of bounded length, and answers that are kept until it
 * would have to wait for more input.
 * @module
 */
import { latin1, outgoing } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";

/** Most bytes of answers that are kept. */
const MAX_KEPT_BYTES = 4096;
const CR = 0x0d;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);

/** A line, or a part of one that is longer than what was asked for. */
export interface Line {
  /** Octets, without LF and all CR before it. */
  readonly text: string;
  /** Whether its end was found. */
  readonly isWhole: boolean;
}

/** A connection. */
export class Channel {
  readonly #session: Session;
  #chunk: Uint8Array = NOTHING;
  #out = "";

  /** @param session read and written by nobody else. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Keeps an answer for the next `flush`, which is no later than the next wait for input. */
  async write(text: string): Promise<void> {
    this.#out += text;
    if (this.#out.length > MAX_KEPT_BYTES) await this.flush();
  }

  /** Whether so many octets more would be kept. */
  keeps(count: number): boolean {
    return this.#out.length + count <= MAX_KEPT_BYTES;
  }

  /** Sends what was kept. */
  async flush(): Promise<void> {
    const out = this.#out;
    if (out === "") return;
    this.#out = "";
    await this.#session.write(outgoing(out));
  }

  /**
   * The next line, or as much of it as `maxBytes` are.
   * @returns `null` at the peer's end, whatever came before it.
   */
  async line(maxBytes: number): Promise<Line | null> {
    let line: Uint8Array = NOTHING;
    for (;;) {
      const room = maxBytes - line.length;
      const at = this.#chunk.indexOf(LF);
      const isWhole = at >= 0 && at < room;
      const part = this.#chunk.subarray(0, isWhole ? at + 1 : room);
      this.#chunk = this.#chunk.subarray(part.length);
      // A copy only of what has to wait for more: it is overwritten then.
      if (isWhole) {
        return { text: latin1(trimEnd(line === NOTHING ? part : join(line, part))), isWhole };
      }
      line = join(line, part);
      if (line.length === maxBytes) return await this.#cut(line);
      if (!await this.#fill()) return null;
    }
  }

  /** A line that is as long as it may be: whole when it ends with CR and LF comes next. */
  async #cut(line: Uint8Array): Promise<Line | null> {
    const mayEnd = line.at(-1) === CR;
    if (mayEnd && this.#chunk.length === 0 && !await this.#fill()) return null;
    if (!mayEnd || this.#chunk[0] !== LF) return { text: latin1(line), isWhole: false };
    this.#chunk = this.#chunk.subarray(1);
    return { text: latin1(line).replace(/\r+$/, ""), isWhole: true };
  }

  /** Passes over the rest of a line; false at the peer's end. */
  async skipLine(): Promise<boolean> {
    for (;;) {
      const at = this.#chunk.indexOf(LF);
      this.#chunk = at < 0 ? this.#chunk.subarray(0, 0) : this.#chunk.subarray(at + 1);
      if (at >= 0) return true;
      if (!await this.#fill()) return false;
    }
  }

  /** At least one byte and at most `maxBytes`; `null` at the peer's end. */
  async bytes(maxBytes: number): Promise<Uint8Array | null> {
    if (this.#chunk.length === 0 && !await this.#fill()) return null;
    const bytes = this.#chunk.slice(0, maxBytes);
    this.#chunk = this.#chunk.subarray(bytes.length);
    return bytes;
  }

  /** Gives what was read too much back to the session. */
  release(): void {
    this.#session.unread(this.#chunk);
    this.#chunk = NOTHING;
  }

  async #fill(): Promise<boolean> {
    await this.flush();
    const chunk = await this.#session.read();
    // A copy, unless it is all used before the next read: what a flood brings is not kept twice.
    this.#chunk = chunk ?? NOTHING;
    return chunk !== null;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (b.length === 0) return a;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** A line without its LF and all CR before that. */
function trimEnd(line: Uint8Array): Uint8Array {
  let end = line.length - 1;
  while (end > 0 && line[end - 1] === CR) end--;
  return line.subarray(0, end);
}
