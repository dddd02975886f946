/**
 * Reads request heads as Apache httpd 2.4 does with `HttpProtocolOptions Strict`: line by line, and
 * nothing is said before a line has ended.
 *
 * Observed on the genuine Debian package: lines end with CR LF alone; up to ten empty lines may stand
 * before a request, and before a later one on the connection bare line feeds; a request line has at most 8191 bytes, and so has a field with its continuation
 * lines; fields of one name count together; at most 100 fields.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import type { HeaderField, HeadFault, HeadParser, RequestHead } from "./head.ts";

/** `LimitRequestLine` and `LimitRequestFieldSize` are 8190; one more passes. */
const MAX_LINE_BYTES = 8191;
/** Longest line that is waited for: observed to lie between 20,000 and 70,000. */
const MAX_OPEN_LINE_BYTES = 65_536;
/** `LimitRequestFields`. */
const MAX_FIELDS = 100;
/** Empty lines before a request. */
const MAX_BLANK_LINES = 10;
/** Ours: the genuine product takes 100 fields of 8 KiB, which would let idle peers fill our memory. */
const MAX_HEAD_BYTES = 131_072;
/** How much of a line that is no request is kept for the event. */
const MAX_GARBAGE_BYTES = 1024;

const LF = 0x0a;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([^ ]+) ([^ ]+)(?: (.*))?$/s;
// deno-lint-ignore no-control-regex -- control bytes are what is looked for
const NOT_IN_TARGET = /[\x00-\x20\x7f#]/;
// deno-lint-ignore no-control-regex -- as above
const NOT_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+\-.]*):\/\/([^/?#]*)(.*)$/s;
/** Of a target of another scheme than the server's the host is of no account; the port is. */
const OWN_SCHEME = { clear: /^http:\/\//i, secure: /^https:\/\//i };

/** Apache's reader of heads. */
export class ApacheHeadParser implements HeadParser {
  head: RequestHead | undefined;
  #line = "";
  #bytes = 0;
  #blankLines = 0;
  #isFirst = true;
  #request: Omit<RequestHead, "headers"> | undefined;
  #headers: HeaderField[] = [];
  #sizes = new Map<string, number>();
  #field: string | undefined;
  readonly #ownScheme: RegExp;

  /** @param isSecure whether TLS is spoken. */
  constructor(isSecure = false) {
    this.#ownScheme = isSecure ? OWN_SCHEME.secure : OWN_SCHEME.clear;
  }

  get isIdle(): boolean {
    return this.#request === undefined && this.#line === "" && this.#blankLines === 0;
  }

  reset(): void {
    this.head = undefined;
    this.#isFirst = false;
    this.#line = "";
    this.#bytes = this.#blankLines = 0;
    this.#request = undefined;
    this.#headers = [];
    if (this.#sizes.size > 0) this.#sizes = new Map();
    this.#field = undefined;
  }

  feed(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.head === undefined) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      this.#line += latin1(bytes.subarray(at, end));
      this.#bytes += end - at;
      at = end;
      if (lf < 0) {
        if (this.#line.length > MAX_OPEN_LINE_BYTES) this.#refuseLong();
        break;
      }
      const line = this.#line;
      this.#line = "";
      if (this.#request === undefined) this.#requestLine(line);
      else this.#headerLine(line);
    }
    return at;
  }

  end(): RequestHead | undefined {
    if (this.#request !== undefined) this.#refuse(BAD);
    return this.head;
  }

  partial(): RequestHead | undefined {
    if (this.#request === undefined) {
      return this.#line === "" ? undefined : garbage(this.#line, undefined);
    }
    if (this.#field !== undefined) this.#endField(this.#field);
    this.#field = undefined;
    return { ...this.#request, headers: this.#headers };
  }

  #refuse(fault: HeadFault): void {
    this.head = this.#request === undefined
      ? garbage(this.#line, fault)
      : { ...this.#request, headers: this.#headers, fault };
  }

  #refuseLong(): void {
    this.#refuse(this.#request === undefined ? { status: 414 } : FIELD_SIZE);
  }

  #requestLine(line: string): void {
    const text = line.slice(0, -2);
    if (line === "\n" && !this.#isFirst) {
      if (++this.#blankLines > MAX_BLANK_LINES) this.head = garbage(line, BAD);
    } else if (!line.endsWith("\r\n")) {
      this.head = garbage(line, BAD);
    } else if (text === "") {
      if (++this.#blankLines > MAX_BLANK_LINES) this.head = garbage(line, BAD);
    } else if (text.length > MAX_LINE_BYTES) {
      this.head = garbage(text, { status: 414 });
    } else {
      const request = parseRequestLine(text, this.#ownScheme);
      if (request.fault !== undefined || request.versionNumber === 9) {
        this.head = { ...request, headers: [] };
      } else this.#request = request;
    }
  }

  #headerLine(line: string): void {
    const text = line.slice(0, -2);
    if (text.length > MAX_LINE_BYTES || this.#bytes > MAX_HEAD_BYTES) {
      return this.#refuse(FIELD_SIZE);
    }
    const isFold = text.startsWith(" ") || text.startsWith("\t");
    if (line.endsWith("\r\n") && isFold && this.#field !== undefined) {
      const rest = text.replace(/^[ \t]+/, "");
      if (rest === "") return this.#refuse(BAD);
      const folded = `${this.#field} ${rest}`;
      if (folded.length > MAX_LINE_BYTES - 1) return this.#refuse(FIELD_SIZE);
      this.#field = folded;
      return;
    }
    // A field is looked at when the next line shows that it has ended.
    if (this.#field !== undefined && !this.#endField(this.#field)) return;
    this.#field = undefined;
    if (!line.endsWith("\r\n")) this.#refuse(BAD);
    else if (text !== "") this.#field = text;
    else this.head = { ...this.#request!, headers: this.#headers };
  }

  /** Takes a whole field; false when it is refused. */
  #endField(field: string): boolean {
    const colon = field.indexOf(":");
    const name = field.slice(0, colon);
    const value = field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (this.#headers.length >= MAX_FIELDS) {
      this.#refuse({ status: 400, reason: "field count" });
      return false;
    }
    if (colon < 0 || !TOKEN.test(name) || NOT_IN_VALUE.test(value)) {
      this.#refuse(BAD);
      return false;
    }
    this.#headers.push([name, value]);
    const key = name.toLowerCase();
    const before = this.#sizes.get(key);
    const size = before === undefined ? value.length : before + 2 + value.length;
    this.#sizes.set(key, size);
    if (before !== undefined && size > MAX_LINE_BYTES - 1) {
      this.#refuse(FIELD_SIZE);
      return false;
    }
    return true;
  }
}

const BAD: HeadFault = { status: 400 };
const FIELD_SIZE: HeadFault = { status: 400, reason: "field size" };

function parseRequestLine(text: string, ownScheme: RegExp): Omit<RequestHead, "headers"> {
  const match = REQUEST_LINE.exec(text);
  if (match === null || !TOKEN.test(match[1]!)) return garbage(text, BAD);
  const [, method = "", target = "", words] = match;
  const isOld = words === undefined || words === "";
  const version = isOld ? "0.9" : /^HTTP\/([1-9]\.[0-9])$/.exec(words)?.[1];
  const absolute = ABSOLUTE.exec(target);
  const isConnect = method === "CONNECT";
  const isOwn = ownScheme.test(target);
  const [, host = "", hostPort] =
    /^(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(absolute?.[2] ?? "") ?? [];
  const isPortShown = isOwn || /^\d+$/.test(hostPort ?? "");
  const { name, port } = isConnect
    ? parseConnectTarget(target)
    : { name: isOwn ? host : undefined, port: isPortShown ? hostPort : undefined };
  const request = {
    method,
    target,
    version: version ?? "",
    versionNumber: isOld
      ? 9
      : version === undefined
      ? 1001
      : Number(version[0]) * 1000 + Number(version[2]),
    ...(name === undefined ? {} : { authority: name }),
    ...(port === undefined ? {} : { authorityPort: port }),
    pathAndQuery: absolute === null ? relativePath(target) : absolute[3]!.replace(/^(?=\?|$)/, "/"),
  };
  const isTarget = !NOT_IN_TARGET.test(target) &&
    (isConnect
      ? name !== undefined
      : target.startsWith("/") || absolute !== null || /^[A-Za-z][A-Za-z0-9+\-.]*:/.test(target) ||
        (target === "*" && method === "OPTIONS"));
  // A line that is refused without a version is answered as one with a version.
  const isBad = version === undefined || !isTarget || (isOld && method !== "GET");
  return isBad ? { ...request, versionNumber: 1001, fault: BAD } : request;
}

/** What a CONNECT names, `host:port`; the port is cut to 16 bits, as the genuine server does. */
function parseConnectTarget(target: string): { name?: string; port?: string } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d*)(.*)$/s.exec(target);
  if (match === null) return {};
  const port = String(Number(match[2]) & 0xffff);
  return match[2] === "" || match[3] !== "" ? { port } : { name: match[1]!, port };
}

/** Path and query of a target without host, such as `/a?b` or `http:/a`. */
function relativePath(target: string): string {
  return target.startsWith("/") || target === "*" ? target : target.replace(/^[^:]*:/, "");
}

/** What no request is: the line stands for the target. */
function garbage(line: string, fault: HeadFault | undefined): RequestHead {
  return {
    method: "",
    target: line.slice(0, MAX_GARBAGE_BYTES),
    version: "",
    versionNumber: 1001,
    headers: [],
    pathAndQuery: "",
    ...(fault === undefined ? {} : { fault }),
  };
}
