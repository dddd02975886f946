/**
 * What touches the service becomes events, but a flood of it does not become a flood of events: of a
 * source the first comes at once, and what follows within a minute is one event with a count.
 * @module
 */
import type { Scope } from "../events/ecs.ts";
import type { Emitter } from "../events/emitter.ts";
import { sourceKey } from "../net/address.ts";

/** Time in which what a source does is counted together, in ms. */
const WINDOW_MS = 60_000;
/** Pause between looks for counts that are due, in ms. */
const SWEEP_MS = 5000;
/** Most sources counted apart; the others are counted as one. */
const MAX_ENTRIES = 256;
/** Refused logins of a source told one by one in a window: the names that were tried matter. */
const SINGLE_LOGINS = 10;

/** What a source did in the current window. */
interface Entry {
  readonly scope: Scope;
  /** Makes the event that tells of `count` more. */
  tell: (count: number) => void;
  startedAt: number;
  told: number;
  hidden: number;
}

/** Makes events of contacts with the service. */
export class ContactReports {
  readonly #emitter: Emitter;
  readonly #entries = new Map<string, Entry>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  /** Contacts that were no client's, since the start. */
  probes = 0;
  /** Refused logins, since the start. */
  refusedLogins = 0;

  /** @param emitter makes the events. */
  constructor(emitter: Emitter) {
    this.#emitter = emitter;
  }

  /**
   * Something that is no client of ours touched the service.
   * @param scope whose connection it was.
   * @param detail what it did.
   * @param firstBytes what it sent, bounded.
   */
  probe(scope: Scope, detail: string, firstBytes?: Uint8Array): void {
    this.probes++;
    const data = firstBytes === undefined ? { detail } : { detail, firstBytes };
    this.#count("probe", scope, {
      single: () => this.#emitter.emit(scope, "service.probe", data),
      tell: (count) =>
        this.#emitter.emit(scope, "service.probe", {
          detail: `${count} more within a minute, the last: ${detail}`,
        }),
      most: 1,
    });
  }

  /**
   * A login was refused.
   * @param scope whose connection it was.
   * @param username escaped.
   */
  refusedLogin(scope: Scope, username: string): void {
    this.refusedLogins++;
    this.#count("login", scope, {
      single: () => this.#emitter.emit(scope, "service.login", { username, success: false }),
      tell: (count) =>
        this.#emitter.emit(scope, "service.probe", {
          detail: `${count} more refused logins within a minute`,
        }),
      most: SINGLE_LOGINS,
    });
  }

  /**
   * A connection was refused, or had to make room.
   * @param scope whose it was.
   * @param limit which limit, and its value.
   */
  limit(scope: Scope, limit: { limit: string; max: number }): void {
    const tell = (refused: number) => this.#emitter.emit(scope, "limit.hit", { ...limit, refused });
    this.#count(limit.limit, scope, { single: () => tell(1), tell, most: 1 });
  }

  /**
   * Tells what is due.
   * @param now monotonic clock, in ms.
   */
  sweep(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.startedAt < WINDOW_MS) continue;
      if (entry.hidden === 0) this.#entries.delete(key);
      else this.#tell(entry, now);
    }
  }

  /** Tells all that was counted; what comes after that is counted and not told. Twice is fine. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const entry of this.#entries.values()) if (entry.hidden > 0) this.#tell(entry, 0);
    this.#entries.clear();
  }

  #count(
    what: string,
    scope: Scope,
    event: { single: () => void; tell: (count: number) => void; most: number },
  ): void {
    if (this.#isClosed) return;
    const own = `${what} ${sourceKey(scope.peer?.ip ?? "")}`;
    const key = this.#entries.has(own) || this.#entries.size < MAX_ENTRIES ? own : what;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { scope, tell: event.tell, startedAt: performance.now(), told: 0, hidden: 0 };
      this.#entries.set(key, entry);
      this.#timer ??= setTimeout(() => this.#look(), SWEEP_MS);
    }
    if (entry.told < event.most) {
      entry.told++;
      event.single();
    } else {
      entry.hidden++;
      entry.tell = event.tell;
    }
  }

  #tell(entry: Entry, now: number): void {
    entry.tell(entry.hidden);
    entry.hidden = 0;
    entry.startedAt = now;
  }

  #look(): void {
    this.sweep(performance.now());
    this.#timer = this.#entries.size > 0 ? setTimeout(() => this.#look(), SWEEP_MS) : undefined;
  }
}
