/**
 * What the services' documentations demand of a message, as JSON Schemas in our own words. Lengths are
 * those of Unicode characters here; tests look at UTF-16 units, bytes and totals besides.
 * @module
 */

const text = (maxLength: number) => ({ type: "string", minLength: 1, maxLength });
const object = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  additionalProperties: false,
});
const list = (items: unknown, minItems: number, maxItems: number) => ({
  type: "array",
  items,
  minItems,
  maxItems,
});
const time = {
  type: "string",
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$",
};

/** A text object of Block Kit that knows no markup. */
const plainText = (maxLength: number) =>
  object({
    type: { const: "plain_text" },
    text: text(maxLength),
    emoji: { const: false },
  });

/** docs.slack.dev: incoming webhooks; blocks header, section, context; text object. */
const slack = object({
  text: text(40_000),
  mrkdwn: { const: false },
  unfurl_links: { const: false },
  unfurl_media: { const: false },
  blocks: list(
    {
      oneOf: [
        object({ type: { const: "header" }, text: plainText(150) }),
        object({ type: { const: "section" }, text: plainText(3000) }),
        object({ type: { const: "section" }, fields: list(plainText(2000), 1, 10) }),
        object({ type: { const: "context" }, elements: list(plainText(3000), 1, 10) }),
      ],
    },
    1,
    50,
  ),
});

/** adaptivecards.io, version 1.4: RichTextBlock, TextRun; the envelope is of Teams' Workflows. */
const teams = object({
  type: { const: "message" },
  attachments: list(
    object({
      contentType: { const: "application/vnd.microsoft.card.adaptive" },
      contentUrl: { const: null },
      content: object({
        $schema: { type: "string" },
        type: { const: "AdaptiveCard" },
        version: { enum: ["1.2", "1.3", "1.4"] },
        fallbackText: text(1024),
        msteams: object({ width: { const: "Full" } }),
        body: list(
          object({
            type: { const: "RichTextBlock" },
            inlines: list(
              object(
                {
                  type: { const: "TextRun" },
                  text: text(4096),
                  weight: { enum: ["lighter", "default", "bolder"] },
                  size: { enum: ["default", "small", "medium", "large", "extraLarge"] },
                  color: {
                    enum: ["default", "dark", "light", "accent", "good", "warning", "attention"],
                  },
                  fontType: { enum: ["default", "monospace"] },
                  isSubtle: { type: "boolean" },
                },
                ["weight", "size", "color", "fontType", "isSubtle"],
              ),
              1,
              10,
            ),
          }),
          1,
          20,
        ),
      }),
    }),
    1,
    1,
  ),
});

/** discord.com/developers: execute webhook, embed object and its limits, allowed mentions. */
const discord = object({
  embeds: list(
    object({
      title: text(256),
      description: text(4096),
      color: { type: "integer", minimum: 0, maximum: 0xffffff },
      timestamp: time,
      fields: list(
        object({ name: text(256), value: text(1024), inline: { type: "boolean" } }),
        1,
        25,
      ),
    }),
    1,
    10,
  ),
  allowed_mentions: object({ parse: list({ type: "string" }, 0, 0) }),
});

/** developers.mattermost.com: incoming webhooks, message attachments. */
const mattermost = object({
  attachments: list(
    object({
      fallback: text(4000),
      color: { type: "string", pattern: "^#[0-9a-f]{6}$" },
      title: text(4000),
      text: text(4000),
      fields: list(
        object({ title: text(256), value: text(4000), short: { type: "boolean" } }),
        1,
        20,
      ),
    }),
    1,
    1,
  ),
});

/** core.telegram.org/bots/api: sendMessage, MessageEntity, LinkPreviewOptions. */
const telegram = object({
  chat_id: { type: ["integer", "string"] },
  text: text(4096),
  entities: list(
    object({
      type: { enum: ["bold", "code"] },
      offset: { type: "integer", minimum: 0 },
      length: { type: "integer", minimum: 1 },
    }),
    0,
    100,
  ),
  link_preview_options: object({ is_disabled: { const: true } }),
});

/** docs.ntfy.sh: publish as JSON. */
const ntfy = object({
  topic: { type: "string", pattern: "^[-_A-Za-z0-9]{1,64}$" },
  title: text(256),
  message: text(4096),
  priority: { type: "integer", minimum: 1, maximum: 5 },
  tags: list({ type: "string", pattern: "^[a-z_]+$" }, 1, 5),
  markdown: { const: false },
});

/** developer.pagerduty.com: Events API v2, trigger event. */
const pagerduty = object({
  routing_key: { type: "string", minLength: 32, maxLength: 32 },
  event_action: { enum: ["trigger", "acknowledge", "resolve"] },
  dedup_key: text(255),
  client: text(255),
  payload: object({
    summary: text(1024),
    source: text(255),
    severity: { enum: ["critical", "error", "warning", "info"] },
    timestamp: time,
    component: text(255),
    group: text(255),
    class: text(255),
    custom_details: { type: "object", additionalProperties: { type: "string" } },
  }),
});

/** By name of the preset. */
export const MESSAGE_SCHEMAS = { slack, teams, discord, mattermost, telegram, ntfy, pagerduty };
