/**
 * A steady load for a sensor while the receivers of its sinks come and go.
 * @module
 */
import type { SensorEvent } from "../../../lib/events/emitter.ts";
import { Peer } from "./peer.ts";
import type { RunningSensor } from "./program.ts";

/** Requests on one connection: the web server's product ends it after a thousand. */
const REQUESTS = 500;

/**
 * Asks a web server for pages, steadily, while something happens.
 * @param port of the decoy.
 * @param told gets how many requests were answered.
 * @param run what happens.
 * @param pauseMs pause of each of two visitors after five requests, in ms.
 */
export async function visitWhile(
  port: number,
  told: (answered: number) => void,
  run: () => Promise<void>,
  pauseMs = 10,
): Promise<void> {
  const over = new AbortController();
  const visits = Promise.all([1, 2].map(() => visit(port, pauseMs, over.signal)));
  try {
    await run();
  } finally {
    over.abort();
    told((await visits).reduce((sum, count) => sum + count, 0));
  }
}

async function visit(port: number, pauseMs: number, signal: AbortSignal): Promise<number> {
  let answered = 0;
  while (!signal.aborted) {
    using peer = await Peer.connect(port);
    for (let i = 0; i < REQUESTS && !signal.aborted; i++) {
      await peer.send(`HEAD /n-${answered} HTTP/1.1\r\nHost: nas\r\n\r\n`);
      await peer.until("\r\n\r\n");
      answered++;
      if (answered % 5 === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return answered;
}

/** Waits until every sink of a sensor has had everything. */
export async function caughtUp(sensor: RunningSensor, withinMs = 60_000): Promise<void> {
  using operator = await sensor.operator();
  const endAt = performance.now() + withinMs;
  for (;;) {
    const sinks: { lag: number; trouble?: string }[] = (await operator.status()).sinks;
    if (sinks.every(({ lag, trouble }) => lag === 0 && trouble === undefined)) return;
    if (performance.now() > endAt) throw new Error(`still ${JSON.stringify(sinks)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `event.id` of events. */
export function idsOf(events: readonly SensorEvent[]): string[] {
  return events.map(({ json }) => JSON.parse(json).event.id);
}
