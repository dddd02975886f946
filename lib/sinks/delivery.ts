/**
 * Brings events from the journal to one sink: by a cursor of its own, in batches, until they are there.
 *
 * A sink is only ever fed from the journal, at its own pace, so that a slow or broken one costs no
 * memory and delays nobody. The cursor moves when the destination has acknowledged, and outlives the
 * program; delivery is then at least once, and in order. What fails is tried again, for ever if need
 * be; what the destination refuses for good becomes a dead letter.
 * @module
 */
import { Schedule } from "../config/schedule.ts";
import { SinkError } from "../errors.ts";
import type { ReplayReport } from "../journal/dead_letters.ts";
import type { Journal } from "../journal/journal.ts";
import { logger } from "../log.ts";
import { settlesWithin } from "../net/settles_within.ts";
import { dropFirst, halve, pick, sizeOf, toParked } from "./batch.ts";
import { BatchReader } from "./batch_reader.ts";
import type { DeliveryParts, DeliveryStatus } from "./contract.ts";
import { Grouping } from "./grouping.ts";
import { Health } from "./health.ts";
import { LetterBox } from "./letter_box.ts";
import { Nap } from "./nap.ts";
import type { Batch } from "./sink.ts";
import { SinkSlot } from "./slot.ts";

const log = logger("delivery");

/** How often a durable cursor is stored while it moves, in ms. */
const STORE_EVERY_MS = 200;
/** Items refused in a row from which on each is followed by a pause: it may be all that is refused. */
const PAUSE_FROM_REFUSALS = 3;
const HOUR_MS = 3_600_000;
/** How long a file that was rotated may wait to be opened anew, in ms. */
const REOPEN_WITHIN_MS = 500;

export type { DeliveryParts, DeliveryStatus };

/** Feeds one sink for as long as it runs. */
export class Delivery {
  readonly #journal: Journal;
  readonly #parts: DeliveryParts;
  readonly #reader: BatchReader;
  readonly #slot: SinkSlot;
  readonly #health: Health;
  readonly #letters: LetterBox;
  readonly #grouping: Grouping | undefined;
  readonly #schedule: Schedule | undefined;
  readonly #nap = new Nap();
  readonly #running: Promise<void>;
  #cursor: number;
  #storedAtMs = 0;
  #isStored = true;
  #refusedInARow = 0;
  #rewindTo: number | undefined;
  /** Sequence up to which events are being delivered. */
  #inHandTo = 0;
  /** Up to where everything should be delivered before the sink's file is opened anew. */
  #reopening: { readonly upTo: number; resolve(): void } | undefined;
  /** Whether notices were made that are not delivered yet: then their making must not be stored. */
  #isUnderWay = false;
  /** Whether news from the journal end the wait. */
  #isIdle = false;

