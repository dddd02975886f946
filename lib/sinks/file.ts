/**
 * File sink: lines of JSON or CEF, rotated by size, a bounded number of old files kept.
 *
 * `events.jsonl` is the newest, `events.jsonl.1` the one before it, and so on. Opened anew on SIGHUP,
 * for rotation by someone else.
 * @module
 */
import { choice, count, v } from "../config/schema.ts";
import { SinkError } from "../errors.ts";
import { type LineEncoder, lineEncoderOf } from "./lines.ts";
import type { Batch, Sink, SinkKind } from "./sink.ts";

const Options = v.strictObject({
  path: v.pipe(
    v.string("must be a path"),
    v.minLength(1, "must be a path"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.description("The newest file; older ones have .1, .2 and so on behind it"),
  ),
  max_mb: count(64, 1, 1_048_576, "Size at which a file is rotated, in MiB"),
  max_files: count(8, 1, 1000, "Files kept, the newest included"),
  format: choice("ecs", ["ecs", "opencanary", "ocsf", "cef"], "What a line looks like"),
});
type Options = v.InferOutput<typeof Options>;

/** Bytes of a MiB. */
const MIB = 1_048_576;
const LF = 0x0a;

/** `kind: file`; keys: `path`, `max_mb`, `max_files`, `format`. */
export const fileSink: SinkKind<Options> = {
  kind: "file",
  isDurable: true,
  isLocal: true,
  options: Options,
  // Under load a batch all the same; and who follows the file has an event at once.
  defaults: { batch_ms: 5 },
  paths: ({ path, max_files }) => [
    path,
    ...Array.from({ length: max_files - 1 }, (_, i) => `${path}.${i + 1}`),
  ],
  // Opened by the first write, so that a folder which is not there yet delays nothing.
  open: async (options) => new FileSink(options, await lineEncoderOf(options.format)),
};

/** Appends lines to a file. */
class FileSink implements Sink {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #encode: LineEncoder;
  #file: Deno.FsFile | undefined;
  #size = 0;
  /** Whether the file ends in half a line. */
  #isTorn = false;
  /** What is being done to the file: one thing at a time. */
  #work: Promise<void> = Promise.resolve();

  /**
   * @param options of the config.
   * @param encode makes the lines.
   */
  constructor(options: Options, encode: LineEncoder) {
    this.#encode = encode;
    this.#path = options.path;
    this.#maxBytes = options.max_mb * MIB;
    this.#maxFiles = options.max_files;
  }

  async write({ events }: Batch): Promise<void> {
    const data = this.#encode(events);
    await this.#attempt("write", async () => {
      if (this.#file === undefined) await this.#open();
      if (this.#size > 0 && this.#size + data.length > this.#maxBytes) await this.#rotate();
      // Half a line, left behind by a hard end, is ended, so that what follows stays readable.
      if (this.#isTorn) await this.#append(new Uint8Array([LF]));
      this.#isTorn = false;
      const before = this.#size;
      try {
        await this.#append(data);
      } catch (error) {
        await this.#cutBack(before);
        throw error;
      }
    });
  }

  async reopen(): Promise<void> {
    await this.#attempt("open", async () => {
      this.#close();
      await this.#open();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    const file = await Deno.open(this.#path, {
      read: true,
      append: true,
      create: true,
      mode: 0o600,
    });
    this.#file = file;
    this.#size = (await file.stat()).size;
    const last = new Uint8Array(1);
    if (this.#size > 0) await file.seek(-1, Deno.SeekMode.End);
    this.#isTorn = this.#size > 0 && await file.read(last) === 1 && last[0] !== LF;
  }

  /** Takes back what a full disk let in of some lines: they will come again. */
  async #cutBack(size: number): Promise<void> {
    try {
      await this.#file?.truncate(size);
      this.#size = size;
    } catch {
      this.#isTorn = true; // then the half line is ended, which needs one byte of room
    }
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

  /** Does something to the file when what is being done is over. */
  async #attempt(action: string, run: () => Promise<void>): Promise<void> {
    const done = this.#work.then(run);
    this.#work = done.catch(() => {}); // told below, to the one who asked for it
    try {
      await done;
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
