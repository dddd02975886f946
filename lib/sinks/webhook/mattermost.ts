/**
 * Mattermost's incoming webhooks: one attachment a message.
 *
 * Attachments are Markdown and may mention people, and `<!here>` and `<@name>` of Slack are translated
 * into mentions, with no way to forbid it. So signs of Markdown get a backslash, and a zero-width space
 * follows `@` and `<`, which makes names of nobody. Old servers take 7900 bytes of attachments.
 * @module
 */
import { escapeBy, fit } from "../fit_text.ts";
import type { Level } from "../report.ts";
import { isSuccess, type Service } from "./service.ts";

const MAX_TITLE = 250;
const MAX_TEXT = 1500;
const MAX_VALUE = 500;

const COLOURS: Readonly<Record<Level, string>> = {
  critical: "#b3001b",
  error: "#e0301e",
  warning: "#f2a900",
  info: "#7a869a",
};

/** Ids of trouble with the webhook or its channel, not with this message. */
const NOT_OUR_FAULT = /^web\.incoming_webhook\.(?:channel|disabled|invalid|permissions|user)\b/;

const ZERO_WIDTH_SPACE = "\u200b";

const escape = escapeBy({
  ...Object.fromEntries([..."\\`*{}[]()#+-.!_>~|"].map((sign) => [sign, `\\${sign}`])),
  "&": "&amp;", // or else `&#64;` would be a way to write `@`
  "@": `@${ZERO_WIDTH_SPACE}`,
  "<": `<${ZERO_WIDTH_SPACE}`,
  ":": `:${ZERO_WIDTH_SPACE}`, // no emoji
});

/** Preset `mattermost`. */
export const mattermost: Service = {
  message: ({ title, summary, facts, command, level }) => ({
    attachments: [{
      fallback: fit(`${title}: ${summary}`, MAX_TITLE, { escape }),
      color: COLOURS[level],
      title: fit(title, MAX_TITLE, { escape }),
      text: fit(summary, MAX_TEXT, { escape }),
      fields: [
        ...facts.map(({ label, value }) => ({
          title: label,
          value: fit(value, MAX_VALUE, { escape }),
          short: false,
        })),
        { title: "Look closer", value: `\`${command}\``, short: false },
      ],
    }],
  }),
  judge: ({ status, json }) =>
    !isSuccess(status) && NOT_OUR_FAULT.test(String(json?.id)) ? { retryable: true } : undefined,
};
