/**
 * What a sink is: the far end of a delivery.
 *
 * `delivery.ts` owns cursor, batching, retry and counters, and keeps one sink's failure from the
 * others and from the decoys; a sink owns format and destination.
 * @module
 */
import type { v } from "../config/schema.ts";
import type { SensorEvent } from "../events/emitter.ts";

/** One kind of destination: the one export of `lib/sinks/<kind>.ts`. */
export interface SinkKind<Options> {
  /** `kind:` in the config. */
  readonly kind: string;
  /** Whether it goes on where it stopped when the program starts again. */
  readonly isDurable: boolean;
  /** Keys, defaults and ranges of its options. */
  readonly options: v.GenericSchema<unknown, Options>;
  /** Files and folders that it writes: `permissions` lists them. */
  paths?(options: Options): string[];
  /** Addresses that it dials, as `host:port`: `permissions` lists them. */
  hosts?(options: Options): string[];
  /**
   * Opens the destination. A config can be checked without it.
   * @throws {SinkError} when it cannot be opened.
   */
  open(options: Options): Promise<Sink>;
}

/** An open destination. Disposing flushes and closes; twice is fine. */
export interface Sink extends AsyncDisposable {
  /**
   * Delivers events, in order; called again only when the last call is over.
   * @throws {SinkError} when they were not delivered.
   */
  write(events: readonly SensorEvent[]): Promise<void>;
  /** Opens files anew, after a log rotation by someone else. */
  reopen?(): Promise<void>;
}
