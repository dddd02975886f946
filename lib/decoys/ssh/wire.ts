/**
 * The data types of SSH on the wire (RFC 4251 §5): reading what a peer sent, writing what we say.
 * @module
 */
import { Buffer } from "node:buffer";

/** A message that ends before it is complete, or that breaks a rule of its types. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** Where in the message, from 0. */
  readonly offset: number;

  /**
   * @param expected what should have been there.
   * @param offset where in the message, from 0.
   */
  constructor(expected: string, offset: number) {
    super(expected);
    this.offset = offset;
  }
}

/** Reads a message's fields from front to back. What it returns are views into the message. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /**
   * @param bytes the message.
   * @param start where to begin, from 0.
   */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Where the next field begins, from 0. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /**
   * As many bytes as asked for.
   * @throws {WireError} when there are fewer.
   */
  raw(count: number): Uint8Array {
    if (count > this.left) throw new WireError(`${count} bytes`, this.#at);
    return this.#bytes.subarray(this.#at, this.#at += count);
  }

  /** A byte. */
  u8(): number {
    return this.raw(1)[0]!;
  }

  /** A boolean: any byte but 0 is true. */
  bool(): boolean {
    return this.u8() !== 0;
  }

  /** A uint32. */
  u32(): number {
    const b = this.raw(4);
    return ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;
  }

  /** A string: any bytes. */
  string(): Uint8Array {
    const length = this.u32();
    if (length > this.left) throw new WireError(`a string of ${length} bytes`, this.#at);
    return this.raw(length);
  }

  /**
   * A text as C has it: a NUL at its end does not count.
   * @throws {WireError} when there is a NUL before its end.
   */
  cText(): Uint8Array {
    const start = this.#at;
    const bytes = this.string();
    const end = bytes.indexOf(0);
    if (end >= 0 && end < bytes.length - 1) throw new WireError("a text without NUL", start);
    return end < 0 ? bytes : bytes.subarray(0, end);
  }

  /** The rest of the message. */
  rest(): Uint8Array {
    return this.raw(this.left);
  }

  /** @throws {WireError} when anything is left. */
  end(): void {
    if (this.left > 0) throw new WireError("the end of the message", this.#at);
  }
}

/** Puts a message together. Grows as needed. */
export class WireWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity bytes to begin with. */
  constructor(capacity = 128) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** A byte. */
  u8(value: number): this {
    this.#room(1)[0] = value;
    return this;
  }

  /** A boolean. */
  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** A uint32. */
  u32(value: number): this {
    const b = this.#room(4);
    b[0] = value >>> 24;
    b[1] = value >>> 16;
    b[2] = value >>> 8;
    b[3] = value;
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length).set(bytes);
    return this;
  }

  /** A string: bytes, or text as UTF-8. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    return this.u32(bytes.length).raw(bytes);
  }

  /**
   * An mpint that is not negative.
   * @param value big-endian, with or without leading zeros.
   */
  mpint(value: Uint8Array): this {
    let start = 0;
    while (start < value.length && value[start] === 0) start++;
    const isPadded = start < value.length && value[start]! >= 0x80;
    this.u32(value.length - start + (isPadded ? 1 : 0));
    if (isPadded) this.u8(0);
    return this.raw(value.subarray(start));
  }

  /** What was written: a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The next bytes to fill. */
  #room(count: number): Uint8Array {
    const end = this.#length + count;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.bytes());
      this.#bytes = grown;
    }
    const room = this.#bytes.subarray(this.#length, end);
    this.#length = end;
    return room;
  }
}
