/**
 * Takes in what other sensors hand over: checks it, stores it with their positions, finds gaps, and
 * notices when one falls silent.
 * @module
 */
import type { Scope } from "../events/ecs.ts";
import type { Emitter } from "../events/emitter.ts";
import { type ForeignEvent, readForeignEvent } from "../events/foreign.ts";
import { markSilent, readSensor, readSensors, type SensorRow } from "../journal/ingest.ts";
import type { Journal } from "../journal/journal.ts";
import { logger } from "../log.ts";
import { turn } from "../net/turn.ts";
import { RequestError } from "./frames.ts";
import {
  formatGap,
  MAX_PUBLISH_BYTES,
  type PublishAnswer,
  type PublishFrame,
} from "./publish_frame.ts";
import type { ServiceReport } from "./view.ts";
import { Budget, type Rate, Throttle } from "./throttle.ts";

const log = logger("service");

/** What one sensor may bring: more than it can do under load, less than would hold up the others. */
const SENSOR_RATE: Rate = { bytesPerS: 16 * 1_048_576, eventsPerS: 12_000 };
/** What all sensors together may bring: less than retention can remove in the same time. */
const TOTAL_RATE: Rate = { bytesPerS: 32 * 1_048_576, eventsPerS: 14_000 };
/** Bytes that may be held of requests that are coming in. */
const HELD_BYTES = 16 * MAX_PUBLISH_BYTES;
/** Events checked in one step, between which everybody else has a turn. */
const STEP_EVENTS = 100;
/** Pause between looks for sensors that have fallen silent, in ms. */
const LOOK_EVERY_MS = 10_000;
/** Sensors whose rate is remembered; those that bring nothing are forgotten first. */
const MAX_THROTTLES = 1000;
const LF = 0x0a;

/** Whose the events are in which a sensor's silence is told. */
const SCOPE: Scope = { provider: "service", kind: "service" };

/** A request whose line was read, and whose events come. */
export interface Delivery {
  /** Name of the sensor, as its token says. */
  readonly sensor: string;
  readonly frame: PublishFrame;
  /** Reads what follows the line. */
  body(bytes: number): Promise<Uint8Array>;
  /** Waits, unless the session ends first. */
  pause(ms: number): Promise<void>;
  /** Whether nobody waits for the answer any more: the token may have been taken back. */
  isOver(): boolean;
}

/** What it is made of. */
export interface IntakeOptions {
  readonly journal: Journal;
  readonly emitter: Emitter;
  /** Silence after which a sensor that reports is told about, in ms. */
  readonly silentMs: number;
}

/** The collector's end of the sensors' deliveries. */
export class Intake {
  readonly #journal: Journal;
  readonly #emitter: Emitter;
  readonly #total = new Throttle(TOTAL_RATE);
  readonly #throttles = new Map<string, Throttle>();
  readonly #held = new Budget(HELD_BYTES);
  readonly #startedMs = Date.now();
  /** Sensors whose silence was told; the journal has them too, but may be failing. */
  readonly #silent = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  /** Silence after which a sensor that reports is told about, in ms; may change at a reload. */
  silentMs: number;

  /** @param options what it is made of. */
  constructor(options: IntakeOptions) {
    this.#journal = options.journal;
    this.#emitter = options.emitter;
    this.silentMs = options.silentMs;
    this.#schedule();
  }

  /** What is known of every sensor that has ever sent something. */
  sensors(): SensorRow[] {
    return this.#journal.withDatabase(readSensors) ?? [];
  }

  /**
   * How many sensors there are.
   * @param connected names of those that are.
   */
  report(connected: ReadonlySet<string>): ServiceReport["sensors"] {
    const rows = this.sensors();
    const silent = rows.filter(({ name, isSilent }) => isSilent && !connected.has(name));
    return { known: rows.length, connected: connected.size, silent: silent.length };
  }

