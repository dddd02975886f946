/**
 * What a client sends, taken from the system in the portions in which TigerVNC takes it.
 * @module
 */
/** TigerVNC's buffer: BufferedInStream.cxx, in bytes. */
const BUFFER_BYTES = 8192;
const NOTHING = new Uint8Array(0);

/** Where bytes come from: a session, or TLS within one. */
export interface Source {
  /**
   * What has arrived.
   * @param count most bytes that are taken.
   * @returns at least one byte; `null` at the end.
   */
  readAtMost(count: number): Promise<Uint8Array | null>;
  /**
   * Puts bytes back in front.
   * @param bytes read before.
   */
  unread(bytes: Uint8Array): void;
}

/** The bytes of one client. */
export class Input {
  readonly #source: Source;
  #buffer: Uint8Array = NOTHING;
  #taken = 0;

  /** @param source read by nobody else, but after `release`. */
  constructor(source: Source) {
    this.#source = source;
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
   * @returns a copy; `null` when the peer ends before that, and then they are all in `rest`.
   */
  async take(count: number): Promise<Uint8Array | null> {
    while (this.#buffer.length < count) {
      if (!await this.news()) return null;
    }
    const bytes = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.subarray(count);
    this.#taken += count;
    return bytes;
  }

  /**
   * Waits for more, even if there is something that was not taken.
   * @returns `false` when the peer ended instead.
   */
  async news(): Promise<boolean> {
    const more = await this.#source.readAtMost(BUFFER_BYTES);
    if (more === null) return false;
    const joined = new Uint8Array(this.#buffer.length + more.length);
    joined.set(this.#buffer);
    joined.set(more, this.#buffer.length);
    this.#buffer = joined;
    return true;
  }

  /** Gives what was not taken back to the source, for others to read it there. */
  release(): void {
    this.#source.unread(this.#buffer);
    this.#buffer = NOTHING;
  }
}
