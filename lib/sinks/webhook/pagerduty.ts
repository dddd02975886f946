/**
 * PagerDuty's Events API v2: alerts.
 *
 * `summary` has 1024 characters at most, `dedup_key` 255. What belongs to a group of notices goes to
 * one alert, as long as that is open.
 * @module
 */
import { fit } from "../fit_text.ts";
import type { Subject } from "../report.ts";
import type { Service } from "./service.ts";

const MAX_SUMMARY = 1024;
const MAX_KEY = 255;
const MAX_NAME = 255;

/** Preset `pagerduty`. */
export const pagerduty: Service = {
  message: ({ title, summary, facts, command, level, subject }, { routingKey }) => ({
    routing_key: routingKey,
    event_action: "trigger",
    dedup_key: fit(keyOf(subject), MAX_KEY),
    client: "Duckblind",
    payload: {
      summary: fit(`${title}: ${summary}`, MAX_SUMMARY),
      source: nameOr(subject.sensor, "duckblind"),
      severity: level,
      timestamp: subject.time,
      component: nameOr(subject.decoy, "unknown"),
      group: nameOr(subject.source || subject.sensor, "unknown"),
      class: nameOr(subject.action, "unknown"),
      custom_details: {
        ...Object.fromEntries(facts.map(({ label, value }) => [label.toLowerCase(), value])),
        command,
      },
    },
  }),
  // The key is wrong or gone: another message would not help, another key would.
  judge: ({ status, text }) =>
    status === 400 && /routing[_ ]key/i.test(text) ? { retryable: true } : undefined,
};

/** What belongs together has one key: a group, or else an event, by its id or what is known of it. */
function keyOf({ id, sensor, group, action, time }: Subject): string {
  if (group !== "") return `duckblind/${sensor}/${group}`;
  return id || `duckblind/${sensor}/${action}/${time}`;
}

/** A name, where PagerDuty wants one. */
function nameOr(name: string, otherwise: string): string {
  return fit(name || otherwise, MAX_NAME);
}
