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
import type { PublishAnswer, PublishedRange } from "../../service/publish_frame.ts";
import { type Gap, ServiceClient, ServiceError } from "../../service/client.ts";
import { parseCredentials } from "../../service/credentials.ts";
import type { DuckblindOptions } from "../duckblind.ts";
import { toHostPort } from "../peer_options.ts";
import { readPem } from "../secrets.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";
import { type Part, split } from "./parts.ts";

/** Requests that may wait for their answers at a time. */
const MAX_ON_THE_WAY = 4;
/** Longest silence, in ms, and how soon after the start the first sign of life comes. */
const BEAT_EVERY_MS = 60_000;
const FIRST_BEAT_MS = 1000;
/** Longest wait for the answer to a sign of life, in ms. */
const BEAT_WITHIN_MS = 10_000;

/** A request that was made. */
interface Sent {
  readonly part: Part;
  readonly range: PublishedRange | undefined;
  readonly answer: Promise<PublishAnswer | Gap>;
}

/** What became of a batch so far. */
interface Tally {
  stored: number;
  known: number;
  readonly rejected: ItemTrouble[];
}

/** The sensor's end of a connection to a collector. */
export class Publisher implements Sink {
  readonly #options: DuckblindOptions;
  readonly #context: SinkContext;
  readonly #ending = new AbortController();
  #client: ServiceClient | undefined;
  /** Up to where the collector has which journal, as it said last. */
  #reached: { readonly journal: string; readonly sequence: number } | undefined;
  /** Whether the collector has taken something on this connection: it has our position then. */
  #isInStep = false;
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

  /** Makes a batch's requests, the next ones while the answers to the first are on their way. */
  async #deliver(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const onTheWay: Sent[] = [];
    const tally: Tally = { stored: 0, known: 0, rejected: [] };
    try {
      for (const part of split(batch)) {
        if (onTheWay.length >= this.#window) await this.#take(onTheWay, tally);
        onTheWay.push(await this.#send(part, { last: onTheWay.at(-1), signal }));
      }
      while (onTheWay.length > 0) await this.#take(onTheWay, tally);
    } catch (error) {
      const failure = this.#failure(error, signal, onTheWay[0]?.part.done);
      // A collector that goes on with the connection answers what is on its way, too: the same.
      if (failure.rewindTo !== undefined) {
        await Promise.allSettled(onTheWay.map(({ answer }) => answer));
      }
      const { rejected } = tally;
      if (failure.rewindTo !== undefined || rejected.length === 0) throw failure;
      // What was refused before must not be forgotten with the failure.
      this.#hangUp();
      const rest = batch.events.map((_event, index) => index).slice(failure.done);
      const reason = failure.message;
      return {
        reply: describe(tally),
        rejected,
        postponed: rest.map((index) => ({ index, reason })),
      };
    }
    return { reply: describe(tally), rejected: tally.rejected };
  }

  /** How many requests may be on their way: one, until the collector is known to know where we are. */
  get #window(): number {
    return this.#isInStep ? MAX_ON_THE_WAY : 1;
  }

  /** Makes a request; what is on its way before it counts as taken, as otherwise neither is this. */
  async #send(
    part: Part,
    { last, signal }: { last: Sent | undefined; signal: AbortSignal },
  ): Promise<Sent> {
    const client = await this.#connect(signal);
    const range = this.#rangeOf(part, last?.range);
    const answer = client.publish(
      { ...this.#frame(), ...(range === undefined ? {} : { range }) },
      part.events.map(({ json }) => json),
      signal,
    );
    answer.catch(() => {}); // thrown where it is waited for, unless one before it has failed
    return { part, range, answer };
  }

  /** Waits for the answer to the first request that is on its way. */
  async #take(onTheWay: Sent[], tally: Tally): Promise<void> {
    const { part, range, answer } = onTheWay[0]!;
    const said = await answer;
    if (!("stored" in said)) throw this.#toRewind(range, said.expected);
    if (range !== undefined) {
      this.#reached = { journal: range.journal, sequence: range.upTo };
      this.#isInStep = true;
    }
    for (const { index, reason } of said.refused) {
      const at = part.indexes[index];
      if (at === undefined) throw new Error(`${this.#options.address} makes no sense`);
      tally.rejected.push({ index: at, reason: `The collector refuses it: ${reason}` });
    }
    tally.stored += said.stored;
    tally.known += said.known;
    onTheWay.shift();
  }

  /** The collector is further back than what it was to take. */
  #toRewind(range: PublishedRange | undefined, expected: number): Error {
    const { address } = this.#options;
    if (range === undefined) return new Error(`${address} misses events where none was to be`);
    this.#reached = { journal: range.journal, sequence: expected };
    // Nothing counts as done: what the collector has lost may be of this batch too.
    return new SinkError(
      `${address} has this sensor's events up to ${expected}, not up to ${range.after}: ` +
        "they are sent again",
      true,
      { rewindTo: expected },
    );
  }

  /**
   * What a part covers: from where the collector is, as far as it is known.
   * @param part of a batch.
   * @param last what the request before it covers, which has no answer yet.
   */
  #rangeOf(part: Part, last: PublishedRange | undefined): PublishedRange | undefined {
    const { journal, isFiltered } = this.#context;
    if (journal === undefined) return undefined;
    const known = this.#reached?.journal === journal.id ? this.#reached.sequence : part.after;
    const after = last?.journal === journal.id ? last.upTo : known;
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
    this.#isInStep = false;
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

function describe({ stored, known, rejected }: Tally): string {
  return `stored ${stored}, known before ${known}, refused ${rejected.length}`;
}
