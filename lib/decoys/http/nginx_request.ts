/**
 * One request to nginx, and how its answers are put together: pages, header order, keep-alive.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { formatHttpDate } from "./dates.ts";
import { gzip } from "./gzip.ts";
import { headerValue, headerValues, type RequestHead } from "./head.ts";
import { concat, joinOctets } from "./octets.ts";
import type { Exchange, Reply } from "./product.ts";
import type { AppReply } from "./site.ts";

const SERVER = "nginx/1.22.1";
/** `keepalive_requests`. */
const MAX_REQUESTS = 1000;
const PADDING = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n".repeat(6);
/** Fields that may stand only once: observed. */
const UNIQUE_FIELDS = new Set(
  ("host content-length transfer-encoding expect authorization content-range if-range if-match " +
    "if-none-match if-modified-since if-unmodified-since").split(" "),
);
const NOTHING = new Uint8Array(0);

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Moved Temporarily",
  303: "See Other",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Not Allowed",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  414: "Request-URI Too Large",
  416: "Requested Range Not Satisfiable",
  429: "Too Many Requests",
  501: "Not Implemented",
  505: "HTTP Version Not Supported",
};

/** What a 400 says more, by its reason. */
const DETAILS: Readonly<Record<string, string>> = {
  "header too large": "Request Header Or Cookie Too Large",
  "plain": "The plain HTTP request was sent to HTTPS port",
};

/** Fields of an answer's head, in the order in which nginx writes those that it knows. */
interface Fields {
  readonly type?: string;
  readonly length?: number;
  readonly lastModified?: string;
  readonly location?: string;
  readonly isChunked?: boolean;
  /** All others. */
  readonly others?: readonly (readonly [name: string, value: string])[];
}

/** One request. */
export class NginxRequest {
  readonly host: string;
  readonly isOld: boolean;
  keepsAlive: boolean;
  readonly #head: RequestHead;
  readonly #exchange: Exchange;

