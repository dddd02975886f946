/**
 * Notices as a mail: subject, text and HTML.
 * @module
 */
import type { Notice } from "../sink.ts";
import { plainText, type Report, reportOf } from "../report.ts";

/** Longest subject, in characters: one line of RFC 5322 §2.1.1 and a bit. */
const MAX_SUBJECT = 120;
/** Notices written out in a mail; of the others it says how many. */
const MAX_WRITTEN = 50;

/** A mail, but for who sends it to whom. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Left part of its `Message-ID`. */
  readonly id: string;
}

/** Colour of a level's bar. */
const COLORS = { info: "#5b7083", warning: "#b7791f", error: "#c53030", critical: "#702459" };

/**
 * Makes one mail of notices.
 * @param notices at least one.
 * @param prefix what the subject begins with.
 */
export function makeMail(notices: readonly Notice[], prefix: string): Mail {
  const reports = notices.map(reportOf);
  const written = reports.slice(0, MAX_WRITTEN);
  const rest = reports.length - written.length;
  const more = rest === 0 ? [] : [`and ${rest} more: duckblind events --min-severity 50`];
  const first = reports[0]!;
  const reason = notices[0]!.reason;
  return {
    subject: makeSubject(reports, prefix),
    text: [...written.map((report) => `${report.title}\n\n${plainText(report)}`), ...more]
      .join("\n\n----\n\n") + "\n",
    html: `<!doctype html><html><body style="font-family:sans-serif;color:#1a202c">` +
      written.map(toHtml).join("") + more.map((line) => `<p>${escapeHtml(line)}</p>`).join("") +
      "</body></html>",
    id: [first.subject.id, reason, reports.length].join(".").replaceAll(/[^A-Za-z0-9.]/g, "-"),
  };
}

function makeSubject(reports: readonly Report[], prefix: string): string {
  const sources = new Set(reports.map(({ subject }) => subject.source).filter(Boolean));
  const worst = Math.max(...reports.map(({ severity }) => severity));
  const [first] = reports;
  const what = reports.length === 1
    ? first!.summary
    : `${reports.length} alerts${from(sources.size)}, highest severity ${worst}`;
  const subject = `${prefix} ${what}`.trim();
  return subject.length <= MAX_SUBJECT ? subject : `${subject.slice(0, MAX_SUBJECT - 3)}...`;
}

function from(sources: number): string {
  return sources === 0 ? "" : ` from ${sources} source${sources === 1 ? "" : "s"}`;
}

function toHtml({ title, level, summary, facts, command }: Report): string {
  const rows = facts.map(({ label, value }) =>
    `<tr><td style="padding:2px 12px 2px 0;color:#5b7083">${escapeHtml(label)}</td>` +
    `<td style="padding:2px 0">${escapeHtml(value)}</td></tr>`
  );
  return `<div style="border-left:4px solid ${COLORS[level]};padding:4px 12px;margin:0 0 24px">` +
    `<p style="margin:0 0 4px;font-weight:bold">${escapeHtml(title)}</p>` +
    `<p style="margin:0 0 8px">${escapeHtml(summary)}</p><table>${rows.join("")}</table>` +
    `<p style="margin:8px 0 0"><code>${escapeHtml(command)}</code></p></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
