/**
 * Brings events from the journal to one sink: by a cursor of its own, in batches, with retry.
 *
 * A sink is only ever fed from the journal, at its own pace, so that a slow or broken one costs no
 * memory and delays nobody. A durable cursor outlives the program; delivery is then at least once.
 * @module
 */
import { SinkError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { EventFilter } from "../journal/query.ts";
import { logger } from "../log.ts";
import { settlesWithin } from "../net/settles_within.ts";
import type { Sink } from "./sink.ts";

const log = logger("delivery");

/** Most events of one call of a sink. */
const BATCH_EVENTS = 500;
/** First and longest pause before a failed call is repeated, in ms. */
const RETRY_MS = [500, 30_000] as const;
/** How often a durable cursor is stored while it moves, in ms. */
const STORE_EVERY_MS = 1000;

/** How a delivery stands. */
export interface DeliveryStatus {
  readonly delivered: number;
  /** Events given up because trying again could not help. */
  readonly dropped: number;
  /** Sequence that the sink has dealt with. */
  readonly cursor: number;
  readonly trouble?: string;
}

/** What is delivered, and from where on. */
export interface DeliveryOptions {
  /** Name of the sink, and of its cursor. */
  readonly name: string;
  readonly filter: EventFilter;
  /** Whether the cursor outlives the program. */
  readonly isDurable: boolean;
  /** Where a sink without a stored cursor begins. */
  readonly startAfter: number;
}

/** Feeds one sink for as long as it runs. */
export class Delivery {
  readonly #journal: Journal;
  readonly #sink: Sink;
  readonly #options: DeliveryOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #cursor: number;
  #storedAt = 0;
  #delivered = 0;
  #dropped = 0;
  #trouble: string | undefined;
  /** Ends a wait for news, and any wait. */
  #wake: (() => void) | undefined;
  #stop: (() => void) | undefined;

  /**
   * Begins to deliver.
   * @param journal where events come from.
   * @param sink where they go; disposed of at the end.
   * @param options what, and from where on.
   */
  constructor(journal: Journal, sink: Sink, options: DeliveryOptions) {
    this.#journal = journal;
    this.#sink = sink;
    this.#options = options;
    const stored = options.isDurable ? journal.cursor(options.name)?.sequence : undefined;
    // A journal that was begun anew has lower numbers than a cursor of the old one.
    this.#cursor = Math.min(stored ?? options.startAfter, journal.lastSequence);
    this.#running = this.#run();
  }

  /** How it stands. */
  status(): DeliveryStatus {
    return {
      delivered: this.#delivered,
      dropped: this.#dropped,
      cursor: this.#cursor,
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
  }

  /** Tells the sink that someone may have rotated its file. */
  async reopen(): Promise<void> {
    try {
      await this.#sink.reopen?.();
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Delivers what is there, within a deadline, and closes the sink.
   * @param deadlineMs longest time, in ms.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#stop?.();
    await settlesWithin(this.#running, deadlineMs);
    this.#store();
    await this.#sink[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    let retryMs: number = RETRY_MS[0];
    const unsubscribe = this.#journal.onAdvance(() => this.#wake?.());
    try {
      for (;;) {
        const { events, scannedTo } = this.#journal.read(
          this.#cursor,
          this.#options.filter,
          BATCH_EVENTS,
        );
        if (events.length === 0 && scannedTo <= this.#cursor) {
          if (this.#stopping.signal.aborted) return;
          await this.#sleep();
          continue;
        }
        try {
          if (events.length > 0) {
            await this.#sink.write(
              { events, notices: [], after: this.#cursor, upTo: scannedTo },
              AbortSignal.timeout(60_000),
            );
          }
          this.#delivered += events.length;
          if (this.#trouble !== undefined) {
            log.info("Sink {name} works again", { name: this.#options.name });
          }
          this.#trouble = undefined;
          retryMs = RETRY_MS[0];
        } catch (error) {
          this.#fail(error);
          if (error instanceof SinkError && !error.retryable) {
            this.#dropped += events.length;
          } else {
            if (this.#stopping.signal.aborted) return;
            await this.#sleep(retryMs);
            retryMs = Math.min(2 * retryMs, RETRY_MS[1]);
            continue;
          }
        }
        this.#cursor = scannedTo;
        if (performance.now() - this.#storedAt >= STORE_EVERY_MS) this.#store();
        // A backlog is read in steps, between which everybody else has a turn.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } finally {
      unsubscribe();
    }
  }

  /** Waits until there is something new, or for a time; ends early at a stop. */
  async #sleep(ms?: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      if (this.#stopping.signal.aborted) return resolve();
      this.#stop = resolve;
      if (ms === undefined) this.#wake = resolve;
      else timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#stop = this.#wake = undefined;
  }

  #fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (this.#trouble === undefined) {
      log.error("Sink {name} fails: {detail}", { name: this.#options.name, detail });
    }
    this.#trouble = detail;
  }

  #store(): void {
    if (!this.#options.isDurable) return;
    this.#storedAt = performance.now();
    this.#journal.setCursor(this.#options.name, { sequence: this.#cursor, state: "" });
  }
}
