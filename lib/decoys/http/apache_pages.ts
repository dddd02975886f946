/**
 * Apache's own pages: what it says with a status, and lists of directories.
 * @module
 */
import type { Site } from "./site.ts";
import { APACHE_TYPES } from "./mime.ts";

const DOCTYPE =
  `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n`;

/** Reasons of status lines, titles and headings. */
export const APACHE_REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  414: "Request-URI Too Long",
  416: "Requested Range Not Satisfiable",
  417: "Expectation Failed",
  429: "Too Many Requests",
  501: "Not Implemented",
};

const NOT_UNDERSTOOD =
  "<p>Your browser sent a request that this server could not understand.<br />\n";

/** What a status page says; `subject` is the method, the address or the expectation it speaks of. */
const TEXTS: Readonly<Record<number, (subject: string) => string>> = {
  301: (url) => `<p>The document has moved <a href="${url}">here</a>.</p>\n`,
  400: (reason) => `${NOT_UNDERSTOOD}${reason}</p>\n`,
  403: () => "<p>You don't have permission to access this resource.</p>\n",
  404: () => "<p>The requested URL was not found on this server.</p>\n",
  405: (method) => `<p>The requested method ${method} is not allowed for this URL.</p>\n`,
  408: () => "<p>Server timeout waiting for the HTTP request from the client.</p>\n",
  413: (method) =>
    `The requested resource does not allow request data with ${method} requests, or the amount of ` +
    "data provided in\nthe request exceeds the capacity limit.\n",
  414: () =>
    "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>\n",
  416: () =>
    "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current " +
    "extent\nof the selected resource.</p>\n",
  417: (expectation) =>
    "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\n" +
    `The client sent<pre>\n    Expect: ${expectation}\n</pre>\n` +
    "</p><p>Only the 100-continue expectation is supported.</p>\n",
  501: (method) => `<p>${method} not supported for current URL.<br />\n</p>\n`,
};

/** Why a 400 says more than that. */
const REASON_TEXTS: Readonly<Record<string, string>> = {
  "plain":
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use " +
    "the HTTPS scheme to access this URL, please.<br />\n",
  "field size": "Size of a request header field exceeds server limit.",
  "trace": "TRACE denied by server configuration",
  "field count": "The number of request header fields exceeds this server's limit.",
};

/**
 * A status page.
 * @param status one that has a page.
 * @param signature the last line, as `signatureOf` makes it.
 * @param options `subject`: octets of the peer's that the page repeats, or the reason of a 400;
 * `cause`: the status that was to be told when this one came between.
 * @returns an octet string.
 */
export function statusPage(
  status: number,
  signature: string,
  { subject, cause }: { subject: string; cause?: number | undefined },
): string {
  const reason = APACHE_REASONS[status]!;
  const told = status === 400 ? REASON_TEXTS[subject] ?? "" : escapeHtml(subject);
  const additional = cause === undefined
    ? ""
    : `<p>Additionally, a ${cause} ${
      APACHE_REASONS[cause]
    }\nerror was encountered while trying to ` +
      "use an ErrorDocument to handle the request.</p>\n";
  return `${DOCTYPE}<html><head>\n<title>${status} ${reason}</title>\n</head><body>\n` +
    `<h1>${reason}</h1>\n${
      TEXTS[status]?.(told) ?? ""
    }${additional}<hr>\n${signature}</body></html>\n`;
}

/**
 * The last line of Apache's own pages.
 * @param software such as `Apache/2.4.71 (Debian)`.
 * @param name of the host that the request named.
 * @param port of it.
 */
export function signatureOf(software: string, name: string, port: number): string {
  return `<address>${software} Server at ${escapeHtml(name)} Port ${port}</address>\n`;
}

/**
 * What a document may hold of the peer's.
 * @param text octets.
 */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (character) =>
      character === "&"
        ? "&amp;"
        : character === "<"
        ? "&lt;"
        : character === ">"
        ? "&gt;"
        : "&quot;",
  );
}

/** Columns of a list of a directory, by their letter in the query. */
type Column = "N" | "M" | "S" | "D";
const COLUMNS: readonly (readonly [Column, string])[] = [
  ["N", "Name"],
  ["M", "Last modified"],
  ["S", "Size"],
  ["D", "Description"],
];

