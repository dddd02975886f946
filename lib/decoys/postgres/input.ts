/**
 * What a client sends, taken from the system in the portions in which PostgreSQL takes it, so that
 * what is left unread when the connection closes is the same.
 * @module
 */
import { shortLived } from "../../net/slab.ts";
import type { Session } from "../decoy.ts";

/** PostgreSQL's receive buffer: PQ_RECV_BUFFER_SIZE of pqcomm.c, in bytes. */
const BUFFER_BYTES = 8192;
const NOTHING = new Uint8Array(0);

/** The bytes of one client. */
export class Input {
  readonly #session: Session;
  #buffer: Uint8Array = NOTHING;
  #taken = 0;

  /** @param session read by nobody else. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** How many bytes were taken so far: the offset of the next one. */
  get offset(): number {
    return this.#taken;
  }

  /** What has come and was not taken yet, as far as it is known. */
  get rest(): Uint8Array {
    return this.#buffer;
  }

  /**
   * Exactly so many bytes.
   * @param count at least 1, bounded by the caller.
   * @returns a copy; `null` when the peer ends before that.
   */
  async take(count: number): Promise<Uint8Array | null> {
    const bytes = shortLived(count);
    let at = 0;
    while (at < count) {
      if (this.#buffer.length === 0) {
        const more = await this.#session.readAtMost(BUFFER_BYTES);
        if (more === null) return null;
        this.#buffer = more;
      }
      const part = this.#buffer.subarray(0, count - at);
      bytes.set(part, at);
      at += part.length;
      this.#buffer = part.length === this.#buffer.length
        ? NOTHING
        : this.#buffer.subarray(part.length);
    }
    this.#taken += count;
    return bytes;
  }
}

/**
 * An int32 in network order.
 * @param bytes at least `at` + 4.
 * @param at where it begins.
 * @returns with its sign.
 */
export function readInt32(bytes: Uint8Array, at = 0): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/**
 * Where a text that ends with NUL ends.
 * @param bytes what it is in.
 * @param from where it begins.
 * @returns offset of its NUL, or of the end of the bytes.
 */
export function endOfText(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(0, from);
  return at < 0 ? bytes.length : at;
}
