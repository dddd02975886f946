/**
 * Hands bytes over by a protocol without acknowledgements: syslog over TCP and TLS, hpfeeds.
 *
 * That a write succeeds says only that the own system has the bytes, and an acknowledgement of TCP only
 * that the other system has them: a receiver that ends without reading them takes them along. So a
 * batch is confirmed by what TCP does tell (`close`):
 *
 * 1. the batch is written, and for a moment the receiver neither ends nor resets the connection;
 * 2. our side is ended. A receiver learns of that when it has read everything before it, and then ends
 *    its own side; the system of one that has not read everything resets the connection instead;
 * 3. a new connection is accepted: the system of a receiver that was killed ends its connections
 *    orderly too if it had read everything, but accepts no more. The next batch uses this connection.
 *
 * What is left is a receiver that has read a batch, and loses it afterwards by itself.
 *
 * Where a receiver does not end its side, or too many connections are a nuisance, `none` keeps one
 * connection. Then a batch counts as delivered when the moment of 1 is over; when the connection ends
 * later, what was sent last is sent again, once.
 * @module
 */
import { SinkError } from "../errors.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { escapeBytes } from "../net/escape.ts";
import { isDisconnect } from "../net/stream.ts";
import { untilAborted } from "../net/until_aborted.ts";
import { SentBatches } from "./sent_batches.ts";
import type { Batch } from "./sink.ts";
import { type LineEnd, WatchedLine } from "./watched_line.ts";

/** How batches are confirmed. */
export type Confirmation = "close" | "none";

/** A connection on which a batch may be written at once. */
export interface OpenLine {
  readonly conn: Deno.Conn;
  /** Its sole reader. */
  readonly reader: ByteReader;
}

/** Between whom and how. */
export interface HandoverOptions {
  /** What the receiver is called in messages, such as `syslog receiver 192.0.2.1:601`. */
  readonly destination: string;
  readonly confirm: Confirmation;
  /** With `none`: most events that are sent again after a connection ended. */
  readonly resendEvents: number;
  /** Shortest time after a batch in which the receiver may refuse it by an end, in ms. */
  readonly minPauseMs: number;
  /** What an end of the connection before its time may mean; behind the message. */
  readonly hint?: string;
  /** Connects, and does whatever must come before a batch. */
  open(signal: AbortSignal): Promise<OpenLine>;
  /**
   * Looks for a refusal in what the receiver has said since.
   * @param said its first bytes, at most 4 KiB.
   * @returns what it refuses, escaped; `undefined` when it does not.
   */
  refusalIn?(said: Uint8Array): string | undefined;
}

/** Hands over batch after batch, over connections that it keeps. */
export class Handover implements AsyncDisposable {
  readonly #options: HandoverOptions;
  readonly #sent: SentBatches;
  #line: WatchedLine | undefined;
  #isClosed = false;

  /** @param options between whom and how. */
  constructor(options: HandoverOptions) {
    this.#options = options;
    this.#sent = new SentBatches(options.resendEvents);
  }

  /**
   * Hands a batch over.
   * @param data its bytes.
   * @param batch what it is.
   * @param signal ends the wait.
   * @returns by what it counts as delivered, in words.
   * @throws {SinkError} when it is not confirmed; with `rewindTo` when earlier ones are in doubt too.
   */
  async deliver(data: Uint8Array, batch: Batch, signal: AbortSignal): Promise<string> {
    this.#checkLine();
    const line = this.#line ??= await this.#connect(signal);
    try {
      await this.#write(line, data, signal);
      if (this.#options.confirm === "none") {
        this.#sent.add(batch, performance.now());
        return "sent, and nothing came back";
      }
      await this.#confirm(line, signal);
    } catch (error) {
      this.#hangUp();
      throw this.#doubt(this.#failure("deliver to", error, signal), line);
    }
    this.#hangUp();
    this.#line = await this.#connect(signal);
    return "read to the end, and the next connection is accepted";
  }

