/**
 * The keys that every sink has: what it wants, how it is delivered, and how people are spared.
 * @module
 */
import { parseCidr } from "../net/address.ts";
import type { OptionsKind } from "./config.ts";
import { isScheduleEntry, isTimeZone } from "./schedule.ts";
import { choice, count, v } from "./schema.ts";

/** What a sink wants of all events. */
export interface SinkSelection {
  readonly minSeverity: number;
  /** Wanted `event.action`s; absent for all. */
  readonly types?: readonly string[];
  readonly excludeTypes: readonly string[];
  /** Wanted decoys by name; absent for all. */
  readonly decoys?: readonly string[];
  readonly excludeDecoys: readonly string[];
  /** Wanted sensors by name, this one included; absent for all that send their events here. */
  readonly sensors?: readonly string[];
  /** Wanted sources, as addresses and CIDR blocks; absent for all. */
  readonly sources?: readonly string[];
  readonly excludeSources: readonly string[];
}

/** How a sink is fed. */
export interface DeliveryPlan {
  /** Most events of one call. */
  readonly batchEvents: number;
  /** Most bytes of events of one call, but for an event that is larger alone. */
  readonly batchBytes: number;
  /** How long a batch may wait to become full, in ms. */
  readonly batchMs: number;
  /** Longest call, in ms. */
  readonly timeoutMs: number;
  /** First and longest pause before a failed call is repeated, in ms. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Age at which an event that cannot be delivered is given up, in hours; 0 for never. */
  readonly maxAgeHours: number;
  /** Events that retention keeps for this sink beyond the journal's own bounds; 0 for all. */
  readonly maxBacklog: number;
  /** Hours in which it is fed; absent for always. */
  readonly schedule?: readonly string[];
  readonly timezone: string;
}

/** How people are spared. */
export interface GroupingPlan {
  readonly groupBy: "none" | "source" | "session" | "source+decoy";
  /** How long what belongs to a group is gathered after its first message, in s. */
  readonly windowS: number;
  /** Most messages in an hour; 0 for no bound. */
  readonly maxPerHour: number;
}

const Name = v.string("must be a text");

const Blocks = (description: string) =>
  v.optional(v.pipe(
    v.array(
      v.pipe(
        v.string("must be an address or a CIDR block"),
        v.check((value) => parseCidr(value) !== undefined, "must be an address or a CIDR block"),
      ),
      "must be a list of CIDR blocks",
    ),
    v.description(description),
  ));

const Names = (message: string, description: string) =>
  v.optional(v.pipe(v.array(Name, message), v.description(description)));

/**
 * The keys of one kind.
 * @param kind whose defaults some of them take.
 */
export function sinkKeys({ defaults = {}, isForPeople = false }: OptionsKind): v.ObjectEntries {
  const preset = defaults as Readonly<Record<string, number | undefined>>;
  const number = (name: string, fallback: number, range: [number, number], description: string) =>
    count(preset[name] ?? fallback, ...range, description);
  return {
    min_severity: number("min_severity", 0, [0, 100], "Lowest severity delivered"),
    types: Names("must be a list of actions", "Actions delivered; absent for all"),
    exclude_types: Names("must be a list of actions", "Actions not delivered"),
    decoys: Names("must be a list of decoy names", "Decoys delivered; absent for all"),
    exclude_decoys: Names("must be a list of decoy names", "Decoys not delivered"),
    sensors: Names("must be a list of sensor names", "Sensors delivered; absent for all"),
    sources: Blocks("Sources delivered, as CIDR blocks; absent for all"),
    exclude_sources: Blocks("Sources not delivered"),
    batch_events: number("batch_events", 500, [1, 10_000], "Most events of one call"),
    batch_bytes: number("batch_bytes", 1_048_576, [1024, 67_108_864], "Most bytes of one call"),
    batch_ms: number("batch_ms", 100, [0, 600_000], "How long a batch may wait to be full, in ms"),
    timeout_ms: number("timeout_ms", 10_000, [100, 600_000], "Longest call, in ms"),
    retry_min_ms: count(500, 10, 3_600_000, "First pause after a failure, in ms"),
    retry_max_ms: count(60_000, 10, 86_400_000, "Longest pause after failures, in ms"),
    max_age_hours: count(
      0,
      0,
      87_600,
      "Age at which an undeliverable event is given up, in hours; 0 for never",
    ),
    max_backlog: count(
      0,
      0,
      1_000_000_000,
      "Events kept for it beyond the journal's bounds; 0 for all",
    ),
    schedule: v.optional(v.pipe(
      v.array(
        v.pipe(
          v.string("must be such as mon-fri 08:00-18:00"),
          v.check(isScheduleEntry, "must be such as mon-fri 08:00-18:00"),
        ),
        "must be a list such as [mon-fri 08:00-18:00]",
      ),
      v.minLength(1, "must have at least one entry"),
      v.maxLength(32, "must have at most 32 entries"),
      v.description("Hours in which it is fed; what comes between waits. Absent for always"),
    )),
    timezone: v.optional(
      v.pipe(
        v.string("must be a time zone such as Europe/Berlin"),
        v.check(isTimeZone, "must be a time zone such as Europe/Berlin"),
        v.description("Time zone of schedule"),
      ),
      "UTC",
    ),
    ...(isForPeople ? groupingKeys(preset, defaults.group_by) : {}),
  };
}

