/**
 * Telegram's Bot API: `sendMessage`.
 *
 * A text has 4096 characters at most (UTF-16 units). There is no markup in it: what is bold, and that
 * all else is code, in which no link, mention or command is found, is told by `entities`.
 * @module
 */
import { fit } from "../fit_text.ts";
import type { Report } from "../report.ts";
import { pauseOf, type Service } from "./service.ts";

const MAX_TEXT = 4096;
const MAX_TITLE = 256;
const MAX_SUMMARY = 1500;

/** What is said when this very message is refused; all else is about the chat or the bot. */
const REFUSAL =
  /message (?:text )?is (?:empty|too long)|text must|entit(?:y|ies)|encoded in UTF-8/i;

/** Preset `telegram`. */
export const telegram: Service = {
  message: (report, { chatId }) => ({
    chat_id: chatId,
    ...textOf(report),
    link_preview_options: { is_disabled: true },
  }),
  locate: (url, { token }) => {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/bot${token}/sendMessage`;
  },
  judge: ({ status, json }) => {
    if (json?.ok === true) return status < 300 ? "delivered" : undefined;
    if (json?.ok !== false) return status < 300 ? { retryable: true } : undefined;
    const code = typeof json.error_code === "number" ? json.error_code : status;
    const parameters = json.parameters as { retry_after?: unknown } | undefined;
    const isRefused = (code === 400 || code === 413) && REFUSAL.test(String(json.description));
    return { retryable: !isRefused, ...pauseOf(parameters?.retry_after) };
  },
};

/** The text, and which parts of it are what. */
function textOf({ title, summary, facts, command }: Report) {
  let text = "";
  const entities: { type: string; offset: number; length: number }[] = [];
  const add = (part: string, type?: string) => {
    if (type !== undefined) entities.push({ type, offset: text.length, length: part.length });
    text += part;
  };
  add(fit(title, MAX_TITLE), "bold");
  add("\n");
  add(fit(summary, MAX_SUMMARY), "code");
  for (const { label, value } of facts) {
    const room = MAX_TEXT - text.length - label.length - command.length - 8;
    add(`\n${label}: `);
    add(fit(value, room), "code");
  }
  add("\n");
  add(command, "code");
  return { text, entities };
}
