/**
 * Events as lines of text.
 * @module
 */
import type { SensorEvent } from "../events/emitter.ts";
import type { EncodingName } from "../events/encoders/encoder.ts";

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

/** Makes lines of events, in order: UTF-8, each with its LF. */
export type LineEncoder = (events: readonly SensorEvent[]) => Uint8Array;

/**
 * Finds what makes lines of a form; other encoders than that of ECS are loaded only here.
 * @param format of the lines.
 */
export async function lineEncoderOf(format: EncodingName): Promise<LineEncoder> {
  if (format === "ecs") return encodeJsonLines;
  const { encodeAs } = await import("../events/encoders/encoder.ts");
  return (events) => {
    let text = "";
    for (const event of events) text += encodeAs(format, event) + "\n";
    return encoder.encode(text);
  };
}
