/**
 * The events of one batch on their way to a stream: as many as the window lets, in order.
 *
 * When one is not taken, none is sent behind it, so what the stream has of a batch is its begin, but for
 * what was on its way already; that comes again with the same message id, which the stream knows.
 * @module
 */
import { describeNatsError } from "../../nats/failures.ts";
import { JetStreamApiError, type PermissionViolationError } from "../../nats/library.ts";
import type { PubAck } from "../../nats/pub_ack.ts";
import { type AnswerListener, type Message, type Publisher, sizeOf } from "../../nats/publisher.ts";
import type { ItemTrouble } from "../sink.ts";

/** Most bytes on their way. */
const WINDOW_BYTES = 4 * 1_048_576;
/** What a message has besides its body: `NATS/1.0`, `Nats-Msg-Id` and, at most, the stream's name. */
const HEADER_BYTES = 256;
/** `err_code`: the message is larger than the stream allows. */
const MESSAGE_TOO_LARGE = 10054;

/** What became of an event, if it is no longer to be sent. */
const UNDER_WAY = 1;
const TAKEN = 2;
const NOT_TAKEN = 3;

/** What a flight is bounded by. */
export interface FlightLimits {
  /** Most messages on their way. */
  readonly window: number;
  /** Largest message that the server takes, headers included, in bytes. */
  readonly maxPayload: number;
}

/** One batch's publishing. */
export class Flight implements AnswerListener {
  readonly #publisher: Publisher;
  readonly #limits: FlightLimits;
  /** Number of the first message. */
  readonly #first: number;
  readonly #states: Uint8Array;
  /** Of each message sent: its event's index, the size of its body in bytes, and its subject. */
  readonly #sent: { readonly index: number; readonly bytes: number; readonly subject: string }[] =
    [];
  readonly #rejected: ItemTrouble[] = [];
  #failure: { readonly error: Error; readonly subject: string } | undefined;
  #underWay = 0;
  #bytes = 0;
  #taken = 0;
  #duplicates = 0;
  #stream = "";
  #onSettled: (() => void) | undefined;

  /**
   * @param publisher of an open connection; it tells this flight what it hears from now on.
   * @param count how many events the batch has.
   * @param limits window, and the server's own.
   */
  constructor(publisher: Publisher, count: number, limits: FlightLimits) {
    this.#publisher = publisher;
    this.#limits = limits;
    this.#first = publisher.next;
    this.#states = new Uint8Array(count);
    publisher.listen(this);
  }

  /** Why the batch cannot go on, and the subject where that was met. */
  get failure(): { readonly error: Error; readonly subject: string } | undefined {
    return this.#failure;
  }

  /** Events that will never be taken. */
  get rejected(): readonly ItemTrouble[] {
    return this.#rejected;
  }

  /** Events that the stream acknowledged. */
  get taken(): number {
    return this.#taken;
  }

  /** Of these, how many it had already. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** The stream that acknowledged; empty before one did. */
  get stream(): string {
    return this.#stream;
  }

  /** How many events, from the first on, the stream has. */
  get done(): number {
    const at = this.#states.findIndex((state) => state !== TAKEN);
    return at < 0 ? this.#states.length : at;
  }

  /**
   * Publishes; returns when nothing is on its way any more. Never throws: see `failure`.
   * @param messages of the events, in order; made when it is their turn.
   */
  async publishAll(messages: Iterable<Message>): Promise<void> {
    let index = -1;
    for (const message of messages) {
      index++;
      const bytes = sizeOf(message.body);
      while (!this.#hasRoom(bytes)) await this.#settled();
      if (this.#failure !== undefined) break;
      const most = this.#limits.maxPayload - HEADER_BYTES;
      if (bytes > most) {
        const rule = `must have at most ${most} (max_payload of the server)`;
        this.#reject(index, `it has ${bytes} bytes, ${rule}`);
        continue;
      }
      this.#sent.push({ index, bytes, subject: message.subject });
      this.#states[index] = UNDER_WAY;
      this.#underWay++;
      this.#bytes += bytes;
      this.#publisher.publish(message, bytes);
    }
    while (this.#underWay > 0) await this.#settled();
  }

  onAnswer(number: number, answer: PubAck | Error): void {
    const message = this.#sent[number - this.#first];
    if (message === undefined || this.#states[message.index] !== UNDER_WAY) return;
    if (!(answer instanceof Error)) {
      this.#settle(message, TAKEN);
      this.#taken++;
      this.#stream = answer.stream;
      if (answer.isDuplicate) this.#duplicates++;
    } else if (answer instanceof JetStreamApiError && answer.code === MESSAGE_TOO_LARGE) {
      this.#settle(message, NOT_TAKEN);
      this.#reject(message.index, describeNatsError(answer));
    } else {
      this.#settle(message, NOT_TAKEN);
      this.#failure ??= { error: answer, subject: message.subject };
    }
  }

  onDenied(error: PermissionViolationError): void {
    this.#fail(error, (subject) => subject === error.subject);
  }

  onEnd(error: Error): void {
    this.#fail(error, () => true);
    this.#failure ??= { error, subject: "" };
  }

  /** Gives up what is on its way under some subjects. */
  #fail(error: Error, isHit: (subject: string) => boolean): void {
    if (this.#underWay === 0) return;
    for (const message of this.#sent) {
      if (this.#states[message.index] !== UNDER_WAY || !isHit(message.subject)) continue;
      this.#settle(message, NOT_TAKEN);
      this.#failure ??= { error, subject: message.subject };
    }
  }

  #settle(message: { readonly index: number; readonly bytes: number }, state: number): void {
    this.#states[message.index] = state;
    this.#underWay--;
    this.#bytes -= message.bytes;
    this.#onSettled?.();
  }

  #reject(index: number, reason: string): void {
    this.#states[index] = NOT_TAKEN;
    this.#rejected.push({ index, reason });
  }

  #hasRoom(bytes: number): boolean {
    return this.#underWay === 0 ||
      this.#underWay < this.#limits.window && this.#bytes + bytes <= WINDOW_BYTES;
  }

  /** Waits for the next answers; those that come together are one turn's. */
  async #settled(): Promise<void> {
    this.#publisher.flush();
    await new Promise<void>((resolve) => this.#onSettled = resolve);
    this.#onSettled = undefined;
  }
}
