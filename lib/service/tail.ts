/**
 * The live feed: what the journal has after a cursor, and then whatever it gets.
 *
 * Both come out of the journal by the same cursor, so there is no seam at which an event could be
 * lost or come twice; the next step is read when the last one is sent, so a slow reader costs one
 * step's memory. What retention removes before it was sent is passed over.
 * @module
 */
import type { EventFilter, Page } from "../journal/query.ts";
import { turn } from "../net/turn.ts";
import { END_OF_LIST, formatOk, HEARTBEAT_MARK, type Selection } from "./frames.ts";
import { STEP_EVENTS } from "./pages.ts";

/** A journal as the feed reads it. */
export interface LiveReader {
  readonly readableSequence: number;
  /** Sequence of the newest event. */
  readonly lastSequence: number;
  read(after: number, filter: EventFilter, limit: number): Page;
  /** Calls back when there is more; returns what takes the call back. */
  onAdvance(listener: () => void): () => void;
}

/** Who is fed. */
export interface TailClient {
  /** Sends, and waits until the system has taken it all. */
  send(text: string): Promise<void>;
  /** Settles when the feed is to end: a line came, the peer left, the service stops. */
  readonly ended: Promise<void>;
}

/**
 * Feeds a client until it is told to end.
 * @param reader the journal.
 * @param selection filter and cursor; without a cursor, only what is new.
 * @param client who is fed.
 */
export async function tail(
  reader: LiveReader,
  selection: Selection,
  client: TailClient,
): Promise<void> {
  const { filter, since } = selection;
  // A cursor from beyond the end is one of another journal (this one was begun anew): all is news.
  const isForeign = since !== undefined && since > reader.lastSequence;
  let cursor = isForeign ? 0 : since ?? reader.readableSequence;
  const bell = new Bell();
  let isEnded = false;
  const takeBack = reader.onAdvance(() => bell.ring());
  const ended = client.ended.finally(() => {
    isEnded = true;
    bell.ring();
  });
  ended.catch(() => {}); // the session meets the same error in its next read
  try {
    await client.send(formatOk(`tail since=${cursor}`));
    while (!isEnded) {
      const page = reader.read(cursor, filter, STEP_EVENTS);
      if (page.events.length > 0) {
        await client.send(page.events.map(({ json }) => json + "\r\n").join(""));
        // The numbers in other sensors' events are no cursors of this feed.
        if (selection.heartbeatMs !== undefined && page.events.some(({ sensor }) => sensor)) {
          await client.send(`${HEARTBEAT_MARK}${page.events.at(-1)!.sequence}\r\n`);
        }
      }
      if (page.scannedTo > cursor) {
        cursor = page.scannedTo;
        await turn();
      } else if (!await bell.wait(selection.heartbeatMs)) {
        await client.send(`${HEARTBEAT_MARK}${cursor}\r\n`);
      }
    }
    await client.send(END_OF_LIST + "\r\n");
  } finally {
    takeBack();
  }
}

/** Wakes the one who waits; a ring that nobody waited for is remembered. */
class Bell {
  #isRung = false;
  #wake: ((isRung: boolean) => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.(true);
  }

  /**
   * Waits for a ring.
   * @param withinMs longest wait; without it, as long as it takes.
   * @returns whether it rang.
   */
  async wait(withinMs?: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (!this.#isRung) {
      await new Promise<boolean>((resolve) => {
        this.#wake = resolve;
        if (withinMs !== undefined) timer = setTimeout(() => resolve(false), withinMs);
      });
    }
    clearTimeout(timer);
    this.#wake = undefined;
    const isRung = this.#isRung;
    this.#isRung = false;
    return isRung;
  }
}
