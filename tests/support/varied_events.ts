/**
 * Events of several kinds with ids of their own, without a journal.
 * @module
 */
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { TEST_SENSOR, testScope } from "./events.ts";

/**
 * Makes events.
 * @param count how many; logins, commands and connections by turns.
 * @param sensor who saw them.
 */
export function someEvents(count: number, sensor: string = TEST_SENSOR.name): SensorEvent[] {
  const events: SensorEvent[] = [];
  const store = {
    nextSequence: () => events.length + 1,
    append: (event: SensorEvent) => void events.push(event),
  };
  const emitter = new Emitter(store, { ...TEST_SENSOR, name: sensor });
  for (let i = 0; events.length < count; i++) {
    const scope = testScope(`203.0.113.${i % 250}`);
    const turn = i % 3;
    if (turn === 0) {
      emitter.emit(scope, "auth.attempt", { method: "password", username: `u${i}`, secret: "x\\" });
    } else if (turn === 1) {
      emitter.emit(scope, "command", { verb: "SITE", argument: `EXEC "id" ${i}`, changes: true });
    } else emitter.emit(scope, "session.open", {});
  }
  return events;
}
