/**
 * Fewer messages for people: the first event of a group at once, the others in a digest, and a cap on
 * how many messages an hour brings, which is told when it is reached.
 *
 * Pure but for what it remembers, which is small and can be stored: the journal has the events.
 * @module
 */
import type { GroupingPlan } from "../config/sink_keys.ts";
import type { SensorEvent } from "../events/emitter.ts";
import type { Notice } from "./sink.ts";

/** Groups open at a time; when there are more, the oldest one's digest is sent early. */
const MAX_GROUPS = 256;
/** Kinds of actions told apart in a digest. */
const MAX_ACTIONS = 64;
const HOUR_MS = 3_600_000;

/** What is gathered of many events. */
interface Gathered {
  /** The one that is shown. */
  event: SensorEvent;
  count: number;
  actions: Record<string, number>;
  fromMs: number;
  toMs: number;
}

/** A group whose window is open. `gathered` is absent while only its first event was seen. */
interface Group {
  readonly openedMs: number;
  gathered?: Gathered;
}

/** Turns events into notices. */
export class Grouping {
  readonly #plan: GroupingPlan;
  /** In the order of their opening. */
  readonly #groups = new Map<string, Group>();
  /** When the messages of the last hour were made. */
  #sentMs: number[] = [];
  /** What the cap holds back. */
  #held: Gathered | undefined;

  /** @param plan how people are spared. */
  constructor(plan: GroupingPlan) {
    this.#plan = plan;
  }

