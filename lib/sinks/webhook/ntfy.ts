/**
 * ntfy: messages published as JSON, at the root of the server.
 *
 * A message has 4096 bytes at most, beyond which it becomes a file. It is plain text.
 * @module
 */
import { fit } from "../fit_text.ts";
import { plainText } from "../report.ts";
import type { Service } from "./service.ts";

const MAX_MESSAGE_BYTES = 4096;
const MAX_TITLE_BYTES = 250;

/** Priority from which severity on: 5 rings, 1 makes no sound. */
const PRIORITIES: readonly (readonly [severity: number, priority: number])[] = [
  [90, 5],
  [70, 4],
  [40, 3],
  [20, 2],
  [0, 1],
];

/** Codes for a topic that cannot be used, which another message would not change. */
const NOT_OUR_FAULT: ReadonlySet<unknown> = new Set([40_009, 40_010]);

/** Preset `ntfy`. */
export const ntfy: Service = {
  message: (report, { topic }) => ({
    topic,
    title: fit(report.title, MAX_TITLE_BYTES, { inBytes: true }),
    message: fit(plainText(report), MAX_MESSAGE_BYTES, { inBytes: true }),
    priority: PRIORITIES.find(([lowest]) => report.severity >= lowest)?.[1] ?? 1,
    tags: [report.level],
    markdown: false,
  }),
  judge: ({ status, json }) =>
    status === 400 && NOT_OUR_FAULT.has(json?.code) ? { retryable: true } : undefined,
};
