/**
 * What decoys keep in the sensor's folder: small secrets such as host keys, one file each.
 * @module
 */
import { logger } from "../log.ts";
import type { SecretStore } from "./decoy.ts";

const log = logger("decoys");

/** Longest secret, in bytes. */
const MAX_BYTES = 65_536;
/** A name of a secret: no folder, and no name that hides. */
const NAME = /^[a-z0-9_][a-z0-9_.-]{0,63}$/;

/** Secrets as files (0600) in one folder (0700), which the first write makes. */
export class SecretFolder implements SecretStore {
  readonly #folder: string;
  readonly #writes = new Map<string, Promise<void>>();
  #isClosed = false;

  /** @param folder its path. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf(name: string): string {
    if (!NAME.test(name)) {
      throw new RangeError(
        `Cannot use secret ${JSON.stringify(name)}: must be like ${NAME.source}`,
      );
    }
    return `${this.#folder}/${name}`;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(name);
    await this.#writes.get(name)?.catch(() => {/* told to who wrote */});
    try {
      const { size } = await Deno.stat(path);
      checkSize(path, size);
      return await Deno.readFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.pathOf(name);
    checkSize(path, bytes.length);
    if (this.#isClosed) throw new Error(`Cannot write ${JSON.stringify(path)}: the sensor stops`);
    const before = this.#writes.get(name) ?? Promise.resolve();
    const write = before.catch(() => {/* told to who wrote */})
      .then(() => this.#replace(name, bytes));
    this.#writes.set(name, write);
    try {
      await write;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      log.warn("Cannot keep {path}: {detail}", { path, detail });
      throw error;
    } finally {
      if (this.#writes.get(name) === write) this.#writes.delete(name);
    }
  }

  /** Ends writing; what is being written is written. Another sensor may have the folder then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#writes.values());
  }

  /** Writes beside and renames: a hard end leaves the old secret or the new one, never half of one. */
  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#folder}/.${name}.new`;
    try {
      await Deno.remove(temporary);
    } catch (error) {
      // One is there only after a hard end.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    await Deno.rename(temporary, `${this.#folder}/${name}`);
  }
}

function checkSize(path: string, size: number): void {
  if (size <= MAX_BYTES) return;
  throw new RangeError(
    `Cannot use ${JSON.stringify(path)}: it has ${size} bytes, must have at most ${MAX_BYTES}`,
  );
}
