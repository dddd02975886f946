/**
 * What a collector is: the near end of a place where other sensors leave their events.
 *
 * `collectors.ts` owns retry, counters and what is told; `intake.ts` checks and stores; a collector owns
 * the place: how to reach it, and how to say there that an event is here for good.
 * @module
 */
import type { v } from "../config/schema.ts";

/** One kind of place: the one export of `lib/collect/<kind>.ts`. */
export interface CollectorKind<Options> {
  /** `kind:` in the config. */
  readonly kind: string;
  /** Keys, defaults and ranges of its options. */
  readonly options: v.GenericSchema<unknown, Options>;
  /** Addresses that it dials, as `host:port`: `permissions` lists them. */
  hosts(options: Options): string[];
  /** Files that it reads, besides those of secrets, which are found by themselves. */
  reads(options: Options): string[];
  /** Makes one; it does nothing before `run`. */
  open(options: Options, context: CollectorContext): Promise<Collector>;
}

/** What a collector may know and do besides its options. */
export interface CollectorContext {
  /** Its name in the config. */
  readonly name: string;
  /** Name of this sensor. */
  readonly sensor: string;
  /** The secret that a reference refers to, read anew each time. */
  secret(reference: string): Promise<string>;
  /**
   * Checks events and stores what is new, in one commit.
   * @param arrivals in order.
   * @returns for each whether it is here for good: `false` for what will never be an event.
   * @throws when the journal cannot take them now; none is stored then.
   */
  take(arrivals: readonly Arrival[]): Promise<boolean[]>;
  /** Tells that the place is reached, and how many events wait there. */
  onReached(pending: number): void;
}

/** Something that came as an event. */
export interface Arrival {
  readonly body: Uint8Array;
  /** Whose it is, as the place vouches for it; `undefined` when it names nobody. */
  readonly sensor: string | undefined;
}

/** Takes events from one place. */
export interface Collector {
  /**
   * Collects until told to stop. Called again after a failure, when the last call is over.
   * @param signal stops it.
   * @throws what is wrong with the place, in words for an operator; no secret.
   */
  run(signal: AbortSignal): Promise<void>;
}