  /**
   * Takes an event.
   * @param event the next one.
   * @param nowMs when it is delivered, in ms since 1970: a backlog is one window.
   * @returns what is to be told at once.
   */
  add(event: SensorEvent, nowMs: number): Notice[] {
    const key = this.#keyOf(event);
    if (key === undefined) return this.#cap([noticeOf(event, "event", "")], nowMs);
    const group = this.#groups.get(key);
    if (group !== undefined && nowMs < this.#endMs(group)) {
      group.gathered = gather(group.gathered, noticeOf(event, "event", key));
      return [];
    }
    const notices: Notice[] = [];
    if (group !== undefined) notices.push(...this.#close(key));
    else if (this.#groups.size >= MAX_GROUPS) notices.push(...this.#close(firstKey(this.#groups)));
    this.#groups.set(key, { openedMs: nowMs });
    notices.push(noticeOf(event, "first", key));
    return this.#cap(notices, nowMs);
  }

  /**
   * What is due by now: digests of windows that are over, and what the cap held back.
   * @param nowMs in ms since 1970.
   */
  due(nowMs: number): Notice[] {
    const over = [...this.#groups].filter(([, group]) => nowMs >= this.#endMs(group));
    const notices = this.#cap(over.flatMap(([key]) => this.#close(key)), nowMs);
    if (this.#held !== undefined && this.#heldUntilMs(nowMs) <= nowMs) {
      notices.push({ ...this.#held, reason: "capped", group: "" });
      this.#held = undefined;
      this.#sentMs.push(nowMs);
    }
    return notices;
  }

  /** When `due` should be asked next, in ms since 1970; `undefined` when nothing is open. */
  nextDueMs(nowMs: number): number | undefined {
    const ends = [...this.#groups.values()].map((group) => this.#endMs(group));
    if (this.#held !== undefined) ends.push(this.#heldUntilMs(nowMs));
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /** What must be remembered over a restart, as JSON; empty for nothing. */
  store(): string {
    if (this.#groups.size === 0 && this.#sentMs.length === 0 && this.#held === undefined) return "";
    return JSON.stringify({
      groups: [...this.#groups].map(([key, { openedMs, gathered }]) => [
        key,
        openedMs,
        gathered && pack(gathered),
      ]),
      sentMs: this.#sentMs,
      held: this.#held && pack(this.#held),
    });
  }

  /**
   * Goes on where `store` was called.
   * @param state what it returned; what is not that is passed over.
   * @param find reads an event of the journal by its sequence.
   */
  restore(state: string, find: (sequence: number) => SensorEvent | undefined): void {
    if (state === "") return;
    const unpack = (packed?: Packed): Gathered | undefined => {
      const event = packed && find(packed.sequence);
      return event && { ...packed, event };
    };
    const stored = parseStored(state);
    if (stored === undefined) return;
    for (const [key, openedMs, packed] of stored.groups) {
      const gathered = unpack(packed ?? undefined);
      this.#groups.set(key, gathered === undefined ? { openedMs } : { openedMs, gathered });
    }
    this.#sentMs = stored.sentMs;
    this.#held = unpack(stored.held);
  }

  #keyOf(event: SensorEvent): string | undefined {
    const { source, session, decoy } = event;
    switch (this.#plan.groupBy) {
      case "source":
        return source || undefined;
      case "session":
        return session || undefined;
      case "source+decoy":
        return source === "" ? undefined : `${source} at ${decoy}`;
      case "none":
        return undefined;
    }
  }

  #endMs(group: Group): number {
    return group.openedMs + 1000 * this.#plan.windowS;
  }

  /** Ends a group; its digest, if anything came after its first event. */
  #close(key: string): Notice[] {
    const gathered = this.#groups.get(key)?.gathered;
    this.#groups.delete(key);
    return gathered === undefined ? [] : [{ ...gathered, reason: "digest", group: key }];
  }

  /** Lets through what the hour still allows. The first that is held back is told; the rest later. */
  #cap(notices: Notice[], nowMs: number): Notice[] {
    const { maxPerHour } = this.#plan;
    if (maxPerHour === 0 || notices.length === 0) return notices;
    this.#sentMs = this.#sentMs.filter((ms) => ms > nowMs - HOUR_MS && ms <= nowMs);
    return notices.flatMap((notice) => {
      if (this.#held === undefined && this.#sentMs.length < maxPerHour) {
        this.#sentMs.push(nowMs);
        return [notice];
      }
      const isFirst = this.#held === undefined;
      this.#held = gather(this.#held, notice);
      return isFirst ? [{ ...notice, reason: "capped", group: "" }] : [];
    });
  }

  /** When what is held back may be told: when the hour has room again. */
  #heldUntilMs(nowMs: number): number {
    const { maxPerHour } = this.#plan;
    const recent = this.#sentMs.filter((ms) => ms > nowMs - HOUR_MS && ms <= nowMs);
    return recent.length < maxPerHour ? nowMs : recent[recent.length - maxPerHour]! + HOUR_MS;
  }
}

/** What of `Gathered` is stored: the event by its number. */
type Packed = Omit<Gathered, "event"> & { readonly sequence: number };

interface Stored {
  readonly groups: [key: string, openedMs: number, gathered?: Packed | null][];
  readonly sentMs: number[];
  readonly held?: Packed;
}

/** What was stored by this version, or one like it. */
function parseStored(state: string): Stored | undefined {
  try {
    const stored = JSON.parse(state);
    return Array.isArray(stored?.groups) && Array.isArray(stored?.sentMs) ? stored : undefined;
  } catch {
    return undefined; // the windows begin anew
  }
}

function pack({ event, ...rest }: Gathered): Packed {
  return { ...rest, sequence: event.sequence };
}

/**
 * The notice of one event.
 * @param event that is told.
 * @param reason why it is told.
 * @param group what it belongs to; empty for none.
 */
export function noticeOf(event: SensorEvent, reason: Notice["reason"], group: string): Notice {
  const { action, timeMs } = event;
  const actions = { [action]: 1 };
  return { reason, event, count: 1, actions, group, fromMs: timeMs, toMs: timeMs };
}

function gather(gathered: Gathered | undefined, notice: Notice): Gathered {
  const { event, count, actions, fromMs, toMs } = notice;
  if (gathered === undefined) return { event, count, actions: { ...actions }, fromMs, toMs };
  if (event.severity > gathered.event.severity) gathered.event = event;
  gathered.count += count;
  for (const [action, n] of Object.entries(actions)) {
    const known = gathered.actions[action];
    if (known === undefined && Object.keys(gathered.actions).length >= MAX_ACTIONS) continue;
    gathered.actions[action] = (known ?? 0) + n;
  }
  gathered.fromMs = Math.min(gathered.fromMs, fromMs);
  gathered.toMs = Math.max(gathered.toMs, toMs);
  return gathered;
}

function firstKey(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value!;
}
