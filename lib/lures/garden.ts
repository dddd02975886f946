/**
 * The lures of a sensor: made from its config, given to its decoys, watched.
 * @module
 */
import type { Config, DecoyConfig } from "../config/config.ts";
import type { Journal } from "../journal/journal.ts";
import { type Emit, LureBook } from "./book.ts";
import { canServe, type LureKind } from "./kinds.ts";
import { type Lure, type LureContext, makeLure } from "./lure.ts";

/** Events of earlier runs that are looked at for who took a lure. */
const RECALLED_EVENTS = 500_000;
/** Most events found in one step, and the pause after it, in ms. */
const STEP_EVENTS = 100;
const STEP_PAUSE_MS = 10;

/** The lures, and what is known of them. */
export class LureGarden {
  readonly book: LureBook;
  readonly #context: LureContext;
  #recalling: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #isStopped = false;
  #lures: readonly { lure: Lure; decoys: readonly string[] }[] = [];

  /**
   * @param context of the sensor.
   * @param emit makes events.
   */
  constructor(context: LureContext, emit: Emit) {
    this.#context = context;
    this.book = new LureBook(emit);
  }

  /** Plants what a config says, in place of what was there. */
  plant({ lures, decoys }: Config): void {
    this.#lures = lures.map((entry) => ({
      lure: makeLure({ ...entry, kind: entry.kind as LureKind }, this.#context),
      decoys: decoys.filter(({ kind, name }) =>
        canServe(entry.kind, kind) && (entry.decoys?.includes(name) ?? true)
      ).map(({ name }) => name),
    }));
    this.book.plant(this.#lures);
  }

  /**
   * Learns from the journal who took lures before this start; bit by bit, beside everything else.
   * @param journal what happened before.
   */
  recall(journal: Journal): void {
    if (this.#lures.length === 0) return;
    const upTo = journal.lastSequence;
    this.#recalling = this.#recallAll(journal, { upTo });
  }

  /** Ends what goes on in the background. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#recalling;
  }

  async #recallAll(journal: Journal, { upTo }: { upTo: number }): Promise<void> {
    const filter = { actions: ["lure-touched"] };
    let after = Math.max(0, upTo - RECALLED_EVENTS);
    while (after < upTo && !this.#isStopped) {
      const { events, scannedTo } = journal.read(after, filter, STEP_EVENTS);
      for (const { json, sequence } of events) if (sequence <= upTo) this.#recallOne(json);
      if (scannedTo <= after) return; // the journal cannot be read; it says so itself
      after = scannedTo;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, STEP_PAUSE_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #recallOne(json: string): void {
    const event = JSON.parse(json);
    const id = event.duckblind?.lure?.id;
    if (typeof id !== "string") return;
    this.book.remember(id, {
      sessionId: String(event.duckblind.session?.id ?? ""),
      ip: String(event.source?.ip ?? ""),
      decoy: String(event.event?.provider ?? ""),
      timeMs: Date.parse(event["@timestamp"]),
    });
  }

  /** The lures that a decoy is to serve. */
  luresFor(decoy: DecoyConfig): readonly Lure[] {
    return this.#lures.filter(({ decoys }) => decoys.includes(decoy.name)).map(({ lure }) => lure);
  }
}
