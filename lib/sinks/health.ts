/**
 * How a delivery is doing: counters, what is wrong, when to try again, and whom to tell.
 * @module
 */
import { logger } from "../log.ts";

const log = logger("delivery");

/** Failures in a row from which on it is an event: one alone may be a connection that was idle. */
const TELL_FROM_FAILURES = 2;
/** Pause between two events that tell of losses, in ms. */
const TELL_LOSS_EVERY_MS = 60_000;

/** What an event says of a sink that fails, or works again. */
export interface SinkTrouble {
  readonly detail: string;
  /** Calls that failed since it began to fail. */
  readonly failures: number;
  /** Events given up since it began to fail. */
  readonly lost: number;
}

/** Told of changes. */
export interface HealthListener {
  onFailing(trouble: SinkTrouble): void;
  onRecovered(trouble: SinkTrouble): void;
}

/** Pauses between tries. */
export interface RetryPauses {
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

/** The state of one delivery. */
export class Health {
  readonly #name: string;
  readonly #listener: HealthListener | undefined;
  #inARow = 0;
  #lostSince = 0;
  #hasTold = false;
  #toldLossMs = -Infinity;
  delivered = 0;
  /** Calls that failed, since the start. */
  failures = 0;
  /** Events given up since the start. */
  dropped = 0;
  /** Wall clock of the last success, in ms since 1970. */
  lastSuccessMs: number | undefined;
  trouble: string | undefined;

  /**
   * @param name of the sink.
   * @param listener told of changes.
   */
  constructor(name: string, listener: HealthListener | undefined) {
    this.#name = name;
    this.#listener = listener;
  }

  /**
   * A call worked.
   * @param count items delivered.
   */
  succeed(count: number): void {
    this.delivered += count;
    this.lastSuccessMs = Date.now();
    if (this.trouble === undefined) return;
    log.info("Sink {name} works again", { name: this.#name });
    const trouble = this.#report(this.trouble);
    this.trouble = undefined;
    if (this.#hasTold) this.#listener?.onRecovered(trouble);
    this.#inARow = this.#lostSince = 0;
    this.#hasTold = false;
  }

  /**
   * A call failed.
   * @param detail what was wrong.
   */
  fail(detail: string): void {
    this.failures++;
    this.#inARow++;
    if (this.trouble === undefined) {
      log.error("Sink {name} fails: {detail}", { name: this.#name, detail });
    }
    this.trouble = detail;
    if (this.#hasTold || this.#inARow < TELL_FROM_FAILURES) return;
    this.#hasTold = true;
    this.#listener?.onFailing(this.#report(detail));
  }

  /**
   * Events were given up.
   * @param count how many.
   * @param why in words, for people.
   */
  lose(count: number, why: string): void {
    this.dropped += count;
    this.#lostSince += count;
    const nowMs = performance.now();
    if (nowMs - this.#toldLossMs < TELL_LOSS_EVERY_MS) return;
    this.#toldLossMs = nowMs;
    this.#hasTold = true;
    log.error("Sink {name} has lost {count} events: {why}", { name: this.#name, count, why });
    this.#listener?.onFailing(this.#report(why));
  }

  /**
   * How long to wait before the next try: exponential, with jitter, so that many sensors do not come
   * back all at once.
   * @param pauses shortest and longest pause.
   * @param askedMs what the destination asked for, in ms.
   * @returns in ms; at least what was asked for.
   */
  pauseMs({ retryMinMs, retryMaxMs }: RetryPauses, askedMs = 0): number {
    const fullMs = Math.min(
      retryMaxMs,
      retryMinMs * 2 ** Math.min(30, Math.max(0, this.#inARow - 1)),
    );
    return Math.max(askedMs, fullMs * (0.5 + 0.5 * Math.random()));
  }

  #report(detail: string): SinkTrouble {
    return { detail, failures: this.#inARow, lost: this.#lostSince };
  }
}
