/**
 * Fields of what a broker sends: MQTT 5 §1.5 and §2.2.2.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";

/** Bytes of a broker's reason that are kept. */
const MAX_REASON_BYTES = 256;
/** The property that holds a reason. */
const REASON_STRING = 0x1f;

/** What each property holds: so many bytes, a text, a pair of texts, or a number of one to four bytes. */
const SHAPES: Readonly<Record<number, 1 | 2 | 4 | "text" | "pair" | "varint">> = {
  ...{ 0x01: 1, 0x17: 1, 0x19: 1, 0x24: 1, 0x25: 1, 0x28: 1, 0x29: 1, 0x2a: 1 },
  ...{ 0x13: 2, 0x21: 2, 0x22: 2, 0x23: 2 },
  ...{ 0x02: 4, 0x11: 4, 0x18: 4, 0x27: 4 },
  ...{ 0x03: "text", 0x08: "text", 0x09: "text", 0x12: "text", 0x15: "text", 0x16: "text" },
  ...{ 0x1a: "text", 0x1c: "text", 0x1f: "text", 0x26: "pair", 0x0b: "varint" },
};

/** A broker's bytes make no sense. The message says what came instead. */
export class Malformed extends Error {
  /** @param found what came, as a noun phrase. */
  constructor(found: string) {
    super(`it sent ${found}`);
  }
}

/** Properties of a packet. */
export interface Properties {
  readonly numbers: ReadonlyMap<number, number>;
  /** Escaped; empty for none. */
  readonly reason: string;
}

/** Takes fields from a packet. */
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

  /** A number of one byte. */
  byte(): number {
    return this.#take(1)[0]!;
  }

  /** A number of two bytes. */
  uint16(): number {
    return this.#number(2);
  }

  /** Properties with their length before them. */
  properties(): Properties {
    const fields = new Fields(this.#take(this.#varint()));
    const numbers = new Map<number, number>();
    let reason = "";
    while (fields.left > 0) {
      const id = fields.byte();
      const shape = SHAPES[id];
      if (shape === undefined) throw new Malformed(`property ${id}`);
      if (typeof shape === "number") numbers.set(id, fields.#number(shape));
      else if (shape === "varint") fields.#varint();
      else {
        const value = fields.#take(fields.uint16());
        if (shape === "pair") fields.#take(fields.uint16());
        if (id === REASON_STRING) reason = escapeBytes(value.subarray(0, MAX_REASON_BYTES));
      }
    }
    return { numbers, reason };
  }

  #number(count: number): number {
    return this.#take(count).reduce((value, byte) => value * 256 + byte, 0);
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new Malformed("a number of more than four bytes");
  }

  #take(count: number): Uint8Array {
    if (count > this.left) throw new Malformed("a packet that is too short");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
