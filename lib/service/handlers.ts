/**
 * What can be asked: a table from a request's first word to its function.
 *
 * Nothing here checks a login: `server.ts` lets a request come here only when the session's role may
 * make it.
 * @module
 */
import type { Journal } from "../journal/journal.ts";
import { turn } from "../net/turn.ts";
import {
  END_OF_LIST,
  EVENTS_OPTIONS,
  formatListStart,
  formatOk,
  LETTERS_OPTIONS,
  parseSelection,
  RequestError,
  type Selection,
  TAIL_OPTIONS,
} from "./frames.ts";
import { PUBLISH, SENSORS } from "./fleet_handlers.ts";
import type { Intake } from "./intake.ts";
import { type EventReader, readPage } from "./pages.ts";
import { tail } from "./tail.ts";
import type { Role } from "./tokens.ts";
import type { DeadLetter, LureReport, SensorView, ServiceReport } from "./view.ts";

/** Largest answer held in memory, in UTF-16 units. */
const MAX_PAGE_UNITS = 8 * 1_048_576;
/** Largest answer while many are held at a time. */
const MIN_PAGE_UNITS = 131_072;
/** Units that all answers together may hold before new ones are kept small. */
const PAGE_BUDGET_UNITS = 32 * 1_048_576;
/** Events read of a session in one step. */
const SESSION_STEP_EVENTS = 200;
/** Sources returned when a request names no limit, and at most. */
const SOURCES_LIMIT = 100;
const MAX_SOURCES = 1000;
/** Dead letters returned when a request names no limit, and at most: each may be an event of 64 KiB. */
const LETTERS_LIMIT = 100;
/** Text sent in one go, in UTF-16 units. */
const CHUNK_UNITS = 65_536;

/** Who asks. */
export interface Caller {
  /** Absent before login. */
  readonly role: Role | undefined;
  /** As whom; empty before login. */
  readonly name: string;
  /** Whether nobody waits for the answer any more. */
  isOver(): boolean;
  /** What follows the request's line: exactly so many bytes. */
  body(bytes: number): Promise<Uint8Array>;
  /** Waits, unless the session ends first. */
  pause(ms: number): Promise<void>;
  /** Sends whole lines, and waits until the system has taken them. */
  send(text: string): Promise<void>;
  /** Begins to wait for what ends a live feed: a line, the peer's end, the stop of the service. */
  tailEnd(): Promise<void>;
}

/** What is asked about. */
export interface ServiceContext {
  readonly journal: Journal;
  readonly view: SensorView;
  /** Takes in the events of other sensors. */
  readonly intake: Intake;
  /** Names of the sensors that are connected. */
  connectedSensors(): ReadonlySet<string>;
  /** How the service itself is doing. */
  report(): ServiceReport;
  /** Units held by answers that are being sent. */
  heldUnits: number;
}

/** One request. */
export interface Handler {
  /** Who may ask: everyone, or who logged in in that role. */
  readonly access: "anyone" | Role;
  /** How it is written, and what it does. */
  readonly help: string;
  /**
   * Answers.
   * @returns whether the session goes on.
   * @throws {RequestError} before anything was sent.
   */
  run(words: readonly string[], caller: Caller, context: ServiceContext): Promise<boolean>;
}

/** How `AUTH`, which is the server's own, is described. */
const AUTH_HELP = "AUTH name token          log in";

