/**
 * A sensor that is watched in every way there is while something happens to it; in the end all of them
 * must have told the same, once.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Lines } from "./process.ts";
import type { Program, RunningSensor } from "./program.ts";
import type { WireEvent } from "./wire_event.ts";

/** What a test works with. */
export interface Watched {
  readonly program: Program;
  readonly sensor: RunningSensor;
  /** The live feed: lines of `duckblind watch --json`. */
  readonly feed: Lines;
  /**
   * Waits until the feed has an event.
   * @param test which one.
   */
  event(test: (event: WireEvent) => boolean): Promise<WireEvent>;
}

/**
 * Starts a sensor and a live feed, lets things happen, stops both, and compares journal, console and
 * feed.
 * @param open makes the program.
 * @param run lets things happen.
 * @returns every event of the journal, in order.
 */
export async function watched(
  open: () => Promise<Program>,
  run: (watched: Watched) => Promise<void>,
): Promise<WireEvent[]> {
  await using program = await open();
  await using sensor = await program.startSensor();
  await using watch = program.start(["watch", "--json", "--since", "0"]);
  const feed = watch.stdout;
  const event = async (test: (event: WireEvent) => boolean): Promise<WireEvent> =>
    JSON.parse(await feed.find((line) => test(JSON.parse(line))));
  await event(({ event }) => event.action === "sensor-started");
  await run({ program, sensor, feed, event });
  assertEquals((await sensor.stop()).code, 0);
  await event(({ event }) => event.action === "sensor-stopped");
  watch.signal("SIGINT");
  assertEquals((await watch.exit()).code, 0);

  const { lines, events } = await program.journal();
  assertEquals(feed.all, lines, "the live feed has what the journal has");
  assertEquals(events.map(({ event }) => event.sequence), events.map((_, i) => i + 1));
  const told = events.map(({ "@timestamp": time, event: { severity, provider }, message }) =>
    `${time.slice(11, 23)} ${String(severity).padStart(3)} ${provider.padEnd(10)} ${message}`
  );
  assertEquals(sensor.consoleLines, told, "the console has what the journal has");
  assert(
    !/our bug|\[error\]|\[warning\]/.test(sensor.process.stderr.text),
    sensor.process.stderr.text,
  );
  return events;
}

/**
 * Asserts that an event happened exactly once.
 * @param events to search.
 * @param what describes it.
 * @param test finds it.
 */
export function assertOnce(
  events: readonly WireEvent[],
  what: string,
  test: (event: WireEvent) => boolean,
): WireEvent {
  const found = events.filter(test);
  assertEquals(found.length, 1, `${what}, in ${events.map(({ message }) => message).join("\n")}`);
  return found[0]!;
}
