/**
 * What a SOCKS client sends, piece by piece.
 * @module
 */
import type { Session } from "../decoy.ts";

/** The peer has ended its side: nobody is there to be answered. */
export class Ended extends Error {}

/** The bytes of one client. */
export class Input {
  readonly #session: Session;
  #rest: Uint8Array = new Uint8Array(0);
  #taken = 0;

  /** @param session read by nobody else. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** How many bytes were taken so far: the offset of the next one. */
  get offset(): number {
    return this.#taken;
  }

  /**
   * Exactly so many bytes.
   * @param count bounded by the caller.
   * @returns a copy.
   * @throws {Ended} when the peer ends before that.
   */
  async take(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const chunk = await this.#chunk();
      const part = chunk.subarray(0, count - at);
      bytes.set(part, at);
      at += part.length;
      this.#rest = chunk.subarray(part.length);
    }
    this.#taken += count;
    return bytes;
  }

  /** The next byte. */
  async byte(): Promise<number> {
    return (await this.take(1))[0]!;
  }

  /**
   * The bytes before a NUL.
   * @param maxBytes how many they may be.
   * @returns `undefined` when they are more.
   */
  async text(maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes: number[] = [];
    for (;;) {
      const byte = await this.byte();
      if (byte === 0) return new Uint8Array(bytes);
      if (bytes.length === maxBytes) return undefined;
      bytes.push(byte);
    }
  }

  async #chunk(): Promise<Uint8Array> {
    if (this.#rest.length > 0) return this.#rest;
    const chunk = await this.#session.read();
    if (chunk === null) throw new Ended();
    return chunk;
  }
}
