/**
 * A peer of a decoy, byte for byte: for what no stock client does.
 * @module
 */
import { deadline, SOON_MS } from "./process.ts";

/** A TCP connection that reads on by itself. Leaving its block closes it. */
export class Peer implements Disposable {
  /** Bytes as Latin-1 text, one character a byte. */
  received = "";
  isEnded = false;
  readonly #conn: Deno.TcpConn;
  #wake: (() => void)[] = [];
  #isClosed = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#read();
  }

  /** Connects. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<Peer> {
    return new Peer(await Deno.connect({ hostname, port }));
  }

  /** Sends text, one byte a character. */
  async send(text: string): Promise<void> {
    const data = Uint8Array.from(text, (character) => character.charCodeAt(0));
    for (let sent = 0; sent < data.length;) sent += await this.#conn.write(data.subarray(sent));
  }

  /** Waits until the text was received, and takes everything up to its end. */
  async until(text: string, withinMs = SOON_MS): Promise<string> {
    await this.#wait(() => this.received.includes(text), JSON.stringify(text), withinMs);
    const end = this.received.indexOf(text) + text.length;
    const taken = this.received.slice(0, end);
    this.received = this.received.slice(end);
    return taken;
  }

  /** Waits until the other side has ended. */
  async end(withinMs = SOON_MS): Promise<string> {
    await this.#wait(() => this.isEnded, "the end", withinMs);
    return this.received;
  }

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.#conn.close();
    this.#isClosed = true;
  }

  async #wait(test: () => boolean, what: string, withinMs: number): Promise<void> {
    const wait = async () => {
      while (!test()) {
        if (this.isEnded) throw new Error(`Ended before ${what}: ${JSON.stringify(this.received)}`);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    };
    await deadline(wait(), withinMs, () => `waiting for ${what}: ${JSON.stringify(this.received)}`);
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await this.#conn.read(buffer); n !== null; n = await this.#conn.read(buffer)) {
        for (const byte of buffer.subarray(0, n)) this.received += String.fromCharCode(byte);
        this.#notify();
      }
    } catch {
      // Reset by the other side, or closed by the test: either way nothing more comes.
    }
    this.isEnded = true;
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/**
 * Asks again and again until the answer is right: for states that nobody announces.
 * @param ask gets the state.
 * @param isRight whether it is what is waited for.
 * @param withinMs longest wait.
 * @returns the right answer.
 */
export async function poll<T>(
  ask: () => T | Promise<T>,
  isRight: (answer: T) => boolean,
  withinMs = SOON_MS,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > end) {
      throw new Error(`Not so after ${withinMs} ms, but ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