  /** Closes the connection, also one that is being made. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#hangUp();
    return Promise.resolve();
  }

  /** Lets go of a connection that ended while nothing was written. */
  #checkLine(): void {
    const line = this.#line;
    if (line === undefined) return;
    const refusal = this.#options.refusalIn?.(line.said);
    if (line.end === undefined && refusal === undefined) return;
    this.#hangUp();
    if (refusal !== undefined) throw this.#doubt(this.#refused(refusal), line);
    const rewindTo = this.#sent.inDoubt(line.end!);
    if (rewindTo === undefined) return; // an idle connection that nobody needs
    const { destination } = this.#options;
    const message =
      `Cannot tell whether ${destination} has read everything: it ended the connection`;
    throw new SinkError(`${message}; what was sent last is sent again`, true, { rewindTo });
  }

  async #connect(signal: AbortSignal): Promise<WatchedLine> {
    const begun = performance.now();
    try {
      const { conn, reader } = await this.#options.open(signal);
      if (this.#isClosed) {
        conn.close();
        throw new Unconfirmed("the sink was closed");
      }
      const { minPauseMs } = this.#options;
      return new WatchedLine(conn, reader, { connectMs: performance.now() - begun, minPauseMs });
    } catch (error) {
      throw this.#failure("connect to", error, signal);
    }
  }

  async #write(line: WatchedLine, data: Uint8Array, signal: AbortSignal): Promise<void> {
    await untilAborted(Promise.race([line.write(data), line.ended]), signal);
    await line.pause(signal);
    this.#throwRefusal(line);
    if (line.end !== undefined) {
      const { hint } = this.#options;
      const told = describeEnd(line.end, "was to be read");
      throw new Unconfirmed(hint === undefined ? told : `${told}; ${hint}`);
    }
  }

  async #confirm(line: WatchedLine, signal: AbortSignal): Promise<void> {
    await untilAborted(line.closeWrite(), signal);
    try {
      await untilAborted(line.ended, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Unconfirmed(
        `it did not end the connection after ours was ended and the deadline came; ` +
          `for receivers that never do there is confirm: none`,
      );
    }
    this.#throwRefusal(line);
    if (!line.end!.isOrderly) throw new Unconfirmed(describeEnd(line.end!, "had been read"));
  }

  #throwRefusal(line: WatchedLine): void {
    const refusal = this.#options.refusalIn?.(line.said);
    if (refusal !== undefined) throw this.#refused(refusal);
  }

  #refused(refusal: string): SinkError {
    return new SinkError(`Cannot deliver to ${this.#options.destination}: ${refusal}`, true);
  }

  /** Adds which earlier batches are in doubt with a connection that failed. */
  #doubt(error: SinkError, line: WatchedLine): SinkError {
    const rewindTo = this.#sent.inDoubt(line.end ?? { isOrderly: false, atMs: performance.now() });
    return rewindTo === undefined ? error : new SinkError(error.message, true, {
      cause: error.cause,
      rewindTo,
    });
  }

  #failure(action: string, error: unknown, signal: AbortSignal): SinkError {
    if (error instanceof SinkError) return error;
    const { destination } = this.#options;
    const detail = error instanceof Unconfirmed
      ? error.message
      : signal.aborted
      ? "no answer within the deadline"
      : describeFailure(error);
    return new SinkError(`Cannot ${action} ${destination}: ${detail}`, true, { cause: error });
  }

  #hangUp(): void {
    this.#line?.close();
    this.#line = undefined;
  }
}

/** What came instead of a confirmation. */
class Unconfirmed extends Error {}

function describeEnd({ error }: LineEnd, when: string): string {
  if (error === undefined) return `it ended the connection before everything ${when}`;
  return `the connection broke before everything ${when}: ${describeFailure(error)}`;
}

/** An error of the system or of TLS, in a line; a peer may have had a part in its words. */
function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isDisconnect(error) && message === "") return "the connection is gone";
  return escapeBytes(new TextEncoder().encode(message.slice(0, 300)));
}
