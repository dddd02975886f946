/**
 * A sensor's journal with events that its sink has not had, made before its start.
 * @module
 */
import { Emitter } from "../../../lib/events/emitter.ts";
import { Journal } from "../../../lib/journal/journal.ts";
import { TEST_SENSOR, testScope } from "../../support/events.ts";

/**
 * Makes events of the sensor `edge-7`, of which a sink has had none.
 * @param folder of the program; its data folder is made if need be.
 * @param sink name of the sink.
 * @param count how many.
 */
export function makeBacklog(folder: string, sink: string, count: number): void {
  Deno.mkdirSync(`${folder}/data`, { recursive: true, mode: 0o700 });
  const journal = new Journal(`${folder}/data/journal.db`);
  const emitter = new Emitter(journal, { ...TEST_SENSOR, name: "edge-7", version: "0.1.0" });
  for (let i = 0; i < count; i++) {
    emitter.emit(testScope(`203.0.${i % 100}.${i % 250}`), "auth.attempt", {
      method: "password",
      username: "root",
      secret: `secret-${i}`,
    });
    if (i % 1000 === 0) journal.flush();
  }
  journal.flush();
  journal.setCursor(sink, { sequence: 0, state: "" });
  journal.close();
}