  /**
   * Begins to deliver.
   * @param parts what, from where on, and to whom.
   */
  constructor(parts: DeliveryParts) {
    const { journal, config, isDurable, startAfter } = parts;
    const { plan, grouping } = config;
    this.#journal = journal;
    this.#parts = parts;
    this.#reader = new BatchReader(journal, config.wanted, plan);
    this.#slot = new SinkSlot(parts.open, plan.timeoutMs);
    this.#health = new Health(config.name, parts.listener);
    this.#letters = new LetterBox(journal, config.name);
    this.#schedule = plan.schedule && new Schedule(plan.schedule, plan.timezone);
    const stored = isDurable ? journal.cursor(config.name) : undefined;
    // A journal that was begun anew has lower numbers than a cursor of the old one.
    this.#cursor = Math.min(stored?.sequence ?? startAfter, journal.lastSequence);
    this.#isStored = stored !== undefined;
    if (grouping !== undefined) {
      this.#grouping = new Grouping(grouping);
      this.#grouping.restore(
        stored?.state ?? "",
        (sequence) => journal.read(sequence - 1, {}, 1).events.find((e) => e.sequence === sequence),
      );
    }
    this.#store();
    this.#running = this.#run();
  }

  /** How it stands. */
  status(): DeliveryStatus {
    const { delivered, dropped, failures, lastSuccessMs, trouble } = this.#health;
    return {
      delivered,
      dropped,
      failures,
      deadLetters: this.#letters.count,
      cursor: this.#cursor,
      ...(lastSuccessMs === undefined ? {} : { lastSuccessMs }),
      ...(trouble === undefined ? {} : { trouble }),
    };
  }

  /** Up to where retention may remove events; absent when the sink is owed nothing. */
  get releasedTo(): number | undefined {
    if (!this.#parts.isDurable) return undefined;
    const { maxBacklog } = this.#parts.config.plan;
    const kept = maxBacklog === 0 ? 0 : this.#journal.lastSequence - maxBacklog;
    return Math.max(this.#cursor, kept);
  }

  /**
   * Gives up what retention is about to remove, because `max_backlog` says so.
   * @param upTo the last sequence that goes.
   */
  abandon(upTo: number): void {
    // What is being delivered is in memory.
    const begin = Math.max(this.#cursor, this.#inHandTo);
    if (upTo <= begin) return;
    const lost = this.#reader.count(begin, upTo);
    this.#advance(upTo);
    const { maxBacklog } = this.#parts.config.plan;
    if (lost > 0) this.#health.lose(lost, `more than max_backlog (${maxBacklog}) events waited`);
  }

  /**
   * Tells the sink that someone may have rotated its file, when it has had what happened until now, and
   * ends a pause between tries.
   */
  async reopen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reopening = { upTo: this.#journal.readableSequence, resolve };
    this.#nap.wake();
    if (this.#cursor < this.#reopening.upTo) await settlesWithin(promise, REOPEN_WITHIN_MS);
    this.#reopening = undefined;
    try {
      await this.#slot.reopen();
    } catch (error) {
      this.#health.fail(describe(error));
    }
  }

  /**
   * Tries the sink's dead letters again.
   * @returns what became of them.
   */
  replay(): Promise<ReplayReport> {
    const { trouble } = this.#health;
    const isFailing = trouble !== undefined && this.#refusedInARow === 0;
    if (isFailing || this.#schedule?.isOpen(Date.now()) === false) {
      const reason = isFailing ? `the sink fails: ${trouble}` : "its schedule is closed now";
      return Promise.resolve({ delivered: 0, left: this.#letters.count, reason });
    }
    const done = this.#letters.ask();
    this.#nap.wake();
    return done;
  }

  /** Throws the sink's dead letters away; returns how many there were. */
  discard(): number {
    return this.#letters.discard();
  }

  /**
   * Delivers what is there, within a deadline, and closes the sink.
   * @param deadlineMs longest time, in ms.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#nap.end();
    if (!await settlesWithin(this.#running, deadlineMs)) {
      this.#slot.abort();
      await this.#running;
    }
    this.#letters.close();
    this.#store();
    await this.#slot.close();
  }

  async #run(): Promise<void> {
    const unsubscribe = this.#journal.onAdvance(() => this.#news());
    try {
      if (this.#parts.opensAtOnce) await this.#slot.warm();
      for (let goesOn = true; goesOn;) {
        try {
          goesOn = await this.#round();
        } catch (error) {
          // Our bug, which must end neither the program nor the other deliveries.
          log.error("Delivery to sink {name} failed, which is our bug: {error}", {
            name: this.#parts.config.name,
            error: error instanceof Error ? error.stack ?? error.message : String(error),
          });
          this.#health.fail(describe(error));
          if (this.#nap.isOver) return;
          await this.#nap.sleep(this.#parts.config.plan.retryMaxMs);
        }
      }
    } finally {
      unsubscribe();
    }
  }

  /** Delivers a batch, or waits for one; returns whether to go on. */
  async #round(): Promise<boolean> {
    const waitMs = this.#schedule?.opensInMs(Date.now()) ?? 0;
    if (waitMs > 0) {
      if (!this.#nap.isOver) await this.#nap.sleep(waitMs);
      return !this.#nap.isOver;
    }
    if (this.#letters.isAsked) {
      await this.#letters.replay((batch) => this.#slot.write(batch), this.#cursor);
      return true;
    }
    if (!this.#nap.isOver) await this.#parts.pace?.clear(this.#waiting);
    const events = this.#reader.read(this.#cursor);
    const isUrgent = this.#nap.isOver || this.#reopening !== undefined;
    const unripeMs = this.#reader.ripensInMs(events, isUrgent);
    if (unripeMs > 0) {
      await this.#nap.sleep(unripeMs);
      return true;
    }
    this.#isUnderWay = true;
    this.#inHandTo = events.upTo;
    const batch = this.#makeBatch(events);
    if (sizeOf(batch) === 0 && batch.upTo === batch.after) {
      this.#isUnderWay = false;
      if (this.#nap.isOver) return false;
      this.#storeIfDue(0);
      await this.#sleepUntilNews();
      return true;
    }
    if (sizeOf(batch) > 0 && !await this.#deliver(batch)) return false;
    this.#isUnderWay = false;
    this.#advance(this.#rewindTo ?? batch.upTo);
    this.#rewindTo = undefined;
    await this.#rest(batch);
    return true;
  }

  /** Makes notices of events, for people. */
  #makeBatch(batch: Batch): Batch {
    if (this.#grouping === undefined) return batch;
    const nowMs = Date.now();
    const due = this.#grouping.due(nowMs);
    const notices = batch.events.flatMap((event) => this.#grouping!.add(event, nowMs));
    if (due.length > 0) this.#isStored = false;
    return { ...batch, notices: [...due, ...notices], events: [] };
  }

  /** Delivers a batch whole; returns `false` when it was stopped before. */
  async #deliver(batch: Batch): Promise<boolean> {
    const queue = [batch];
    while (queue.length > 0 && this.#rewindTo === undefined) {
      const rest = await this.#attempt(queue.shift()!);
      if (rest === undefined) return false;
      queue.unshift(...rest);
    }
    return true;
  }

  /** Tries once; returns what is still to be done of it, or `undefined` when it was stopped. */
  async #attempt(batch: Batch): Promise<Batch[] | undefined> {
    try {
      const writing = this.#slot.write(batch);
      if (!this.#nap.isOver) this.#reader.readAhead();
      const outcome = await (this.#parts.pace?.work(this, writing) ?? writing);
      const { rejected = [], postponed = [], done: dealtWith = sizeOf(batch) } = outcome;
      this.#letters.park(rejected.map((trouble) => toParked(batch, trouble)));
      const again = new Set(postponed.map(({ index }) => index));
      const done = dealtWith - rejected.length - again.size;
      if (done > 0 || rejected.length + again.size === 0) {
        this.#health.succeed(done);
        this.#refusedInARow = 0;
      } else this.#refusedInARow += rejected.length;
      if (again.size > 0) {
        const left = pick(batch, (index) => again.has(index) || index >= dealtWith);
        return await this.#pause(new SinkError(postponed[0]!.reason, true), left);
      }
      const left = dropFirst(batch, dealtWith);
      const rest = sizeOf(left) === 0 ? [] : [left];
      if (this.#refusedInARow < PAUSE_FROM_REFUSALS) return rest;
      return await this.#pause(new SinkError(rejected[0]!.reason, true), undefined) && rest;
    } catch (error) {
      const failure = error instanceof SinkError ? error : new SinkError(describe(error), true);
      if (failure.done > 0) this.#health.succeed(failure.done);
      const left = dropFirst(batch, failure.done);
      if (failure.rewindTo !== undefined && failure.rewindTo < this.#cursor) {
        this.#rewindTo = failure.rewindTo;
        return [];
      }
      if (sizeOf(left) === 0) return [];
      if (failure.retryable) return await this.#pause(failure, left);
      return sizeOf(left) > 1 ? halve(left) : await this.#refuse(failure, left);
    }
  }

  /** One item that the destination will never take. */
  async #refuse(failure: SinkError, batch: Batch): Promise<Batch[] | undefined> {
    try {
      this.#letters.park([toParked(batch, { index: 0, reason: failure.message })]);
    } catch (error) {
      return await this.#pause(new SinkError(describe(error), true), batch);
    }
    if (++this.#refusedInARow < PAUSE_FROM_REFUSALS) return [];
    return await this.#pause(failure, undefined);
  }

  /** A backlog is read in steps, between which everybody else has a turn, the decoys a longer one. */
  async #rest({ events, notices }: Batch): Promise<void> {
    const oldestMs = events[0]?.timeMs ?? notices[0]?.fromMs;
    const ms = oldestMs === undefined
      ? 0
      : this.#parts.pace?.restMs(this, { oldestMs, waiting: this.#waiting }) ?? 0;
    if (ms > 0 && this.#reopening === undefined) await this.#nap.sleep(ms);
    else await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Counts a failure and waits; gives up what has become too old. */
  async #pause(failure: SinkError, left: Batch | undefined): Promise<Batch[] | undefined> {
    const { plan } = this.#parts.config;
    this.#health.fail(failure.message);
    if (this.#nap.isOver) return left === undefined ? [] : undefined;
    await this.#nap.sleep(this.#health.pauseMs(plan, failure.retryAfterMs));
    if (left === undefined) return [];
    if (plan.maxAgeHours === 0) return [left];
    const oldestMs = Date.now() - plan.maxAgeHours * HOUR_MS;
    const young = pick(left, (_index, event) => event.timeMs >= oldestMs);
    const lost = sizeOf(left) - sizeOf(young);
    if (lost > 0) this.#health.lose(lost, `older than max_age_hours (${plan.maxAgeHours})`);
    return sizeOf(young) === 0 ? [] : [young];
  }

  /** The journal has something new. */
  #news(): void {
    const { batchEvents } = this.#parts.config.plan;
    const isFull = this.#reader.isRipening && this.#waiting >= batchEvents;
    if (this.#isIdle || isFull) this.#nap.wake();
  }

  /** How many events there are behind those that were dealt with. */
  get #waiting(): number {
    return this.#journal.lastSequence - this.#cursor;
  }

  /** Waits for news, or until a digest is due. */
  async #sleepUntilNews(): Promise<void> {
    const nowMs = Date.now();
    const dueMs = this.#grouping?.nextDueMs(nowMs);
    this.#isIdle = true;
    await this.#nap.sleep(dueMs === undefined ? undefined : Math.max(1, dueMs - nowMs));
    this.#isIdle = false;
  }

  #advance(cursor: number): void {
    if (cursor === this.#cursor) return this.#storeIfDue(STORE_EVERY_MS);
    // Retention may have been allowed to go on meanwhile; then there is nothing to go back to.
    this.#cursor = this.#rewindTo === undefined ? Math.max(this.#cursor, cursor) : cursor;
    this.#isStored = false;
    if (this.#reopening !== undefined && this.#cursor >= this.#reopening.upTo) {
      this.#reopening.resolve();
    }
    this.#storeIfDue(STORE_EVERY_MS);
  }

  #storeIfDue(everyMs: number): void {
    if (!this.#isStored && performance.now() - this.#storedAtMs >= everyMs) this.#store();
  }

  #store(): void {
    if (!this.#parts.isDurable || this.#isStored) return;
    if (this.#isUnderWay && this.#grouping !== undefined) return;
    this.#storedAtMs = performance.now();
    this.#isStored = true;
    const state = this.#grouping?.store() ?? "";
    this.#journal.setCursor(this.#parts.config.name, { sequence: this.#cursor, state });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
