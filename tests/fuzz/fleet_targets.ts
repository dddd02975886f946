/**
 * What a collector reads of a sensor, and a sensor of a collector, each against what it promises.
 * @module
 */
import { readForeignEvent } from "../../lib/events/foreign.ts";
import { CommandError } from "../../lib/errors.ts";
import { formatEnrolment, parseEnrolment } from "../../lib/service/enrolment.ts";
import { parseRequest, RequestError } from "../../lib/service/frames.ts";
import {
  formatPublish,
  formatPublishAnswer,
  parsePublish,
  parsePublishAnswer,
} from "../../lib/service/publish_frame.ts";
import { loginEvent, madeEvents } from "../support/made_events.ts";
import { decoded, textSeeds } from "./decoder_targets.ts";
import { type Case, check, join, type Outcome, type Target } from "./target.ts";

const decoder = new TextDecoder();
/** What changes how a terminal shows what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
const NOW_MS = 1_900_000_000_000;

/** Targets of what goes between sensors and collectors. */
export function fleetTargets(): Target[] {
  const events = [...madeEvents(1), loginEvent("r\u00f6ot", 'x"\\\\')].map(({ json }) => json);
  const later = events[0]!.replace('"event":{', '"later":{"a":[{"b":null}]},"event":{');
  return [
    { name: "foreign_event", seeds: textSeeds("events", [...events, later]), run: runEvent },
    { name: "publish_frame", seeds: textSeeds("frames", FRAMES), maxBytes: 4096, run: runFrame },
    { name: "enrolment", seeds: textSeeds("lines", LINES), maxBytes: 4096, run: runEnrolment },
  ];
}

const FRAMES = [
  "PUBLISH version=0.1.0 count=2 bytes=1840",
  `PUBLISH version=0.1.0 count=0 bytes=0 journal=${
    "0f".repeat(16)
  } after=1 upto=9 missing=3 last=9`,
  "40 stored=2 known=0 refused=0:no-json,7:field-@timestamp",
];

const LINES = ["duckblind1-AAAB", "duckblind2-x", `duckblind1-${"A".repeat(64)}`];

function runEvent({ messages }: Case): Outcome {
  const line = join(messages);
  const result = readForeignEvent(line, { sensor: "test", nowMs: NOW_MS });
  if ("refusal" in result) {
    check(
      /^[a-zA-Z0-9@_.-]{1,80}$/.test(result.refusal),
      "a refusal can stand in an answer",
      () => JSON.stringify(result.refusal),
    );
    return decoded(line, 0);
  }
  const { json, sensor, timeMs, severity } = result;
  const parsed = JSON.parse(json);
  check(parsed.observer.name === "test" && sensor === "test", "it is this sensor's", () => json);
  check(
    parsed.event.ingested === new Date(NOW_MS).toISOString(),
    "it says when it came",
    () => json,
  );
  check(timeMs <= NOW_MS && severity >= 0 && severity <= 100, "its columns are sound", () => json);
  check(!UNPRINTABLE.test(json), "nothing in it is hidden", () => JSON.stringify(json));
  const again = readForeignEvent(json, { sensor: "test", nowMs: NOW_MS });
  // What was made visible may have made it too long for another journey.
  check(
    "json" in again ? again.json === json : json.length > 65_536,
    "it stays as it is",
    () => json,
  );
  return decoded(line, 0);
}

function runFrame({ messages }: Case): Outcome {
  const bytes = join(messages);
  const { words } = parseRequest(bytes);
  try {
    const frame = parsePublish(words);
    const again = parsePublish(formatPublish(frame).split(" ").slice(1));
    check(
      JSON.stringify(frame) === JSON.stringify(again),
      "frames are reversible",
      () => JSON.stringify(frame),
    );
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
  }
  const answer = parsePublishAnswer(decoder.decode(bytes));
  if (answer !== undefined) {
    const again = parsePublishAnswer(formatPublishAnswer(answer));
    check(
      JSON.stringify(answer) === JSON.stringify(again),
      "answers are reversible",
      () => JSON.stringify(answer),
    );
  }
  return decoded(bytes, 0);
}

function runEnrolment({ messages }: Case): Outcome {
  const bytes = join(messages);
  try {
    const enrolment = parseEnrolment(decoder.decode(bytes));
    check(
      JSON.stringify(parseEnrolment(formatEnrolment(enrolment))) === JSON.stringify(enrolment),
      "lines are reversible",
      () => JSON.stringify(enrolment),
    );
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    check(!UNPRINTABLE.test(error.message), "its words are printable", () => error.message);
  }
  return decoded(bytes, 0);
}
