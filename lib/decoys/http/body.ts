/**
 * Request bodies: of known length, or in chunks (RFC 9112 §7.1) as each product reads them.
 * @module
 */

/** How a body is delimited. */
export type Framing = { readonly kind: "none" } | {
  readonly kind: "length";
  readonly bytes: number;
} | {
  readonly kind: "chunked";
};

/** What is wrong with a body. */
export type BodyFault = "syntax" | "too large" | "trailer";

/** Takes a body apart as it arrives. */
export interface BodyParser {
  readonly isDone: boolean;
  readonly fault: BodyFault | undefined;
  /**
   * Takes bytes up to the end of the body or to the fault.
   * @param bytes what has arrived.
   * @param from first byte to take.
   * @param take gets the content; valid during the call.
   * @returns one past the last byte taken.
   */
  feed(bytes: Uint8Array, from: number, take: (content: Uint8Array) => void): number;
}

/** A body of known length. */
export class LengthBody implements BodyParser {
  readonly fault = undefined;
  #left: number;

  /** @param bytes its length. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isDone(): boolean {
    return this.#left <= 0;
  }

  feed(bytes: Uint8Array, from: number, take: (content: Uint8Array) => void): number {
    const end = Math.min(bytes.length, from + this.#left);
    if (end > from) take(bytes.subarray(from, end));
    this.#left -= end - from;
    return end;
  }
}

const CR = 0x0d;
const LF = 0x0a;

type Step =
  | "start"
  | "size"
  | "extension"
  | "extension end"
  | "data"
  | "after data"
  | "after data end"
  | "last extension"
  | "last extension end"
  | "trailer"
  | "trailer end"
  | "trailer field"
  | "trailer field end"
  | "done";

/** Largest chunk that nginx reads: a sixteenth of the largest offset, and four more bits. */
const NGINX_MAX_CHUNK = 2n ** 59n;

/** And what, with the line ends behind it, no longer fits an offset. */
const NGINX_MAX_SIZE = 2n ** 63n - 5n;

/** Chunks as nginx reads them: LF alone ends a line, and any extension passes. */
export class NginxChunkedBody implements BodyParser {
  fault: BodyFault | undefined;
  #step: Step = "start";
  #size = 0n;
  #left = 0;

  get isDone(): boolean {
    return this.#step === "done";
  }

  feed(bytes: Uint8Array, from: number, take: (content: Uint8Array) => void): number {
    let at = from;
    while (at < bytes.length && this.#step !== "done" && this.fault === undefined) {
      if (this.#step === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#step = "after data";
      } else this.#byte(bytes[at++]!);
    }
    return at;
  }

  #byte(byte: number): void {
    switch (this.#step) {
      case "start":
      case "size":
        return this.#sizeByte(byte);
      case "extension":
        if (byte === CR) this.#step = "extension end";
        else if (byte === LF) this.#step = "data";
        return;
      case "extension end":
        return this.#expect(byte === LF, "data");
      case "after data":
        if (byte === CR) this.#step = "after data end";
        else this.#expect(byte === LF, "start");
        return;
      case "after data end":
        return this.#expect(byte === LF, "start");
      case "last extension":
        if (byte === CR) this.#step = "last extension end";
        else if (byte === LF) this.#step = "trailer";
        return;
      case "last extension end":
        return this.#expect(byte === LF, "trailer");
      case "trailer":
        this.#step = byte === CR ? "trailer end" : byte === LF ? "done" : "trailer field";
        return;
      case "trailer end":
        return this.#expect(byte === LF, "done");
      case "trailer field":
        if (byte === CR) this.#step = "trailer field end";
        else if (byte === LF) this.#step = "trailer";
        return;
      default: // trailer field end
        return this.#expect(byte === LF, "trailer");
    }
  }

  #expect(isRight: boolean, next: Step): void {
    if (isRight) this.#step = next;
    else this.fault = "syntax";
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#step === "start") this.#size = 0n;
      this.#step = "size";
      if (this.#size >= NGINX_MAX_CHUNK) this.fault = "syntax";
      this.#size = this.#size * 16n + BigInt(digit);
      return;
    }
    if (this.#step === "start") {
      this.fault = "syntax";
      return;
    }
    const isLast = this.#size === 0n;
    this.#left = Number(this.#size);
    if (this.#size > NGINX_MAX_SIZE) this.fault = "syntax";
    if (byte === CR) this.#step = isLast ? "last extension end" : "extension end";
    else if (byte === LF) this.#step = isLast ? "trailer" : "data";
    else if (byte === 0x3b || byte === 0x20 || byte === 0x09) {
      this.#step = isLast ? "last extension" : "extension";
    } else this.fault = "syntax";
  }
}

/** Longest size or trailer line of Apache's, in bytes. */
const APACHE_MAX_LINE_BYTES = 8190;
/** Most trailer fields of Apache's. */
const APACHE_MAX_TRAILERS = 100;

/** Chunks as Apache reads them: whole lines, ended by CR LF. */
export class ApacheChunkedBody implements BodyParser {
  isDone = false;
  fault: BodyFault | undefined;
  #line = "";
  #left = 0;
  #trailers = 0;
  #state: "size" | "data" | "after data" | "trailer" = "size";

  feed(bytes: Uint8Array, from: number, take: (content: Uint8Array) => void): number {
    let at = from;
    while (at < bytes.length && !this.isDone && this.fault === undefined) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "after data";
        continue;
      }
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      for (let i = at; i < end && this.#line.length <= APACHE_MAX_LINE_BYTES; i++) {
        this.#line += String.fromCharCode(bytes[i]!);
      }
      at = end;
      if (this.#line.length > APACHE_MAX_LINE_BYTES) this.fault = "syntax";
      else if (lf >= 0) {
        const line = this.#line;
        this.#line = "";
        this.#endLine(line);
      } else if (this.#state === "after data" && !"\r\n".startsWith(this.#line)) {
        this.fault = "syntax";
      }
    }
    return at;
  }

  #endLine(line: string): void {
    if (this.#state === "after data") {
      if (line === "\r\n") this.#state = "size";
      else this.fault = "syntax";
    } else if (this.#state === "size") {
      // deno-lint-ignore no-control-regex -- control bytes are what is looked for
      const match = /^0*([0-9A-Fa-f]*)[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n$/.exec(line);
      if (match === null || !/^[0-9A-Fa-f]/.test(line)) {
        const isHuge = /^0*[0-9A-Fa-f]{17,}/.test(line);
        this.fault = isHuge ? "too large" : "syntax";
        return;
      }
      const size = match[1] === "" ? 0n : BigInt("0x" + match[1]);
      if (size >= 2n ** 63n) this.fault = "too large";
      this.#left = Number(size);
      this.#state = size === 0n ? "trailer" : "data";
    } else if (line === "\r\n") {
      this.isDone = true;
    } else if (
      !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/.test(line) || ++this.#trailers > APACHE_MAX_TRAILERS
    ) {
      this.fault = "trailer";
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
