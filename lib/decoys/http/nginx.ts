/**
 * Answers as nginx 1.22.1 of Debian 12 with its packaged configuration gives them.
 *
 * Plays `location / { try_files $uri $uri/ =404; }` over a site's files, `gzip on` (text/html from 20
 * bytes, HTTP/1.1), `client_max_body_size 1m`, 75 s and 1000 requests of keep-alive; every status
 * page, header order and limit is the one of the genuine package. An application behind some paths
 * answers as behind FastCGI.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { LengthBody, NginxChunkedBody } from "./body.ts";
import { type ByteRange, listHasTag, parseNginxRanges } from "./conditions.ts";
import { parseHttpDate } from "./dates.ts";
import { headerValue, type RequestHead } from "./head.ts";
import { NGINX_TYPES } from "./mime.ts";
import { NginxHeadParser } from "./nginx_head.ts";
import { headFault, NginxRequest } from "./nginx_request.ts";
import { concat, joinOctets } from "./octets.ts";
import { encodePath, type ResolvedPath, resolveNginxPath } from "./paths.ts";
import type { Exchange, Patience, Plan, Product, Reply } from "./product.ts";
import type { Site, SiteFile } from "./site.ts";

/** `client_max_body_size`. */
const MAX_BODY_BYTES = 1_048_576n;
/** `gzip_min_length`. */
const MIN_GZIP_BYTES = 20;
/** `lingering_timeout`: for more of a body that nobody wants. */
const LINGER_MS = 5_000;
/** `client_body_timeout`. */
const BODY_MS = 60_000;
const CONTINUE = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");
const INDEX_FILES = ["index.html", "index.htm", "index.nginx-debian.html"];
/** What stays as it is in a redirect's path: `ngx_escape_uri`. */
// deno-lint-ignore no-control-regex -- control bytes are what is encoded
const IN_LOCATION = /[^\x00-\x20"#%?\x7f-\xff]/;

/** nginx. */
export class Nginx implements Product {
  readonly patience: Patience = {
    firstMs: 60_000,
    secureFirstMs: 60_000,
    idleMs: 75_000,
    headMs: 60_000,
  };
  readonly #site: Site;
  readonly #isInClear: boolean;
  #boundaries = 0;

  /**
   * @param site what is served.
   * @param options whether it is for those who speak no TLS where it is spoken.
   */
  constructor(site: Site, options: { isInClear?: boolean } = {}) {
    this.#site = site;
    this.#isInClear = options.isInClear ?? false;
  }

  inClear(): Nginx {
    return new Nginx(this.#site, { isInClear: true });
  }

  newParser(): NginxHeadParser {
    return new NginxHeadParser();
  }

  headTimeout(): undefined {}

  plan(head: RequestHead, exchange: Exchange): Plan {
    const request = new NginxRequest(head, exchange);
    if (head.fault !== undefined) return refused(request, head.fault);
    const fault = headFault(head);
    if (fault !== undefined) {
      const headers = head.headers.slice(0, fault.known);
      return refused(new NginxRequest({ ...head, headers }, exchange), fault);
    }
    const length = headerValue(head, "content-length");
    const isChunked = headerValue(head, "transfer-encoding") !== undefined;
    const body = isChunked
      ? new NginxChunkedBody()
      : length !== undefined && Number(length) > 0
      ? new LengthBody(Number(length))
      : undefined;
    if (this.#isInClear) {
      return { ...answered(request.page(400, { closes: true, reason: "plain" })), body };
    }
    if (length !== undefined && BigInt(length) > MAX_BODY_BYTES) {
      return { ...answered(request.page(413, { closes: true })), body };
    }
    const resolved = resolveNginxPath(head.pathAndQuery) as ResolvedPath;
    const expects = head.versionNumber >= 1001 &&
      headerValue(head, "expect")?.toLowerCase() === "100-continue";
    if (this.#site.isApp(resolved.path)) {
      const run = () =>
        this.#site.answer({
          method: head.method,
          path: resolved.path,
          query: resolved.query,
          hasCredentials: exchange.hasCredentials(),
          isSecure: exchange.isSecure,
          nowMs: exchange.nowMs,
          sessionId: exchange.sessionId(),
        });
      return {
        body,
        bodyMs: BODY_MS,
        waitsForBody: true,
        ...(expects && body !== undefined ? { interim: CONTINUE } : {}),
        answer: ({ fault }) =>
          fault === undefined
            ? request.app(run())
            : fault === "syntax"
            ? request.page(400, { closes: true })
            : SILENCE,
      };
    }
    const target = this.#find(head, resolved, request);
    // The handler of files discards the body before it looks at conditions: it alone says 100, and
    // a body that makes no sense is its fault.
    const isDiscarding = typeof target !== "number" || target === 412;
    return {
      body,
      bodyMs: LINGER_MS,
      waitsForBody: false,
      ...(expects && isDiscarding ? { interim: CONTINUE } : {}),
      answer: (state) => {
        if (state.fault !== undefined) {
          request.keepsAlive = false;
          if (isDiscarding) return request.page(400);
        }
        return typeof target === "number"
          ? request.page(
            target,
            target === 301 ? { location: this.#location(resolved, request) } : {},
          )
          : this.#file(target, head, request);
      },
    };
  }

  /** The file of a path, or the status of the page that stands for it. */
  #find(head: RequestHead, { path }: ResolvedPath, request: NginxRequest): SiteFile | number {
    const { method } = head;
    const isPlain = method === "GET" || method === "HEAD";
    const isKnown = isPlain || method === "POST";
    let file = this.#site.file(path);
    if (file === undefined) {
      const directory = path.endsWith("/") ? path : path + "/";
      if (!this.#site.isDirectory(directory)) return 404;
      if (!isKnown) return 405;
      if (directory !== path) return 301;
      for (const name of INDEX_FILES) file ??= this.#site.file(path + name);
      if (file === undefined) return 403;
    }
    if (!isPlain) return 405;
    return request.isOld ? file : this.#checked(file, head);
  }

  /** The file, or the status of a precondition that it fails. */
  #checked(file: SiteFile, head: RequestHead): SiteFile | number {
    const { modified } = file;
    const unmodifiedSince = headerValue(head, "if-unmodified-since");
    if (unmodifiedSince !== undefined && !((parseHttpDate(unmodifiedSince) ?? -1) >= modified)) {
      return 412;
    }
    const match = headerValue(head, "if-match");
    return match !== undefined && !listHasTag(match, etagOf(file), false) ? 412 : file;
  }

  #location({ path, query }: ResolvedPath, request: NginxRequest): string {
    const suffix = query === undefined || query === "" ? "" : "?" + query;
    return `${request.origin}${encodePath(path, IN_LOCATION)}/${suffix}`;
  }

  #file(file: SiteFile, head: RequestHead, request: NginxRequest): Reply {
    return { ...this.#bareFile(file, head, request), lure: file.lure };
  }

  #bareFile(file: SiteFile, head: RequestHead, request: NginxRequest): Reply {
    const type = NGINX_TYPES.get(file.extension) ?? "application/octet-stream";
    const etag = etagOf(file);
    const { lastModified } = file;
    if (request.isOld) return request.reply(200, {}, file.bytes);
    if (isNotModified(file, etag, head)) {
      return request.reply(304, { lastModified, others: [["ETag", etag]] }, NOTHING);
    }
    if (type === "text/html" && request.takesGzip && file.bytes.length >= MIN_GZIP_BYTES) {
      const fields = { type, lastModified, others: gzipFields(etag) };
      return request.chunked(200, fields, file.gzipped(4));
    }
    const range = headerValue(head, "range");
    const ranges = range === undefined || !meetsIfRange(file, etag, head)
      ? "all"
      : parseNginxRanges(range, file.bytes.length);
    if (ranges !== "all") return this.#ranges(file, ranges, { type, etag, lastModified }, request);
    return request.reply(200, {
      type,
      length: file.bytes.length,
      lastModified,
      others: [["ETag", etag], ["Accept-Ranges", "bytes"]],
    }, file.bytes);
  }

  #ranges(
    file: SiteFile,
    ranges: readonly ByteRange[],
    { type, etag, lastModified }: { type: string; etag: string; lastModified: string },
    request: NginxRequest,
  ): Reply {
    const { bytes } = file;
    const [first] = ranges;
    if (first === undefined) {
      return request.page(416, { others: [["Content-Range", `bytes */${bytes.length}`]] });
    }
    const describe = ({ start, end }: ByteRange) => `bytes ${start}-${end - 1}/${bytes.length}`;
    if (ranges.length === 1) {
      const body = bytes.subarray(first.start, first.end);
      const others = [["ETag", etag], ["Content-Range", describe(first)]] as const;
      return request.reply(206, { type, length: body.length, lastModified, others }, body);
    }
    const boundary = String(++this.#boundaries).padStart(20, "0");
    const parts = ranges.map((range) =>
      joinOctets(
        `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${describe(range)}\r\n\r\n`,
        bytes.subarray(range.start, range.end),
      )
    );
    const body = concat([...parts, latin1Bytes(`\r\n--${boundary}--\r\n`)]);
    return request.reply(206, {
      type: `multipart/byteranges; boundary=${boundary}`,
      length: body.length,
      lastModified,
      others: [["ETag", etag]],
    }, body);
  }
}

