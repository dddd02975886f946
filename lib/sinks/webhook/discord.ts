/**
 * Discord's webhooks: one embed a message.
 *
 * Bounds (discord.com/developers, "Embed Limits"): title 256, description 4096, 25 fields of 256 and
 * 1024, 6000 in all. Links in embeds get no preview; nobody is ever pinged (`allowed_mentions`). With
 * `wait=true` the answer comes when the message is stored, not before.
 * @module
 */
import { escapeAll, escapeBy, fit } from "../fit_text.ts";
import type { Level } from "../report.ts";
import { pauseOf, type Service } from "./service.ts";

const MAX_TITLE = 256;
/** With five facts of this length and the others, well below 6000. */
const MAX_DESCRIPTION = 2048;
const MAX_VALUE = 600;

/** As RGB. */
const COLOURS: Readonly<Record<Level, number>> = {
  critical: 0xb3001b,
  error: 0xe0301e,
  warning: 0xf2a900,
  info: 0x7a869a,
};

/** Codes of trouble with the webhook, not with this message: a forum that wants a thread, a lost one. */
const NOT_OUR_FAULT: ReadonlySet<unknown> = new Set([
  10_003,
  10_015,
  50_027,
  220_001,
  220_002,
  220_003,
]);

/** A backslash before a sign of Markdown shows it as it is; so with mentions, emoji and times. */
const escape = escapeBy(
  Object.fromEntries([..."\\*_~|>#-+[]()<:@`"].map((sign) => [sign, `\\${sign}`])),
);

/** Preset `discord`. */
export const discord: Service = {
  message: ({ title, summary, facts, command, level, subject }) => ({
    embeds: [{
      title: fit(title, MAX_TITLE, { escape }),
      description: fit(summary, MAX_DESCRIPTION, { escape }),
      color: COLOURS[level],
      timestamp: subject.time,
      fields: [
        ...facts.map(({ label, value }) => ({
          name: label,
          value: fit(value, MAX_VALUE, { escape }),
          inline: false,
        })),
        { name: escapeAll("Look closer", escape), value: `\`${command}\``, inline: false },
      ],
    }],
    allowed_mentions: { parse: [] },
  }),
  locate: (url) => url.searchParams.set("wait", "true"),
  judge: ({ status, json }) => {
    if (status === 429) return { retryable: true, ...pauseOf(json?.retry_after) };
    return status >= 400 && NOT_OUR_FAULT.has(json?.code) ? { retryable: true } : undefined;
  },
};
