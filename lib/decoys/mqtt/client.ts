/**
 * A client as the broker knows it: its subscriptions, and messages that are under way to it. Outlasts
 * its connection if it is to.
 * @module
 */
import { Breach } from "./breach.ts";
import type { Version } from "./connect.ts";
import type { Link } from "./link.ts";
import { encodePublish, isFresh, type Message } from "./message.ts";
import type { Counts } from "./sys_tree.ts";
import { compareFilters, matches, sharedFilter } from "./topics.ts";
import { packet, uint16 } from "./wire.ts";

/** Most messages under way at a time: `max_inflight_messages`. */
const MAX_INFLIGHT = 20;
/** Most messages that wait for that; the genuine broker keeps 1000. */
const MAX_QUEUED = 100;
/** Most memory of messages that wait, in bytes. */
const MAX_QUEUED_BYTES = 262_144;
/** Most subscriptions of a client. */
const MAX_SUBSCRIPTIONS = 200;
/** Most messages of the highest quality that a client has begun and not finished. */
const MAX_INCOMING = 20;

/** How a client subscribed. */
export interface Subscription {
  readonly qos: number;
  readonly isNotOwn: boolean;
  readonly keepsRetain: boolean;
  readonly number: number | undefined;
}

interface Outgoing {
  readonly message: Message;
  readonly qos: number;
  readonly isRetained: boolean;
  readonly subscriptions: readonly number[];
  isReleased: boolean;
}

/** A client. */
export class Client {
  readonly id: string;
  version: Version = 4;
  /** Where it is connected. */
  link: Link | undefined;
  /** How long its session stays, in seconds. */
  staysS = 0;
  /** When it was last connected, in ms since 1970. */
  seenMs = 0;
  readonly subscriptions = new Map<string, Subscription>();
  /** Messages of the highest quality that it has begun to publish. */
  readonly incoming = new Map<number, Message>();
  readonly #counts: Counts;
  readonly #outgoing = new Map<number, Outgoing>();
  #queue: Outgoing[] = [];
  #queuedBytes = 0;
  #lastId = 0;

  /**
   * @param id as it says.
   * @param counts of the broker.
   */
  constructor(id: string, counts: Counts) {
    this.id = id;
    this.#counts = counts;
  }

  /** @returns whether it was new. */
  subscribe(filter: string, subscription: Subscription): boolean {
    const isNew = !this.subscriptions.has(filter);
    if (isNew && this.subscriptions.size >= MAX_SUBSCRIPTIONS) return true;
    this.subscriptions.set(filter, subscription);
    return isNew;
  }

  /** Subscriptions that take in a topic, in the broker's order. */
  matching(topic: string): Subscription[] {
    return [...this.subscriptions]
      .map(([filter, subscription]) => ({ filter: sharedFilter(filter).filter, subscription }))
      .filter(({ filter }) => matches(filter, topic))
      .sort((a, b) => compareFilters(a.filter, b.filter))
      .map(({ subscription }) => subscription);
  }

  /**
   * Gets a message that somebody published.
   * @param isOwn whether it was this client.
   * @returns whether it has a subscription for it.
   */
  offer(message: Message, isOwn: boolean, nowMs: number): boolean {
    const all = this.matching(message.topic).filter(({ isNotOwn }) => !(isNotOwn && isOwn));
    // Before MQTT 5 a message comes once, however many subscriptions take it in.
    for (const subscription of this.version === 5 ? all : all.slice(0, 1)) {
      this.deliver(message, {
        qos: Math.min(message.qos, subscription.qos),
        isRetained: subscription.keepsRetain && message.isRetained,
        subscriptions: subscription.number === undefined ? [] : [subscription.number],
      }, nowMs);
    }
    return all.length > 0;
  }

  /** Sends a message, or keeps it until it can be sent. */
  deliver(
    message: Message,
    how: { qos: number; isRetained: boolean; subscriptions: readonly number[] },
    nowMs: number,
  ): void {
    const outgoing: Outgoing = { message, ...how, isReleased: false };
    if (how.qos === 0) {
      if (this.link !== undefined && !this.link.isFull) this.#send(outgoing, 0, nowMs);
      else this.#counts.publishDropped++;
      return;
    }
    if (this.link !== undefined && this.#outgoing.size < MAX_INFLIGHT) {
      this.#begin(outgoing, nowMs);
      return;
    }
    const bytes = this.#queuedBytes + message.payload.length;
    if (this.#queue.length >= MAX_QUEUED || bytes > MAX_QUEUED_BYTES) {
      this.#counts.publishDropped++;
      return;
    }
    this.#queue.push(outgoing);
    this.#queuedBytes = bytes;
  }

  /** Sends again what was under way when the connection was lost. */
  resume(nowMs: number): void {
    for (const [id, outgoing] of this.#outgoing) {
      if (outgoing.isReleased) this.#tell(packet(0x62, uint16(id)));
      else this.#send(outgoing, id, nowMs, true);
    }
    this.#sendQueued(nowMs);
  }

  /** A message of quality 1 has arrived. */
  acknowledged(id: number, nowMs: number): void {
    this.#finish(id, 1, nowMs);
  }

  /** A message of quality 2 has arrived; the client is told to take it for good. */
  received(id: number): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing !== undefined && outgoing.qos !== 2) throw new Breach("an answer to its message");
    if (outgoing !== undefined) outgoing.isReleased = true;
    this.#tell(packet(0x62, uint16(id)));
  }

  /** And it has. */
  completed(id: number, nowMs: number): void {
    this.#finish(id, 2, nowMs);
  }

  /** Keeps a message until the client says that it is sent for good. */
  begin(id: number, message: Message): void {
    if (this.incoming.size < MAX_INCOMING || this.incoming.has(id)) this.incoming.set(id, message);
  }

  /** Forgets what is under way. */
  forget(): void {
    this.subscriptions.clear();
    this.incoming.clear();
    this.#outgoing.clear();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #finish(id: number, qos: number, nowMs: number): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) return;
    if (outgoing.qos !== qos) throw new Breach("an answer to its message");
    this.#outgoing.delete(id);
    this.#sendQueued(nowMs);
  }

  #sendQueued(nowMs: number): void {
    while (this.#queue.length > 0 && this.#outgoing.size < MAX_INFLIGHT) {
      const next = this.#queue.shift()!;
      this.#queuedBytes -= next.message.payload.length;
      if (isFresh(next.message, nowMs)) this.#begin(next, nowMs);
    }
  }

  #begin(outgoing: Outgoing, nowMs: number): void {
    do this.#lastId = this.#lastId % 65_535 + 1; while (this.#outgoing.has(this.#lastId));
    this.#outgoing.set(this.#lastId, outgoing);
    this.#send(outgoing, this.#lastId, nowMs);
  }

  #send({ message, ...how }: Outgoing, id: number, nowMs: number, isAgain = false): void {
    const { version } = this;
    this.#counts.publishSent++;
    this.#counts.publishBytesSent += message.payload.length;
    this.#tell(encodePublish(message, { ...how, id, isAgain }, { version, nowMs }));
  }

  #tell(bytes: Uint8Array): void {
    this.#counts.messagesSent++;
    this.#counts.bytesSent += bytes.length;
    this.link?.send(bytes);
  }
}
