/**
 * Holds one open sink: opens it when it is first needed, ends calls that take too long, and replaces a
 * sink that does not come back from one.
 * @module
 */
import { SinkError } from "../errors.ts";
import { logger } from "../log.ts";
import { settlesWithin } from "../net/settles_within.ts";
import type { Batch, Outcome, Sink } from "./sink.ts";

const log = logger("sinks");

/** How long a call may take to end after its deadline, and a sink to close, in ms. */
const GRACE_MS = 1000;

/** A place for a sink. */
export class SinkSlot {
  readonly #open: () => Promise<Sink>;
  readonly #timeoutMs: number;
  #sink: Sink | undefined;
  #call: AbortController | undefined;

  /**
   * @param open opens the sink.
   * @param timeoutMs longest call, opening included, in ms.
   */
  constructor(open: () => Promise<Sink>, timeoutMs: number) {
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Delivers a batch.
   * @param batch at least one item.
   * @throws {SinkError} whatever went wrong.
   */
  async write(batch: Batch): Promise<Outcome> {
    const call = this.#call = new AbortController();
    const timer = setTimeout(() => call.abort(), this.#timeoutMs);
    let isAbandoned = false;
    const work = async () => {
      if (this.#sink === undefined) {
        const sink = await this.#open();
        if (isAbandoned) {
          await sink[Symbol.asyncDispose]();
          throw new SinkError("Cannot open in time", true);
        }
        this.#sink = sink;
      }
      return await this.#sink.write(batch, call.signal) ?? {};
    };
    try {
      return await this.#untilTooLate(work(), call.signal);
    } catch (error) {
      if (error instanceof SinkError) throw error;
      isAbandoned = true;
      this.#replace();
      if (call.signal.aborted) {
        throw new SinkError(`No answer within ${this.#timeoutMs} ms`, true, { cause: error });
      }
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      log.error("A sink threw what it should not: {detail}", { detail });
      throw new SinkError(error instanceof Error ? error.message : String(error), true);
    } finally {
      clearTimeout(timer);
      this.#call = undefined;
    }
  }

  /** Opens the sink ahead of its first batch; a failure is met again, and told, by that. */
  async warm(): Promise<void> {
    try {
      this.#sink ??= await this.#open();
    } catch (error) {
      log.debug("Cannot open a sink yet: {error}", { error });
    }
  }

  /** Ends the call that is under way, if there is one: it fails. */
  abort(): void {
    this.#call?.abort();
  }

  /**
   * Tells the sink that someone may have rotated its file.
   * @throws {SinkError} when it cannot be opened anew.
   */
  async reopen(): Promise<void> {
    await this.#sink?.reopen?.();
  }

  /** Closes the sink; one that takes too long is left behind. */
  async close(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined) await dispose(sink);
  }

  /** Waits for a call, and a little longer than its signal. */
  async #untilTooLate(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onAbort = () => {};
    const tooLate = new Promise<never>((_resolve, reject) => {
      onAbort = () => timer = setTimeout(() => reject(signal.reason), GRACE_MS);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    work.catch(() => {}); // one that comes too late is of no interest
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Lets go of a sink that did not come back; the next call opens another one. */
  #replace(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined) void dispose(sink);
  }
}

async function dispose(sink: Sink): Promise<void> {
  try {
    await settlesWithin(Promise.resolve(sink[Symbol.asyncDispose]()), GRACE_MS);
  } catch (error) {
    log.debug("Cannot close a sink: {error}", { error });
  }
}
