/**
 * Answers that are kept until the server would wait: they leave in one segment, however many they are.
 * @module
 */
import { outgoing } from "./latin1.ts";

/** Where the answers go. */
export interface ByteSink {
  /** Sends bytes. */
  write(data: Uint8Array): Promise<void>;
}

/** Output of one connection. */
export class KeptOutput {
  readonly #sink: ByteSink;
  #kept = "";

  /** @param sink written by nobody else while something is kept. */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Keeps an answer.
   * @param text octets.
   */
  add(text: string): void {
    this.#kept += text;
  }

  /** Sends what is kept. */
  async flush(): Promise<void> {
    const kept = this.#kept;
    if (kept === "") return;
    this.#kept = "";
    await this.#sink.write(outgoing(kept));
  }
}
