/**
 * Replies: the head and the page, byte for byte Squid's.
 * @module
 */
import { outgoing } from "../../net/latin1.ts";
import type { Refusal } from "./judge.ts";
import { makePage } from "./pages.ts";
import type { Head } from "./request.ts";
import type { ProxyUrl, Self } from "./url.ts";

/** What a reply is about. */
export interface ReplyContext {
  /** Absent when there was no request. */
  readonly head?: Head;
  readonly url?: ProxyUrl | undefined;
  readonly self: Self;
  readonly nowMs: number;
  readonly isPersistent: boolean;
  /** Values of `Proxy-Authenticate`. */
  readonly challenges: readonly string[];
}

/** Debian's squid-langpack has English for these; all are one. */
const ENGLISH = /^en(?:-(?:au|bz|ca|cn|gb|ie|in|jm|nz|ph|sg|tt|uk|us|za|zw))?$/;

/**
 * Makes a reply.
 * @param refusal what it says.
 * @param context what it is about.
 */
export function makeReply(refusal: Refusal, context: ReplyContext): Uint8Array {
  const { head, url, self } = context;
  const date = new Date(context.nowMs).toUTCString();
  const language = refusal.isUnderstood && head !== undefined ? languageOf(head) : undefined;
  const understood = refusal.isUnderstood && head !== undefined && url !== undefined;
  const page = makePage(refusal.page, {
    url: refusal.url ?? url?.shown ?? head?.target ?? "",
    fullUrl: refusal.url ?? url?.full ?? head?.target ?? "",
    date,
    hostname: self.hostname,
    isNegotiated: language !== undefined,
    ...(understood
      ? { request: () => dump(head, url), method: head.method, protocol: url.scheme }
      : {}),
  });
  const lines = [
    `HTTP/1.1 ${refusal.status} ${refusal.reason}`,
    "Server: squid/5.7",
    "Mime-Version: 1.0",
    `Date: ${date}`,
    "Content-Type: text/html;charset=utf-8",
    `Content-Length: ${page.length}`,
    `X-Squid-Error: ${refusal.page} 0`,
    "Vary: Accept-Language",
    `Content-Language: ${language ?? "en"}`,
    ...context.challenges.map((challenge) => `Proxy-Authenticate: ${challenge}`),
    `X-Cache: MISS from ${self.hostname}`,
    `X-Cache-Lookup: NONE from ${self.hostname}:${self.port}`,
    `Via: 1.1 ${self.hostname} (squid/5.7)`,
    `Connection: ${context.isPersistent ? "keep-alive" : "close"}`,
  ];
  const hasBody = head?.method !== "HEAD";
  return outgoing(`${lines.join("\r\n")}\r\n\r\n${hasBody ? page : ""}`);
}

/** The first language asked for that there is; the order is the peer's, weights do not count. */
function languageOf({ fields }: Head): string | undefined {
  const asked = fields.filter(([name]) => name.toLowerCase() === "accept-language")
    .map(([, value]) => value).join(",");
  return asked.split(",").map((item) => item.replace(/;.*$/s, "").trim().toLowerCase())
    .find((item) => ENGLISH.test(item));
}

/** The request as Squid would have passed it on. */
function dump(head: Head, url: ProxyUrl): string {
  const isInvalidLength = (value: string) => !/^\d+$/.test(value);
  const lengths = head.fields.filter(([name]) => name.toLowerCase() === "content-length");
  const areInvalid = new Set(lengths.map(([, value]) => value)).size > 1 ||
    lengths.some(([, value]) => isInvalidLength(value));
  const kept = head.fields.flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (lower === "host" || (lower === "content-length" && areInvalid)) return [];
    const isSecret = lower === "proxy-authorization" || lower === "authorization";
    return [`${properName(name)}: ${isSecret ? "** NOT DISPLAYED **" : value}`];
  });
  const hasHost = head.fields.some(([name]) => name.toLowerCase() === "host");
  const lines = [
    `${head.method} ${url.path} HTTP/1.1`,
    ...kept,
    ...(hasHost ? [`Host: ${url.authority}`] : []),
  ];
  return lines.join("\r\n") + "\r\n\r\n";
}

/** Fields that Squid knows, in its own spelling. */
const KNOWN = new Map(
  ("Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Age Allow Authorization " +
    "Cache-Control Connection Content-Disposition Content-Encoding Content-Language Content-Length " +
    "Content-Location Content-MD5 Content-Range Content-Type Cookie Date ETag Expect Expires From " +
    "If-Match If-Modified-Since If-None-Match If-Range Keep-Alive Last-Modified Link Location " +
    "Max-Forwards Mime-Version Origin Pragma Proxy-Authenticate Proxy-Authorization Proxy-Connection " +
    "Range Referer Retry-After Server Set-Cookie TE Title Trailer Transfer-Encoding Upgrade " +
    "User-Agent Vary Via Warning WWW-Authenticate X-Forwarded-For").split(" ").map((name) =>
      [name.toLowerCase(), name] as const
    ),
);

function properName(name: string): string {
  return KNOWN.get(name.toLowerCase()) ?? name;
}