function groupingKeys(
  preset: Readonly<Record<string, number | undefined>>,
  groupBy: GroupingPlan["groupBy"] = "none",
): v.ObjectEntries {
  return {
    group_by: choice(
      groupBy,
      ["none", "source", "session", "source+decoy"],
      "What makes repeats of events: the first is told at once, the others in a digest",
    ),
    window_s: count(preset.window_s ?? 300, 1, 86_400, "How long repeats are gathered, in s"),
    max_per_hour: count(preset.max_per_hour ?? 0, 0, 1000, "Most messages an hour; 0 for all"),
  };
}

/** An entry's keys as the schema leaves them. */
type Entry = Readonly<Record<string, unknown>>;

/** What `takeSinkKeys` finds. */
export interface SinkPlan {
  readonly wanted: SinkSelection;
  readonly plan: DeliveryPlan;
  readonly grouping?: GroupingPlan;
  /** The kind's own options. */
  readonly options: Record<string, unknown>;
}

/**
 * Tells an entry's common keys from the kind's own.
 * @param entry validated, without `kind` and `name`.
 */
export function takeSinkKeys(entry: Entry): SinkPlan {
  const {
    min_severity,
    types,
    exclude_types,
    decoys,
    exclude_decoys,
    sensors,
    sources,
    exclude_sources,
    batch_events,
    batch_bytes,
    batch_ms,
    timeout_ms,
    retry_min_ms,
    retry_max_ms,
    max_age_hours,
    max_backlog,
    schedule,
    timezone,
    group_by,
    window_s,
    max_per_hour,
    ...options
  } = entry;
  const list = (value: unknown) => value as string[] | undefined;
  const optional = <K extends string>(key: K, value: unknown) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: string[] };
  return {
    wanted: {
      minSeverity: Number(min_severity),
      ...optional("types", types),
      excludeTypes: list(exclude_types) ?? [],
      ...optional("decoys", decoys),
      excludeDecoys: list(exclude_decoys) ?? [],
      ...optional("sensors", sensors),
      ...optional("sources", sources),
      excludeSources: list(exclude_sources) ?? [],
    },
    plan: {
      batchEvents: Number(batch_events),
      batchBytes: Number(batch_bytes),
      batchMs: Number(batch_ms),
      timeoutMs: Number(timeout_ms),
      retryMinMs: Number(retry_min_ms),
      retryMaxMs: Math.max(Number(retry_min_ms), Number(retry_max_ms)),
      maxAgeHours: Number(max_age_hours),
      maxBacklog: Number(max_backlog),
      ...optional("schedule", schedule),
      timezone: String(timezone),
    },
    ...(group_by === undefined ? {} : {
      grouping: {
        groupBy: group_by as GroupingPlan["groupBy"],
        windowS: Number(window_s),
        maxPerHour: Number(max_per_hour),
      },
    }),
    options,
  };
}
