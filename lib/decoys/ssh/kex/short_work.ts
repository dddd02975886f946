/**
 * A gate for short computations: so many of them, then the event loop is served, then so many more.
 *
 * What every key exchange costs, a signature and keys included, is below 1 ms. But two hundred clients
 * that are ready at the same time are so in each round of the event loop, and everybody else would
 * wait for all of them. Behind the gate they wait themselves, sources by turns.
 * @module
 */

/** Key exchanges between two rounds of the event loop: 2 ms, 4 ms with sntrup761. */
const PER_ROUND = 4;

/** What the gate needs. */
export interface ShortWorkOptions {
  /** Resolves in a later task of the event loop, when what is ready there was served. */
  readonly yieldToLoop: () => Promise<void>;
  /** How many may pass between two rounds. */
  readonly perRound?: number;
}

/** Who waits at the gate: a session. */
export interface Waiter {
  /** Whose source shares turns. */
  readonly peer: { readonly ip: string };
  /** Aborts when the session is gone; read only when there is a wait. */
  readonly signal: AbortSignal;
}

/** The gate: all sessions of all SSH decoys share one. */
export class ShortWork {
  readonly #yieldToLoop: () => Promise<void>;
  readonly #perRound: number;
  /** Those who wait, by source, in the order in which sources come next; no empty ones. */
  readonly #waiting = new Map<string, Ticket[]>();
  /** How many may still pass in this round. */
  #left: number;
  #isCounting = false;

  /** @param options how to give way, and the bound. */
  constructor({ yieldToLoop, perRound = PER_ROUND }: ShortWorkOptions) {
    this.#yieldToLoop = yieldToLoop;
    this.#left = this.#perRound = perRound;
  }

  /** Sources that wait. */
  get sources(): number {
    return this.#waiting.size;
  }

  /**
   * Waits until a short computation may begin: not at all, unless many are at it.
   * @param waiter who computes.
   * @returns nothing; rejects with the signal's reason when the session is gone before that.
   */
  async turn(waiter: Waiter): Promise<void> {
    if (this.#left === 0) return await this.#wait(waiter);
    this.#left--;
    if (!this.#isCounting) void this.#count();
  }

  async #wait({ peer: { ip }, signal }: Waiter): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ticket: Ticket = { pass: resolve, fail: reject };
    const abort = () => {
      this.#remove(ip, ticket);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    const others = this.#waiting.get(ip);
    if (others === undefined) this.#waiting.set(ip, [ticket]);
    else others.push(ticket);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Lets as many pass in each round as may, until a round has passed in which nobody came. */
  async #count(): Promise<void> {
    this.#isCounting = true;
    try {
      do {
        await this.#yieldToLoop();
        this.#left = this.#perRound;
        while (this.#left > 0 && this.#waiting.size > 0) {
          this.#left--;
          this.#next().pass();
        }
      } while (this.#left < this.#perRound);
    } catch (error) { // the loop could not be served: better no computation than no sensor
      for (const tickets of this.#waiting.values()) for (const { fail } of tickets) fail(error);
      this.#waiting.clear();
      this.#left = this.#perRound;
    } finally {
      this.#isCounting = false;
    }
  }

  /** Takes the first ticket of the first source, which goes to the end of the line. */
  #next(): Ticket {
    const [ip, tickets] = this.#waiting.entries().next().value!;
    this.#waiting.delete(ip);
    const ticket = tickets.shift()!;
    if (tickets.length > 0) this.#waiting.set(ip, tickets);
    return ticket;
  }

  #remove(ip: string, ticket: Ticket): void {
    const tickets = this.#waiting.get(ip) ?? [];
    const index = tickets.indexOf(ticket);
    if (index < 0) return;
    tickets.splice(index, 1);
    if (tickets.length === 0) this.#waiting.delete(ip);
  }
}

/** A wait that ends one way or the other. */
interface Ticket {
  readonly pass: () => void;
  readonly fail: (reason: unknown) => void;
}
