/**
 * All sinks of a sensor: opens them, feeds them, changes those that a reload changed.
 * @module
 */
import type { SinkConfig } from "../config/config.ts";
import type { EventFilter } from "../journal/query.ts";
import type { Journal } from "../journal/journal.ts";
import { logger } from "../log.ts";
import { Delivery, type DeliveryStatus } from "./delivery.ts";
import { findSinkKind } from "./registry.ts";
import { resolveSecret } from "./secrets.ts";

const log = logger("sinks");

/** How long a sink may take for the rest at a stop, in ms. */
const STOP_DEADLINE_MS = 2000;

/** A sink that is fed. */
interface Outlet {
  readonly config: SinkConfig;
  readonly delivery: Delivery;
}

/** The sinks of a sensor. */
export class Outlets {
  readonly #journal: Journal;
  #outlets: Outlet[] = [];

  /** @param journal where events come from. */
  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /**
   * Opens sinks and begins to feed them. One that cannot be opened is told and left out.
   * @param configs entries of the config.
   * @param startAfter where a sink begins that has no stored cursor.
   */
  async start(configs: readonly SinkConfig[], startAfter: number): Promise<void> {
    for (const config of configs) {
      const outlet = await this.#open(config, startAfter);
      if (outlet !== undefined) this.#outlets.push(outlet);
    }
  }

  /**
   * Changes to a new list: entries that are the same go on and open their files anew.
   * @param configs entries of the new config.
   */
  async reload(configs: readonly SinkConfig[]): Promise<void> {
    const key = (config: SinkConfig) => JSON.stringify(config);
    const wanted = new Set(configs.map(key));
    const gone = this.#outlets.filter(({ config }) => !wanted.has(key(config)));
    this.#outlets = this.#outlets.filter((outlet) => !gone.includes(outlet));
    await Promise.all(gone.map(({ delivery }) => delivery.stop(STOP_DEADLINE_MS)));
    await Promise.all(this.#outlets.map(({ delivery }) => delivery.reopen()));
    const running = new Set(this.#outlets.map(({ config }) => key(config)));
    const fresh = configs.filter((config) => !running.has(key(config)));
    await this.start(fresh, this.#journal.lastSequence);
  }

  /** How each stands. */
  status(): (DeliveryStatus & { name: string; kind: string })[] {
    return this.#outlets.map(({ config, delivery }) => ({
      name: config.name,
      kind: config.kind,
      ...delivery.status(),
    }));
  }

  /** Delivers what is there, within a deadline, and closes all. */
  async stop(): Promise<void> {
    await Promise.all(this.#outlets.map(({ delivery }) => delivery.stop(STOP_DEADLINE_MS)));
    this.#outlets = [];
  }

  async #open(config: SinkConfig, startAfter: number): Promise<Outlet | undefined> {
    try {
      const kind = findSinkKind(config.kind)!;
      const sink = await kind.open(config.options, {
        name: config.name,
        sensor: { name: "", version: "" },
        secret: resolveSecret,
      });
      const delivery = new Delivery(this.#journal, sink, {
        name: config.name,
        filter: toFilter(config),
        isDurable: kind.isDurable,
        startAfter,
      });
      return { config, delivery };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      log.error("Cannot open sink {name}: {detail}", { name: config.name, detail });
      return undefined;
    }
  }
}

function toFilter({ minSeverity, types, decoys }: SinkConfig): EventFilter {
  return {
    minSeverity,
    ...(types === undefined ? {} : { actions: types }),
    ...(decoys === undefined ? {} : { decoys }),
  };
}
