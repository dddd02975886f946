/**
 * All collectors of a sensor: runs them, again after a failure, and changes those that a reload changed.
 * @module
 */
import type { CollectorConfig } from "../config/config.ts";
import { logger } from "../log.ts";
import { settlesWithin } from "../net/settles_within.ts";
import { resolveSecret } from "../sinks/secrets.ts";
import { type ForeignStore, Intake, type IntakeCounts } from "./intake.ts";
import { findCollectorKind } from "./registry.ts";

const log = logger("collect");

/** First and longest pause before a collector that failed is run again, in ms. */
const RETRY_MS = [500, 30_000] as const;
/** Time without success after which it is told as an event, in ms. */
const TELL_AFTER_MS = 10_000;
/** How long a collector may take for what it has begun at a stop, in ms. */
const STOP_MS = 2000;

/** How a collector stands. */
export interface CollectorStatus extends IntakeCounts {
  readonly name: string;
  readonly kind: string;
  /** Events that wait, as far as is known. */
  readonly pending: number;
  /** What is wrong; absent when all is well. */
  readonly trouble?: string;
}

/** What collectors need, and whom they tell. */
export interface CollectorsOptions {
  /** Name of this sensor; may change at a reload. */
  readonly sensor: () => string;
  /** Time without success after which it is told, in ms. */
  readonly tellAfterMs?: number;
  /** Told when a collector has not worked for a while. */
  onFailing?(name: string, trouble: string): void;
  /** Told when it works again. */
  onRecovered?(name: string, trouble: string): void;
}

/** The collectors of a sensor. */
export class Collectors {
  readonly #store: ForeignStore;
  readonly #options: CollectorsOptions;
  #runs: CollectorRun[] = [];

  /**
   * @param store takes the events.
   * @param options who we are, and who is told.
   */
  constructor(store: ForeignStore, options: CollectorsOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Begins to collect.
   * @param configs entries of the config.
   */
  start(configs: readonly CollectorConfig[]): void {
    for (const config of configs) {
      this.#runs.push(new CollectorRun(config, this.#store, this.#options));
    }
  }

  /**
   * Changes to a new list; entries that are the same go on.
   * @param configs entries of the new config.
   */
  async reload(configs: readonly CollectorConfig[]): Promise<void> {
    const key = (config: CollectorConfig) => JSON.stringify(config);
    const wanted = new Set(configs.map(key));
    const gone = this.#runs.filter(({ config }) => !wanted.has(key(config)));
    this.#runs = this.#runs.filter((run) => !gone.includes(run));
    await Promise.all(gone.map((run) => run.stop()));
    const running = new Set(this.#runs.map(({ config }) => key(config)));
    this.start(configs.filter((config) => !running.has(key(config))));
  }

  /** How each stands. */
  status(): CollectorStatus[] {
    return this.#runs.map((run) => run.status());
  }

  /** Ends what was begun, within a deadline, and stops all. */
  async stop(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.stop()));
    this.#runs = [];
  }
}

/** One collector, run again and again. */
class CollectorRun {
  readonly config: CollectorConfig;
  readonly #options: CollectorsOptions;
  readonly #intake: Intake;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #pending = 0;
  #retryMs: number = RETRY_MS[0];
  #trouble: string | undefined;
  /** Since when it has not worked, by `performance.now()`. */
  #troubleSince = 0;
  #isTold = false;

  constructor(config: CollectorConfig, store: ForeignStore, options: CollectorsOptions) {
    this.config = config;
    this.#options = options;
    this.#intake = new Intake(store, config.name);
    this.#running = this.#run();
  }

  status(): CollectorStatus {
    return {
      name: this.config.name,
      kind: this.config.kind,
      ...this.#intake.counts,
      pending: this.#pending,
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await settlesWithin(this.#running, STOP_MS);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const collector = await this.#open();
        await collector.run(signal);
      } catch (error) {
        this.#fail(error);
      }
      if (!signal.aborted) await this.#pause();
    }
  }

  #open() {
    const { name, kind, options } = this.config;
    return findCollectorKind(kind)!.open(options, {
      name,
      sensor: this.#options.sensor(),
      secret: resolveSecret,
      take: (arrivals) => this.#intake.take(arrivals, this.#options.sensor()),
      onReached: (pending) => this.#reached(pending),
    });
  }

  #reached(pending: number): void {
    this.#pending = pending;
    this.#retryMs = RETRY_MS[0];
    if (this.#trouble === undefined) return;
    const { name } = this.config;
    log.info("Collector {name} works again", { name });
    if (this.#isTold) this.#options.onRecovered?.(name, this.#trouble);
    this.#trouble = undefined;
    this.#isTold = false;
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { name } = this.config;
    const detail = error instanceof Error ? error.message : String(error);
    if (this.#trouble === undefined) {
      log.error("Collector {name} fails: {detail}", { name, detail });
      this.#troubleSince = performance.now();
    }
    this.#trouble = detail;
    const { tellAfterMs = TELL_AFTER_MS } = this.#options;
    if (!this.#isTold && performance.now() - this.#troubleSince >= tellAfterMs) {
      this.#isTold = true;
      this.#options.onFailing?.(name, detail);
    }
  }

  /** Waits longer from failure to failure, and not as long as others that failed at the same time. */
  async #pause(): Promise<void> {
    const { signal } = this.#stopping;
    const ms = this.#retryMs * (0.5 + Math.random() / 2);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS[1]);
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    signal.addEventListener("abort", () => over.resolve(), { once: true });
    await over.promise;
    clearTimeout(timer);
  }
}
