/**
 * The little of DER (X.690 §8, §10) that key files and ECDSA signatures of the runtime are made of.
 *
 * `1 tag, 1 length below 0x80 or 0x80 + count and then so many length bytes, content`
 * @module
 */

/** Tags of X.680 §8.6, with the bit for what has parts. */
export const DER = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
} as const;

/** Reads elements that stand one after the other. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes the elements. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /**
   * The content of the next element, a view.
   * @param tag what it must be.
   * @throws {RangeError} when it is something else, or ends too early.
   */
  read(tag: number): Uint8Array {
    if (this.#byte() !== tag) throw new RangeError(`no element ${tag.toString(16)} in DER`);
    let length = this.#byte();
    if (length >= 0x80) {
      const count = length - 0x80;
      if (count < 1 || count > 4) throw new RangeError("length in DER that is not definite");
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    }
    if (length > this.#bytes.length - this.#at) throw new RangeError("element in DER is cut off");
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  /** The elements within the next one. */
  readParts(tag: number = DER.sequence): DerReader {
    return new DerReader(this.read(tag));
  }

  /** The tag of the next element. */
  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("element in DER is cut off");
    return byte;
  }
}

/**
 * Writes an element.
 * @param tag what it is.
 * @param contents at most 65535 bytes together.
 */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of contents) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
