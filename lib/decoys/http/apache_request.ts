/**
 * One request to Apache httpd, and how its answers are put together: pages, header order, keep-alive.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { APACHE_REASONS, signatureOf, statusPage } from "./apache_pages.ts";
import { formatHttpDate } from "./dates.ts";
import { gzip } from "./gzip.ts";
import { headerValue, headerValues, type RequestHead } from "./head.ts";
import { concat, joinOctets } from "./octets.ts";
import type { Exchange, Reply } from "./product.ts";
import type { AppReply } from "./site.ts";

const SERVER = "Apache/2.4.71 (Debian)";
/** `MaxKeepAliveRequests`: that many, and one more that closes. */
const MAX_REQUESTS = 100;
/** What `mod_deflate` leaves alone: its own overhead and 50 bytes. */
const MIN_GZIP_BYTES = 69;
const DEFLATED_TYPES = new Set([
  "text/html",
  "text/plain",
  "text/xml",
  "text/css",
  "text/javascript",
  "application/javascript",
  "application/wasm",
  "application/xml",
]);
/** Statuses after which the connection is closed. */
const CLOSING = new Set([400, 408, 411, 413, 414, 500, 501, 503]);
const NOTHING = new Uint8Array(0);

/** A field of an answer. */
export type Field = readonly [name: string, value: string];

/** Fields of an answer's head besides those that every answer has. */
export interface Shape {
  /** Before `Content-Length`. */
  readonly fields?: readonly Field[];
  readonly length?: number;
  readonly afterLength?: readonly Field[];
  readonly type?: string | undefined;
}

/** One request. */
export class ApacheRequest {
  readonly isOld: boolean;
  readonly nowMs: number;
  /** Whether the host that it names is none. */
  readonly hostFault: boolean;
  /** Whether it should name a host and does not. */
  readonly lacksHost: boolean;
  keepsAlive: boolean;
  readonly #head: RequestHead;
  readonly #exchange: Exchange;
  readonly #name: string;
  readonly #port: number;

  constructor(head: RequestHead, exchange: Exchange, serverName: string) {
    this.#head = head;
    this.#exchange = exchange;
    this.nowMs = exchange.nowMs;
    this.isOld = head.versionNumber === 9;
    // A head that is refused is not searched for a host.
    const isWhole = head.fault === undefined && !isBadFraming(head);
    const host = isWhole || head.authority !== undefined ? hostOf(head) : undefined;
    this.hostFault = host?.isBad ?? false;
    const needsHost = head.versionNumber === 1001 ||
      (head.versionNumber > 1001 && head.authority === undefined);
    // With TLS, whoever has named a server must name a host.
    this.lacksHost = (needsHost && headerValue(head, "host") === undefined) ||
      (exchange.namesServer && exchange.isSecure && host?.name === undefined);
    this.#name = host?.name ?? serverName;
    const isOdd = head.authority === undefined && head.authorityPort !== undefined;
    this.#port = isOdd ? Number(head.authorityPort) : host?.port ?? exchange.port;
    this.keepsAlive = this.#wantsKeepAlive();
  }

