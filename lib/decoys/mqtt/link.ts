/**
 * The way to one client: packets in the order in which they are handed over, whoever does that.
 * @module
 */
import type { Session } from "../decoy.ts";

/** Most that waits for a client that does not read, in bytes; then messages are dropped. */
const MAX_WAITING_BYTES = 1_048_576;
const NOTHING = new Uint8Array(0);

/** A client's connection. */
export class Link {
  readonly session: Session;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #error: unknown;

  /** @param session of the host. */
  constructor(session: Session) {
    this.session = session;
  }

  /** Whether so much waits that messages are to be dropped. */
  get isFull(): boolean {
    return this.#waiting > MAX_WAITING_BYTES;
  }

  /** Hands over a packet; does not wait. */
  send(bytes: Uint8Array): void {
    this.#waiting += bytes.length;
    this.#last = this.#last.then(async () => {
      try {
        if (this.#error === undefined) await this.session.write(bytes);
      } catch (error) {
        this.#error = error; // its own talk meets it when it waits
      } finally {
        this.#waiting -= bytes.length;
      }
    });
  }

  /**
   * Waits until all is sent.
   * @throws what went wrong meanwhile.
   */
  async sent(): Promise<void> {
    await this.#last;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Ends the connection from outside: another client has taken its place. */
  end(): void {
    this.session.expireAfter(0, NOTHING, true);
  }
}
