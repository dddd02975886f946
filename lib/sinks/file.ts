/**
 * File sink: ECS JSON lines, rotated by size, a bounded number of old files kept.
 *
 * `events.jsonl` is the newest, `events.jsonl.1` the one before it, and so on. Opened anew on SIGHUP,
 * for rotation by someone else.
 * @module
 */
import { count, v } from "../config/schema.ts";
import { SinkError } from "../errors.ts";
import type { SensorEvent } from "../events/emitter.ts";
import { encodeJsonLines } from "./lines.ts";
import type { Sink, SinkKind } from "./sink.ts";

const Options = v.strictObject({
  path: v.pipe(
    v.string("must be a path"),
    v.minLength(1, "must be a path"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.description("The newest file; older ones have .1, .2 and so on behind it"),
  ),
  max_mb: count(64, 1, 1_048_576, "Size at which a file is rotated, in MiB"),
  max_files: count(8, 1, 1000, "Files kept, the newest included"),
});
type Options = v.InferOutput<typeof Options>;

/** Bytes of a MiB. */
const MIB = 1_048_576;

/** `kind: file`; keys: `path`, `max_mb`, `max_files`. */
export const fileSink: SinkKind<Options> = {
  kind: "file",
  isDurable: true,
  options: Options,
  paths: ({ path, max_files }) => [
    path,
    ...Array.from({ length: max_files - 1 }, (_, i) => `${path}.${i + 1}`),
  ],
  // Opened by the first write, so that a folder which is not there yet delays nothing.
  open: (options) => Promise.resolve(new FileSink(options)),
};

/** Appends lines to a file. */
class FileSink implements Sink {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #file: Deno.FsFile | undefined;
  #size = 0;
  #isTorn = false;

  constructor(options: Options) {
    this.#path = options.path;
    this.#maxBytes = options.max_mb * MIB;
    this.#maxFiles = options.max_files;
  }

  async write(events: readonly SensorEvent[]): Promise<void> {
    const data = encodeJsonLines(events);
    await this.#attempt("write", async () => {
      if (this.#file === undefined) await this.#open();
      if (this.#size > 0 && this.#size + data.length > this.#maxBytes) await this.#rotate();
      // Half a line that a full disk left behind is ended, so that what follows stays readable.
      if (this.#isTorn) await this.#append(new Uint8Array([0x0a]));
      this.#isTorn = true;
      await this.#append(data);
      this.#isTorn = false;
    });
  }

  async reopen(): Promise<void> {
    this.#close();
    await this.#attempt("open", () => this.#open());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    this.#file = await Deno.open(this.#path, { append: true, create: true, mode: 0o600 });
    this.#size = (await this.#file.stat()).size;
  }

  async #append(data: Uint8Array): Promise<void> {
    for (let sent = 0; sent < data.length;) {
      const count = await this.#file!.write(data.subarray(sent));
      sent += count;
      this.#size += count;
    }
  }

  async #rotate(): Promise<void> {
    this.#close();
    for (let n = this.#maxFiles - 1; n > 0; n--) {
      const from = n === 1 ? this.#path : `${this.#path}.${n - 1}`;
      await ignoreMissing(Deno.rename(from, `${this.#path}.${n}`));
    }
    if (this.#maxFiles === 1) await ignoreMissing(Deno.remove(this.#path));
    await this.#open();
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  async #attempt(action: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new SinkError(
        `Cannot ${action} ${JSON.stringify(this.#path)}: ${detail}`,
        true,
        { cause: error },
      );
    }
  }
}

/** Waits for something that may find that the file is not there. */
async function ignoreMissing(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
