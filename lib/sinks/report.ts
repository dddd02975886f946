/**
 * A notice in words: what people read in a chat, on a phone, in the middle of the night.
 *
 * Everything is short and bounded. Texts may hold what an intruder chose; addresses of the web in them
 * are broken (`http[:]//`), so that neither a reader nor a service that fetches previews opens them:
 * the intruder would see it. Each service's own markup is neutralised where its messages are made.
 * @module
 */
import { toObject } from "../events/encoders/encoder.ts";
import { escapeHidden } from "../net/escape.ts";
import type { Notice } from "./sink.ts";
import { fit } from "./fit_text.ts";

/** Longest text that an intruder chose, in a fact. */
const MAX_CHOSEN = 160;
/** Longest fact and longest title. */
const MAX_FACT = 400;
const MAX_TITLE = 140;
/** Longest description; `message` of an event has 1 KiB at most. */
const MAX_SUMMARY = 1024;
/** Longest name: an address and a decoy. */
const MAX_NAME = 110;
/** Kinds of actions named in a digest. */
const MAX_ACTIONS = 8;

/** How bad it is, in the words of PagerDuty, which fit the others too. */
export type Level = "info" | "warning" | "error" | "critical";

/** Lowest severity of each level. */
const LEVELS: readonly (readonly [severity: number, level: Level])[] = [
  [90, "critical"],
  [70, "error"],
  [40, "warning"],
  [0, "info"],
];

/** A line of a message. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** A message in words. */
export interface Report {
  readonly severity: number;
  readonly level: Level;
  readonly title: string;
  /** What happened. */
  readonly summary: string;
  /** Who, where, when, with what, how often; those that there are. */
  readonly facts: readonly Fact[];
  /** The command that shows more: our own words and ids only. */
  readonly command: string;
  readonly subject: Subject;
}

/** What a report is about, for services that sort by it. */
export interface Subject {
  /** `event.id`. */
  readonly id: string;
  readonly action: string;
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly decoy: string;
  readonly source: string;
  readonly sensor: string;
  /** What the events have in common; empty for none. */
  readonly group: string;
}

/**
 * Puts a notice in words.
 * @param notice to tell.
 */
export function reportOf(notice: Notice): Report {
  const { event, group } = notice;
  const fields = toObject("ecs", event);
  return {
    severity: event.severity,
    level: levelOf(event.severity),
    title: defang(fit(`Duckblind: ${describeReason(notice)}`, MAX_TITLE)),
    summary: fit(defang(textAt(fields, "message") || plainName(event.action)), MAX_SUMMARY),
    facts: factsOf(notice, fields).filter(({ value }) => value !== "")
      .map(({ label, value }) => ({ label, value: fit(defang(value), MAX_FACT) })),
    command: commandFor(notice),
    subject: {
      id: textAt(fields, "event", "id"),
      action: plainName(event.action),
      time: formatTime(event.timeMs),
      decoy: plainName(event.decoy),
      source: plainName(event.source),
      sensor: plainName(textAt(fields, "observer", "name")),
      group: plainName(group),
    },
  };
}

/**
 * A report as lines of plain text.
 * @param report to write.
 */
export function plainText({ summary, facts, command }: Report): string {
  return [summary, ...facts.map(({ label, value }) => `${label}: ${value}`), command].join("\n");
}

/**
 * RFC 3339 in UTC, with ms.
 * @param ms since 1970.
 */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * How bad a severity is.
 * @param severity 0 to 100.
 */
export function levelOf(severity: number): Level {
  return LEVELS.find(([lowest]) => severity >= lowest)?.[1] ?? "info";
}

function describeReason({ reason, event, count, group }: Notice): string {
  const what = plainName(event.action).replaceAll("-", " ") +
    (event.source === "" ? "" : ` on ${plainName(event.decoy)}`);
  switch (reason) {
    case "event":
    case "first":
      return `${what}, severity ${event.severity}`;
    case "digest":
      return `${count} more of ${plainName(group)}, up to severity ${event.severity}`;
    case "capped":
      return count === 1
        ? `${what}; the hour's messages are used up, what follows is held back`
        : `${count} held back, as the hour's messages were used up`;
  }
}

