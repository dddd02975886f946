/**
 * ArcSight's Common Event Format, `CEF:0`.
 *
 * ```text
 * CEF:0|Duckblind|Duckblind|VERSION|ACTION|NAME|SEVERITY|key=value key=value ...
 * ```
 * Keys are those of the format's dictionary, with the lengths that it allows; what has no key of its own
 * is in `cs1` to `cs6` and `cn1` to `cn3`, with labels. `README.md` has the table.
 *
 * Source: "Implementing ArcSight Common Event Format", version 25: in the header `\` and `|` are
 * escaped, in values `\` and `=`; neither has an end of a line in it.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeHidden } from "../../net/escape.ts";
import { boundText } from "../bound.ts";
import { MAX_EVENT_BYTES } from "../fields.ts";
import type { WireEvent } from "./wire_event.ts";

/** Longest values, in bytes: the dictionary's lengths. */
const MAX_BYTES = {
  app: 31,
  cat: 1023,
  cs: 4000,
  deviceExternalId: 255,
  externalId: 40,
  fileHash: 255,
  fileType: 1023,
  fname: 1023,
  message: 1023,
  outcome: 63,
  reason: 1023,
  request: 1023,
  service: 1023,
  user: 1023,
} as const;

/** Longest field of the header, in bytes. */
const MAX_HEADER_BYTES = 255;

/** By what a client can be known again, or its password be guessed: `cs3`. */
const FINGERPRINTS = [
  ["Password hash", "duckblind", "credential", "hash"],
  ["Public key", "duckblind", "credential", "public_key", "sha256"],
  ["HASSH", "duckblind", "ssh", "hassh"],
  ["JA4", "duckblind", "tls", "ja4"],
  ["Body SHA-256", "duckblind", "http", "body_sha256"],
] as const;

/** The one thing that tells most of an event of its kind: `cs5`. */
const DETAILS = [
  ["Lure", "duckblind", "lure", "id"],
  ["Credential method", "duckblind", "credential", "method"],
  ["Limit", "duckblind", "limit", "name"],
  ["Client version", "duckblind", "ssh", "client_version"],
  ["Server name", "tls", "client", "server_name"],
  ["Terminal", "duckblind", "telnet", "terminal_type"],
  ["Sensor", "duckblind", "fleet", "sensor"],
  ["Sink", "duckblind", "sink", "name"],
  ["Component", "duckblind", "sensor", "component"],
] as const;

/** Values that need no escapes: most of them. */
const PLAIN = /^(?! )[\x20-\x3c\x3e-\x5b\x5d-\x7e]*(?<! )$/;

/**
 * Makes the CEF line of an event.
 * @param event any.
 * @returns one line without its end, at most `MAX_EVENT_BYTES` long: values that do not fit are left
 * out, the least important ones first.
 */
export function encodeCef(event: WireEvent): string {
  const version = event.text("observer", "version") ?? "";
  const header = ["CEF:0", "Duckblind", "Duckblind", version, event.action, nameOf(event.action)];
  const severity = Math.round(event.severity / 10);
  const extension = new Extension();
  addCommon(extension, event);
  addOwn(extension, event);
  const [first, ...fields] = header;
  return `${first}|${fields.map(escapeHeader).join("|")}|${severity}|${extension.finish()}`;
}

/** `credential-attempt` as `Credential attempt`. */
function nameOf(action: string): string {
  return action.charAt(0).toUpperCase() + action.slice(1).replaceAll("-", " ");
}

/** Collects keys and values as far as they fit. */
class Extension {
  #text = "";
  #roomBytes = MAX_EVENT_BYTES - 8 * MAX_HEADER_BYTES;
  #cut = 0;

  /** Adds a text, cut to `maxBytes`; an empty one is left out. */
  text(key: string, value: string | undefined, maxBytes: number): void {
    if (value === undefined || value === "") return;
    const { text, fullBytes } = boundText(escapeHidden(value), maxBytes);
    if (fullBytes !== undefined) this.#cut++;
    this.#add(key, escapeValue(text));
  }

  number(key: string, value: number | undefined): void {
    if (value !== undefined) this.#add(key, String(value));
  }

  /** Adds a text to a field of free use, with its label. */
  labelled(key: string, label: string, value: string | undefined): void {
    if (value === undefined || value === "") return;
    this.text(key, value, MAX_BYTES.cs);
    this.#add(`${key}Label`, label);
  }

  /** Adds a number likewise. */
  counted(key: string, label: string, value: number | undefined): void {
    if (value === undefined) return;
    this.number(key, value);
    this.#add(`${key}Label`, label);
  }

  finish(): string {
    if (this.#cut > 0) this.counted("cn3", "Values cut", this.#cut);
    return this.#text;
  }

  #add(key: string, escaped: string): void {
    const pair = `${this.#text === "" ? "" : " "}${key}=${escaped}`;
    const bytes = Buffer.byteLength(pair);
    if (bytes > this.#roomBytes) {
      this.#cut++;
      return;
    }
    this.#roomBytes -= bytes;
    this.#text += pair;
  }
}

