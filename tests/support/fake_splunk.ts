/**
 * An HTTP Event Collector as far as a client sees it: tokens, channels, acknowledgements.
 *
 * Written from the published behaviour of Splunk Enterprise 9: its codes, its statuses, its order of
 * checks.
 * @module
 */
import { type Answerer, jsonAnswer, type ReceivedCall } from "./http_receiver.ts";

// deno-lint-ignore no-explicit-any -- JSON of any shape
type Json = any;

/** How the collector is set up, and what is wrong with it. */
export interface FakeCollectorOptions {
  readonly token?: string;
  /** Whether the token has indexer acknowledgement. */
  readonly hasAcknowledgement?: boolean;
  /** Indexes that the token may use. */
  readonly indexes?: readonly string[];
  /** How often a client has to ask until a request is indexed. */
  readonly questions?: number;
  /** Whether it takes what stands before an invalid event, as the genuine one does, or nothing. */
  readonly takesPartly?: boolean;
  /** Longest request, in bytes. */
  readonly maxBytes?: number;
  /** The code of an event that is refused for itself. */
  refuses?: (event: Json) => number | undefined;
  /** What is answered instead, to the nth request. */
  instead?: (call: ReceivedCall, nth: number) => Response | undefined;
}

const TEXTS: Record<number, [status: number, text: string]> = {
  0: [200, "Success"],
  1: [403, "Token disabled"],
  2: [401, "Token is required"],
  3: [401, "Invalid authorization"],
  4: [403, "Invalid token"],
  5: [400, "No data"],
  6: [400, "Invalid data format"],
  7: [400, "Incorrect index"],
  8: [500, "Internal server error"],
  9: [503, "Server is busy"],
  10: [400, "Data channel is missing"],
  11: [400, "Invalid data channel"],
  12: [400, "Event field is required"],
  13: [400, "Event field cannot be blank"],
  14: [400, "ACK is disabled"],
  15: [400, "Error in handling indexed fields"],
  23: [503, "Server is shutting down"],
  24: [429, "Queue at capacity"],
};

/**
 * An answer of the collector.
 * @param code of its table.
 * @param more members.
 */
export function collectorAnswer(code: number, more: Record<string, unknown> = {}): Response {
  const [status, text] = TEXTS[code]!;
  return jsonAnswer({ text, code, ...more }, status);
}

/** A collector. */
export class FakeCollector {
  /** Every event taken, in order, with its metadata. */
  readonly taken: Json[] = [];
  /** Of these, those that are indexed. */
  readonly indexed: Json[] = [];
  readonly #options: FakeCollectorOptions;
  /** What a channel waits for, by the id of its acknowledgement. */
  readonly #channels = new Map<string, Map<number, { left: number; events: Json[] }>>();
  #requests = 0;

  constructor(options: FakeCollectorOptions = {}) {
    this.#options = options;
  }

  /** Ids of the events taken, in order. */
  ids(): string[] {
    return this.taken.map(({ event }) => event.event.id);
  }

  readonly answer: Answerer = (call) => {
    const { token = "00000000-0000-4000-8000-000000000001", instead } = this.#options;
    const given = instead?.(call, this.#requests++);
    if (given !== undefined) return given;
    const authorization = call.headers.get("authorization");
    if (authorization === null) return collectorAnswer(2);
    if (!authorization.startsWith("Splunk ")) return collectorAnswer(3);
    if (authorization !== `Splunk ${token}`) return collectorAnswer(4);
    const channel = call.headers.get("x-splunk-request-channel") ?? call.query.get("channel");
    if (call.path === "/services/collector/ack") return this.#acknowledge(call, channel);
    if (call.path === "/services/collector/event") return this.#take(call, channel);
    return jsonAnswer({ text: "The requested URL was not found on this server.", code: 404 }, 404);
  };

  #take({ body }: ReceivedCall, channel: string | null): Response {
    const { hasAcknowledgement, indexes, maxBytes = Infinity, questions = 1 } = this.#options;
    if (body.length > maxBytes) {
      return new Response("Content-Length was too large", { status: 413 });
    }
    if (hasAcknowledgement && channel === null) return collectorAnswer(10);
    if (channel !== null && !/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(channel)) {
      return collectorAnswer(11);
    }
    if (body === "") return collectorAnswer(5);
    const events: Json[] = [];
    for (const [number, text] of splitObjects(body).entries()) {
      const [code, event] = this.#judge(text, indexes);
      if (code !== 0) {
        if (this.#options.takesPartly) this.taken.push(...events);
        return collectorAnswer(code, { "invalid-event-number": number });
      }
      events.push(event);
    }
    this.taken.push(...events);
    if (!hasAcknowledgement) {
      this.indexed.push(...events);
      return collectorAnswer(0);
    }
    const waiting = this.#channels.get(channel!) ?? new Map();
    this.#channels.set(channel!, waiting);
    const ackId = (waiting as { next?: number }).next ?? 0;
    Object.assign(waiting, { next: ackId + 1 });
    waiting.set(ackId, { left: questions, events });
    return collectorAnswer(0, { ackId });
  }

  #judge(text: string, indexes: readonly string[] | undefined): [code: number, event?: Json] {
    let event: Json;
    try {
      event = JSON.parse(text);
    } catch {
      return [6];
    }
    if (event.event === undefined) return [12];
    if (event.event === "") return [13];
    if (event.index !== undefined && indexes?.includes(event.index) === false) return [7];
    return [this.#options.refuses?.(event) ?? 0, event];
  }

  /** An acknowledgement is told as true once, and then forgotten. */
  #acknowledge({ body }: ReceivedCall, channel: string | null): Response {
    if (!this.#options.hasAcknowledgement) return collectorAnswer(14);
    if (channel === null) return collectorAnswer(10);
    const waiting = this.#channels.get(channel);
    const acks: Record<string, boolean> = {};
    for (const id of JSON.parse(body).acks) {
      const request = waiting?.get(id);
      acks[id] = request !== undefined && --request.left <= 0;
      if (!acks[id]) continue;
      this.indexed.push(...request!.events);
      waiting!.delete(id);
    }
    return jsonAnswer({ acks });
  }
}

/** The objects of a text, which stand one after the other, with white space between them or none. */
function splitObjects(text: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let isString = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === "\\") at++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === "{" && depth++ === 0) from = at;
    else if (character === "}" && --depth === 0) objects.push(text.slice(from, at + 1));
  }
  return depth === 0 && !isString ? objects : [...objects, text.slice(from)];
}