/** Every request but `AUTH`. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["HELP", {
    access: "anyone",
    help: "HELP                     this list",
    run: async (_words, caller) => {
      const lines = [...HANDLERS.values()].filter((handler) => mayRun(handler, caller.role))
        .map(({ help }) => help);
      if (caller.role === undefined) lines.splice(2, 0, AUTH_HELP);
      await sendList(caller, lines);
      return true;
    },
  }],
  ["PING", {
    access: "anyone",
    help: "PING                     is anyone there",
    run: async (_words, caller) => {
      await caller.send(formatOk("PONG"));
      return true;
    },
  }],
  ["QUIT", {
    access: "anyone",
    help: "QUIT                     end the session",
    run: async (_words, caller) => {
      await caller.send(formatOk("Bye"));
      return false;
    },
  }],
  ["STATUS", {
    access: "operator",
    help: "STATUS                   how the sensor is doing",
    run: async (words, caller, { view, report }) => {
      parseSelection(words, []);
      const { journal, ...status } = view.status();
      const { lastSequence, committedSequence, firstSequence, ...rest } = journal;
      await sendList(caller, [JSON.stringify({
        ...status,
        journal: {
          first_sequence: firstSequence,
          last_sequence: lastSequence,
          committed_sequence: committedSequence,
          ...rest,
        },
        service: report(),
      })]);
      return true;
    },
  }],
  ["DECOYS", {
    access: "operator",
    help: "DECOYS                   every decoy: addresses, state, counts",
    run: async (words, caller, { view }) => {
      parseSelection(words, []);
      await sendList(caller, view.decoys().map((decoy) => JSON.stringify(decoy)));
      return true;
    },
  }],
  ["LURES", {
    access: "operator",
    help: "LURES                    every lure: where it is, its password, who took it",
    run: async (words, caller, { view }) => {
      parseSelection(words, []);
      await sendList(caller, view.lures().map((lure) => JSON.stringify(formatLure(lure))));
      return true;
    },
  }],
  ["DEAD-LETTERS", {
    access: "operator",
    help: "DEAD-LETTERS [sink=NAME] [since=ID] [limit=N]   what sinks could not deliver for good",
    run: async (words, caller, { view }) => {
      const { sink, since = 0, limit = LETTERS_LIMIT } = parseSelection(words, LETTERS_OPTIONS);
      const letters = view.deadLetters({
        ...(sink === undefined ? {} : { sink }),
        after: since,
        limit: Math.min(limit, LETTERS_LIMIT),
      });
      await sendList(caller, letters.map((letter) => JSON.stringify(formatLetter(letter))));
      return true;
    },
  }],
  ["REPLAY", {
    access: "operator",
    help: "REPLAY sink              try a sink's dead letters again",
    run: async ([name = ""], caller, { view }) => {
      const report = await view.replay(name);
      if (report === undefined) throw noSink(name);
      await sendList(caller, [JSON.stringify(report)]);
      return true;
    },
  }],
  ["DISCARD", {
    access: "operator",
    help: "DISCARD sink             throw a sink's dead letters away",
    run: async ([name = ""], caller, { view }) => {
      const discarded = view.discard(name);
      if (discarded === undefined) throw noSink(name);
      await sendList(caller, [JSON.stringify({ discarded })]);
      return true;
    },
  }],
  ["EVENTS", {
    access: "operator",
    help: "EVENTS [since=SEQ] [limit=N] [type=A,B] [decoy=A,B] [source=IP] [session=ID] " +
      "[sensor=A,B] [min_severity=N] [from=TIME] [to=TIME]",
    run: async (words, caller, context) => {
      const selection = withOwnSensor(parseSelection(words, EVENTS_OPTIONS), context);
      context.journal.flush();
      const page = await readPage(readerOf(context.journal), selection, {
        maxUnits: pageUnits(context),
        isOver: () => caller.isOver(),
      });
      await sendHeld(caller, context, page);
      return true;
    },
  }],
  ["SESSION", {
    access: "operator",
    help: "SESSION id [since=SEQ]   everything of one session, in order",
    run: async (words, caller, context) => {
      const [id, ...options] = words;
      if (id === undefined || !/^[0-9A-Z]{26}$/.test(id)) {
        throw new RequestError("bad-request", "SESSION needs the id of a session");
      }
      const { since = 0 } = parseSelection(options, ["since"]);
      await sendHeld(caller, context, await readSessionPage(id, since, { caller, context }));
      return true;
    },
  }],
  ["SOURCES", {
    access: "operator",
    help: "SOURCES [limit=N]        who was seen, the last first",
    run: async (words, caller, { journal }) => {
      const { limit = SOURCES_LIMIT } = parseSelection(words, ["limit"]);
      const rows = journal.sources(Math.min(limit, MAX_SOURCES));
      await sendList(
        caller,
        rows.map((row) =>
          JSON.stringify({
            ip: row.ip,
            first_seen: new Date(row.firstSeenMs).toISOString(),
            last_seen: new Date(row.lastSeenMs).toISOString(),
            sessions: row.sessions,
            credentials: row.credentials,
            max_severity: row.maxSeverity,
            decoys: row.decoys,
          })
        ),
      );
      return true;
    },
  }],
  ["TAIL", {
    access: "operator",
    help: "TAIL [since=SEQ] [heartbeat=SECONDS] [filters of EVENTS]   " +
      "events as they come, until a line is sent",
    run: async (words, caller, context) => {
      const selection = withOwnSensor(parseSelection(words, TAIL_OPTIONS), context);
      await tail(context.journal, selection, {
        send: (text) => caller.send(text),
        ended: caller.tailEnd(),
      });
      return true;
    },
  }],
  ["SENSORS", SENSORS],
  ["PUBLISH", PUBLISH],
]);

/**
 * Whether a role may make a request.
 * @param handler the request.
 * @param role of who asks; absent before login.
 */
