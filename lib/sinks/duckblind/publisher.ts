/**
 * Hands a sensor's events to a collector over one kept connection, and tells it now and then that the
 * sensor is alive.
 *
 * The collector knows up to where it has this journal. A batch tells from where on it covers
 * everything that is wanted, which is what the collector said last: what lies between and came in no
 * batch was not wanted. When the collector is further back than that (it has lost its journal's end, or
 * another one stands in its place), delivery begins there again.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import type { PublishAnswer, PublishedRange } from "../../service/publish_frame.ts";
import { ServiceClient, ServiceError } from "../../service/client.ts";
import { parseCredentials } from "../../service/credentials.ts";
import type { DuckblindOptions } from "../duckblind.ts";
import { toHostPort } from "../peer_options.ts";
import { readPem } from "../secrets.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";

/** Most events and UTF-16 units of one request: at most three bytes of UTF-8 each, the collector takes four. */
const REQUEST_EVENTS = 1000;
const REQUEST_UNITS = 1_048_576;
/** Longest silence, in ms, and how soon after the start the first sign of life comes. */
const BEAT_EVERY_MS = 60_000;
const FIRST_BEAT_MS = 1000;
/** Longest wait for the answer to a sign of life, in ms. */
const BEAT_WITHIN_MS = 10_000;

/** The sensor's end of a connection to a collector. */
export class Publisher implements Sink {
  readonly #options: DuckblindOptions;
  readonly #context: SinkContext;
  readonly #ending = new AbortController();
  #client: ServiceClient | undefined;
  /** Up to where the collector has which journal, as it said last. */
  #reached: { readonly journal: string; readonly sequence: number } | undefined;
  /** What is being said: one thing at a time. */
  #work: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param options where to, and by what.
   * @param context this sensor; without a journal nothing but what is written is said.
   */
  constructor(options: DuckblindOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#beatIn(FIRST_BEAT_MS);
  }

  write(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    return this.#say(signal, (ended) => this.#deliver(batch, ended));
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#ending.abort();
    this.#hangUp();
    return Promise.resolve();
  }

