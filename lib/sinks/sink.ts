/**
 * What a sink is: the far end of a delivery.
 *
 * `delivery.ts` owns cursor, batching, grouping, deadlines, retry, dead letters and counters, and keeps
 * one sink's failure from the others and from the decoys; a sink owns format and destination.
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
  /** Whether it is opened at the start, and not by its first batch: one that gives signs of life. */
  readonly opensAtOnce?: boolean;
  /** Whether it stays on this host: that costs so little that it need not make way for busy decoys. */
  readonly isLocal?: boolean;
  /** Whether people read it: then it gets notices, and the config may group and cap them. */
  readonly isForPeople?: boolean;
  /** Keys, defaults and ranges of its options. */
  readonly options: v.GenericSchema<unknown, Options>;
  /** What of the keys that all sinks have is better another default for this kind. */
  readonly defaults?: Partial<SinkDefaults>;
  /** Files and folders that it writes: `permissions` lists them. */
  paths?(options: Options): string[];
  /** Files that it reads, besides those of secrets, which are found by themselves. */
  reads?(options: Options): string[];
  /** Addresses that it dials, as `host:port`: `permissions` lists them. */
  hosts?(options: Options): string[];
  /**
   * Opens the destination; called by the delivery, again after `dispose` when a call hung. May dial,
   * or leave that to the first `write`.
   * @throws {SinkError} when it cannot be opened; it is tried again like a failed `write`.
   */
  open(options: Options, context: SinkContext): Promise<Sink>;
}

/** Keys that all sinks have, as a kind may preset them. */
export interface SinkDefaults {
  readonly min_severity: number;
  readonly batch_events: number;
  readonly batch_bytes: number;
  readonly batch_ms: number;
  readonly timeout_ms: number;
  readonly group_by: "none" | "source" | "session" | "source+decoy";
  readonly window_s: number;
  readonly max_per_hour: number;
}

/** What a sink may know and do besides its options. */
export interface SinkContext {
  /** Its name in the config. */
  readonly name: string;
  /** This sensor: `observer.name` and `observer.version` of its own events. */
  readonly sensor: { readonly name: string; readonly version: string };
  /**
   * The secret that an option refers to, read anew at each call so that it can be rotated. A text that
   * is no reference (`env:NAME`, `file:PATH`) is returned as it is.
   * @throws {SinkError} when it is not there; the message names the reference only.
   */
  secret(text: string): Promise<string>;
  /** The journal that it is fed from; absent for a single call past it, as by `test-sink`. */
  readonly journal?: {
    /** Another one, begun in the place of a damaged one, has another. */
    readonly id: string;
    /** Sequence of its newest event. */
    readonly lastSequence: number;
  };
  /** Whether the config leaves events out, so that what is missing in a batch means nothing. */
  readonly isFiltered?: boolean;
}

/** An open destination. Disposing closes, also while a call hangs, which then rejects; twice is fine. */
export interface Sink extends AsyncDisposable {
  /**
   * Delivers a batch, in order; resolves when the destination has it for good. Called again only when
   * the last call is over.
   * @param batch at least one item.
   * @param signal aborts at the deadline; what is being waited for must then end.
   * @returns what the other side said; nothing if that is nothing.
   * @throws {SinkError} when it was not delivered, or (`done`) only its begin.
   */
  write(batch: Batch, signal: AbortSignal): Promise<Outcome | void>;
  /** Opens files anew, after a log rotation by someone else. */
  reopen?(): Promise<void>;
}

/** What is delivered in one call. Its items are `notices` for a kind that people read, else `events`. */
export interface Batch {
  readonly events: readonly SensorEvent[];
  /** What people are told; empty for kinds that machines read. */
  readonly notices: readonly Notice[];
  /** The batch is everything the filter wants of the sequences above `after`, up to `upTo`. */
  readonly after: number;
  readonly upTo: number;
}

/** One message for people: an event, or what became of many. */
export interface Notice {
  /**
   * `event`: one event, not grouped. `first`: the first of a group, told at once. `digest`: what came
   * after it within the window. `capped`: what the rate cap held back.
   */
  readonly reason: "event" | "first" | "digest" | "capped";
  /** The event itself; of many, the one with the highest severity, the earliest of these. */
  readonly event: SensorEvent;
  /** How many events it stands for. */
  readonly count: number;
  /** Of these, how many of each `event.action`. */
  readonly actions: Readonly<Record<string, number>>;
  /** What they have in common, such as a source; empty for `event` and `capped`. */
  readonly group: string;
  /** Earliest and latest of them, in ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the destination said of a batch that it has taken, at least in part. */
export interface Outcome {
  /** Its answer in a line, at most 1 KiB: `test-sink` prints it. */
  readonly reply?: string;
  /**
   * How many items, from the first on, this is about, when the sink has left the others for the next
   * call: one that makes a call of its own for each item gives each the whole deadline in this way.
   */
  readonly done?: number;
  /** Items, by index, that it will never take: they become dead letters. */
  readonly rejected?: readonly ItemTrouble[];
  /** Items, by index, that it did not take this time: they are tried again. */
  readonly postponed?: readonly ItemTrouble[];
}

/** What is wrong with an item of a batch. */
export interface ItemTrouble {
  readonly index: number;
  /** What the destination said; bounded, escaped. */
  readonly reason: string;
}