  constructor(head: RequestHead, exchange: Exchange) {
    this.#head = head;
    this.#exchange = exchange;
    this.isOld = head.versionNumber === 9;
    const host = head.authority ?? headerValue(head, "host") ?? "";
    const name = host.startsWith("[") ? host.replace(/\].*$/, "]") : host.replace(/:.*$/, "");
    this.host = name.replace(/\.$/, "").toLowerCase() || bracketed(exchange.localIp);
    this.keepsAlive = this.#wantsKeepAlive();
  }

  /** `http://host[:port]`, or `https`. */
  get origin(): string {
    const { port, isSecure } = this.#exchange;
    const isUsual = port === (isSecure ? 443 : 80);
    return `http${isSecure ? "s" : ""}://${this.host}${isUsual ? "" : `:${port}`}`;
  }

  /** Whether a body may be compressed: `ngx_http_gzip_ok`. */
  get takesGzip(): boolean {
    const head = this.#head;
    const accepted = headerValue(head, "accept-encoding");
    if (accepted === undefined || head.versionNumber < 1001) return false;
    const match = /(?:^|[ ,])gzip(?=$|[ ,;])([^,]*)/i.exec(accepted);
    if (match === null || headerValue(head, "via") !== undefined) return false;
    const quality = /^ *; *q *= *([\d.]*)/i.exec(match[1]!);
    return quality === null || Number(quality[1]) > 0;
  }

  /** A status page. */
  page(
    status: number,
    options: {
      closes?: boolean;
      reason?: string | undefined;
      location?: string;
      others?: readonly (readonly [string, string])[];
    } = {},
  ): Reply {
    if (options.closes) this.keepsAlive = false;
    const title = `${status} ${REASONS[status]}`;
    const detail = DETAILS[options.reason ?? ""];
    const body = "<html>\r\n" +
      `<head><title>${detail === undefined ? title : `400 ${detail}`}</title></head>` +
      `\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
      (detail === undefined ? "" : `<center>${detail}</center>\r\n`) +
      `<hr><center>${SERVER}</center>\r\n</body>\r\n</html>\r\n` +
      (status >= 400 && !this.isOld && needsPadding(this.#head) ? PADDING : "");
    const bytes = latin1Bytes(body);
    const { location, others = [] } = options;
    const type = "text/html";
    const redirect = location === undefined ? {} : { location };
    const reply = (status === 403 || status === 404) && this.takesGzip
      ? this.chunked(status, { type, others: [["Content-Encoding", "gzip"]] }, gzip(bytes, 4))
      : this.reply(status, { type, length: bytes.length, ...redirect, others }, bytes);
    // Observed: says keep-alive, and closes.
    return status === 412 ? { ...reply, closes: true } : reply;
  }

  /** What an application said, as behind FastCGI. */
  app(reply: AppReply): Reply {
    const { status, type, headers, body, pauseMs, lure } = reply;
    const isHtml = /^text\/html\b/.test(type);
    const fields = { type, others: headers };
    if (isHtml && this.takesGzip && (status === 200 || status === 403 || status === 404)) {
      const others = [...headers, ["Content-Encoding", "gzip"] as const];
      return { ...this.chunked(status, { ...fields, others }, gzip(body, 4)), pauseMs, lure };
    }
    if (this.#head.versionNumber >= 1001) {
      return { ...this.chunked(status, fields, body), pauseMs, lure };
    }
    this.keepsAlive = false;
    return { ...this.reply(status, fields, body), pauseMs, lure };
  }

  /** An answer whose length is not known before. */
  chunked(status: number, fields: Fields, body: Uint8Array): Reply {
    if (this.#head.method === "HEAD") return this.reply(status, fields, body);
    const chunk = body.length === 0 ? NOTHING : concat([
      latin1Bytes(`${body.length.toString(16)}\r\n`),
      body,
      latin1Bytes("\r\n"),
    ]);
    const bytes = concat([chunk, latin1Bytes("0\r\n\r\n")]);
    return this.reply(status, { ...fields, isChunked: true }, bytes);
  }

  /** An answer. */
  reply(status: number, fields: Fields, body: Uint8Array): Reply {
    const closes = !this.keepsAlive;
    if (this.isOld) return { status, bytes: body, closes: true };
    const { type, length, lastModified, location, isChunked, others = [] } = fields;
    let text = `HTTP/1.1 ${status} ${REASONS[status]}\r\nServer: ${SERVER}\r\nDate: ${
      formatHttpDate(this.#exchange.nowMs)
    }\r\n`;
    if (type !== undefined) text += `Content-Type: ${type}\r\n`;
    if (length !== undefined) text += `Content-Length: ${length}\r\n`;
    if (lastModified !== undefined) text += `Last-Modified: ${lastModified}\r\n`;
    if (location !== undefined) text += `Location: ${location}\r\n`;
    if (isChunked) text += "Transfer-Encoding: chunked\r\n";
    text += closes ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
    for (const [name, value] of others) text += `${name}: ${value}\r\n`;
    const isHead = this.#head.method === "HEAD";
    return { status, bytes: joinOctets(text + "\r\n", isHead ? NOTHING : body), closes };
  }

  #wantsKeepAlive(): boolean {
    const head = this.#head;
    if (this.isOld || this.#exchange.answered + 1 >= MAX_REQUESTS) return false;
    let keeps = head.versionNumber >= 1001;
    for (const value of headerValues(head, "connection")) {
      if (/close/i.test(value)) keeps = false;
      else if (/keep-alive/i.test(value)) keeps = true;
    }
    return keeps && !(head.method === "POST" && isOldExplorer(head));
  }
}

/**
 * Why a head is refused after its lines were read, if it is.
 * @param head without fault.
 * @returns the status, and how many fields were known by then.
 */
export function headFault(head: RequestHead): { status: number; known: number } | undefined {
  if (head.versionNumber === 9) return undefined;
  const seen = new Set<string>();
  for (const [i, [name, value]] of head.headers.entries()) {
    const key = name.toLowerCase();
    if (!UNIQUE_FIELDS.has(key)) continue;
    if (seen.has(key) || (key === "host" && !isHost(value))) return { status: 400, known: i };
    seen.add(key);
  }
  const status = framingFault(head, seen.has("host"));
  return status === undefined ? undefined : { status, known: head.headers.length };
}

/** The same of the head as a whole. */
function framingFault(head: RequestHead, hasHost: boolean): number | undefined {
  if (!hasHost && head.versionNumber > 1000) return 400;
  const length = headerValue(head, "content-length");
  const encoding = headerValue(head, "transfer-encoding");
  if (length !== undefined && !isLength(length)) return 400;
  if (encoding !== undefined) {
    if (head.versionNumber < 1001) return 400;
    if (encoding.toLowerCase() !== "chunked") return 501;
    if (length !== undefined) return 400;
  }
  return head.method === "TRACE" || head.method === "CONNECT" ? 405 : undefined;
}

/** `ngx_http_validate_host`. */
function isHost(host: string): boolean {
  const name = host.startsWith("[") ? host : host.replace(/:.*$/, "");
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  return name !== "" && name !== "." && !/[\x00-\x20\x7f/]|\.\./.test(host);
}

/** Digits that fit 63 bits. */
function isLength(text: string): boolean {
  return /^\d+$/.test(text) && BigInt(text) <= 0x7fffffffffffffffn;
}

/** Whether a browser shows its own page instead of a short one. */
function needsPadding(head: RequestHead): boolean {
  const agent = headerValue(head, "user-agent");
  if (agent === undefined || agent.includes("Opera")) return false;
  return /MSIE [^]{2}/.test(agent) || agent.includes("Chrome/");
}

/** `keepalive_disable msie6`. */
function isOldExplorer(head: RequestHead): boolean {
  const agent = headerValue(head, "user-agent");
  if (agent === undefined || agent.includes("Opera")) return false;
  const match = /MSIE ([456])\.([^]*)/.exec(agent);
  return match !== null && (match[1] !== "6" || !match[2]!.includes("SV1"));
}

function bracketed(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}
