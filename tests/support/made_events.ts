/**
 * Events without a journal, for tests of what is made of them.
 * @module
 */
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { TEST_SENSOR, testScope } from "./events.ts";

/**
 * Makes events by the sensor's own emitter.
 * @param emit lets things happen; by default connections are opened.
 * @param count how often.
 * @returns the events, numbered from 1.
 */
export function madeEvents(
  count: number,
  emit: (emitter: Emitter, i: number) => void = (emitter) =>
    emitter.emit(testScope(), "session.open", {}),
): SensorEvent[] {
  const events: SensorEvent[] = [];
  const emitter = new Emitter(
    { nextSequence: () => events.length + 1, append: (event) => events.push(event) },
    TEST_SENSOR,
  );
  for (let i = 0; i < count; i++) emit(emitter, i);
  return events;
}

/** A failed login with these texts. */
export function loginEvent(username: string, secret: string): SensorEvent {
  return madeEvents(
    1,
    (emitter) =>
      emitter.emit(testScope(), "auth.attempt", { method: "password", username, secret }),
  )[0]!;
}
