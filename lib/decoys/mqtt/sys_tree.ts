/**
 * The `$SYS` topics: what the broker says of itself.
 *
 * It looks at its figures every eleven seconds, publishes those that have changed, and keeps them as
 * retained messages for a minute. Behind the figures of a source stands a client of the host itself
 * that is connected all the time and pings once a minute.
 * @module
 */

/** How often the broker looks, in seconds. */
export const INTERVAL_S = 11;
/** How long a figure is kept that does not change, in seconds. */
const KEPT_S = 60;
/** How far back a source's first look goes, in intervals. */
const MAX_CATCH_UP = 90;
/** How often the host's own client pings, in seconds, and the length of its packet. */
const PING_S = 60;
const PING_BYTES = 2;

/** Figures that are counted, since the broker was started. */
export interface Counts {
  messagesReceived: number;
  messagesSent: number;
  publishReceived: number;
  publishSent: number;
  publishDropped: number;
  publishBytesReceived: number;
  publishBytesSent: number;
  bytesReceived: number;
  bytesSent: number;
  sockets: number;
  connections: number;
}

/** Figures that go up and down. */
export interface Levels {
  /** Clients that are connected, and those of whom only a session is kept. */
  readonly connected: number;
  readonly disconnected: number;
  readonly subscriptions: number;
  readonly retained: number;
  readonly retainedBytes: number;
}

/** Names of the loads, in the order in which the broker publishes them. */
const LOADS: readonly [name: string, of: keyof Counts][] = [
  ["messages/received", "messagesReceived"],
  ["messages/sent", "messagesSent"],
  ["publish/dropped", "publishDropped"],
  ["publish/received", "publishReceived"],
  ["publish/sent", "publishSent"],
  ["bytes/received", "bytesReceived"],
  ["bytes/sent", "bytesSent"],
  ["sockets", "sockets"],
  ["connections", "connections"],
];
const MINUTES = [1, 5, 15] as const;

/** Counts that stand at 0. */
export function makeCounts(): Counts {
  return {
    ...{ messagesReceived: 0, messagesSent: 0, publishReceived: 0, publishSent: 0 },
    ...{ publishDropped: 0, publishBytesReceived: 0, publishBytesSent: 0, bytesReceived: 0 },
    ...{ bytesSent: 0, sockets: 0, connections: 0 },
  };
}

/** A figure that is published. */
export interface Figure {
  readonly topic: string;
  readonly value: string;
}

/** One source's view of the figures. */
export class SysTree {
  readonly counts = makeCounts();
  readonly #bootS: number;
  readonly #levels: () => Levels;
  /** Value of each figure, and when it changed. */
  readonly #values = new Map<string, { value: string; atS: number }>();
  readonly #loads = new Map<string, number>();
  #before: Counts;
  #tick: number;
  #peakClients = 0;
  #peakHeap = 0;

