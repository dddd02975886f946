/**
 * Stamps what happens and hands it to the journal: the only way by which an event comes to be.
 * @module
 */
import { encodeEvent, type Scope, type SensorIdentity } from "./ecs.ts";
import { ACTIONS, type EventId, type EventMap } from "./event.ts";
import { UlidMaker } from "./ulid.ts";

/** An event as it is stored, read and delivered. Frozen. */
export interface SensorEvent {
  readonly sequence: number;
  /** Wall clock, in ms since 1970. */
  readonly timeMs: number;
  /** `event.action`. */
  readonly action: string;
  /** `event.provider`: name of the decoy. */
  readonly decoy: string;
  /** `source.ip`; empty when the sensor itself speaks. */
  readonly source: string;
  /** `duckblind.session.id`; empty when there is none. */
  readonly session: string;
  readonly severity: number;
  /** The wire form: one line of ECS JSON. */
  readonly json: string;
  /** Name of the sensor that sent it to this one; absent for its own. */
  readonly sensor?: string;
}

/** Where events go. Appending neither throws nor waits. */
export interface EventStore {
  /**
   * The number that the next event will have.
   * @returns `undefined` when there is no room; then the event counts as lost.
   */
  nextSequence(): number | undefined;
  /** Takes an event whose number `nextSequence` gave last. */
  append(event: SensorEvent): void;
  /**
   * Waits until an event is safe from a hard end of the program.
   * @returns `undefined` when it is, or when waiting would not help.
   */
  committed?(sequence: number): Promise<void> | undefined;
}

/** What an ignore rule makes of an event: nothing, or at most a severity. */
export type IgnoreRule = (
  scope: Scope,
) => { readonly suppress: true } | { readonly maxSeverity: number } | undefined;

/**
 * Steps back of the wall clock up to this are waited out, so that times never fall; beyond, the clock
 * was wrong before, and standing still until it gets there again would be worse. In ms.
 */
const MAX_STEP_BACK_MS = 5000;

/** Makes events for all of a sensor. */
export class Emitter {
  readonly #store: EventStore;
  readonly #ulids = new UlidMaker();
  #lastMs = 0;
  /** Who speaks; may change at a reload. */
  sensor: SensorIdentity;
  /** What is not worth an event; may change at a reload. */
  ignore: IgnoreRule | undefined;
  /** Sees every event that was made, after it is stored. Must not throw. */
  observe:
    | (<K extends EventId>(
      event: { scope: Scope; id: K; data: EventMap[K]; timeMs: number },
    ) => void)
    | undefined;

  /**
   * @param store takes the events.
   * @param sensor who speaks.
   */
  constructor(store: EventStore, sensor: SensorIdentity) {
    this.#store = store;
    this.sensor = sensor;
  }

  /** Wall clock that goes back only when it was set back by more than a few seconds, in ms since 1970. */
  now(): number {
    const nowMs = Date.now();
    const isHeld = nowMs < this.#lastMs && nowMs >= this.#lastMs - MAX_STEP_BACK_MS;
    return isHeld ? this.#lastMs : this.#lastMs = nowMs;
  }

  /** A new ULID, for a session. */
  newId(): string {
    return this.#ulids.next(this.now());
  }

  /**
   * Makes an event of what happened. Never throws for what a peer sent, never waits.
   * @param scope what it belongs to.
   * @param id what happened.
   * @param data its data.
   * @returns its number; `undefined` when it is ignored or lost.
   */
  emit<K extends EventId>(scope: Scope, id: K, data: EventMap[K]): number | undefined {
    const ignored = this.ignore?.(scope);
    if (ignored !== undefined && "suppress" in ignored) return undefined;
    const sequence = this.#store.nextSequence();
    if (sequence === undefined) return undefined;
    const timeMs = this.now();
    const stamp = {
      id: this.#ulids.next(timeMs),
      sequence,
      timeMs,
      ...(ignored === undefined ? {} : { maxSeverity: ignored.maxSeverity }),
    };
    const { json, severity } = encodeEvent(stamp, scope, { id, data, sensor: this.sensor });
    this.#store.append(Object.freeze({
      sequence,
      timeMs,
      action: ACTIONS[id],
      decoy: scope.provider,
      source: scope.peer?.ip ?? "",
      session: scope.sessionId ?? "",
      severity,
      json,
    }));
    this.observe?.({ scope, id, data, timeMs });
    return sequence;
  }

  /**
   * Waits until an event is safe from a hard end of the program.
   * @param sequence its number.
   * @returns `undefined` when it is, or when waiting would not help.
   */
  committed(sequence: number): Promise<void> | undefined {
    return this.#store.committed?.(sequence);
  }
}
