/**
 * Makes batches of what comes one by one: as many as are there already, or as a batch may have.
 * @module
 */

/** How batches are made. */
export interface GatherOptions<Item> {
  /** Most items of a batch. */
  readonly most: number;
  /** Takes a batch; the next one is gathered when it resolves. */
  store(batch: readonly Item[]): Promise<void>;
  /** Makes what comes end, after a batch could not be stored. */
  stop(): void;
}

/**
 * Gathers until nothing more comes; what was gathered by then is stored, whatever ended it.
 * @param items in order; none is asked for while a batch is being stored, but for one.
 * @param options how.
 * @throws what `items` or `store` throws.
 */
export async function gather<Item>(
  items: AsyncIterable<Item>,
  options: GatherOptions<Item>,
): Promise<void> {
  const gathering = new Gathering(options);
  try {
    for await (const item of items) {
      if (gathering.storing !== undefined) await gathering.storing;
      if (gathering.failure !== undefined) break;
      gathering.add(item);
    }
  } finally {
    await gathering.end();
  }
  if (gathering.failure !== undefined) throw gathering.failure.error;
}

class Gathering<Item> {
  readonly #options: GatherOptions<Item>;
  #batch: Item[] = [];
  #storing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: GatherOptions<Item>) {
    this.#options = options;
  }

  /** Resolves when what is being stored is stored, or has failed; absent when nothing is. */
  get storing(): Promise<void> | undefined {
    return this.#storing;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  add(item: Item): void {
    this.#batch.push(item);
    if (this.#batch.length >= this.#options.most) this.#begin();
    // What is there already comes before the next turn of the event loop.
    else this.#timer ??= setTimeout(() => this.#begin(), 0);
  }

  async end(): Promise<void> {
    await this.#storing;
    if (this.#failure === undefined) this.#begin();
    clearTimeout(this.#timer);
    await this.#storing;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#storing = this.#options.store(batch).catch((error) => {
      this.#failure ??= { error };
      this.#options.stop();
    }).finally(() => this.#storing = undefined);
  }
}
