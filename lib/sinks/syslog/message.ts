/**
 * An event as a syslog message: RFC 5424.
 *
 * ```text
 * <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG
 * ```
 *
 * Structured data has `origin` and `meta`, which everybody may use: an id of one's own needs an `@` and
 * an enterprise number registered with IANA. This project has none, and the one that documents use,
 * 32473, must not be sent (RFC 5612); so `duckblind@NUMBER` is there only where the operator has a
 * number. MSG has no byte order mark unless asked for: RFC 5424 §6.4 wants one before UTF-8, but rsyslog
 * leaves it there, and then the JSON behind it is none (RFC 8259 §8.1).
 * @module
 */
import { Buffer } from "node:buffer";
import type { SensorEvent } from "../../events/emitter.ts";
import { encodeAs, type EncodingName } from "../../events/encoders/encoder.ts";
import { WireEvent } from "../../events/encoders/wire_event.ts";
import { FACILITIES, type Facility } from "./facilities.ts";
import { fitJson, fitText } from "./fit.ts";

/** What the messages of a sink have in common. */
export interface MessageOptions {
  readonly facility: Facility;
  readonly format: EncodingName | "text";
  /** Of the operator, for `duckblind@NUMBER`; 0 for none. */
  readonly enterprise_number: number;
  readonly bom: boolean;
  /** Longest message, in bytes. */
  readonly max_message_bytes: number;
}

/** Lowest `event.severity` of each severity of syslog: RFC 5424 §6.2.1, from alert to notice. */
const SEVERITIES = [[90, 1], [70, 2], [60, 3], [40, 4], [20, 5]] as const;
const INFORMATIONAL = 6;

/** Longest fields of the header, in characters: RFC 5424 §6. */
const MAX_HOSTNAME = 255;
const MAX_MSGID = 32;
/** Longest value of `origin`'s `swVersion`: RFC 5424 §7.2.4. */
const MAX_VERSION = 32;
/** Longest value in structured data of our own, in characters. */
const MAX_VALUE = 128;
/** Numbers of messages go up to here, and then begin anew: RFC 5424 §7.3.1. */
const MAX_SEQUENCE_ID = 2_147_483_647;

const BOM = "\ufeff";

/**
 * Makes a message.
 * @param event what happened.
 * @param number how many messages the sink has sent with this one.
 * @param options what all have in common.
 * @returns at most `max_message_bytes` bytes. MSG is cut to that: of JSON, long texts and lists are
 * shortened and `tags` says `truncated`; other forms lose their end.
 */
export function formatMessage(
  event: SensorEvent,
  number: number,
  options: MessageOptions,
): Uint8Array {
  const wire = new WireEvent(event);
  const priority = 8 * FACILITIES[options.facility] + severityOf(wire.severity);
  const head = `<${priority}>1 ${new Date(wire.timeMs).toISOString()} ` +
    `${printable(wire.sensor, MAX_HOSTNAME)} duckblind - ${printable(wire.action, MAX_MSGID)} ` +
    structuredData(wire, number, options) + " " + (options.bom ? BOM : "");
  const room = Math.max(0, options.max_message_bytes - Buffer.byteLength(head));
  return Buffer.from(head + messageText(event, wire, options.format, room));
}

/**
 * The severity of syslog.
 * @param severity `event.severity`, 0 to 100.
 * @returns alert (1) from 90, critical (2) from 70, error (3) from 60, warning (4) from 40, notice (5)
 * from 20, else informational (6).
 */
export function severityOf(severity: number): number {
  return SEVERITIES.find(([least]) => severity >= least)?.[1] ?? INFORMATIONAL;
}

function messageText(
  event: SensorEvent,
  wire: WireEvent,
  format: MessageOptions["format"],
  room: number,
): string {
  const text = format === "text" ? oneLine(wire.message) : encodeAs(format, event);
  if (Buffer.byteLength(text) <= room) return text;
  return format === "text" || format === "cef" ? fitText(text, room) : fitJson(text, room);
}

function structuredData(wire: WireEvent, number: number, options: MessageOptions): string {
  const version = wire.text("observer", "version") ?? "";
  const origin = element("origin", [
    ["software", "Duckblind"],
    ["swVersion", version.slice(0, MAX_VERSION)],
  ]);
  const sequenceId = (number - 1) % MAX_SEQUENCE_ID + 1;
  const meta = element("meta", [["sequenceId", String(sequenceId)]]);
  const { enterprise_number } = options;
  if (enterprise_number === 0) return origin + meta;
  return origin + meta + element(`duckblind@${enterprise_number}`, [
    ["id", wire.text("event", "id")],
    ["sequence", String(wire.columns.sequence)],
    ["severity", String(wire.severity)],
    ["decoy", wire.provider],
    ["src", wire.source],
    ["spt", wire.number("source", "port")?.toString()],
    ["dst", wire.text("destination", "ip")],
    ["dpt", wire.number("destination", "port")?.toString()],
    ["session", wire.session],
    ["user", wire.text("user", "name")],
    ["outcome", wire.text("event", "outcome")],
  ]);
}

/** One element; what is not known is left out. */
function element(
  id: string,
  parameters: readonly (readonly [string, string | undefined])[],
): string {
  const known = parameters.filter(([, value]) => value !== undefined && value !== "");
  return `[${id}${known.map(([name, value]) => ` ${name}="${escapeValue(value!)}"`).join("")}]`;
}

/** RFC 5424 §6.3.3: `"`, `\` and `]` get a backslash. */
function escapeValue(value: string): string {
  return oneLine(Array.from(value).slice(0, MAX_VALUE).join("")).replaceAll(/["\\\]]/g, "\\$&");
}

/** Printable ASCII without spaces, as fields of the header must be; `-` for nothing. */
function printable(text: string, most: number): string {
  return text.replaceAll(/[^\x21-\x7e]/gu, "_").slice(0, most) || "-";
}

/** Without controls: our own texts have none, those of other sensors may. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ").toWellFormed();
}
