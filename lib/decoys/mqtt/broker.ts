/**
 * The broker as one source sees it: its clients, and messages that are kept.
 * @module
 */
import { Client } from "./client.ts";
import type { Message } from "./message.ts";
import { type Figure, SysTree } from "./sys_tree.ts";
import { matches } from "./topics.ts";

/** Most clients whose sessions are kept. */
const MAX_CLIENTS = 100;
/** Most retained messages, and their memory in bytes. */
const MAX_RETAINED = 1000;
const MAX_RETAINED_BYTES = 1_048_576;

/** A message that is there from the start. */
export interface InitialMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** A source's broker. */
export class Broker {
  readonly sys: SysTree;
  readonly #clients = new Map<string, Client>();
  readonly #retained = new Map<string, Message>();
  readonly #account: (bytes: number) => void;
  #retainedBytes = 0;

  /**
   * @param start when it was started and what it has, and the time.
   * @param account told of memory that is taken, or given back when negative.
   */
  constructor(
    { bootS, nowMs, messages }: {
      bootS: number;
      nowMs: number;
      messages: readonly InitialMessage[];
    },
    account: (bytes: number) => void,
  ) {
    this.#account = account;
    this.sys = new SysTree(bootS, nowMs, () => this.#levels());
    for (const { topic, payload } of messages) {
      const fixed = { qos: 1, isRetained: true, properties: [], atMs: bootS * 1000 };
      this.#retain({ topic, payload, ...fixed });
    }
  }

  /** Whether a client of it is connected. */
  get isUsed(): boolean {
    return [...this.#clients.values()].some(({ link }) => link !== undefined);
  }

  /**
   * Finds a client, or makes it.
   * @returns and whether it was there.
   */
  client(id: string, nowMs: number): { client: Client; isKnown: boolean } {
    const known = this.#clients.get(id);
    if (known !== undefined && (known.link !== undefined || this.#stays(known, nowMs))) {
      return { client: known, isKnown: true };
    }
    const client = new Client(id, this.sys.counts);
    this.#clients.set(id, client);
    for (const [name, other] of this.#clients) {
      if (this.#clients.size <= MAX_CLIENTS) break;
      if (other !== client && other.link === undefined) this.#clients.delete(name);
    }
    return { client, isKnown: false };
  }

  /** Forgets a client that is to leave nothing behind. */
  leave(client: Client): void {
    if (client.staysS === 0) this.#clients.delete(client.id);
  }

  /**
   * Gives a message to all who want it, and keeps it if it is to be retained.
   * @param from whose it is.
   * @returns whether somebody wants it.
   */
  publish(message: Message, from: Client | undefined, nowMs: number): boolean {
    if (message.isRetained) this.#retain(message);
    let isWanted = false;
    for (const client of this.#clients.values()) {
      if (client.offer(message, client === from, nowMs)) isWanted = true;
    }
    return isWanted;
  }

  /** Retained messages that a filter takes in. */
  retained(filter: string, nowMs: number): Message[] {
    const own = [...this.#retained.values()].filter(({ topic }) => matches(filter, topic));
    if (!filter.startsWith("$SYS")) return own;
    const figures = this.sys.retained(nowMs).filter(({ topic }) => matches(filter, topic));
    return [...own, ...figures.map((figure) => asMessage(figure, nowMs))];
  }

  /** Publishes what has changed of the broker's figures. */
  publishFigures(nowMs: number): void {
    for (const figure of this.sys.advance(nowMs)) {
      this.publish({ ...asMessage(figure, nowMs), isRetained: false }, undefined, nowMs);
    }
  }

  /** Gives all memory back. */
  forget(): void {
    this.#retained.clear();
    this.#account(-this.#retainedBytes);
    this.#retainedBytes = 0;
  }

  #stays(client: Client, nowMs: number): boolean {
    return client.staysS > 0 && nowMs - client.seenMs < client.staysS * 1000;
  }

  #retain(message: Message): void {
    const { topic, payload } = message;
    const before = this.#retained.get(topic);
    const cost = (size: Message) => size.payload.length + 2 * size.topic.length + 100;
    const change = (payload.length > 0 ? cost(message) : 0) - (before ? cost(before) : 0);
    const isTooMuch = this.#retainedBytes + change > MAX_RETAINED_BYTES ||
      (before === undefined && this.#retained.size >= MAX_RETAINED);
    if (change > 0 && isTooMuch) return;
    this.#retained.delete(topic);
    if (payload.length > 0) this.#retained.set(topic, message);
    this.#retainedBytes += change;
    this.#account(change);
  }

  #levels() {
    const clients = [...this.#clients.values()];
    const connected = clients.filter(({ link }) => link !== undefined).length;
    return {
      connected,
      disconnected: clients.length - connected,
      subscriptions: clients.reduce((sum, { subscriptions }) => sum + subscriptions.size, 0),
      retained: this.#retained.size,
      retainedBytes: this.#retainedBytes,
    };
  }
}

function asMessage({ topic, value }: Figure, nowMs: number): Message {
  const payload = new TextEncoder().encode(value);
  return { topic, payload, qos: 2, isRetained: true, properties: [], atMs: nowMs };
}
