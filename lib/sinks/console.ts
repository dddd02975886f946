/**
 * Console sink: events on standard output, as lines for people or as ECS JSON.
 * @module
 */
import { flag, v } from "../config/schema.ts";
import { SinkError } from "../errors.ts";
import type { SensorEvent } from "../events/emitter.ts";
import { renderEvent } from "../events/render.ts";
import { wantsColor } from "../terminal.ts";
import { encodeJsonLines } from "./lines.ts";
import type { Batch, Sink, SinkKind } from "./sink.ts";

const Options = v.strictObject({
  json: flag(false, "ECS JSON lines instead of lines for people"),
});
type Options = v.InferOutput<typeof Options>;

const encoder = new TextEncoder();

/** `kind: console`; key: `json`. */
export const consoleSink: SinkKind<Options> = {
  kind: "console",
  isDurable: false,
  isLocal: true,
  defaults: { batch_ms: 0 }, // somebody looks on
  options: Options,
  open: (options) => Promise.resolve(new ConsoleSink(options)),
};

/** Writes to standard output without ever blocking the event loop: a pipe may be read slowly. */
class ConsoleSink implements Sink {
  readonly #json: boolean;
  readonly #color = wantsColor(Deno.stdout);

  constructor(options: Options) {
    this.#json = options.json;
  }

  async write({ events }: Batch): Promise<void> {
    const data = this.#json ? encodeJsonLines(events) : this.#render(events);
    try {
      for (let sent = 0; sent < data.length;) sent += await Deno.stdout.write(data.subarray(sent));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new SinkError(`Cannot write to standard output: ${detail}`, false, { cause: error });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #render(events: readonly SensorEvent[]): Uint8Array {
    const color = this.#color;
    return encoder.encode(events.map(({ json }) => renderEvent(json, { color }) + "\n").join(""));
  }
}
