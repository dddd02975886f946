/**
 * What becomes of a request: none is granted, and this says why.
 * @module
 */
import { framingOf } from "./body.ts";
import type { PageName } from "./pages.ts";
import type { Head } from "./request.ts";
import { parseProxyUrl, type ProxyUrl, type Self } from "./url.ts";

/** A refusal: the status line, and the page that says why. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly page: PageName;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** The URL that is shown in place of the request's. */
  readonly url?: string;
  /** Whether the page shows what was understood of the request, in the peer's language. */
  readonly isUnderstood: boolean;
}

const BAD = { status: 400, reason: "Bad Request", closes: true, isUnderstood: false } as const;
const DENIED = { closes: false, isUnderstood: true } as const;
const WRONG = { closes: true, isUnderstood: true } as const;
const INVALID_REQ = { ...WRONG, page: "ERR_INVALID_REQ" } as const;

/** All refusals. */
export const REFUSALS = {
  senseless: { ...BAD, page: "ERR_PROTOCOL_UNKNOWN", url: "error:invalid-request" },
  longLine: {
    ...BAD,
    status: 414,
    reason: "URI Too Long",
    page: "ERR_TOO_BIG",
    url: "error:request-too-large",
  },
  longFields: {
    ...BAD,
    status: 431,
    reason: "Request Header Fields Too Large",
    page: "ERR_TOO_BIG",
    url: "error:request-too-large",
  },
  url: { ...BAD, page: "ERR_INVALID_URL" },
  characters: { ...BAD, page: "ERR_INVALID_REQ", url: "error:invalid-request" },
  fields: { ...BAD, page: "ERR_INVALID_REQ" },
  version: {
    ...BAD,
    status: 505,
    reason: "HTTP Version not supported",
    page: "ERR_UNSUP_HTTPVERSION",
  },
  unsupported: { ...WRONG, status: 501, reason: "Not Implemented", page: "ERR_UNSUP_REQ" },
  expectation: { ...INVALID_REQ, status: 417, reason: "Expectation Failed" },
  length: { ...INVALID_REQ, status: 411, reason: "Length Required" },
  denied: { ...DENIED, status: 403, reason: "Forbidden", page: "ERR_ACCESS_DENIED" },
  login: {
    ...DENIED,
    status: 407,
    reason: "Proxy Authentication Required",
    page: "ERR_CACHE_ACCESS_DENIED",
  },
} as const satisfies Record<string, Refusal>;

/** Ports of `Safe_ports` below 1025, in Debian's squid.conf. */
const SAFE_PORTS = new Set([80, 21, 443, 70, 210, 280, 488, 591, 777]);

/**
 * Judges a request.
 * @param head of it.
 * @param self the name and port that the proxy gives itself.
 * @returns `mayLogIn`: whether the rules come as far as to ask for a login, where one is due.
 */
export function judge(
  head: Head,
  self: Self,
): { refusal: Refusal; url: ProxyUrl | undefined; mayLogIn: boolean } {
  const { method, target, major, fields } = head;
  const because = (refusal: Refusal, url?: ProxyUrl) => ({ refusal, url, mayLogIn: false });
  // deno-lint-ignore no-control-regex -- bytes
  if (/[\x00-\x08\x0e-\x1f\x7f]/.test(target)) return because(REFUSALS.characters);
  const url = parseProxyUrl(target, method, self);
  if (url === undefined) return because(REFUSALS.url);
  if (major > 1) return because(REFUSALS.version, url);
  if (!head.isReadable) return because(REFUSALS.fields, url);
  if (url.path === "*" || /^coaps?$/.test(url.scheme)) return because(REFUSALS.unsupported, url);
  const expects = fields.find(([name]) => name.toLowerCase() === "expect")?.[1];
  if (expects !== undefined && expects.toLowerCase() !== "100-continue") {
    return because(REFUSALS.expectation, url);
  }
  const framing = framingOf(head);
  if (framing === "unknown coding") return because(REFUSALS.unsupported, url);
  const takesNoBody = method === "GET" || method === "HEAD";
  if (framing === "invalid length" || (takesNoBody && typeof framing === "number" && framing > 0)) {
    return because(REFUSALS.length, url);
  }
  return { refusal: REFUSALS.denied, url, mayLogIn: isAsked(method, url) };
}

/** Whether the rules before the login let it pass: ports, CONNECT, and the cache manager. */
function isAsked(method: string, { scheme, path, port }: ProxyUrl): boolean {
  if (!SAFE_PORTS.has(port) && port < 1025 && scheme !== "cache_object") return false;
  if (method === "CONNECT" && port !== 443) return false;
  return scheme !== "cache_object" && !path.startsWith("/squid-internal-mgr/");
}