  /**
   * @param bootS when the broker was started, in seconds since 1970.
   * @param nowMs wall clock.
   * @param levels asked for at each look.
   */
  constructor(bootS: number, nowMs: number, levels: () => Levels) {
    this.#bootS = bootS;
    this.#levels = levels;
    const now = this.#tickAt(nowMs);
    this.#tick = Math.max(0, now - MAX_CATCH_UP);
    this.#before = this.#totals(this.#tick);
    for (const minutes of MINUTES) {
      for (const [name, of] of LOADS) {
        const steady = { messagesReceived: 1, messagesSent: 1, bytesReceived: 2, bytesSent: 2 };
        this.#loads.set(
          `${name}/${minutes}min`,
          Object.entries(steady).find(([k]) => k === of)?.[1] ?? 0,
        );
      }
    }
    this.advance(nowMs);
  }

  /** Time to the next look, in ms. */
  untilNextMs(nowMs: number): number {
    return (this.#bootS + (this.#tickAt(nowMs) + 1) * INTERVAL_S) * 1000 - nowMs;
  }

  /**
   * Looks at the figures as often as was due.
   * @returns those that the last look has found changed.
   */
  advance(nowMs: number): Figure[] {
    const now = this.#tickAt(nowMs);
    let changed: Figure[] = [];
    if (now - this.#tick > MAX_CATCH_UP) this.#tick = now - MAX_CATCH_UP;
    while (this.#tick < now) changed = this.#look(++this.#tick);
    return changed;
  }

  /** What a new subscriber gets, in the order of the broker's tree. */
  retained(nowMs: number): Figure[] {
    this.advance(nowMs);
    const nowS = nowMs / 1000;
    const version = { topic: "$SYS/broker/version", value: "mosquitto version 2.0.11" };
    const kept = ORDER.flatMap((name): Figure[] => {
      const entry = this.#values.get(name);
      if (entry === undefined || nowS - entry.atS > KEPT_S) return [];
      return [{ topic: `$SYS/broker/${name}`, value: entry.value }];
    });
    return [version, ...kept];
  }

  #tickAt(nowMs: number): number {
    return Math.floor((nowMs / 1000 - this.#bootS) / INTERVAL_S);
  }

  /** Counts with those of the host's own client. */
  #totals(tick: number): Counts {
    const pings = Math.floor(tick * INTERVAL_S / PING_S);
    const { counts } = this;
    return {
      ...counts,
      messagesReceived: counts.messagesReceived + pings + 1,
      messagesSent: counts.messagesSent + pings + 1,
      bytesReceived: counts.bytesReceived + pings * PING_BYTES + 31,
      bytesSent: counts.bytesSent + pings * PING_BYTES + 4,
      sockets: counts.sockets + 1,
      connections: counts.connections + 1,
    };
  }

  #look(tick: number): Figure[] {
    const totals = this.#totals(tick);
    const { connected, disconnected, ...levels } = this.#levels();
    const clients = connected + disconnected + 1;
    this.#peakClients = Math.max(this.#peakClients, clients);
    const stored = levels.retained + this.#values.size;
    const bytes = [...this.#values.values()].reduce((sum, { value }) => sum + value.length, 0);
    const heap = 47_312 + connected * 2_210 + stored * 176 + levels.retainedBytes;
    this.#peakHeap = Math.max(this.#peakHeap, heap);
    const figures: [name: string, value: number | string][] = [
      ["uptime", `${tick * INTERVAL_S} seconds`],
      ["clients/total", clients],
      ["clients/inactive", disconnected],
      ["clients/disconnected", disconnected],
      ["clients/active", connected + 1],
      ["clients/connected", connected + 1],
      ["clients/expired", 0],
      ["clients/maximum", this.#peakClients],
      ...this.#loadFigures(totals),
      ["messages/stored", stored],
      ["store/messages/count", stored],
      ["store/messages/bytes", bytes + levels.retainedBytes],
      ["subscriptions/count", levels.subscriptions],
      ["shared_subscriptions/count", 0],
      ["retained messages/count", stored],
      ["heap/current", heap],
      ["heap/maximum", this.#peakHeap],
      ["messages/received", totals.messagesReceived],
      ["messages/sent", totals.messagesSent],
      ["publish/messages/dropped", totals.publishDropped],
      ["publish/messages/received", totals.publishReceived],
      ["publish/messages/sent", totals.publishSent],
      ["bytes/received", totals.bytesReceived],
      ["bytes/sent", totals.bytesSent],
      ["publish/bytes/received", totals.publishBytesReceived],
      ["publish/bytes/sent", totals.publishBytesSent],
    ];
    this.#before = totals;
    const atS = this.#bootS + tick * INTERVAL_S;
    return figures.flatMap(([name, figure]) => {
      const value = String(figure);
      if (this.#values.get(name)?.value === value) return [];
      this.#values.set(name, { value, atS });
      return [{ topic: `$SYS/broker/${name}`, value }];
    });
  }

  /** Mean figures a minute, in which what is long ago counts less. */
  #loadFigures(totals: Counts): [string, string][] {
    return MINUTES.flatMap((minutes) =>
      LOADS.map(([name, of]): [string, string] => {
        const key = `${name}/${minutes}min`;
        const rate = (totals[of] - this.#before[of]) * 60 / INTERVAL_S;
        const weight = Math.exp(-INTERVAL_S / (60 * minutes));
        const load = rate + weight * (this.#loads.get(key)! - rate);
        this.#loads.set(key, load);
        return [`load/${key}`, load.toFixed(2)];
      })
    );
  }
}

/** Names of figures as they stand in the broker's tree. */
const ORDER: readonly string[] = [
  "uptime",
  ..."total inactive disconnected active connected expired maximum".split(" ")
    .map((name) => `clients/${name}`),
  ...LOADS.flatMap(([name]) => MINUTES.map((minutes) => `load/${name}/${minutes}min`)),
  ..."messages/stored|messages/received|messages/sent|store/messages/count|store/messages/bytes"
    .split("|"),
  ..."subscriptions/count|shared_subscriptions/count|retained messages/count|heap/current".split(
    "|",
  ),
  ..."heap/maximum|publish/messages/dropped|publish/messages/received|publish/messages/sent"
    .split("|"),
  ..."publish/bytes/received|publish/bytes/sent|bytes/received|bytes/sent".split("|"),
];
