/**
 * Publishes over a connection, and hears what a stream answers to each message.
 *
 * The library would make a request of each, with a timer, promises and an error that nobody sees. Here
 * one subscription hears all answers, and a message's number, which ends its reply subject, says to which
 * message one belongs. A number is used once in a connection, so an answer that comes late is nobody
 * else's. Source: the client protocol of NATS (HPUB), and JetStream's headers.
 * @module
 */
import { Buffer } from "node:buffer";
import type { NatsLink } from "./connection.ts";
import { createInbox, type Msg, NoRespondersError, PermissionViolationError } from "./library.ts";
import { type PubAck, readPubAck } from "./pub_ack.ts";

/** Size of the arrays in which messages are put together, in bytes: what is sent at once. */
const CHUNK_BYTES = 131_072;

const NUMBER = /^(?:0|[1-9]\d{0,14})$/;

const encoder = new TextEncoder();

/** What is published. None but the body may have a space or a control in it. */
export interface Message {
  readonly subject: string;
  /** By which the stream knows what comes twice; empty for none. */
  readonly id: string;
  /** Stream that must be the one to take it; empty for any. */
  readonly stream: string;
  readonly body: string;
}

/** Hears what became of messages. */
export interface AnswerListener {
  /**
   * Told each answer.
   * @param number the message's; it may have been answered already, or be another listener's.
   * @param answer what the stream said, or why it is no acknowledgement.
   */
  onAnswer(number: number, answer: PubAck | Error): void;
  /** Told that the server lets us publish nothing to a subject. */
  onDenied(error: PermissionViolationError): void;
  /** Told, once, that no answer will come any more. */
  onEnd(error: Error): void;
}

/** What is published over one connection. */
export class Publisher {
  readonly #link: NatsLink;
  readonly #inbox: string;
  #listener: AnswerListener | undefined;
  #end: Error | undefined;
  #next = 0;
  #chunk = new Uint8Array(0);
  /** What of the chunk was sent, and what is filled. */
  #sent = 0;
  #filled = 0;

  /**
   * Subscribes to the answers.
   * @param link an open connection; one publisher for each.
   * @param inboxPrefix what the subject of answers begins with, as `SUBJECT_PREFIX` allows it.
   */
  constructor(link: NatsLink, inboxPrefix: string) {
    this.#link = link;
    this.#inbox = `${createInbox(inboxPrefix)}.`;
    link.nc.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => error ? this.#onEnd(error) : this.#onMessage(message),
    });
    this.#watch().catch((error) => this.#onEnd(error));
    link.closed.then(() => this.#onEnd(new Error("it closed the connection")));
  }

  /** Why no answer will come any more; `undefined` as long as they may. */
  get end(): Error | undefined {
    return this.#end;
  }

  /** Number of the message that is published next. */
  get next(): number {
    return this.#next;
  }

  /**
   * Lets somebody hear all that comes from now on, instead of who heard it before.
   * @param listener told nothing before this returns, but for the end if that has come.
   */
  listen(listener: AnswerListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener.onEnd(this.#end);
  }

  /**
   * Publishes a message; `flush` sees to it that it leaves.
   * @param message it has the number that `next` had before.
   * @param bytes size of its body, by `sizeOf`.
   */
  publish({ subject, id, stream, body }: Message, bytes: number): void {
    const headers = "NATS/1.0\r\n" + (id === "" ? "" : `Nats-Msg-Id: ${id}\r\n`) +
      (stream === "" ? "" : `Nats-Expected-Stream: ${stream}\r\n`) + "\r\n";
    const begin = `HPUB ${subject} ${this.#inbox}${this.#next++} ${headers.length} `;
    for (let size = bytes;;) {
      const head = `${begin}${headers.length + size}\r\n${headers}`;
      const written = this.#put(`${head}${body}\r\n`, head.length + size + 2);
      const actual = written - head.length - 2;
      if (actual === size) {
        this.#filled += written;
        break;
      }
      size = actual; // the frame says what it has, whatever it was said to have
    }
  }

  /** Sends what was published. */
  flush(): void {
    if (this.#filled === this.#sent) return;
    // What is sent stays as it is: only what is behind it is written to.
    this.#link.send(this.#chunk.subarray(this.#sent, this.#filled));
    this.#sent = this.#filled;
  }

  /** Writes a text behind what is filled; returns how many bytes it has. */
  #put(text: string, bytes: number): number {
    for (let room = bytes;; room = text.length * 3) {
      if (this.#filled + room > this.#chunk.length) {
        this.flush();
        this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, room));
        this.#sent = this.#filled = 0;
      }
      const { read, written } = encoder.encodeInto(text, this.#chunk.subarray(this.#filled));
      if (read === text.length) return written;
    }
  }

  #onMessage(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length);
    if (!NUMBER.test(token)) return; // a subject that none of our messages has
    this.#listener?.onAnswer(Number(token), readAnswer(message));
  }

  /** The server tells by a line of its own what it does not let us publish, and by no answer. */
  async #watch(): Promise<void> {
    for await (const status of this.#link.nc.status()) {
      if (status.type !== "error") continue;
      const { error } = status;
      if (error instanceof PermissionViolationError && error.operation === "publish") {
        this.#listener?.onDenied(error);
      }
    }
  }

  #onEnd(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#listener?.onEnd(error);
  }
}

/**
 * Size of a body.
 * @param body any text.
 * @returns its bytes in UTF-8.
 */
export function sizeOf(body: string): number {
  return Buffer.byteLength(body);
}

function readAnswer(message: Msg): PubAck | Error {
  if (message.data.length > 0) return readPubAck(message.data);
  try {
    if (message.headers?.code === 503) return new NoRespondersError(message.subject);
  } catch {
    // Headers that the library cannot read.
  }
  return new Error("somebody else than a stream answered");
}
