/**
 * Finds a TLS ClientHello in bytes as they come, and keeps them for whoever goes on with the talk.
 *
 * RFC 8446 §5.1: a message may be spread over records, a record over segments. A record is looked
 * into once it is whole, as servers do, so the result does not depend on the segments.
 * ```text
 * record:  0 type (22)   1..2 version (0x03..)   3..4 length   payload
 * message: 0 type (1)   1..3 length   body
 * SSL 2.0: 0..1 length with 0x8000   2 type (1)   3..4 version (0x0002, 0x03..)
 * ```
 * @module
 */
import {
  type ClientHello,
  parseClientHello,
  parseSslv2ClientHello,
} from "./client_hello_message.ts";

export type { ClientHello } from "./client_hello_message.ts";

/** Most bytes that are looked at, records' headers included. */
export const MAX_HELLO_BYTES = 65_536;
/** Most records: with a byte in each, the hello of a browser still fits. */
export const MAX_HELLO_RECORDS = 4096;
/** Most records without a byte in them; OpenSSL takes as many in a row. */
const MAX_EMPTY_RECORDS = 32;
/** Largest payload of a record: RFC 8446 §5.1. */
const MAX_PAYLOAD_BYTES = 16_384;

const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;

/** Why bytes are no ClientHello. */
export type NotTlsReason =
  | "nothing" // no byte came
  | "no-record" // no TLS at all, such as plain HTTP
  | "other-record" // TLS, but an alert or data
  | "other-message" // TLS, but another handshake message
  | "too-much" // records that are too long, or too many without a message
  | "cut"; // what could have become one ended

/** What the bytes were instead of a ClientHello. */
export interface NotTls {
  readonly kind: "not-tls";
  readonly reason: NotTlsReason;
}

/** Takes a connection's first bytes until it is clear what they are. */
export class ClientHelloReader {
  readonly #raw = new Bytes();
  readonly #message = new Bytes();
  #result: ClientHello | NotTls | undefined;
  /** How far the bytes are understood. */
  #at = 0;
  /** End of the record in which `#at` is; not after `#at` between records. */
  #recordEnd = 0;
  #recordVersion = 0;
  #records = 0;
  #emptyRecords = 0;

  /** All bytes that were taken: at most `MAX_HELLO_BYTES` and the last piece. */
  get bytes(): Uint8Array {
    return this.#raw.view();
  }

  /** What they are, once that is clear. */
  get result(): ClientHello | NotTls | undefined {
    return this.#result;
  }

  /**
   * Takes the next bytes.
   * @param bytes a piece of any length; copied. Pieces that come after the result are not taken.
   * @returns what they are, or nothing as long as more must come.
   */
  push(bytes: Uint8Array): ClientHello | NotTls | undefined {
    if (this.#result === undefined) {
      this.#raw.add(bytes);
      this.#result = this.#advance();
    }
    return this.#result;
  }

  /**
   * Says that nothing more comes.
   * @returns what the bytes are: of half a hello what could be read.
   */
  end(): ClientHello | NotTls {
    const nothing = this.#raw.length === 0;
    return this.#result ??= this.#stop(nothing ? "nothing" : "cut", "cut off");
  }

  #advance(): ClientHello | NotTls | undefined {
    const bytes = this.#raw.view().subarray(0, MAX_HELLO_BYTES);
    if (this.#at === 0 && bytes.length > 0 && bytes[0]! >= 0x80) return this.#advanceSslv2(bytes);
    for (;;) {
      if (this.#recordEnd <= this.#at) {
        const result = this.#openRecord(bytes);
        if (result !== undefined) return result;
      }
      if (this.#recordEnd <= this.#at || bytes.length < this.#recordEnd) {
        return bytes.length < MAX_HELLO_BYTES
          ? undefined
          : this.#stop("too-much", "longer than 64 KiB with its records");
      }
      this.#message.add(bytes.subarray(this.#at, this.#recordEnd));
      this.#at = this.#recordEnd;
      const result = this.#readMessage();
      if (result !== undefined) return result;
    }
  }

