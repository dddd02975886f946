/**
 * Puts requests of events together, each in the place of the last: a backlog is thousands of them, and
 * the memory of each would stay until somebody collects it.
 * @module
 */
import { formatPublish, type PublishFrame } from "./publish_frame.ts";

/** Room for the request's line, in bytes. */
const LINE_BYTES = 512;

const encoder = new TextEncoder();

/** Makes the requests of one connection. */
export class PublishEncoder {
  #bytes = new Uint8Array(0);

  /**
   * Makes a request.
   * @param frame what the events are; their count and length are taken from them.
   * @param events lines of JSON.
   * @returns the line with the events behind it; valid until the next call.
   */
  encode(frame: Omit<PublishFrame, "count" | "bytes">, events: readonly string[]): Uint8Array {
    const text = events.map((json) => json + "\n").join("");
    // A UTF-16 unit is three bytes of UTF-8 at most.
    const room = LINE_BYTES + 3 * text.length;
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room);
    const { written: bytes } = encoder.encodeInto(text, this.#bytes.subarray(LINE_BYTES));
    const line = formatPublish({ ...frame, count: events.length, bytes }) + "\r\n";
    const start = LINE_BYTES - line.length;
    encoder.encodeInto(line, this.#bytes.subarray(start));
    return this.#bytes.subarray(start, LINE_BYTES + bytes);
  }
}
