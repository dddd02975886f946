/**
 * Reads request heads as nginx 1.22 does: byte by byte, refused at the first byte that is wrong.
 *
 * Observed on the genuine Debian package: `\n` ends lines as well as `\r\n`; line ends before a
 * request are skipped; methods are capital letters, `-` and `_`; several spaces may stand between the
 * words; header lines without a colon and names with odd characters pass; a name or a value with NUL
 * does not. Heads live in one buffer of 1 KiB and four of 8 KiB: a line never spans two, which makes
 * the limits that `NginxBuffers` plays.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import type { HeaderField, HeadFault, HeadParser, RequestHead } from "./head.ts";
import { NginxBuffers } from "./nginx_buffers.ts";
import { isDigit, isLetter, isMethodByte } from "./octets.ts";
import { NginxVersion } from "./nginx_version.ts";
import { resolveNginxPath } from "./paths.ts";

/** How much of a line that is no request is kept for the event. */
const MAX_GARBAGE_BYTES = 1024;
/** Most header fields kept; four buffers hold no more lines of four bytes than that. */
const MAX_FIELDS = 10_000;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;

/** Where in the request line the next byte stands. */
type LineState =
  | "start"
  | "method"
  | "spaces before uri"
  | "scheme"
  | "scheme slash"
  | "scheme slash slash"
  | "host start"
  | "host"
  | "host end"
  | "ip literal"
  | "port"
  | "after slash"
  | "after uri";

/** Where in a header line. */
type FieldState =
  | "header start"
  | "name"
  | "space before value"
  | "value"
  | "header almost done"
  | "head almost done";

/** nginx's reader of heads. */
export class NginxHeadParser implements HeadParser {
  head: RequestHead | undefined;
  #state: LineState | FieldState = "start";
  #isInFields = false;
  #text = "";
  #base = 0;
  #requestStart = 0;
  #methodEnd = 0;
  #uriStart = 0;
  #uriEnd = 0;
  #hostStart = -1;
  #hostEnd = -1;
  #portStart = -1;
  #portEnd = -1;
  #pathStart = -1;
  #hasEmptyPath = false;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #headers: HeaderField[] = [];
  readonly #version = new NginxVersion();
  readonly #buffers = new NginxBuffers();

  get isIdle(): boolean {
    return this.#state === "start";
  }

  reset(): void {
    this.head = undefined;
    this.#state = "start";
    this.#text = "";
    this.#base = 0;
    this.#hostStart =
      this.#hostEnd =
      this.#portStart =
      this.#portEnd =
      this.#pathStart =
        -1;
    this.#methodEnd = this.#uriStart = this.#uriEnd = 0;
    this.#isInFields = this.#hasEmptyPath = false;
    this.#headers = [];
    this.#version.reset();
    this.#buffers.reset();
  }

