/**
 * Takes `multipart/form-data` apart while it arrives: RFC 7578, RFC 2046 §5.1.
 *
 * Nothing is held but what an event may keep: the first bytes of each part, and for files the length
 * and hash of all of it.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { latin1 } from "../../net/latin1.ts";

/** Most parts that are kept. */
const MAX_PARTS = 64;
/** Longest head of a part, in bytes. */
const MAX_HEAD_BYTES = 8192;
/** Longest boundary: RFC 2046 §5.1.1 has 70. */
const MAX_BOUNDARY_BYTES = 200;
/** How much of a field that is no file is kept, in bytes. */
const MAX_FIELD_BYTES = 4096;

/** A part. Texts are octet strings. */
export interface Part {
  readonly name: string;
  /** `undefined` for a field that is no file. */
  readonly fileName: string | undefined;
  readonly type: string | undefined;
  readonly content: Capture;
}

/** The boundary of a media type, if it is `multipart/form-data` and has one. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;,]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  return boundary === undefined || boundary.length > MAX_BOUNDARY_BYTES ? undefined : boundary;
}

/** Reads the parts of one body. */
export class MultipartReader {
  readonly parts: Part[] = [];
  readonly #delimiter: Uint8Array;
  readonly #fileBytes: number;
  // A boundary at the very start is one after a line end, too.
  #pending: Uint8Array = new Uint8Array([0x0d, 0x0a]);
  #state: "data" | "delimiter" | "head" | "over" = "data";
  #part: Part | undefined;

  /**
   * @param boundary as `boundaryOf` gives it.
   * @param fileBytes how much of a file is kept.
   */
  constructor(boundary: string, fileBytes: number) {
    this.#delimiter = Uint8Array.from("\r\n--" + boundary, (character) => character.charCodeAt(0));
    this.#fileBytes = fileBytes;
  }

  /** Takes the next bytes of the body. */
  add(bytes: Uint8Array): void {
    if (this.#state === "over") return;
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    this.#pending = joined;
    while (this.#step());
  }

  /** One step; false when more bytes are needed. */
  #step(): boolean {
    const pending = this.#pending;
    switch (this.#state) {
      case "data": {
        const at = indexOf(pending, this.#delimiter);
        const end = at < 0 ? Math.max(0, pending.length - this.#delimiter.length + 1) : at;
        this.#part?.content.add(pending.subarray(0, end));
        this.#pending = pending.slice(at < 0 ? end : at + this.#delimiter.length);
        if (at < 0) return false;
        this.#part = undefined;
        this.#state = "delimiter";
        return true;
      }
      case "delimiter": {
        if (pending.length < 2) return false;
        const isLine = pending[0] === 0x0d && pending[1] === 0x0a;
        this.#state = isLine && this.parts.length < MAX_PARTS ? "head" : "over";
        return this.#state === "head";
      }
      case "head": {
        const text = latin1(pending.subarray(0, Math.min(pending.length, MAX_HEAD_BYTES)));
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) {
          if (pending.length >= MAX_HEAD_BYTES) this.#state = "over";
          return false;
        }
        this.#begin(text.slice(0, end));
        this.#pending = pending.slice(end + 4);
        this.#state = "data";
        return true;
      }
      default:
        return false;
    }
  }

  #begin(head: string): void {
    const disposition = /(?:^|\n)content-disposition:([^\r\n]*)/i.exec(head)?.[1] ?? "";
    const type = /(?:^|\n)content-type:[ \t]*([^\r\n]*)/i.exec(head)?.[1]?.trim();
    const fileName = parameter(disposition, "filename");
    this.#part = {
      name: parameter(disposition, "name") ?? "",
      fileName,
      type,
      content: new Capture(fileName === undefined ? MAX_FIELD_BYTES : this.#fileBytes),
    };
    this.parts.push(this.#part);
  }
}

function parameter(text: string, name: string): string | undefined {
  const match = new RegExp(`;[ \\t]*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, "i").exec(
    text,
  );
  return match === null ? undefined : match[1] ?? match[2];
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const last = bytes.length - wanted.length;
  for (
    let at = bytes.indexOf(wanted[0]!);
    at >= 0 && at <= last;
    at = bytes.indexOf(wanted[0]!, at + 1)
  ) {
    let length = 1;
    while (length < wanted.length && bytes[at + length] === wanted[length]) length++;
    if (length === wanted.length) return at;
  }
  return -1;
}
