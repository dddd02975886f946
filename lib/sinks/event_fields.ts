/**
 * What of an event stands in its wire form only, read without parsing the whole where that is possible.
 * @module
 */
import type { SensorEvent } from "../events/emitter.ts";

/**
 * In a text of JSON a quote inside a string has a backslash before it, so these find members only, and
 * nothing that a peer sent.
 */
const ID = /[{,]"event":\{"id":"([^"\\]{1,128})"/;
const OBSERVER = /[{,]"observer":\{"name":("(?:[^"\\]|\\.)*")/;

/**
 * `event.id`, by which a receiver knows what it has already.
 * @param event of this sensor or another.
 * @returns its ULID; empty if it has none.
 */
export function eventIdOf({ json }: SensorEvent): string {
  return ID.exec(json)?.[1] ?? parsed(json).event?.id ?? "";
}

/**
 * `observer.name`: which sensor saw it.
 * @param event of this sensor or another.
 * @returns the sensor's id; empty if it has none.
 */
export function observerOf({ json }: SensorEvent): string {
  const quoted = OBSERVER.exec(json)?.[1];
  return quoted === undefined ? parsed(json).observer?.name ?? "" : JSON.parse(quoted);
}

function parsed(json: string): { event?: { id?: string }; observer?: { name?: string } } {
  try {
    return JSON.parse(json);
  } catch {
    return {}; // the receiver says what it thinks of it
  }
}
