/**
 * Microsoft Teams by Workflows ("When a Teams webhook request is received"): an Adaptive Card.
 *
 * Text stands in `RichTextBlock`s, whose runs know no Markdown; `TextBlock` and `FactSet` do
 * (learn.microsoft.com, "Format cards in Teams"). Mentions need an entity that we do not send. A
 * message may have 28 KB; ours has less than 8.
 * @module
 */
import { fit } from "../fit_text.ts";
import type { Level } from "../report.ts";
import { isSuccess, type Service } from "./service.ts";

const MAX_TEXT = 1024;
const CARD_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json";

const COLOURS: Readonly<Record<Level, string>> = {
  critical: "attention",
  error: "attention",
  warning: "warning",
  info: "default",
};

/** Words by which a workflow says that it is switched off, or may not be called so. */
const NOT_OUR_FAULT = /"code":\s*"(?:Workflow|DirectApi|Authorization|Trigger)/;

/** Preset `teams`. */
export const teams: Service = {
  message: ({ title, summary, facts, command, level }) => ({
    type: "message",
    attachments: [{
      contentType: "application/vnd.microsoft.card.adaptive",
      contentUrl: null,
      content: {
        $schema: CARD_SCHEMA,
        type: "AdaptiveCard",
        version: "1.4",
        fallbackText: fit(title, MAX_TEXT),
        msteams: { width: "Full" },
        body: [
          block({ text: title, weight: "bolder", size: "medium", color: COLOURS[level] }),
          block({ text: summary }),
          ...facts.map(({ label, value }) =>
            block({ text: `${label}: `, weight: "bolder" }, { text: value })
          ),
          block({ text: command, fontType: "monospace", isSubtle: true }),
        ],
      },
    }],
  }),
  judge: ({ status, text }) => {
    // The connectors that came before Workflows answered 200 and told a failure in words.
    if (isSuccess(status) && text.includes("Webhook message delivery failed")) {
      return { retryable: !/HTTP error (?:400|413)/.test(text) };
    }
    return status === 400 && NOT_OUR_FAULT.test(text) ? { retryable: true } : undefined;
  },
};

/** A run of text, as the card has it. */
interface Run {
  readonly text: string;
  readonly weight?: string;
  readonly size?: string;
  readonly color?: string;
  readonly fontType?: string;
  readonly isSubtle?: boolean;
}

function block(...runs: Run[]) {
  const inlines = runs.map(({ text, ...style }) => ({
    type: "TextRun",
    text: fit(text, MAX_TEXT),
    ...style,
  }));
  return { type: "RichTextBlock", inlines };
}
