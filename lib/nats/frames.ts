/**
 * Looks over what a NATS server sends before the library does, which trusts it.
 *
 * The library would keep a line without an end in memory, print bytes that make no sense to the
 * console, and go on with a connection that it no longer reads. So each operation is checked here: its
 * name, the length of its line, the sizes it announces. Payloads are stepped over.
 *
 * Source: the client protocol of NATS: INFO, MSG, HMSG, PING, PONG, +OK, -ERR, each a line that ends in
 * CR LF; MSG and HMSG are followed by as many bytes as they say and another CR LF.
 * @module
 */
import { LimitError, ProtocolError } from "../errors.ts";
import { latin1 } from "../net/latin1.ts";

/** Longest line, in bytes; INFO names the servers of a cluster. */
export const MAX_LINE_BYTES = 65_536;
/** Largest payload, in bytes: eight times what a server allows unless told otherwise. */
export const MAX_PAYLOAD_BYTES = 8 * 1_048_576;

/** Longest number in a line, in digits. */
const MAX_DIGITS = 9;
const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;

// Where there is no reply subject, two spaces stand in its place.
const MSG = /^MSG +\S+ +\d{1,9} +(?:\S+ +)?(\d{1,9})\r\n$/;
const HMSG = /^HMSG +\S+ +\d{1,9} +(?:\S+ +)?(\d{1,9}) +(\d{1,9})\r\n$/;
const PLAIN = /^(?:PING|PONG|\+OK|-ERR [^\r\n]*)\r\n$/;

/** What of a server's greeting is used. */
export interface ServerInfo {
  readonly version: string;
  /** Largest message, headers included, in bytes. */
  readonly max_payload: number;
  readonly headers: boolean;
  readonly tls_required: boolean;
  readonly tls_available: boolean;
}

/**
 * Reads the greeting.
 * @param line `INFO {...}` with its end.
 * @throws {ProtocolError} when it is none.
 */
export function parseInfo(line: Uint8Array): ServerInfo {
  const text = latin1(line);
  const body = /^INFO[ \t]+(\{.*\})[ \t]*\r\n$/s.exec(text)?.[1];
  if (body === undefined) throw new ProtocolError("INFO and a JSON object", 0);
  let info: Record<string, unknown>;
  try {
    info = JSON.parse(body);
  } catch (error) {
    throw new ProtocolError("INFO and a JSON object", 5, { cause: error });
  }
  const { version, max_payload, nonce } = info;
  if (typeof version !== "string" || !/^v?\d{1,6}\.\d{1,6}\.\d{1,6}/.test(version)) {
    throw new ProtocolError("INFO with the version of the server", 5);
  }
  if (typeof max_payload !== "number" || !(max_payload > 0)) {
    throw new ProtocolError("INFO with max_payload", 5);
  }
  if (nonce !== undefined && typeof nonce !== "string") {
    throw new ProtocolError("INFO with a nonce that is a text", 5);
  }
  return {
    version,
    max_payload,
    headers: info.headers === true,
    tls_required: info.tls_required === true,
    tls_available: info.tls_available === true,
  };
}

/** Checks one connection's bytes, in whatever pieces they come. */
export class FrameGuard {
  /** Pieces of a line whose end has not come. */
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  /** Bytes of the payload, and then of the line end behind it, that are still to come. */
  #payload = 0;
  #ending = 0;
  #offset = 0;

  /**
   * Takes the next bytes.
   * @param bytes as they were read; they are not kept.
   * @throws {ProtocolError} when they make no sense.
   * @throws {LimitError} when a line or a payload is too long.
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#payload > 0) {
        const step = Math.min(this.#payload, bytes.length - at);
        this.#payload -= step;
        at += step;
      } else if (this.#ending > 0) {
        if (bytes[at] !== (this.#ending === 2 ? CR : LF)) {
          throw new ProtocolError("CR LF behind a payload", this.#offset + at);
        }
        this.#ending--;
        at++;
      } else {
        at = this.#takeLine(bytes, at);
      }
    }
    this.#offset += bytes.length;
  }

  /** Takes bytes up to the end of a line, or all there are. */
  #takeLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(LF, from) + 1;
    const piece = bytes.subarray(from, end === 0 ? bytes.length : end);
    this.#lineBytes += piece.length;
    if (this.#lineBytes > MAX_LINE_BYTES) throw new LimitError("line_bytes", MAX_LINE_BYTES);
    if (end === 0) {
      this.#line.push(piece.slice());
      return bytes.length;
    }
    const line = this.#line.length === 0 ? piece : joinBytes([...this.#line, piece]);
    this.#line = [];
    this.#lineBytes = 0;
    this.#checkLine(line, this.#offset + from);
    return end;
  }

  #checkLine(line: Uint8Array, offset: number): void {
    const plain = readSize(line);
    if (plain >= 0) return this.#expect(plain);
    const text = latin1(line);
    const message = MSG.exec(text) ?? HMSG.exec(text);
    if (message === null) {
      if (text.startsWith("INFO")) parseInfo(line);
      else if (!PLAIN.test(text)) {
        throw new ProtocolError("INFO, MSG, HMSG, PING, PONG, +OK or -ERR", offset);
      }
      return;
    }
    const [, first, total = first] = message;
    const size = Number(total);
    if (Number(first) > size) throw new ProtocolError("headers within the message", offset);
    this.#expect(size);
  }

  #expect(size: number): void {
    if (size > MAX_PAYLOAD_BYTES) throw new LimitError("payload_bytes", MAX_PAYLOAD_BYTES);
    this.#payload = size;
    this.#ending = 2;
  }
}

/**
 * Reads how large a message is, where the line is as every server writes it: nearly all lines are.
 * @returns its size in bytes; -1 for any other line, of which nothing is said.
 */
function readSize(line: Uint8Array): number {
  const end = line.length - 2;
  const isHeaded = line[0] === 0x48; // H
  let at = isHeaded ? 4 : 3;
  const isMessage = line[at - 3] === 0x4d && line[at - 2] === 0x53 && line[at - 1] === 0x47; // MSG
  if (!isMessage || line[at] !== SPACE || line[end] !== CR) return -1;
  let [fields, sid, before, value] = [0, -1, -1, -1];
  while (at < end) {
    while (line[at] === SPACE) at++;
    const from = at;
    before = value;
    value = 0;
    for (; at < end && line[at] !== SPACE; at++) {
      const byte = line[at]!;
      if (byte < 0x21 || byte > 0x7e) return -1;
      const isDigit = byte >= 0x30 && byte <= 0x39;
      value = isDigit && value >= 0 ? value * 10 + byte - 0x30 : -1;
    }
    if (at === from) return -1; // spaces before the end
    if (at - from > MAX_DIGITS) value = -1;
    if (++fields === 2) sid = value;
  }
  const least = isHeaded ? 4 : 3;
  if (fields < least || fields > least + 1 || sid < 0) return -1;
  return isHeaded && (before < 0 || before > value) ? -1 : value;
}

/**
 * Joins bytes.
 * @param pieces in order.
 * @returns a copy of all of them.
 */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