  get signature(): string {
    return signatureOf(SERVER, this.#name, this.#port);
  }

  /** `http://host[:port]`, or `https`. */
  get origin(): string {
    const name = this.#name.includes(":") ? `[${this.#name}]` : this.#name;
    const { isSecure } = this.#exchange;
    const isUsual = this.#port === (isSecure ? 443 : 80);
    return `http${isSecure ? "s" : ""}://${name}${isUsual ? "" : `:${this.#port}`}`;
  }

  get takesGzip(): boolean {
    return headerValues(this.#head, "accept-encoding").join(",").split(",").some((entry) => {
      const [coding = "", ...parameters] = entry.split(";");
      if (coding.trim().toLowerCase() !== "gzip") return false;
      return !parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameter));
    });
  }

  /** A status page. */
  page(
    status: number,
    { fields = [], subject = "", hasLength = true, isChunked = false, cause }: {
      fields?: readonly Field[];
      subject?: string;
      hasLength?: boolean;
      isChunked?: boolean;
      /** The status that was to be told when this one came between. */
      cause?: number | undefined;
    } = {},
  ): Reply {
    if (CLOSING.has(status)) this.keepsAlive = false;
    const body = latin1Bytes(statusPage(status, this.signature, { subject, cause }));
    const type = "text/html; charset=iso-8859-1";
    const isHead = this.#head.method === "HEAD";
    if (isChunked && !isHead && this.keepsAlive && this.#head.versionNumber >= 1001) {
      const all = concat([
        latin1Bytes(`${body.length.toString(16)}\r\n`),
        body,
        latin1Bytes("\r\n0\r\n\r\n"),
      ]);
      return this.reply(
        status,
        { fields: [...fields, ["Transfer-Encoding", "chunked"]], type },
        all,
      );
    }
    const length = hasLength && !isHead ? { length: body.length } : {};
    return this.reply(status, { fields, ...length, type }, body);
  }

  /** What a program made: compressed if that is worth it. */
  dynamic(status: number, { fields = [], type = "" }: Shape, body: Uint8Array): Reply {
    // What is only asked about is not made: no length, nothing to compress.
    if (this.#head.method === "HEAD") return this.reply(status, { fields, type }, NOTHING);
    const canDeflate = isDeflatable(type, body.length);
    const vary: Field[] = canDeflate ? [["Vary", "Accept-Encoding"]] : [];
    if (!canDeflate || !this.takesGzip) {
      return this.reply(status, { fields: [...fields, ...vary], length: body.length, type }, body);
    }
    const packed = gzip(body, 0);
    const all: Field[] = [...fields, ...vary, ["Content-Encoding", "gzip"]];
    return this.reply(status, { fields: all, length: packed.length, type }, packed);
  }

  /** What an application said. */
  app(reply: AppReply): Reply {
    const { status, headers, type, body, pauseMs, lure } = reply;
    return { ...this.dynamic(status, { fields: headers, type }, body), pauseMs, lure };
  }

  /** An answer. */
  reply(status: number, shape: Shape, body: Uint8Array): Reply {
    const closes = !this.keepsAlive;
    if (this.isOld) return { status, bytes: body, closes: true };
    const { fields = [], length, afterLength = [], type } = shape;
    let text = `HTTP/1.1 ${status} ${APACHE_REASONS[status]}\r\nDate: ${
      formatHttpDate(this.nowMs)
    }\r\nServer: ${SERVER}\r\n`;
    for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
    const isHead = this.#head.method === "HEAD";
    if (length !== undefined && !(isHead && length === 0)) text += `Content-Length: ${length}\r\n`;
    for (const [name, value] of afterLength) text += `${name}: ${value}\r\n`;
    if (closes) text += "Connection: close\r\n";
    else if (this.#saysKeepAlive()) {
      const left = MAX_REQUESTS - this.#exchange.answered;
      text += `Keep-Alive: timeout=5, max=${left}\r\nConnection: Keep-Alive\r\n`;
    }
    if (type !== undefined) text += `Content-Type: ${type}\r\n`;
    return { status, bytes: joinOctets(text + "\r\n", isHead ? NOTHING : body), closes };
  }

  #wantsKeepAlive(): boolean {
    const head = this.#head;
    if (head.fault !== undefined || this.isOld || this.#exchange.answered >= MAX_REQUESTS) {
      return false;
    }
    const tokens = connectionTokens(head);
    return !tokens.includes("close") &&
      (head.versionNumber >= 1001 || tokens.includes("keep-alive"));
  }

  /** Keep-alive is spoken of only with those who spoke of it first. */
  #saysKeepAlive(): boolean {
    return connectionTokens(this.#head).includes("keep-alive");
  }
}

/**
 * Whether `mod_deflate` compresses a body.
 * @param type media type with its parameters.
 * @param size in bytes.
 */
export function isDeflatable(type: string | undefined, size: number): boolean {
  return type !== undefined && size >= MIN_GZIP_BYTES &&
    DEFLATED_TYPES.has(type.replace(/;.*$/, ""));
}

function connectionTokens(head: RequestHead): string[] {
  return headerValues(head, "connection").flatMap((value) =>
    value.split(",").map((token) => token.trim().toLowerCase())
  );
}

/**
 * Whether length and encoding make no sense.
 * @param head of the request.
 */
export function isBadFraming(head: RequestHead): boolean {
  if (head.versionNumber === 9) return false;
  const lengths = headerValues(head, "content-length");
  const encodings = headerValues(head, "transfer-encoding");
  if (encodings.length > 0) {
    const last = encodings.join(",").split(",").at(-1)!.trim().toLowerCase();
    if (last !== "chunked") return true;
    return false;
  }
  if (lengths.length === 0) return false;
  const [length] = lengths;
  return lengths.length > 1 || !/^\d+$/.test(length!) || BigInt(length!) > 0x7fffffffffffffffn;
}

/** Name and port of the host that a request names. */
function hostOf(
  head: RequestHead,
): { name: string | undefined; port: number | undefined; isBad: boolean } | undefined {
  if (head.method === "CONNECT" && head.authority !== undefined) {
    const name = head.authority.toLowerCase().replace(/^\[(.*)\]$/, "$1");
    return { name, port: Number(head.authorityPort), isBad: false };
  }
  const hosts = headerValues(head, "host");
  let value: string;
  if (head.authority !== undefined) {
    value = head.authority + (head.authorityPort === undefined ? "" : ":" + head.authorityPort);
    if (head.authority === "") return { name: "", port: undefined, isBad: false };
  } else if (hosts.length === 0) return undefined;
  else value = hosts.join(", ");
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d+))?$/.exec(value);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  const isBad = match === null || match[1]!.includes("..") || match[1] === "." ||
    (port !== undefined && (port < 1 || port > 65_535));
  if (isBad) return { ...badHost(head, value), isBad };
  const name = match[1]!.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return { name, port, isBad };
}

/** What pages show for a host that is none: observed, for want of a rule. */
function badHost(
  head: RequestHead,
  value: string,
): { name: string | undefined; port: number | undefined } {
  if (head.authorityPort !== undefined) return { name: undefined, port: 0 };
  if (head.authority !== undefined) return { name: head.authority, port: undefined };
  const hasPort = /^[^[\],][^,]*:.*:\d{1,5}$/.test(value) || /^::\d{1,5}$/.test(value);
  return { name: undefined, port: hasPort ? Number(/\d+$/.exec(value)![0]) : undefined };
}