  /**
   * Takes a delivery in.
   * @param delivery the request.
   * @returns what became of it, when it is committed.
   * @throws {RequestError} when it cannot be taken now, or there is a gap before it.
   */
  async take(delivery: Delivery): Promise<PublishAnswer> {
    const { sensor, frame } = delivery;
    const size = { bytes: frame.bytes, events: frame.count };
    const now = performance.now();
    const delayMs = Math.max(this.#throttle(sensor).delay(now, size), this.#total.delay(now, size));
    if (delayMs > 0) await delivery.pause(delayMs);
    using _share = await this.#held.take(frame.bytes);
    const lines = splitLines(await delivery.body(frame.bytes), frame.count);
    const events: ForeignEvent[] = [];
    const refused: { index: number; reason: string }[] = [];
    const nowMs = Date.now();
    for (const [index, line] of lines.entries()) {
      if (index % STEP_EVENTS === STEP_EVENTS - 1) await turn();
      const result = readForeignEvent(line, { sensor, nowMs });
      if ("refusal" in result) refused.push({ index, reason: result.refusal });
      else events.push(result);
    }
    if (delivery.isOver() || this.#isStopped) throw new RequestError("busy", "The collector stops");
    return { ...this.#store(delivery, events, refused.length), refused };
  }

  /**
   * Tells of sensors that have fallen silent.
   * @param nowMs wall clock, in ms since 1970.
   */
  look(nowMs: number): void {
    for (const { name, lastSeenMs, reports, isSilent } of this.sensors()) {
      // While we were not there nobody could report.
      const sinceMs = Math.max(lastSeenMs, this.#startedMs);
      if (!reports || isSilent || this.#silent.has(name)) continue;
      if (nowMs - sinceMs < this.silentMs) continue;
      this.#silent.add(name);
      this.#journal.withDatabase((db) => markSilent(db, name));
      this.#emitter.emit(SCOPE, "sensor.silent", { sensor: name, lastSeenMs });
    }
  }

  /** Takes nothing any more, and tells nothing: what is not stored yet comes again. Twice is fine. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.look(Date.now());
      this.#schedule();
    }, LOOK_EVERY_MS);
  }

  /** Stores events with the position that they bring; all of it in one turn of the event loop. */
  #store(
    { sensor, frame }: Delivery,
    events: readonly ForeignEvent[],
    refused: number,
  ): Omit<PublishAnswer, "refused"> {
    const { version, range, newest } = frame;
    const known = this.#journal.withDatabase((db) => readSensor(db, sensor));
    const expected = known !== undefined && known.journal === range?.journal
      ? known.position
      : undefined;
    if (range !== undefined && expected !== undefined && range.after > expected) {
      log.warn("Sensor {sensor} goes on after {after}, but {expected} is where it was", {
        sensor,
        after: range.after,
        expected,
      });
      throw new RequestError("gap", formatGap(expected));
    }
    const nowMs = Date.now();
    const report = {
      sensor,
      version,
      refused,
      ...(range === undefined
        ? {}
        : { position: { journal: range.journal, upTo: range.upTo }, missing: range.missing }),
      ...(newest === undefined ? {} : { newest }),
    };
    let ingested;
    try {
      ingested = this.#journal.ingest(events, { nowMs, report });
    } catch (error) {
      this.#noteAlive(sensor, version);
      const detail = error instanceof Error ? error.message : String(error);
      throw new RequestError("busy", `Cannot be written now: ${detail}`);
    }
    const wasSilent = this.#silent.delete(sensor) || known?.isSilent === true;
    if (known !== undefined && wasSilent) {
      const silentMs = nowMs - known.lastSeenMs;
      this.#emitter.emit(SCOPE, "sensor.returned", { sensor, silentMs });
    }
    return { upTo: range?.upTo ?? 0, ...ingested };
  }

  /** A sensor whose events cannot be taken is there all the same. */
  #noteAlive(sensor: string, version: string): void {
    try {
      this.#journal.ingest([], { nowMs: Date.now(), report: { sensor, version } });
    } catch (error) {
      log.debug("Cannot note that {sensor} is there: {error}", { sensor, error });
    }
  }

  #throttle(sensor: string): Throttle {
    let throttle = this.#throttles.get(sensor);
    if (throttle === undefined) {
      const now = performance.now();
      for (const [name, other] of this.#throttles) {
        if (this.#throttles.size < MAX_THROTTLES) break;
        if (other.isFree(now)) this.#throttles.delete(name);
      }
      this.#throttles.set(sensor, throttle = new Throttle(SENSOR_RATE));
    }
    return throttle;
  }
}

/** The lines of a body, without their ends. */
function splitLines(body: Uint8Array, count: number): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(LF, start);
    if (end < 0 || lines.length === count) break;
    lines.push(body.subarray(start, end));
    start = end + 1;
    if (start === body.length && lines.length === count) return lines;
  }
  if (body.length === 0 && count === 0) return lines;
  throw new RequestError("bad-request", `bytes= must hold count=${count} lines, each ended by LF`);
}