const NOTHING = new Uint8Array(0);
/** Closing without a word, when the peer is gone. */
const SILENCE: Reply = { status: 0, bytes: NOTHING, closes: true };

/** A plan that is a refusal. */
function refused(request: NginxRequest, fault: { status: number; reason?: string }): Plan {
  const { status, reason } = fault;
  return answered(request.page(status, { closes: true, reason }));
}

/** A plan that is no more than an answer. */
function answered(reply: Reply): Plan {
  return { body: undefined, bodyMs: LINGER_MS, waitsForBody: false, answer: () => reply };
}

function etagOf(file: SiteFile): string {
  return `"${file.modified.toString(16)}-${file.bytes.length.toString(16)}"`;
}

/** `If-Modified-Since` (exact) and `If-None-Match`: both must agree. */
function isNotModified(file: SiteFile, etag: string, head: RequestHead): boolean {
  const since = headerValue(head, "if-modified-since");
  const noneMatch = headerValue(head, "if-none-match");
  if (since === undefined && noneMatch === undefined) return false;
  const { modified } = file;
  if (since !== undefined && parseHttpDate(since) !== modified) return false;
  return noneMatch === undefined || listHasTag(noneMatch, etag, true);
}

function meetsIfRange(file: SiteFile, etag: string, head: RequestHead): boolean {
  const value = headerValue(head, "if-range");
  if (value === undefined) return true;
  if (value.endsWith('"')) return value === etag;
  return parseHttpDate(value) === file.modified;
}

function gzipFields(etag: string): [string, string][] {
  return [["ETag", `W/${etag}`], ["Content-Encoding", "gzip"]];
}
