/**
 * Topics of events.
 * @module
 */
import type { WireEvent } from "../../events/encoders/wire_event.ts";

/** What a template may have in braces. */
export const TOPIC_PLACEHOLDERS = ["sensor", "action", "decoy", "kind", "severity"] as const;

type Placeholder = typeof TOPIC_PLACEHOLDERS[number];

const PLACEHOLDER = /\{([a-z]+)\}/g;
/** What may not be in a level that is filled in: wildcards, the separator, what is not shown. */
const FORBIDDEN = /[+#/\p{C}\p{Zl}\p{Zp}]/gu;
/** Longest level that is filled in, in characters. */
const MAX_LEVEL = 128;

/**
 * Whether a text can be a template.
 * @param text such as `duckblind/{sensor}/{action}`.
 * @returns false for wildcards, controls, a `$` in front and unknown placeholders: MQTT 3.1.1 §4.7.
 */
export function isTopicTemplate(text: string): boolean {
  const rest = text.replaceAll(
    PLACEHOLDER,
    (whole, name) => TOPIC_PLACEHOLDERS.includes(name) ? "" : whole,
  );
  return text !== "" && !text.startsWith("$") && !/[+#{}\p{C}]/u.test(rest);
}

/**
 * Fills a template in.
 * @param template that `isTopicTemplate` takes.
 * @param event whose topic it is to be. A character that would be another level or a wildcard becomes
 * `_`, and so does a level of nothing.
 */
export function topicOf(template: string, event: WireEvent): string {
  const topic = template.replaceAll(PLACEHOLDER, (_whole, name: Placeholder) => {
    const value = name === "decoy" ? event.provider : event[name];
    const level = String(value).replaceAll(FORBIDDEN, "_");
    return Array.from(level).slice(0, MAX_LEVEL).join("") || "_";
  });
  // Topics that begin with it are the broker's own.
  return topic.replace(/^\$/, "_");
}