/**
 * A list of a directory, as `mod_autoindex` makes it with Debian's options.
 * @param site where it is.
 * @param path of the directory, with a slash at its end.
 * @param options the query, and the last line.
 * @returns an octet string.
 */
export function directoryList(
  site: Site,
  path: string,
  { query, signature }: { query: string | undefined; signature: string },
): string {
  const order = /^C=([NMSD])(?:;O=([AD]))?/.exec(query ?? "");
  const column = (order?.[1] ?? "N") as Column;
  const isDescending = order?.[2] === "D";
  const name = escapeHtml(path.slice(0, -1) || "/");
  const headings = COLUMNS.map(([letter, title]) => {
    const next = letter === column && !isDescending ? "D" : "A";
    return `<th><a href="?C=${letter};O=${next}">${title}</a></th>`;
  });
  const parent = path.slice(0, path.lastIndexOf("/", path.length - 2) + 1);
  const rows = site.entries(path).filter((entry) => !entry.name.startsWith(".")).map((entry) => ({
    name: entry.name,
    modifiedMs: entry.modifiedMs,
    size: entry.file?.bytes.length ?? -1,
  })).sort((a, b) => {
    const by = column === "M" ? a.modifiedMs - b.modifiedMs : column === "S" ? a.size - b.size : 0;
    const sign = isDescending ? -1 : 1;
    return (by || (a.name < b.name ? -1 : 1)) * sign;
  });
  return `${DOCTYPE}<html>\n <head>\n  <title>Index of ${name}</title>\n </head>\n <body>\n` +
    `<h1>Index of ${name}</h1>\n  <table>\n   <tr><th valign="top"><img src="/icons/blank.gif" ` +
    `alt="[ICO]"></th>${headings.join("")}</tr>\n   <tr><th colspan="5"><hr></th></tr>\n` +
    `<tr><td valign="top"><img src="/icons/back.gif" alt="[PARENTDIR]"></td><td><a href="${
      escapeHtml(parent)
    }">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td><td>&nbsp;</td></tr>\n` +
    rows.map(listRow).join("") +
    `   <tr><th colspan="5"><hr></th></tr>\n</table>\n${signature}</body></html>\n`;
}

function listRow(row: { name: string; modifiedMs: number; size: number }): string {
  const [icon, alt] = iconOf(row.name);
  const time = new Date(row.modifiedMs).toISOString().slice(0, 16).replace("T", " ");
  const name = escapeHtml(row.name);
  return `<tr><td valign="top"><img src="/icons/${icon}.gif" alt="[${alt}]"></td><td><a href="${name}">${name}</a></td><td align="right">${time}  </td><td align="right">${
    formatSize(row.size)
  }</td><td>&nbsp;</td></tr>\n`;
}

function iconOf(name: string): readonly [string, string] {
  if (name.endsWith("/")) return ["folder", "DIR"];
  const extension = name.slice(name.lastIndexOf(".") + 1);
  if (/^(?:html|shtml|htm|pdf)$/.test(extension)) {
    return ["layout", extension === "pdf" ? "   " : "TXT"];
  }
  const type = APACHE_TYPES.get(extension) ?? "";
  if (type.startsWith("text/")) return ["text", "TXT"];
  if (type.startsWith("image/")) return ["image2", "IMG"];
  return ["unknown", "   "];
}

/** Four characters and a space: `apr_strfsize`. */
function formatSize(size: number): string {
  if (size < 0) return "  - ";
  if (size < 973) return `${String(size).padStart(3)} `;
  let rest = size;
  for (const unit of "KMGT") {
    const remain = rest & 1023;
    rest = Math.floor(rest / 1024);
    if (rest >= 973) continue;
    if (rest < 9 || (rest === 9 && remain < 973)) {
      const tenth = Math.floor((remain * 5 + 256) / 512);
      return tenth >= 10 ? `${rest + 1}.0${unit}` : `${rest}.${tenth}${unit}`;
    }
    return `${String(remain >= 512 ? rest + 1 : rest).padStart(3)}${unit}`;
  }
  return "****";
}
