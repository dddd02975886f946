/**
 * A message on its way in: hashed, counted, looked through for what is attached, and its first bytes
 * kept.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { escapeOctets, latin1, latin1Bytes } from "../../net/latin1.ts";
import { MimeReader } from "./mime.ts";
import type { Reporter } from "./reporter.ts";

/** How much of a message and of each attachment is kept, in bytes. */
const KEPT_BYTES = 8192;
/** Fewest `Received:` fields that are too many: `hopcount_limit`, which counts the one it adds. */
const MAX_HOPS = 49;
/** Longest part of a line, in bytes: `line_length_limit`. */
const MAX_PART_BYTES = 2048;
/** What the envelope and a new header take in the queue file, whose size is what is limited, in bytes. */
const ENVELOPE_BYTES = 868;
/** Said of a message that is too large. */
export const TOO_LARGE = "552 5.3.4 Error: message file too big";
const LINE_END = new Uint8Array([0x0d, 0x0a]);

/** One message. */
export class Message {
  readonly #content = new Capture(KEPT_BYTES);
  readonly #mime = new MimeReader(KEPT_BYTES);
  readonly #maxBytes: number;
  #isInHeader = true;
  #hops = 0;
  #counted = 0;

  /** @param maxBytes largest message that is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Its size with all line ends, in bytes. */
  get size(): number {
    return this.#content.size;
  }

  /** Its size as Postfix counts: each part of a line that is too long has an end of its own. */
  get countedBytes(): number {
    return this.#counted;
  }

  /** Whether it is too large already. */
  get isTooLarge(): boolean {
    return this.#counted > this.#maxBytes;
  }

  /** Why it is not taken in the end, if it is not. */
  get refusal(): string | undefined {
    if (this.#counted + ENVELOPE_BYTES > this.#maxBytes) return TOO_LARGE;
    if (this.#hops >= MAX_HOPS) return "554 5.4.0 Error: too many hops";
    return undefined;
  }

  /**
   * Takes a line or a part of one.
   * @param text octets, without the line's end.
   * @param isWhole whether the line ends here.
   */
  add(text: string, isWhole: boolean): void {
    const bytes = latin1Bytes(text);
    this.#counted += text.length + LINE_END.length;
    if (this.#isInHeader) {
      if (!/^(?:[!-9;-~]+[ \t]*:|[ \t])/.test(text)) this.#isInHeader = false;
      else if (/^received[ \t]*:/i.test(text)) this.#hops++;
    }
    this.#content.add(bytes);
    if (isWhole) this.#content.add(LINE_END);
    this.#mime.add(bytes);
  }

  /**
   * Reports it and what is attached.
   * @param reporter where.
   * @param name its queue id, if it got one.
   */
  report(reporter: Reporter, name: string | undefined): void {
    if (this.size === 0 && name === undefined) return;
    reporter.payload({
      ...(name === undefined ? {} : { name }),
      mimeType: "message/rfc822",
      ...describe(this.#content),
    });
    this.#mime.end();
    for (const { name, type, content } of this.#mime.attachments) {
      reporter.payload({
        ...(name === undefined ? {} : { name: escapeOctets(name) }),
        ...(type === undefined ? {} : { mimeType: escapeOctets(type) }),
        ...describe(content),
      });
    }
  }
}

function describe(content: Capture) {
  return { bytes: content.bytes(), size: content.size, sha256: content.sha256() };
}

/** The lines of chunks, as BDAT brings them (RFC 3030): a line may go on in the next chunk. */
export class ChunkLines {
  #rest = "";

  /**
   * Takes a chunk, whole or in parts.
   * @param bytes the next bytes.
   * @param take called with each line that has ended, and with parts of those that are too long.
   */
  add(bytes: Uint8Array, take: (text: string, isWhole: boolean) => void): void {
    let text = this.#rest + latin1(bytes);
    for (;;) {
      const end = text.indexOf("\n");
      const isLong = end < 0 ? text.length > MAX_PART_BYTES : end > MAX_PART_BYTES;
      const isCut = isLong || (end === MAX_PART_BYTES && text[end - 1] !== "\r");
      if (isCut) take(text.slice(0, MAX_PART_BYTES), false);
      else if (end >= 0) take(text.slice(0, end).replace(/\r+$/, ""), true);
      else break;
      text = text.slice(isCut ? MAX_PART_BYTES : end + 1);
    }
    this.#rest = text;
  }

  /** The last line, if it has no end. */
  end(take: (text: string, isWhole: boolean) => void): void {
    if (this.#rest !== "") take(this.#rest, true);
    this.#rest = "";
  }
}
