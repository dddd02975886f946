/**
 * Bodies for programs: events as they are, digests, templates that are filled in.
 *
 * An event that is told alone is its JSON, byte for byte. Any other notice is
 * `{"notice":{"reason","count","actions","group","from","to"},"event":{...}}`. A template has the
 * fields of the ECS event, and below `notice` those, `title` and `text`.
 * @module
 */
import { encodeAs, type EncodingName, toObject } from "../../events/encoders/encoder.ts";
import type { Notice } from "../sink.ts";
import { formatTime, plainText, reportOf } from "../report.ts";
import { fillTemplate, type Template } from "./template.ts";

/** A body and what it is. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** How bodies are made. */
export interface BodyOptions {
  readonly format: EncodingName;
  /** Takes the place of `format`. */
  readonly template: Template | undefined;
  /** Whether a body is a list, also of one. */
  readonly isList: boolean;
}

const encoder = new TextEncoder();

/**
 * Makes the body of a call.
 * @param notices of that call, at least one; more only for a list.
 * @param options how.
 */
export function bodyOf(notices: readonly Notice[], options: BodyOptions): Body {
  const { format, template, isList } = options;
  if (format === "cef" && template === undefined) {
    const text = notices.map(cefOf).join("\n");
    return { bytes: encoder.encode(text), contentType: "text/plain; charset=utf-8" };
  }
  const items = notices.map((notice) =>
    template === undefined ? wrap(notice, format) : JSON.stringify(fill(notice, template))
  );
  return jsonBody(isList ? `[${items.join(",")}]` : items.join(""));
}

/**
 * A body of JSON.
 * @param text that it is.
 */
export function jsonBody(text: string): Body {
  return { bytes: encoder.encode(text), contentType: "application/json" };
}

function wrap(notice: Notice, format: EncodingName): string {
  const event = encodeAs(format, notice.event);
  return notice.reason === "event"
    ? event
    : `{"notice":${JSON.stringify(factsOf(notice))},"event":${event}}`;
}

/** CEF has a field of its own for how many events a line stands for. */
function cefOf(notice: Notice): string {
  const line = encodeAs("cef", notice.event);
  return notice.reason === "event" ? line : `${line} cnt=${notice.count}`;
}

function fill(notice: Notice, template: Template): unknown {
  const report = reportOf(notice);
  return fillTemplate(template, {
    ...toObject("ecs", notice.event),
    notice: { ...factsOf(notice), title: report.title, text: plainText(report) },
  });
}

function factsOf({ reason, count, actions, group, fromMs, toMs }: Notice) {
  return { reason, count, actions, group, from: formatTime(fromMs), to: formatTime(toMs) };
}