  feed(bytes: Uint8Array, from: number): number {
    let at = from;
    let fault: HeadFault | undefined;
    let isDone = false;
    this.#base = this.#text.length - from;
    while (at < bytes.length && !isDone && fault === undefined) {
      at = this.#skipPlain(bytes, at);
      if (at === bytes.length) break;
      const byte = bytes[at]!;
      if (!this.#isInFields) {
        fault = this.#lineByte(byte, at);
        if (this.#isInFields) fault ??= this.#targetFault(bytes, at);
      } else {
        const next = this.#headerByte(byte, at, bytes);
        if (next === true) isDone = true;
        else if (next !== undefined) fault = next;
      }
      at++;
      if (this.#state === "header start" && this.#version.isOld) isDone = true;
      if (!isDone && fault === undefined && !this.#buffers.take(this.#part())) {
        fault = !this.#isInFields ? { status: 414 } : { status: 400, reason: "header too large" };
      }
    }
    this.#text += latin1(bytes.subarray(from, at));
    if (this.#state === "start" && fault === undefined) this.#text = "";
    if (isDone || fault !== undefined) this.head = this.#build(fault);
    return at;
  }

  end(): undefined {}

  partial(): RequestHead | undefined {
    return this.isIdle ? undefined : this.#build(undefined);
  }

  /** Most bytes are of a target or a value, and mean nothing: taken in one go. */
  #skipPlain(bytes: Uint8Array, from: number): number {
    if (this.#state !== "value" && this.#state !== "after slash") return from;
    const end = Math.min(bytes.length, from + this.#buffers.room);
    let at = from;
    while (at < end && bytes[at]! > SPACE && bytes[at]! !== 0x7f) at++;
    this.#buffers.skip(at - from);
    if (at > from && this.#state === "value") this.#valueEnd = this.#base + at;
    return at;
  }

  /** One byte of the request line. */
  #lineByte(byte: number, at: number): HeadFault | undefined {
    const offset = this.#base + at;
    switch (this.#state) {
      case "start":
        if (byte === CR || byte === LF) return;
        this.#requestStart = offset;
        this.#buffers.beginLine();
        if (!isMethodByte(byte)) return BAD;
        this.#state = "method";
        return;
      case "method":
        if (byte === SPACE) {
          this.#methodEnd = offset;
          this.#state = "spaces before uri";
        } else if (!isMethodByte(byte)) return BAD;
        return;
      case "spaces before uri":
        if (byte === SPACE) return;
        this.#uriStart = offset;
        if (byte === SLASH) {
          this.#pathStart = offset;
          this.#state = "after slash";
        } else if (isLetter(byte)) this.#state = "scheme";
        else return BAD;
        return;
      case "scheme":
        if (byte === COLON) this.#state = "scheme slash";
        else if (
          !isLetter(byte) && !isDigit(byte) && byte !== 0x2b && byte !== 0x2d && byte !== 0x2e
        ) {
          return BAD;
        }
        return;
      case "scheme slash":
      case "scheme slash slash":
        if (byte !== SLASH) return BAD;
        this.#state = this.#state === "scheme slash" ? "scheme slash slash" : "host start";
        return;
      case "host start":
        this.#hostStart = offset;
        if (byte === 0x5b) {
          this.#state = "ip literal";
          return;
        }
        this.#state = "host";
        return this.#hostByte(byte, offset);
      case "host":
        return this.#hostByte(byte, offset);
      case "ip literal":
        if (byte === 0x5d) this.#state = "host end";
        else if (
          byte <= SPACE || byte >= 0x7f || byte === SLASH || byte === 0x3f || byte === 0x23
        ) {
          return BAD;
        }
        return;
      case "host end":
        return this.#authorityEnd(byte, offset);
      case "port":
        if (isDigit(byte)) return;
        this.#portEnd = offset;
        return byte === COLON ? BAD : this.#authorityEnd(byte, offset);
      case "after slash":
        if (byte === SPACE) {
          this.#uriEnd = offset;
          this.#state = "after uri";
        } else if (byte === CR || byte === LF) {
          this.#uriEnd = offset;
          this.#state = "after uri";
          return this.#versionByte(byte);
        } else if (byte < SPACE || byte === 0x7f) return BAD;
        return;
      default:
        return this.#versionByte(byte);
    }
  }

  /** One byte after the target. */
  #versionByte(byte: number): HeadFault | undefined {
    const taken = this.#version.take(byte);
    if (taken !== true) return taken;
    this.#state = "header start";
    this.#isInFields = true;
  }

  /** Method, path and the host of an absolute target are looked at when the line has ended. */
  #targetFault(bytes: Uint8Array, at: number): HeadFault | undefined {
    const cut = (start: number, end: number) => start < 0 ? "" : this.#slice(start, end, bytes, at);
    const path = (this.#hasEmptyPath ? "/" : "") + cut(this.#pathStart, this.#uriEnd);
    const isOldMethod = this.#version.isOld && cut(this.#requestStart, this.#methodEnd) !== "GET";
    const isBad = isOldMethod || typeof resolveNginxPath(path) === "number" ||
      cut(this.#hostStart, this.#hostEnd).includes("..");
    return isBad ? BAD : undefined;
  }

  #hostByte(byte: number, offset: number): HeadFault | undefined {
    if (isLetter(byte) || isDigit(byte) || byte === 0x2e || byte === 0x2d) return;
    return this.#authorityEnd(byte, offset);
  }

  /** What may follow a host or a port. */
  #authorityEnd(byte: number, offset: number): HeadFault | undefined {
    if (this.#hostEnd < 0) {
      this.#hostEnd = offset;
      if (this.#hostEnd === this.#hostStart) return BAD;
    }
    if (byte === COLON && this.#portStart < 0) {
      this.#portStart = offset + 1;
      this.#state = "port";
    } else if (byte === SLASH) {
      this.#pathStart = offset;
      this.#state = "after slash";
    } else if (byte === 0x3f) {
      this.#hasEmptyPath = true;
      this.#pathStart = offset;
      this.#state = "after slash";
    } else if (byte === SPACE) {
      this.#uriEnd = this.#pathStart = offset;
      this.#hasEmptyPath = true;
      this.#state = "after uri";
    } else return BAD;
  }

  /** One byte of a header line; `true` when the head is complete. */
  #headerByte(byte: number, at: number, bytes: Uint8Array): HeadFault | true | undefined {
    const offset = this.#base + at;
    switch (this.#state) {
      case "header start":
        this.#nameStart = offset;
        this.#buffers.beginLine();
        if (byte === LF) return true;
        if (byte === CR) this.#state = "head almost done";
        else if (byte <= SPACE || byte === 0x7f || byte === COLON) return BAD;
        else this.#state = "name";
        return;
      case "name":
        if (byte === COLON) {
          this.#nameEnd = offset;
          this.#state = "space before value";
        } else if (byte === CR || byte === LF) {
          this.#nameEnd = this.#valueStart = this.#valueEnd = offset;
          this.#endField(byte, bytes, at);
        } else if (byte <= SPACE || byte === 0x7f) return BAD;
        return;
      case "space before value":
        if (byte === SPACE) return;
        this.#valueStart = this.#valueEnd = offset;
        if (byte === CR || byte === LF) this.#endField(byte, bytes, at);
        else if (byte === 0) return BAD;
        else {
          this.#valueEnd = offset + 1;
          this.#state = "value";
        }
        return;
      case "value":
        if (byte === SPACE) return;
        if (byte === CR || byte === LF) this.#endField(byte, bytes, at);
        else if (byte === 0) return BAD;
        else this.#valueEnd = offset + 1;
        return;
      case "header almost done":
        if (byte === CR) return;
        if (byte !== LF) return BAD;
        this.#state = "header start";
        return;
      default: // head almost done
        return byte === LF ? true : BAD;
    }
  }

  /** Keeps the field whose line has ended. */
  #endField(byte: number, bytes: Uint8Array, at: number): void {
    this.#state = byte === LF ? "header start" : "header almost done";
    if (this.#headers.length >= MAX_FIELDS) return;
    const cut = (start: number, end: number) => this.#slice(start, end, bytes, at);
    this.#headers.push([
      cut(this.#nameStart, this.#nameEnd),
      cut(this.#valueStart, this.#valueEnd),
    ]);
  }

  /** A stretch of the head, of which the last part may stand in the chunk at hand. */
  #slice(start: number, end: number, bytes: Uint8Array, at: number): string {
    if (end <= start) return "";
    const known = this.#text.length;
    if (start >= known) return latin1(bytes.subarray(start - this.#base, end - this.#base));
    if (end <= known) return this.#text.slice(start, end);
    return this.#text.slice(start) +
      latin1(bytes.subarray(known - this.#base, Math.min(end - this.#base, at + 1)));
  }

  /** Where the byte just taken stands, as far as it matters to the buffers. */
  #part(): "blank" | "boundary" | "line" {
    if (this.#state === "start") return "blank";
    return this.#state === "header start" ? "boundary" : "line";
  }

  #build(fault: HeadFault | undefined): RequestHead {
    const text = this.#text;
    const isLineDone = this.#isInFields;
    const hasUri = this.#uriEnd > 0;
    const rest = text.slice(this.#requestStart);
    const target = hasUri
      ? text.slice(this.#uriStart, this.#uriEnd)
      : this.#methodEnd > 0
      ? text.slice(this.#methodEnd + 1)
      : rest;
    const path = !hasUri || this.#pathStart < 0 ? "" : text.slice(this.#pathStart, this.#uriEnd);
    const { major, minor, isOld } = this.#version;
    return this.head ?? {
      method: this.#methodEnd > 0 ? text.slice(this.#requestStart, this.#methodEnd) : "",
      target: hasUri ? target : target.slice(0, MAX_GARBAGE_BYTES),
      version: isLineDone ? `${major}.${minor}` : "",
      versionNumber: isOld ? 9 : isLineDone ? major * 1000 + minor : 1000,
      headers: this.#headers,
      ...(this.#hostEnd >= 0 && hasUri
        ? { authority: text.slice(this.#hostStart, this.#hostEnd) }
        : {}),
      ...(this.#portEnd >= 0 && hasUri
        ? { authorityPort: text.slice(this.#portStart, this.#portEnd) }
        : {}),
      pathAndQuery: this.#hasEmptyPath ? "/" + path : path,
      ...(fault === undefined ? {} : { fault }),
    };
  }
}

const BAD: HeadFault = { status: 400 };
