/**
 * Takes a message apart while it arrives (RFC 5322, RFC 2045, RFC 2046): what is attached to it is
 * decoded and hashed, and nothing else is kept.
 * @module
 */
import { Buffer } from "node:buffer";
import { Capture } from "../../net/digest.ts";
import { latin1, latin1Bytes } from "../../net/latin1.ts";

/** Most attachments of a message. */
const MAX_ATTACHMENTS = 32;
/** Deepest nesting of multiparts. */
const MAX_DEPTH = 8;
/** Longest header of a part, in bytes; what is longer is not read. */
const MAX_HEADER_BYTES = 16_384;
/** Longest boundary: RFC 2046 §5.1.1 has 70. */
const MAX_BOUNDARY_BYTES = 200;
/** How much of a line is looked at, in bytes. */
const MAX_TEXT_BYTES = 4096;

/** Something attached. Texts are octets. */
export interface Attachment {
  readonly name: string | undefined;
  readonly type: string | undefined;
  readonly content: Capture;
}

/** Reads one message, line by line. */
export class MimeReader {
  readonly attachments: Attachment[] = [];
  readonly #keptBytes: number;
  readonly #boundaries: string[] = [];
  #header: string | undefined = "";
  #headerBytes = 0;
  #encoding = "";
  #base64 = "";
  #part: Attachment | undefined;

  /** @param keptBytes how much of each attachment is kept. */
  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  /**
   * Takes the next line.
   * @param line without its end.
   */
  add(line: Uint8Array): void {
    if (this.#boundaries.length > 0 && line[0] === 0x2d && line[1] === 0x2d) {
      if (this.#delimiter(latin1(line.subarray(0, MAX_TEXT_BYTES)))) return;
    }
    if (this.#header === undefined) return this.#body(line);
    if (line.length === 0) return this.#endHeader(this.#header);
    this.#headerBytes += line.length;
    if (this.#headerBytes <= MAX_HEADER_BYTES) this.#header += latin1(line) + "\n";
  }

  /** Whether a line ends a part; begins the next one then. */
  #delimiter(line: string): boolean {
    const text = line.trimEnd();
    const level = this.#boundaries.findLastIndex((boundary) =>
      text === `--${boundary}` || text === `--${boundary}--`
    );
    if (level < 0) return false;
    this.#endPart();
    const isLast = text.endsWith("--") && text !== `--${this.#boundaries[level]}`;
    this.#boundaries.length = isLast ? level : level + 1;
    this.#header = isLast ? undefined : "";
    this.#headerBytes = 0;
    return true;
  }

  #endHeader(header: string): void {
    this.#header = undefined;
    const fields = header.replace(/\n[ \t]+/g, " ");
    const type = field(fields, "content-type");
    const disposition = field(fields, "content-disposition");
    const mediaType = /^[^\s;]+/.exec(type)?.[0]?.toLowerCase();
    const boundary = parameter(type, "boundary");
    if (mediaType?.startsWith("multipart/") && boundary !== undefined) {
      const fits = boundary.length <= MAX_BOUNDARY_BYTES && this.#boundaries.length < MAX_DEPTH;
      if (fits) this.#boundaries.push(boundary);
      return;
    }
    const name = parameter(disposition, "filename") ?? parameter(type, "name");
    const isAttached = name !== undefined || /^attachment\b/i.test(disposition) ||
      (mediaType !== undefined && !/^(?:text|message|multipart)\//.test(mediaType));
    if (!isAttached || this.attachments.length >= MAX_ATTACHMENTS) return;
    this.#encoding = field(fields, "content-transfer-encoding").trim().toLowerCase();
    this.#base64 = "";
    this.#part = { name, type: mediaType, content: new Capture(this.#keptBytes) };
    this.attachments.push(this.#part);
  }

  #body(line: Uint8Array): void {
    const content = this.#part?.content;
    if (content === undefined) return;
    switch (this.#encoding) {
      case "base64": {
        const text = this.#base64 + latin1(line).replace(/[^A-Za-z0-9+/]/g, "");
        const whole = text.length - text.length % 4;
        content.add(Buffer.from(text.slice(0, whole), "base64"));
        this.#base64 = text.slice(whole);
        break;
      }
      case "quoted-printable":
        content.add(decodeQuoted(latin1(line)));
        break;
      default:
        content.add(line);
        content.add(LINE_END);
    }
  }

  /** What is left of base64 without padding. */
  #endPart(): void {
    if (this.#base64 !== "") this.#part?.content.add(Buffer.from(this.#base64, "base64"));
    this.#base64 = "";
    this.#part = undefined;
  }

  /** The message is over. */
  end(): void {
    this.#endPart();
  }
}

const LINE_END = new Uint8Array([0x0d, 0x0a]);

/** RFC 2045 §6.7. */
function decodeQuoted(line: string): Uint8Array {
  const text = line.trimEnd();
  const isSoft = text.endsWith("=");
  const decoded = (isSoft ? text.slice(0, -1) : text + "\r\n").replace(
    /=([0-9A-Fa-f]{2})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return latin1Bytes(decoded);
}

/** A field's value in an unfolded header; empty when there is none. */
function field(header: string, name: string): string {
  return new RegExp(`(?:^|\\n)${name}[ \\t]*:[ \\t]*([^\\n]*)`, "i").exec(header)?.[1] ?? "";
}

/** A parameter's value, in the plain form or that of RFC 2231 with its character set. */
function parameter(text: string, name: string): string | undefined {
  const pattern = new RegExp(
    `;\\s*${name}(?:\\*(?:0\\*?)?)?\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`,
    "i",
  );
  const match = pattern.exec(text);
  return match === null ? undefined : match[1] ?? match[2];
}