  /** Reads headers of records up to one with a payload; without all of it, nothing happens. */
  #openRecord(bytes: Uint8Array): ClientHello | NotTls | undefined {
    for (;;) {
      const start = this.#at;
      const isFirst = this.#records === 0;
      if (bytes.length > start && bytes[start] !== HANDSHAKE) {
        const isRecord = bytes[start]! >= 20 && bytes[start]! <= 24;
        if (isFirst && isRecord && bytes.length < start + 2) return undefined;
        const isTls = isRecord && (!isFirst || bytes[start + 1] === 3);
        if (isTls && bytes.length < start + RECORD_HEADER_BYTES) return undefined;
        return this.#stop(isTls ? "other-record" : "no-record", "another record in between");
      }
      if (bytes.length > start + 1 && bytes[start + 1] !== 3) {
        return this.#stop(isFirst ? "no-record" : "other-record", "a record of another version");
      }
      if (bytes.length < start + RECORD_HEADER_BYTES) return undefined;
      if (isFirst) this.#recordVersion = 0x300 + bytes[start + 2]!;
      const payloadBytes = bytes[start + 3]! * 256 + bytes[start + 4]!;
      if (payloadBytes > MAX_PAYLOAD_BYTES) {
        return this.#stop("too-much", "a record longer than 16384 bytes");
      }
      if (payloadBytes === 0) this.#emptyRecords++;
      if (this.#records === MAX_HELLO_RECORDS || this.#emptyRecords > MAX_EMPTY_RECORDS) {
        return this.#stop("too-much", "too many records");
      }
      this.#records++;
      this.#at = start + RECORD_HEADER_BYTES;
      this.#recordEnd = this.#at + payloadBytes;
      if (payloadBytes > 0) return undefined;
    }
  }

  /** Looks whether the message is all there. */
  #readMessage(): ClientHello | NotTls | undefined {
    const message = this.#message.view();
    if (message[0] !== CLIENT_HELLO) return this.#stop("other-message", "");
    if (message.length < MESSAGE_HEADER_BYTES) return undefined;
    const end = MESSAGE_HEADER_BYTES + this.#bodyBytes();
    if (end > MAX_HELLO_BYTES) return this.#stop("too-much", "longer than 64 KiB");
    return message.length < end ? undefined : this.#parse();
  }

  #bodyBytes(): number {
    const [, high = 0, middle = 0, low = 0] = this.#message.view();
    return high * 65_536 + middle * 256 + low;
  }

  #parse(malformed?: string): ClientHello {
    const body = this.#message.view().subarray(MESSAGE_HEADER_BYTES);
    return parseClientHello(body.subarray(0, this.#bodyBytes()), {
      recordVersion: this.#recordVersion,
      records: this.#records,
      malformed,
    });
  }

  /** Gives what there is, though it is no whole message. */
  #stop(reason: NotTlsReason, malformed: string): ClientHello | NotTls {
    const bytes = this.#raw.view().subarray(0, MAX_HELLO_BYTES);
    if (this.#at === 0 && isSslv2(bytes)) {
      return parseSslv2ClientHello(bytes.subarray(2), malformed);
    }
    this.#message.add(bytes.subarray(this.#at, Math.max(this.#at, this.#recordEnd)));
    return this.#message.view()[0] === CLIENT_HELLO
      ? this.#parse(malformed)
      : { kind: "not-tls", reason };
  }

  #advanceSslv2(bytes: Uint8Array): ClientHello | NotTls | undefined {
    const [, , type, major, minor] = bytes;
    if (type === undefined) return undefined;
    if (type !== CLIENT_HELLO) return { kind: "not-tls", reason: "no-record" };
    if (major !== undefined && major !== 0 && major !== 3) {
      return { kind: "not-tls", reason: "no-record" };
    }
    if (minor === undefined) return undefined;
    if (!isSslv2(bytes)) return { kind: "not-tls", reason: "no-record" };
    const end = 2 + (bytes[0]! & 0x7f) * 256 + bytes[1]!;
    return bytes.length < end ? undefined : parseSslv2ClientHello(bytes.subarray(2, end));
  }
}

/** Whether bytes start as a ClientHello in the form of SSL 2.0. */
function isSslv2([length = 0, , type, major, minor]: Uint8Array): boolean {
  return length >= 0x80 && type === CLIENT_HELLO &&
    (major === 3 && minor !== undefined || major === 0 && minor === 2);
}

/** Bytes that grow; a view of them holds until more are added. */
class Bytes {
  #store = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  view(): Uint8Array {
    return this.#store.subarray(0, this.#length);
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#store.length) {
      const store = new Uint8Array(Math.max(length, 2 * this.#store.length));
      store.set(this.view());
      this.#store = store;
    }
    this.#store.set(bytes, this.#length);
    this.#length = length;
  }
}
