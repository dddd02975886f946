/**
 * Events for tests that need some and do not care what they say.
 * @module
 */
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import type { Journal } from "../../lib/journal/journal.ts";

/** The sensor of these events. */
export const TEST_SENSOR = { name: "test", version: "0", secrets: "plain", salt: "" } as const;

/**
 * Makes an emitter that writes to a journal.
 * @param journal takes the events.
 */
export function testEmitter(journal: Journal): Emitter {
  return new Emitter(journal, TEST_SENSOR);
}

/** The scope of a session from an address. */
export function testScope(ip = "203.0.113.7", options: { id?: string; decoy?: string } = {}) {
  return {
    provider: options.decoy ?? "ftp",
    kind: "ftp",
    sessionId: options.id ?? "01TEST00000000000000000000",
    peer: { ip, port: 4000 },
    local: { ip: "192.0.2.1", port: 21 },
  };
}

/** The parsed wire form of events. */
// deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
export function parseEvents(events: readonly SensorEvent[]): any[] {
  return events.map((event) => JSON.parse(event.json));
}

/** Every event of a journal. */
export function allEvents(journal: Journal): SensorEvent[] {
  journal.flush();
  const events: SensorEvent[] = [];
  for (let after = 0; after < journal.readableSequence;) {
    const page = journal.read(after, {}, 1000);
    events.push(...page.events);
    after = page.scannedTo;
  }
  return events;
}
