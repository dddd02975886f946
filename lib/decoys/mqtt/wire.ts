/**
 * Fields of packets: MQTT 5 §1.5.
 * @module
 */
import { Buffer } from "node:buffer";
import { isUtf8 } from "node:buffer";
import { Breach, Reason } from "./breach.ts";

/** Code points that the broker takes in no text: controls, and what is no character at all. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const FORBIDDEN = /[\0-\x1f\x7f-\x9f\ufdd0-\ufdef\p{Cs}]|[\ufffe\uffff]/u;
/** The same in the planes above: the last two of each. */
const LAST_OF_PLANE = 0xfffe;

/** Takes fields from a packet, or from a part of one. */
export class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes not changed. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws {Breach} when so many are not left, like all that follow. */
  bytes(count: number): Uint8Array {
    if (count > this.left) throw new Breach("a longer packet", Reason.malformed);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  uint16(): number {
    const [high, low] = this.bytes(2) as unknown as [number, number];
    return high << 8 | low;
  }

  uint32(): number {
    return this.uint16() * 65_536 + this.uint16();
  }

  /** A number of one to four bytes, seven bits each. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new Breach("a number of at most four bytes", Reason.malformed);
  }

  /** Bytes with their length before them. */
  binary(): Uint8Array {
    return this.bytes(this.uint16());
  }

  /**
   * Text with its length before it.
   * @param reason that is given when it is none: none at all in properties.
   */
  text({ reason }: { reason?: number | undefined } = { reason: Reason.malformed }): string {
    const bytes = this.binary();
    if (!isText(bytes)) throw new Breach("text in UTF-8", reason);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  }
}

/** Whether bytes are text that the broker takes. */
export function isText(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  if (FORBIDDEN.test(text)) return false;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code > 0xffff && (code & LAST_OF_PLANE) === LAST_OF_PLANE) return false;
  }
  return true;
}

/** A packet with its length. */
export function packet(first: number, ...parts: readonly (Uint8Array | readonly number[])[]) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [first, ...varint(length)];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A number of one to four bytes. */
export function varint(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...varint(value >>> 7)];
}

/** A number of two bytes. */
export function uint16(value: number): number[] {
  return [value >> 8 & 0xff, value & 0xff];
}

/** Text or bytes with their length before them. */
export function sized(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return new Uint8Array([...uint16(bytes.length), ...bytes]);
}