/** What most events have. */
function addCommon(extension: Extension, event: WireEvent): void {
  extension.number("rt", event.timeMs);
  extension.text("externalId", event.text("event", "id"), MAX_BYTES.externalId);
  extension.text("deviceExternalId", event.sensor, MAX_BYTES.deviceExternalId);
  extension.text("src", event.source, MAX_HEADER_BYTES);
  extension.number("spt", event.number("source", "port"));
  extension.text("dst", event.text("destination", "ip"), MAX_HEADER_BYTES);
  extension.number("dpt", event.number("destination", "port"));
  if (event.source !== undefined) {
    extension.text("proto", "TCP", MAX_BYTES.app);
    extension.text("app", event.kind, MAX_BYTES.app);
    extension.number("deviceDirection", 0);
  }
  extension.text("destinationServiceName", event.provider, MAX_BYTES.service);
  extension.text("cat", event.texts("event", "category")?.join(","), MAX_BYTES.cat);
  extension.text("act", actOf(event), MAX_BYTES.outcome);
  extension.text("outcome", event.text("event", "outcome"), MAX_BYTES.outcome);
  extension.text("msg", event.message, MAX_BYTES.message);
  extension.labelled("cs1", "Session", event.session);
  const techniques = event.texts("threat", "technique", "id")?.join(",");
  extension.labelled("cs6", "ATT&CK technique", techniques);
}

/** What the device did: a decoy refuses, or only looks on. */
function actOf(event: WireEvent): string {
  return event.texts("event", "type")?.includes("denied") ? "denied" : "observed";
}

/** What only some events have. */
function addOwn(extension: Extension, event: WireEvent): void {
  extension.text("suser", event.text("user", "name"), MAX_BYTES.user);
  extension.text("sntdom", event.text("user", "domain"), MAX_HEADER_BYTES);
  extension.text("requestMethod", event.text("http", "request", "method"), MAX_BYTES.user);
  extension.text("request", event.text("url", "original"), MAX_BYTES.request);
  extension.text(
    "requestClientApplication",
    event.text("user_agent", "original"),
    MAX_BYTES.request,
  );
  extension.text("fname", event.text("file", "name"), MAX_BYTES.fname);
  extension.number("fsize", event.number("file", "size"));
  extension.text("fileHash", event.text("file", "hash", "sha256"), MAX_BYTES.fileHash);
  extension.text("fileType", event.text("file", "mime_type"), MAX_BYTES.fileType);
  extension.number("in", event.number("source", "bytes"));
  extension.number("out", event.number("destination", "bytes"));
  extension.text("reason", reasonOf(event), MAX_BYTES.reason);
  extension.labelled("cs2", "Password", passwordOf(event));
  extension.labelled("cs3", ...firstOf(event, FINGERPRINTS));
  extension.labelled("cs4", "Command", event.text("process", "command_line"));
  extension.labelled("cs5", ...firstOf(event, DETAILS));
  extension.counted("cn1", "Status code", event.number("http", "response", "status_code"));
  const durationNs = event.number("event", "duration");
  extension.counted(
    "cn2",
    "Duration in ms",
    durationNs === undefined ? undefined : Math.round(durationNs / 1e6),
  );
}

function reasonOf(event: WireEvent): string | undefined {
  return event.text("duckblind", "session", "reason") ?? event.text("event", "reason") ??
    event.text("duckblind", "protocol", "expected");
}

function passwordOf(event: WireEvent): string | undefined {
  const clear = event.text("duckblind", "credential", "password");
  if (clear !== undefined) return clear;
  const salted = event.text("duckblind", "credential", "password_sha256");
  return salted === undefined ? undefined : `<salted SHA-256 ${salted}>`;
}

/** The first text that an event has, with its label; without one there is nothing to tell. */
function firstOf(
  event: WireEvent,
  places: readonly (readonly [label: string, ...path: string[]])[],
): [label: string, value: string | undefined] {
  for (const [label, ...path] of places) {
    const value = event.text(...path);
    if (value !== undefined) return [label, value];
  }
  return ["", undefined];
}

/** A field of the header: `\` and `|` escaped. */
function escapeHeader(text: string): string {
  return boundText(escapeHidden(text), MAX_HEADER_BYTES).text.replace(/[\\|]/g, "\\$&");
}

/**
 * A value of the extension: `\` and `=` escaped. Line ends, of which the format knows an escape too, are
 * `escapeHidden`'s by now. Spaces at either end, which readers take for what stands between values, are
 * written in its way.
 */
function escapeValue(text: string): string {
  if (PLAIN.test(text)) return text;
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === " ") start++;
  while (end > start && text[end - 1] === " ") end--;
  const [before, after] = [start, text.length - end].map((count) => "\\x20".repeat(count));
  return (before + text.slice(start, end) + after).replace(/[\\=]/g, "\\$&");
}