export function mayRun(handler: Handler, role: Role | undefined): boolean {
  return handler.access === "anyone" || role === handler.access;
}

/** In the journal this sensor has no name. */
function withOwnSensor(selection: Selection, { view }: ServiceContext): Selection {
  const { sensors } = selection.filter;
  if (sensors === undefined) return selection;
  const own = view.status().sensor;
  const names = sensors.map((name) => name === own ? "" : name);
  return { ...selection, filter: { ...selection.filter, sensors: names } };
}

/**
 * Sends a list.
 * @param caller who asked.
 * @param lines in memory already.
 * @param next cursor from which to ask for more.
 */
export async function sendList(
  caller: Caller,
  lines: readonly string[],
  next?: number,
): Promise<void> {
  let chunk = formatListStart(lines.length, next);
  for (const line of lines) {
    chunk += line + "\r\n";
    if (chunk.length < CHUNK_UNITS) continue;
    await caller.send(chunk);
    chunk = "";
  }
  await caller.send(chunk + END_OF_LIST + "\r\n");
}

/** Sends a page, counted as held until it is sent. */
async function sendHeld(
  caller: Caller,
  context: ServiceContext,
  page: { lines: readonly string[]; next?: number },
): Promise<void> {
  const units = page.lines.reduce((sum, line) => sum + line.length, 0);
  context.heldUnits += units;
  try {
    await sendList(caller, page.lines, page.next);
  } finally {
    context.heldUnits -= units;
  }
}

function pageUnits(context: ServiceContext): number {
  return context.heldUnits > PAGE_BUDGET_UNITS ? MIN_PAGE_UNITS : MAX_PAGE_UNITS;
}

/** Reads a session step by step up to the size of a page. */
async function readSessionPage(
  id: string,
  since: number,
  { caller, context }: { caller: Caller; context: ServiceContext },
): Promise<{ lines: string[]; next?: number }> {
  const maxUnits = pageUnits(context);
  const lines: string[] = [];
  let units = 0;
  for (let after = since; !caller.isOver();) {
    const events = context.journal.session(id, SESSION_STEP_EVENTS, after);
    for (const { sequence, json } of events) {
      units += json.length;
      if (units > maxUnits && lines.length > 0) return { lines, next: after };
      lines.push(json);
      after = sequence;
    }
    if (events.length < SESSION_STEP_EVENTS) break;
    await turn();
  }
  return { lines };
}

/** The journal as pages are read from it. */
function readerOf(journal: Journal): EventReader {
  return {
    get readableSequence() {
      return journal.readableSequence;
    },
    firstSequence: () => journal.status().firstSequence,
    read: (after, filter, limit) => journal.read(after, filter, limit),
  };
}

/** A dead letter as it goes over the wire: times as RFC 3339, what was to be delivered as it is. */
function formatLetter({ id, sink, parkedMs, reason, sequence, item }: DeadLetter) {
  const at = new Date(parkedMs).toISOString();
  return { id, sink, parked: at, reason, sequence, ...JSON.parse(item) };
}

function noSink(name: string): RequestError {
  return new RequestError("bad-request", `${JSON.stringify(name)} is no sink: see STATUS`);
}

/** A lure as it goes over the wire: times as RFC 3339. */
function formatLure({ last, ...lure }: LureReport): Record<string, unknown> {
  if (last === undefined) return lure;
  const { sessionId, ip, decoy, timeMs } = last;
  return { ...lure, last: { session: sessionId, ip, decoy, at: new Date(timeMs).toISOString() } };
}
