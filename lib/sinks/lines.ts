/**
 * Events as lines of JSON.
 * @module
 */
import type { SensorEvent } from "../events/emitter.ts";

const encoder = new TextEncoder();

/**
 * Joins events to lines of ECS JSON.
 * @param events in order.
 * @returns UTF-8, each line with its LF.
 */
export function encodeJsonLines(events: readonly SensorEvent[]): Uint8Array {
  let text = "";
  for (const event of events) text += event.json + "\n";
  return encoder.encode(text);
}