  /** Says something when what is being said is over; a failure ends the connection. */
  #say<T>(signal: AbortSignal, speak: (ended: AbortSignal) => Promise<T>): Promise<T> {
    const ended = AbortSignal.any([signal, this.#ending.signal]);
    const said = this.#work.then(async () => {
      try {
        return await speak(ended);
      } catch (error) {
        const failure = this.#failure(error, signal);
        if (failure.rewindTo === undefined) this.#hangUp();
        throw failure;
      } finally {
        this.#beatIn(BEAT_EVERY_MS);
      }
    });
    this.#work = said.catch(() => {}); // told to the one who had it said
    return said;
  }

  async #deliver(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const rejected: ItemTrouble[] = [];
    let reply = "";
    for (const part of split(batch)) {
      try {
        const answer = await this.#publish(part, signal);
        const { stored, known, refused } = answer;
        reply = `stored ${stored}, known before ${known}, refused ${refused.length}`;
        for (const { index, reason } of refused) {
          const at = part.indexes[index];
          if (at === undefined) throw new Error(`${this.#options.address} makes no sense`);
          rejected.push({ index: at, reason: `The collector refuses it: ${reason}` });
        }
      } catch (error) {
        const failure = this.#failure(error, signal, part.done);
        if (failure.rewindTo !== undefined || rejected.length === 0) throw failure;
        // What was refused before must not be forgotten with the failure.
        this.#hangUp();
        const rest = batch.events.map((_event, index) => index).slice(part.done);
        const reason = failure.message;
        return { reply, rejected, postponed: rest.map((index) => ({ index, reason })) };
      }
    }
    return { reply, rejected };
  }

  /** Makes one request. */
  async #publish(part: Part, signal: AbortSignal): Promise<PublishAnswer> {
    const client = await this.#connect(signal);
    const range = this.#rangeOf(part);
    const answer = await client.publish(
      { ...this.#frame(), ...(range === undefined ? {} : { range }) },
      part.events.map(({ json }) => json),
      signal,
    );
    if (range === undefined) {
      if ("stored" in answer) return answer;
      throw new Error(`${this.#options.address} misses events where none was to be`);
    }
    const { journal } = range;
    if ("stored" in answer) {
      this.#reached = { journal, sequence: range.upTo };
      return answer;
    }
    const rewindTo = answer.expected;
    this.#reached = { journal, sequence: rewindTo };
    // Nothing counts as done: what the collector has lost may be of this batch too.
    throw new SinkError(
      `${this.#options.address} has this sensor's events up to ${rewindTo}, not up to ` +
        `${range.after}: they are sent again`,
      true,
      { rewindTo },
    );
  }

  /** What a part covers: from where the collector is, as far as it is known. */
  #rangeOf(part: Part): PublishedRange | undefined {
    const { journal, isFiltered } = this.#context;
    if (journal === undefined) return undefined;
    const after = this.#reached?.journal === journal.id ? this.#reached.sequence : part.after;
    const upTo = Math.max(after, part.upTo);
    const there = part.sequences.filter((sequence) => sequence > after).length;
    const missing = isFiltered === false ? Math.max(0, upTo - after - there) : 0;
    return { journal: journal.id, after, upTo, missing };
  }

  #frame(): { version: string; newest?: number } {
    const { sensor, journal } = this.#context;
    const newest = journal === undefined ? {} : { newest: journal.lastSequence };
    return { version: sensor.version, ...newest };
  }

  async #connect(signal: AbortSignal): Promise<ServiceClient> {
    if (this.#client !== undefined) return this.#client;
    const { address, ca, token, server_name } = this.#options;
    const credentials = parseCredentials(await this.#context.secret(token));
    if (credentials === undefined) {
      throw new SinkError(`Cannot use ${token}: it must hold one line with name and token`, true);
    }
    const own = this.#context.sensor.name;
    if (credentials.name !== own) {
      throw new SinkError(
        `Cannot use ${token}: it is for the sensor ${credentials.name}, and sensor.id is ` +
          `${JSON.stringify(own)}; must be the same`,
        true,
      );
    }
    const { hostname, port } = toHostPort(address);
    const client = await ServiceClient.connect({
      address: { hostname, port },
      ca: await readPem(ca),
      serverName: server_name || hostname,
      credentials,
      signal,
    });
    if (this.#ending.signal.aborted) client.close();
    return this.#client = client;
  }

  /** Says after a while that the sensor is there, unless something else is said before. */
  #beatIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#context.journal === undefined || this.#ending.signal.aborted) return;
    this.#timer = setTimeout(() => {
      const beat = this.#say(AbortSignal.timeout(BEAT_WITHIN_MS), async (signal) => {
        await (await this.#connect(signal)).publish(this.#frame(), [], signal);
      });
      beat.catch(() => {}); // the collector notices; the next batch tells it here
    }, ms);
  }

  #hangUp(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #failure(error: unknown, signal: AbortSignal, done = 0): SinkError {
    if (error instanceof SinkError) return error;
    const { address } = this.#options;
    const fail = (message: string) => new SinkError(message, true, { cause: error, done });
    if (signal.aborted) return fail(`No answer from ${address} within the deadline`);
    if (error instanceof ServiceError && error.cause instanceof Deno.errors.NotCapable) {
      return fail(
        `Cannot dial ${address}: this program was built or started without the right to; ` +
          "duckblind permissions prints the flags that its config needs",
      );
    }
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** What goes into one request. */
interface Part {
  /** This sensor's own events: a collector speaks for itself only. */
  readonly events: readonly SensorEvent[];
  /** Where they are in the batch. */
  readonly indexes: readonly number[];
  /** How many of the batch's events are before it. */
  readonly done: number;
  /** Sequences of all the batch's events in it. */
  readonly sequences: readonly number[];
  readonly after: number;
  readonly upTo: number;
}

/** Cuts a batch into requests; at least one, since a batch without own events moves the position too. */
function* split(batch: Batch): Generator<Part> {
  let { after } = batch;
  for (let done = 0; done === 0 || done < batch.events.length;) {
    const events: SensorEvent[] = [];
    const indexes: number[] = [];
    let end = done;
    for (let units = 0; end < batch.events.length && end - done < REQUEST_EVENTS; end++) {
      const event = batch.events[end]!;
      units += event.json.length;
      if (units > REQUEST_UNITS && end > done) break;
      if (event.sensor !== undefined) continue;
      events.push(event);
      indexes.push(end);
    }
    const isLast = end === batch.events.length;
    const upTo = isLast ? batch.upTo : Math.max(after, batch.events[end - 1]!.sequence);
    const sequences = batch.events.slice(done, end).map(({ sequence }) => sequence);
    yield { events, indexes, done, sequences, after, upTo };
    if (isLast) return;
    after = upTo;
    done = end;
  }
}
