/**
 * Answers as Apache httpd 2.4.71 of Debian 12 with its packaged configuration gives them.
 *
 * Plays a document root with `Options Indexes`, `mod_dir`, `mod_deflate`, `mod_reqtimeout`,
 * `mod_status` for the local host alone, `KeepAliveTimeout 5`, `MaxKeepAliveRequests 100`,
 * `TraceEnable Off` and `ServerTokens OS`. Every request is read whole before it is answered.
 * An application behind some paths answers as `mod_php` would.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { ApacheChunkedBody, LengthBody } from "./body.ts";
import { type ByteRange, listHasTag, parseApacheRanges } from "./conditions.ts";
import { ApacheHeadParser } from "./apache_head.ts";
import { ApacheInClear } from "./apache_in_clear.ts";
import { apacheIcons } from "./apache_icons.ts";
import { directoryList } from "./apache_pages.ts";
import { ApacheRequest, type Field, isBadFraming, isDeflatable } from "./apache_request.ts";
import { parseHttpDate } from "./dates.ts";
import { headerList, headerValue, type RequestHead } from "./head.ts";
import { APACHE_TYPES } from "./mime.ts";
import { concat, joinOctets } from "./octets.ts";
import { encodePath, resolveApachePath, type ResolvedPath } from "./paths.ts";
import type { BodyState, Exchange, Patience, Plan, Product, Reply } from "./product.ts";
import type { Site, SiteFile } from "./site.ts";

/** `LimitRequestBody`, 1 GiB. */
const MAX_BODY_BYTES = 1_073_741_824n;
/** `RequestReadTimeout body=10`. */
const BODY_MS = 10_000;
const INDEX_FILES = ["index.html", "index.xhtml", "index.htm"];
/** The order is that of a hash table with a seed, the same as long as the server runs: observed. */
const ALLOWED = [
  "GET,POST,OPTIONS,HEAD",
  "POST,OPTIONS,HEAD,GET",
  "OPTIONS,HEAD,GET,POST",
] as const;
/** Longest file name and path of the system, and what the document root takes of it. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4096 - "/var/www/html".length - 1;
/** Methods that the server knows and the default handler does not serve. */
const KNOWN_METHODS = new Set(
  ("PUT DELETE CONNECT TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL " +
    "CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE")
    .split(" "),
);
const CONTINUE = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");
const NOTHING = new Uint8Array(0);
// deno-lint-ignore no-control-regex -- control bytes are what is encoded
const IN_LOCATION = /[^\x00-\x20"#%<>?\\^`{|}\x7f-\xff]/;

/** Apache httpd. */
export class Apache implements Product {
  readonly patience: Patience = {
    firstMs: 50_000,
    secureFirstMs: 20_000,
    idleMs: 5_000,
    headMs: 20_000,
  };
  readonly #site: Site;
  readonly #serverName: string;
  readonly #boundary: string;
  readonly #allowed: string;
  readonly #icons = apacheIcons();

  /**
   * @param site what is served.
   * @param options `serverName` stands in pages for requests that name no host; `boundary`, 16 hex
   * digits, between the ranges of an answer, is the same as long as the server runs.
   */
  constructor(site: Site, options: { serverName: string; boundary: string }) {
    this.#site = site;
    this.#serverName = options.serverName;
    this.#boundary = options.boundary;
    this.#allowed = ALLOWED[parseInt(options.boundary.slice(-4), 16) % ALLOWED.length]!;
  }

  newParser(isSecure: boolean): ApacheHeadParser {
    return new ApacheHeadParser(isSecure);
  }

  inClear(): Product {
    return new ApacheInClear(this.#serverName);
  }

  headTimeout(partial: RequestHead, exchange: Exchange): Reply | undefined {
    if (partial.version === "") return undefined;
    const request = new ApacheRequest(
      { ...partial, fault: { status: 408 } },
      exchange,
      this.#serverName,
    );
    return request.page(408);
  }

  plan(head: RequestHead, exchange: Exchange): Plan {
    const request = new ApacheRequest(head, exchange, this.#serverName);
    if (head.fault !== undefined) {
      return atOnce(request.page(head.fault.status, { subject: head.fault.reason ?? "" }));
    }
    if (request.hostFault || isBadFraming(head)) return atOnce(request.page(400));
    if (request.lacksHost) return atOnce(request.page(400));
    const resolved = resolveApachePath(head.pathAndQuery);
    const unmet = unmetExpectation(head);
    if (unmet === undefined && (resolved === 400 || !isServed(head))) {
      return atOnce(request.page(400));
    }
    const length = headerValue(head, "content-length");
    const isChunked = headerValue(head, "transfer-encoding") !== undefined;
    if (!isChunked && length !== undefined && BigInt(length) > MAX_BODY_BYTES) {
      return atOnce(request.page(413, { hasLength: false, subject: head.method }));
    }
    const body = isChunked
      ? new ApacheChunkedBody()
      : length !== undefined && Number(length) > 0
      ? new LengthBody(Number(length))
      : undefined;
    // Both together are how requests are smuggled: answered, and no more read.
    if (isChunked && length !== undefined) request.keepsAlive = false;
    const expects = head.versionNumber >= 1001 &&
      headerList(head, "expect")?.toLowerCase() === "100-continue";
    const early = unmet === undefined && resolved !== 400
      ? this.#refusal(head, resolved, request)
      : refusal(request, 417, { subject: unmet ?? "" });
    if (expects && (early !== undefined || body === undefined)) {
      request.keepsAlive = false; // nobody says 100: the peer may send the body or not
      if (early !== undefined) return atOnce(early.reply());
    }
    return {
      body,
      bodyMs: BODY_MS,
      waitsForBody: true,
      ...(expects && body !== undefined ? { interim: CONTINUE } : {}),
      answer: (state) => {
        const fault = bodyFault(state, request, { head, cause: early?.status });
        if (fault !== undefined) return fault;
        return early?.reply() ?? this.#serve(head, resolved as ResolvedPath, { request, exchange });
      },
    };
  }

  /** What is refused before any handler sees it. */
  #refusal(
    head: RequestHead,
    resolved: ResolvedPath | 404,
    request: ApacheRequest,
  ): Refusal | undefined {
    const refuse = refusal.bind(undefined, request);
    if (resolved === 404) return refuse(404);
    if (head.method === "TRACE") {
      return refuse(405, { fields: [["Allow", ""]], subject: head.method });
    }
    const { path, query } = resolved;
    if (this.#site.isApp(path)) return undefined;
    const isGet = head.method === "GET" || head.method === "HEAD";
    if (this.#isForbidden(path) || (isGet && isIcons(path))) return refuse(403);
    const isDirectory = !path.endsWith("/") &&
      (this.#site.isDirectory(path + "/") || path === "/icons/small");
    if (!isDirectory) return undefined;
    const location = `${request.origin}${encodePath(path, IN_LOCATION)}/${
      query === undefined ? "" : "?" + query
    }`;
    return refuse(301, { fields: [["Location", location]], subject: location });
  }

  /** Names that begin with `.ht`, names that are too long, and what is for the local host. */
  #isForbidden(path: string): boolean {
    if (/^\/server-status(?:\/|$)/.test(path) || path.length >= MAX_PATH_BYTES) return true;
    let directory = "/";
    for (const name of path.split("/").slice(1)) {
      if (name.startsWith(".ht") || name.length > MAX_NAME_BYTES) return true;
      directory += name + "/";
      if (!this.#site.isDirectory(directory)) return false;
    }
    return false;
  }

  /** The handlers. */
  #serve(
    head: RequestHead,
    resolved: ResolvedPath,
    { request, exchange }: { request: ApacheRequest; exchange: Exchange },
  ): Reply {
    const { path, query } = resolved;
    const { method } = head;
    if (this.#site.isApp(path)) {
      return request.app(this.#site.answer({
        method,
        path,
        query,
        hasCredentials: exchange.hasCredentials(),
        isSecure: exchange.isSecure,
        nowMs: exchange.nowMs,
        sessionId: exchange.sessionId(),
      }));
    }
    if (head.target === "*") return request.reply(200, { length: 0 }, NOTHING);
    const isDirectory = path.endsWith("/") && (isIcons(path) || this.#site.isDirectory(path));
    let file = this.#site.file(path) ?? this.#icons.get(path);
    if (isDirectory) { for (const name of INDEX_FILES) file ??= this.#site.file(path + name); }
    if (method === "OPTIONS") {
      const extension = (file?.name ?? path).replace(/^.*[./]/s, "");
      const type = isDirectory && file === undefined
        ? "httpd/unix-directory"
        : APACHE_TYPES.get(extension);
      return request.reply(200, { fields: [["Allow", this.#allowed]], length: 0, type }, NOTHING);
    }
    const isGet = method === "GET" || method === "HEAD";
    if (!isGet && method !== "POST") {
      const status = KNOWN_METHODS.has(method) ? 405 : 501;
      return request.page(status, { fields: [["Allow", this.#allowed]], subject: method });
    }
    if (file !== undefined) return { ...this.#file(file, head, request), lure: file.lure };
    if (!isGet || !isDirectory) return request.page(404);
    const { signature } = request;
    const list = latin1Bytes(directoryList(this.#site, path, { query, signature }));
    const type = "text/html;charset=UTF-8";
    const value = headerList(head, "range");
    const isWhole = value === undefined || method === "HEAD" || request.takesGzip ||
      headerList(head, "if-range") !== undefined;
    const ranges = isWhole ? "all" : parseApacheRanges(value, list.length);
    if (ranges === "all") return request.dynamic(200, { type }, list);
    if (ranges.length === 0) return request.page(416, { hasLength: false, isChunked: true });
    const shape = { fields: [["Vary", "Accept-Encoding"]] as const };
    return this.#ranges(list, ranges, { request, shape, type, isRangeFirst: true });
  }

  #file(file: SiteFile, head: RequestHead, request: ApacheRequest): Reply {
    const type = APACHE_TYPES.get(file.extension);
    const etag = `${file.bytes.length.toString(16)}-${
      (BigInt(file.modifiedMs) * 1000n).toString(16)
    }`;
    const canDeflate = isDeflatable(type, file.bytes.length);
    const described = (suffix: string): Field[] => [
      ["Last-Modified", file.lastModified],
      ["ETag", `"${etag}${suffix}"`],
      ["Accept-Ranges", "bytes"],
    ];
    const plain = { fields: described(""), type };
    if (request.isOld) return request.reply(200, plain, file.bytes);
    const condition = checkConditions(file, `"${etag}"`, { head, nowMs: request.nowMs });
    if (condition === 304) return request.reply(304, { fields: described("") }, NOTHING);
    if (condition === 412) {
      const length = head.method === "HEAD" ? file.bytes.length : 0;
      return request.reply(412, { ...plain, length }, NOTHING);
    }
    const isGzipped = canDeflate && request.takesGzip;
    const vary: Field[] = canDeflate ? [["Vary", "Accept-Encoding"]] : [];
    const body = isGzipped ? file.gzipped(0) : file.bytes;
    const fields = described(isGzipped ? "-gzip" : "");
    const value = headerList(head, "range");
    const ranges = value === undefined || body.length === 0 ||
        !meetsIfRange(file, `"${etag}"`, head)
      ? "all"
      : parseApacheRanges(value, body.length);
    const encoded: Field[] = isGzipped ? [["Content-Encoding", "gzip"]] : [];
    const shape = isGzipped
      ? { fields: [...fields, ...vary, ...encoded] }
      : { fields, afterLength: vary };
    if (ranges === "all") return request.reply(200, { ...shape, length: body.length, type }, body);
    if (ranges.length === 0) return request.page(416, { hasLength: false, isChunked: true });
    return this.#ranges(body, ranges, { request, shape, type, isRangeFirst: isGzipped });
  }

  #ranges(
    body: Uint8Array,
    ranges: readonly ByteRange[],
    { request, shape, type, isRangeFirst }: {
      request: ApacheRequest;
      shape: { fields: readonly Field[]; afterLength?: readonly Field[] };
      type: string | undefined;
      isRangeFirst: boolean;
    },
  ): Reply {
    const describe = ({ start, end }: ByteRange) => `bytes ${start}-${end - 1}/${body.length}`;
    const [first] = ranges;
    if (ranges.length === 1 && first !== undefined) {
      const part = body.subarray(first.start, first.end);
      const range: Field = ["Content-Range", describe(first)];
      const placed = isRangeFirst
        ? { fields: [...shape.fields, range] }
        : { ...shape, afterLength: [...shape.afterLength ?? [], range] };
      return request.reply(206, { ...placed, length: part.length, type }, part);
    }
    const typeLine = type === undefined ? "" : `Content-type: ${type}\r\n`;
    let octets = "";
    const parts: Uint8Array[] = [];
    for (const range of ranges) {
      octets = `\r\n--${this.#boundary}\r\n${typeLine}Content-range: ${describe(range)}\r\n\r\n`;
      parts.push(joinOctets(octets, body.subarray(range.start, range.end)));
    }
    parts.push(latin1Bytes(`\r\n--${this.#boundary}--\r\n`));
    const all = concat(parts);
    const multipart = `multipart/byteranges; boundary=${this.#boundary}`;
    return request.reply(206, { ...shape, length: all.length, type: multipart }, all);
  }
}

function atOnce(reply: Reply): Plan {
  return { body: undefined, bodyMs: BODY_MS, waitsForBody: false, answer: () => reply };
}

/** What is refused before a handler is asked. */
interface Refusal {
  readonly status: number;
  reply(): Reply;
}

function refusal(
  request: ApacheRequest,
  status: number,
  options: Parameters<ApacheRequest["page"]>[1] = {},
): Refusal {
  return {
    status,
    reply: () => {
      const reply = request.page(status, options);
      // Observed: a 417 does not say so, and closes.
      return status === 417 ? { ...reply, closes: true } : reply;
    },
  };
}

/** An `Expect` that asks for anything but to go on. */
function unmetExpectation(head: RequestHead): string | undefined {
  const expectation = head.versionNumber === 9 ? undefined : headerList(head, "expect");
  return expectation?.toLowerCase() === "100-continue" ? undefined : expectation;
}

/** The folders behind Debian's alias, which may not be listed. */
function isIcons(path: string): boolean {
  return path === "/icons/" || path === "/icons/small/";
}

/** The answer to a body that does not end as it should. */
function bodyFault(
  { fault }: BodyState,
  request: ApacheRequest,
  { head, cause }: { head: RequestHead; cause: number | undefined },
): Reply | undefined {
  switch (fault) {
    case undefined:
      return undefined;
    case "syntax": {
      const isTrace = cause === 405;
      return request.page(400, { hasLength: false, cause, subject: isTrace ? "trace" : "" });
    }
    case "too large":
      return request.page(413, { hasLength: false, subject: head.method, cause });
    case "late":
      return request.page(408, { cause });
    default:
      return request.page(400, { cause });
  }
}

/** Whether the target is a path of this server's: not that of another scheme. */
function isServed(head: RequestHead): boolean {
  if (head.target.startsWith("/") || head.target === "*" || head.method === "CONNECT") return true;
  return /^https?:/i.test(head.target) &&
    (head.authority === undefined || !head.target.includes("@"));
}

/** `ap_meets_conditions`. */
function checkConditions(
  file: SiteFile,
  etag: string,
  { head, nowMs }: { head: RequestHead; nowMs: number },
): 304 | 412 | undefined {
  const { modified } = file;
  const isGet = head.method === "GET" || head.method === "HEAD";
  const match = headerList(head, "if-match");
  if (match !== undefined && !match.startsWith("*") && !listHasTag(match, etag, false)) return 412;
  const date = (name: string) => {
    const value = headerList(head, name);
    return value === undefined ? undefined : parseHttpDate(value);
  };
  const unmodifiedSince = date("if-unmodified-since");
  if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 412;
  const noneMatch = headerList(head, "if-none-match");
  if (noneMatch !== undefined) {
    if (!(noneMatch.startsWith("*") || listHasTag(noneMatch, etag, true))) return undefined;
    if (!isGet) return 412;
  }
  // Observed: who names a time before which it was changed, or a range of another file, is never
  // told that it is not modified.
  if (headerList(head, "if-unmodified-since") !== undefined) return undefined;
  if (headerList(head, "range") !== undefined && !meetsIfRange(file, etag, head)) return undefined;
  const since = date("if-modified-since");
  if (since !== undefined && isGet) {
    return since >= modified && since <= nowMs / 1000 ? 304 : undefined;
  }
  return noneMatch === undefined ? undefined : 304;
}

function meetsIfRange(file: SiteFile, etag: string, head: RequestHead): boolean {
  const value = headerList(head, "if-range");
  if (value === undefined) return true;
  if (value.startsWith('"') || value.startsWith("W/")) return value === etag;
  return parseHttpDate(value) === file.modified;
}
