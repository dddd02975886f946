/**
 * What a delivery is made of, and what it tells.
 * @module
 */
import type { SinkConfig } from "../config/config.ts";
import type { Journal } from "../journal/journal.ts";
import type { HealthListener } from "./health.ts";
import type { Pace } from "./pace.ts";
import type { Sink } from "./sink.ts";

/** How a delivery stands. */
export interface DeliveryStatus {
  /** Items delivered since the start: events, or notices. */
  readonly delivered: number;
  /** Events given up since the start: too old, or more than `max_backlog`. */
  readonly dropped: number;
  /** Dead letters there are. */
  readonly deadLetters: number;
  /** Calls that failed since the start. */
  readonly failures: number;
  /** Sequence that the sink has dealt with. */
  readonly cursor: number;
  /** Wall clock of the last success, in ms since 1970. */
  readonly lastSuccessMs?: number;
  readonly trouble?: string;
}

/** What a delivery needs. */
export interface DeliveryParts {
  readonly journal: Journal;
  readonly config: SinkConfig;
  /** Whether the cursor outlives the program. */
  readonly isDurable: boolean;
  /** Where a sink without a stored cursor begins. */
  readonly startAfter: number;
  /** Told when the sink begins to fail, and when it works again. */
  readonly listener?: HealthListener;
  /** What it shares with the program's other deliveries; absent for one that never makes way. */
  readonly pace?: Pace;
  /** Opens the sink, for its first batch or `opensAtOnce`. */
  open(): Promise<Sink>;
  readonly opensAtOnce?: boolean;
}
