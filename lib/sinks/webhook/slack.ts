/**
 * Slack's incoming webhooks: Block Kit messages of plain text.
 *
 * Bounds (docs.slack.dev, Block Kit): a header 150 characters, a section's text 3000, its ten fields
 * 2000 each. `plain_text` knows no markup and, with `emoji: false`, no emoji; `&`, `<` and `>` are
 * entities in every text. `text` is what notifications show, and is markup where there are no blocks.
 * @module
 */
import { escapeBy, fit } from "../fit_text.ts";
import type { Service } from "./service.ts";
import { isSuccess } from "./service.ts";

const MAX_HEADER = 150;
const MAX_TEXT = 3000;
const MAX_FIELD = 2000;
/** Longest text of a notification; Slack cuts at 40,000. */
const MAX_FALLBACK = 1000;

/** Words by which this very message is refused; all others are about the channel or the URL. */
const REFUSALS: ReadonlySet<string> = new Set([
  "invalid_payload",
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_attachments",
  "missing_text_or_fallback_or_attachments",
  "msg_blocks_too_long",
  "msg_too_long",
  "no_text",
  "too_many_attachments",
]);

const escape = escapeBy({ "&": "&amp;", "<": "&lt;", ">": "&gt;" });

/** Preset `slack`. */
export const slack: Service = {
  message: ({ title, summary, facts, command }) => ({
    text: fit(`${title}: ${summary}`, MAX_FALLBACK, { escape }),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: "header", text: plain(title, MAX_HEADER) },
      { type: "section", text: plain(summary, MAX_TEXT) },
      {
        type: "section",
        fields: facts.map(({ label, value }) => plain(`${label}: ${value}`, MAX_FIELD)),
      },
      { type: "context", elements: [plain(command, MAX_FIELD)] },
    ],
  }),
  judge: ({ status, text, json }) => {
    // Incoming webhooks answer a word, workflows and the Web API an object.
    const word = json === undefined ? text.trim() : json.ok === false ? String(json.error) : "ok";
    if (!/^[a-z_]{2,64}$/.test(word)) return undefined;
    if (isSuccess(status)) {
      return word === "ok" ? "delivered" : { retryable: !REFUSALS.has(word) };
    }
    return status < 500 && status !== 429 ? { retryable: !REFUSALS.has(word) } : undefined;
  },
};

function plain(text: string, max: number) {
  return { type: "plain_text", text: fit(text, max, { escape }), emoji: false };
}
