/**
 * All sinks of a sensor: feeds them, changes those that a reload changed, and speaks for them.
 * @module
 */
import type { SinkConfig } from "../config/config.ts";
import { type DeadLetter, readLetters, type ReplayReport } from "../journal/dead_letters.ts";
import type { Journal } from "../journal/journal.ts";
import { Delivery, type DeliveryStatus } from "./delivery.ts";
import type { SinkTrouble } from "./health.ts";
import { Pace } from "./pace.ts";
import { findSinkKind } from "./registry.ts";
import { resolveSecret } from "./secrets.ts";
import { isFiltered, withoutOwnName } from "./selection.ts";
import type { SinkContext } from "./sink.ts";

/** How long a sink may take for the rest at a stop, in ms. */
const STOP_DEADLINE_MS = 2000;

/** A sink that is fed. */
interface Outlet {
  readonly config: SinkConfig;
  readonly delivery: Delivery;
}

/** What sinks may know of the sensor, and whom they tell of their troubles. */
export interface OutletsContext {
  sensor(): SinkContext["sensor"];
  onFailing(sink: { name: string; kind: string }, trouble: SinkTrouble): void;
  onRecovered(sink: { name: string; kind: string }, trouble: SinkTrouble): void;
}

/** The sinks of a sensor. */
export class Outlets {
  readonly #journal: Journal;
  readonly #context: OutletsContext;
  readonly #pace = new Pace();
  /** Absent until they are fed: nobody knows yet what is owed. */
  #outlets: Outlet[] | undefined;

  /**
   * @param journal where events come from.
   * @param context the sensor.
   */
  constructor(journal: Journal, context: OutletsContext) {
    this.#journal = journal;
    this.#context = context;
  }

  /**
   * Begins to feed sinks. Each is opened by its own delivery, so that none delays the start.
   * @param configs entries of the config.
   * @param startAfter where a sink begins that has no stored cursor.
   */
  start(configs: readonly SinkConfig[], startAfter: number): void {
    this.#outlets = [
      ...this.#outlets ?? [],
      ...configs.map((config) => this.#makeOutlet(config, startAfter)),
    ];
  }

  /**
   * Changes to a new list: entries that are the same go on and open their files anew.
   * @param configs entries of the new config.
   */
  async reload(configs: readonly SinkConfig[]): Promise<void> {
    const key = (config: SinkConfig) => JSON.stringify(config);
    const wanted = new Set(configs.map(key));
    const gone = (this.#outlets ?? []).filter(({ config }) => !wanted.has(key(config)));
    const kept = (this.#outlets ?? []).filter((outlet) => !gone.includes(outlet));
    await Promise.all(gone.map(({ delivery }) => delivery.stop(STOP_DEADLINE_MS)));
    this.#outlets = kept;
    await Promise.all(kept.map(({ delivery }) => delivery.reopen()));
    const running = new Set(kept.map(({ config }) => key(config)));
    const fresh = configs.filter((config) => !running.has(key(config)));
    this.start(fresh, this.#journal.lastSequence);
  }

  /** How each stands. */
  status(): (DeliveryStatus & { name: string; kind: string })[] {
    return (this.#outlets ?? []).map(({ config, delivery }) => ({
      name: config.name,
      kind: config.kind,
      ...delivery.status(),
    }));
  }

  /** Up to where retention may remove events: what every durable sink has had. */
  get releasedTo(): number {
    if (this.#outlets === undefined) return 0;
    return Math.min(...this.#outlets.map(({ delivery }) => delivery.releasedTo ?? Infinity));
  }

  /**
   * Retention is about to remove events; whoever is owed some of them counts them as lost.
   * @param upTo the last sequence that goes.
   */
  abandon(upTo: number): void {
    for (const { delivery } of this.#outlets ?? []) delivery.abandon(upTo);
  }

  /**
   * Letters that could not be delivered, in the order in which they were parked.
   * @param options `sink` to see only one sink's; the id after which to look; most letters returned.
   */
  deadLetters(
    options: { readonly sink?: string; readonly after?: number; readonly limit: number },
  ): DeadLetter[] {
    return this.#journal.withDatabase((db) => readLetters(db, options)) ?? [];
  }

  /**
   * Tries the letters of a sink again.
   * @param name of the sink.
   * @returns what became of them; `undefined` when there is no such sink.
   */
  async replay(name: string): Promise<ReplayReport | undefined> {
    return await this.#find(name)?.replay();
  }

  /**
   * Throws the letters of a sink away.
   * @param name of the sink.
   * @returns how many there were; `undefined` when there is no such sink.
   */
  discard(name: string): number | undefined {
    return this.#find(name)?.discard();
  }

  /** Delivers what is there, within a deadline, and closes all. */
  async stop(): Promise<void> {
    await Promise.all((this.#outlets ?? []).map(({ delivery }) => delivery.stop(STOP_DEADLINE_MS)));
    this.#outlets = [];
  }

  #find(name: string): Delivery | undefined {
    return this.#outlets?.find(({ config }) => config.name === name)?.delivery;
  }

  #makeOutlet(config: SinkConfig, startAfter: number): Outlet {
    const kind = findSinkKind(config.kind)!;
    const { name } = config;
    const context = this.#context;
    const delivery = new Delivery({
      journal: this.#journal,
      config: { ...config, wanted: withoutOwnName(config.wanted, context.sensor().name) },
      isDurable: kind.isDurable,
      startAfter,
      ...(kind.isLocal ? {} : { pace: this.#pace }),
      listener: {
        onFailing: (trouble) => context.onFailing({ name, kind: kind.kind }, trouble),
        onRecovered: (trouble) => context.onRecovered({ name, kind: kind.kind }, trouble),
      },
      opensAtOnce: kind.opensAtOnce ?? false,
      open: () =>
        kind.open(config.options, {
          name,
          sensor: context.sensor(),
          secret: resolveSecret,
          journal: this.#journal,
          isFiltered: isFiltered(config.wanted),
        }),
    });
    return { config, delivery };
  }
}