function factsOf(notice: Notice, fields: unknown): Fact[] {
  const { count, reason } = notice;
  const user = textAt(fields, "user", "name");
  const source = endpointAt(fields, "source");
  return [
    { label: "Who", value: source + (user === "" ? "" : ` as ${quote(user)}`) },
    { label: "Where", value: describePlace(notice, fields) },
    { label: "When", value: describeTime(notice) },
    { label: "Credential", value: describeCredential(fields) },
    {
      label: "Events",
      value: count === 1 && reason !== "digest" ? "" : describeActions(notice),
    },
  ];
}

function describePlace({ event: { decoy, source } }: Notice, fields: unknown): string {
  const kind = textAt(fields, "duckblind", "decoy", "kind");
  const plain = plainName(decoy);
  const name = kind === "" || kind === decoy ? plain : `${plain} (${kind})`;
  const destination = endpointAt(fields, "destination");
  const sensor = textAt(fields, "observer", "name");
  return [
    source === "" ? "" : destination === "" ? name : `${name} at ${destination}`,
    sensor === "" ? "" : `sensor ${sensor}`,
  ].filter(Boolean).join(", ");
}

function describeTime({ fromMs, toMs }: Notice): string {
  const [from, to] = [fromMs, toMs].map((ms) => formatTime(ms).slice(0, 19).replace("T", " "));
  if (from === to) return `${from} UTC`;
  const isSameDay = from!.slice(0, 10) === to!.slice(0, 10);
  return `${from} to ${isSameDay ? to!.slice(11) : to} UTC`;
}

function describeCredential(fields: unknown): string {
  const at = (...path: string[]) => textAt(fields, "duckblind", "credential", ...path);
  const method = at("method");
  if (method === "" || method === "none") return "";
  if (at("password") !== "") return `${method} ${quote(at("password"))}`;
  if (at("hash") !== "") return `${method} ${fit(at("hash"), MAX_CHOSEN)}`;
  return [method, fit(at("public_key", "sha256"), MAX_CHOSEN)].filter(Boolean).join(" ");
}

function describeActions({ count, actions }: Notice): string {
  const all = Object.entries(actions).sort(([, a], [, b]) => b - a);
  const shown = all.slice(0, MAX_ACTIONS).map(([action, n]) => `${n} ${plainName(action)}`);
  const rest = all.length - shown.length;
  return `${count}: ${shown.join(", ")}` + (rest > 0 ? ` and ${rest} kinds more` : "");
}

/** The way to look closer. Nothing but ids and addresses of the host's own making gets into it. */
function commandFor({ reason, event, group, fromMs }: Notice): string {
  const source = /^[0-9a-fA-F.:]{2,45}$/.test(event.source) ? event.source : "";
  const isOfSource = reason === "digest" && source !== "" &&
    (group === source || group.startsWith(`${source} `));
  if (reason === "capped") return `duckblind events --from ${formatTime(fromMs)}`;
  if (isOfSource) return `duckblind events --source ${source}`;
  if (/^[0-9A-Z]{26}$/.test(event.session)) return `duckblind session ${event.session}`;
  if (source !== "") return `duckblind events --source ${source}`;
  return `duckblind events --from ${formatTime(event.timeMs)}`;
}

/** A name that some sensor gave, without signs that a service could take for markup. */
function plainName(text: string): string {
  return fit(defang(text.replaceAll(/[^\w.: -]/g, "?")), MAX_NAME);
}

/** Breaks addresses of the web. */
function defang(text: string): string {
  return text.replaceAll("://", "[:]//").replaceAll(
    /www\./gi,
    (word) => `${word.slice(0, 3)}[.]`,
  );
}

function quote(text: string): string {
  return `"${fit(text, MAX_CHOSEN)}"`;
}

function endpointAt(fields: unknown, name: string): string {
  const ip = textAt(fields, name, "ip");
  const port = textAt(fields, name, "port");
  if (ip === "" || port === "") return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/**
 * A field as text; empty when there is none. What this sensor tells has nothing hidden in it, but
 * events of other sensors come through here too.
 */
function textAt(fields: unknown, ...path: string[]): string {
  let value = fields;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return "";
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === "string" || typeof value === "number" ? escapeHidden(String(value)) : "";
}
