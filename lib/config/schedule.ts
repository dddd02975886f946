/**
 * Weekly hours, such as `mon-fri 08:00-18:00`: when people want to be told.
 * @module
 */

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const DAY_MINUTES = 1440;
const MINUTE_MS = 60_000;
/** How far ahead is looked, in minutes: some ms of work. */
const LOOK_AHEAD_MINUTES = 240;

const ENTRY = /^(?:([a-z,-]+)\s+)?([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;

/** Hours of one entry: days from Monday (0) on, minutes of the day. */
interface Hours {
  readonly days: ReadonlySet<number>;
  readonly from: number;
  /** Not after `from` when the hours end on the next day. */
  readonly to: number;
}

/** When something may happen. */
export class Schedule {
  readonly #hours: readonly Hours[];
  readonly #clock: Intl.DateTimeFormat;

  /**
   * @param entries each as `isScheduleEntry` accepts it.
   * @param timeZone name of the IANA database, such as `Europe/Berlin`, or `UTC`.
   */
  constructor(entries: readonly string[], timeZone: string) {
    this.#hours = entries.map((entry) => parseEntry(entry)!);
    this.#clock = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  }

  /**
   * Whether it is open.
   * @param timeMs in ms since 1970.
   */
  isOpen(timeMs: number): boolean {
    const parts = Object.fromEntries(
      this.#clock.formatToParts(timeMs).map(({ type, value }) => [type, value]),
    );
    const day = DAYS.indexOf(parts.weekday!.toLowerCase() as typeof DAYS[number]);
    const minute = 60 * Number(parts.hour) + Number(parts.minute);
    return this.#hours.some(({ days, from, to }) => {
      if (to > from) return days.has(day) && minute >= from && minute < to;
      return (days.has(day) && minute >= from) || (days.has((day + 6) % 7) && minute < to);
    });
  }

  /**
   * How long until it is open.
   * @param timeMs in ms since 1970.
   * @returns 0 when it is open; else to the minute, in ms, four hours at most: then ask again.
   */
  opensInMs(timeMs: number): number {
    if (this.isOpen(timeMs)) return 0;
    // Steps of a minute over the clock itself, so that changes of the clock are in it.
    const next = timeMs - timeMs % MINUTE_MS;
    for (let n = 1; n < LOOK_AHEAD_MINUTES; n++) {
      const at = next + n * MINUTE_MS;
      if (this.isOpen(at)) return at - timeMs;
    }
    return LOOK_AHEAD_MINUTES * MINUTE_MS;
  }
}

/**
 * Whether a text is an entry: days (`mon-fri`, `sat,sun`; none for all), then `HH:MM-HH:MM`. Hours that
 * end before they begin end on the next day.
 * @param text of a config.
 */
export function isScheduleEntry(text: string): boolean {
  return parseEntry(text) !== undefined;
}

/**
 * Whether a time zone is known.
 * @param name such as `Europe/Berlin`.
 */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function parseEntry(text: string): Hours | undefined {
  const match = ENTRY.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, names, fromHour, fromMinute, toHour, toMinute] = match;
  const days = parseDays(names);
  const from = 60 * Number(fromHour) + Number(fromMinute);
  const to = 60 * Number(toHour) + Number(toMinute);
  return days === undefined || to > DAY_MINUTES || from === to ? undefined : { days, from, to };
}

function parseDays(names: string | undefined): Set<number> | undefined {
  if (names === undefined) return new Set(DAYS.keys());
  const days = new Set<number>();
  for (const part of names.split(",")) {
    const [first, last = first, ...rest] = part.split("-").map((name) =>
      DAYS.indexOf(name as typeof DAYS[number])
    );
    if (first === undefined || last === undefined || first < 0 || last < 0 || rest.length > 0) {
      return undefined;
    }
    for (let day = first;; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}
