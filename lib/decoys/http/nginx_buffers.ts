/**
 * The buffers in which nginx keeps a head: no bytes, only how full they are.
 * @module
 */

/** `client_header_buffer_size`. */
const FIRST_BUFFER_BYTES = 1024;
/** `large_client_header_buffers 4 8k`. */
const LARGE_BUFFER_BYTES = 8192;
const LARGE_BUFFERS = 4;

/** Counts bytes into buffers: a line never spans two of them. */
export class NginxBuffers {
  #capacity = FIRST_BUFFER_BYTES;
  #used = 0;
  #lineStart = 0;
  #large = 0;

  /** Empties them for the next request. */
  reset(): void {
    this.#capacity = FIRST_BUFFER_BYTES;
    this.#used = this.#lineStart = this.#large = 0;
  }

  /** The next byte is the first of a line. */
  beginLine(): void {
    this.#lineStart = this.#used;
  }

  /** How many bytes fit without another buffer. */
  get room(): number {
    return this.#capacity - this.#used - 1;
  }

  /**
   * Takes bytes of a line.
   * @param count at most `room`.
   */
  skip(count: number): void {
    this.#used += count;
  }

  /**
   * Takes one byte.
   * @param part where it stands: a line end before the request, the end of a line, or within one.
   * @returns false when there is no room for more of the line.
   */
  take(part: "blank" | "boundary" | "line"): boolean {
    if (++this.#used < this.#capacity) return true;
    if (part === "blank") {
      this.#used = 0;
      return true;
    }
    const line = part === "boundary" ? 0 : this.#used - this.#lineStart;
    if (line >= LARGE_BUFFER_BYTES || this.#large === LARGE_BUFFERS) return false;
    this.#large++;
    this.#capacity = LARGE_BUFFER_BYTES;
    this.#used = line;
    this.#lineStart = 0;
    return true;
  }
}
