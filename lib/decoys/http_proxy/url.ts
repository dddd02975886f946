/**
 * URLs as Squid 5.7 reads them: what is none, and how it writes one in its pages.
 * @module
 */
import { parseInetAton } from "../../net/inet_aton.ts";

/** Longest URL, in bytes: MAX_URL less its NUL. */
const MAX_URL_BYTES = 8191;
/** Ports by scheme; those of 0 are never shown. */
const DEFAULT_PORTS: Record<string, number> = {
  http: 80,
  https: 443,
  ftp: 21,
  wais: 210,
  whois: 43,
  coap: 5683,
  coaps: 5684,
  cache_object: 0,
};

/** A URL that makes sense. */
export interface ProxyUrl {
  /** Empty for CONNECT. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** From the first slash on; empty for CONNECT. */
  readonly path: string;
  /** As pages show it, without the query. */
  readonly shown: string;
  /** The same with the query. */
  readonly full: string;
  /** `host` with a port other than the scheme's. */
  readonly authority: string;
}

/** Who we are, for requests to the proxy itself. */
export interface Self {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads the URL of a request.
 * @param text as it came, one character a byte.
 * @param method the request's.
 * @param self the name and port that the proxy gives itself.
 * @returns `undefined` when it is none.
 */
export function parseProxyUrl(text: string, method: string, self: Self): ProxyUrl | undefined {
  if (text.length > MAX_URL_BYTES) return undefined;
  if (method === "CONNECT") return parseConnect(text);
  if (text === "*" && (method === "OPTIONS" || method === "TRACE")) return asterisk();
  const isInternal = text.startsWith("/squid-internal-");
  const absolute = isInternal ? `http://${self.hostname}:${self.port}${text}` : text;
  return parseAbsolute(absolute);
}

/** `host:port`, read as by `sscanf` with `[%[^]]]:%d` or `%[^:]:%d`. */
function parseConnect(text: string): ProxyUrl | undefined {
  const match = text.startsWith("[")
    ? /^\[([^\]]+)(?:\]:\s*([+-]?\d+))?/.exec(text)
    : /^([^:]+)(?::\s*([+-]?\d+))?/.exec(text);
  if (match === null) return undefined;
  const host = cleanHost(match[1]!);
  const port = match[2] === undefined ? 443 : Number(match[2]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  const authority = `${bracketed(host)}:${port}`;
  const shown = port === 443 ? `https://${bracketed(host)}/*` : authority;
  return { scheme: "", host, port, path: "", shown, full: authority, authority };
}

/** OPTIONS and TRACE of the proxy itself. */
function asterisk(): ProxyUrl {
  const shown = "http://*";
  return { scheme: "http", host: "", port: 80, path: "*", shown, full: shown, authority: "" };
}

function parseAbsolute(text: string): ProxyUrl | undefined {
  const match = /^([A-Za-z_]+):\/\/([^/?#\s]*)(.*)$/s.exec(text);
  if (match === null) return undefined;
  const scheme = match[1]!.toLowerCase();
  const defaultPort = Object.hasOwn(DEFAULT_PORTS, scheme) ? DEFAULT_PORTS[scheme] : undefined;
  if (defaultPort === undefined) return undefined;
  const at = match[2]!.lastIndexOf("@");
  const login = match[2]!.slice(0, Math.max(at, 0));
  const place = parsePlace(match[2]!.slice(at + 1), defaultPort);
  if (place === undefined) return undefined;
  const rest = match[3]!.replace(/[ \t\r\n\v\f]+/g, "");
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const authority = bracketed(place.host) + (place.port === defaultPort ? "" : `:${place.port}`);
  const start = `${scheme}://${scheme === "ftp" && login !== "" ? `${login}@` : ""}${authority}`;
  const full = start + path;
  const shown = full.replace(/\?.*$/s, "?");
  return { scheme, ...place, path, shown, full, authority };
}

/** A host with its port behind the last colon. */
function parsePlace(text: string, defaultPort: number): { host: string; port: number } | undefined {
  let name = text;
  let port = defaultPort;
  if (text.startsWith("[")) {
    const match = /^\[([^\]]*)(?:\](?::(.*))?)?/s.exec(text)!;
    name = match[1]!;
    if (match[2] !== undefined) port = portOf(match[2]);
  } else if (text.includes(":")) {
    const colon = text.lastIndexOf(":");
    name = text.slice(0, colon);
    port = portOf(text.slice(colon + 1));
  }
  const host = cleanHost(name);
  if (host === undefined) return undefined;
  const isRight = port === defaultPort || (port >= 1 && port <= 65_535);
  return isRight ? { host, port } : undefined;
}

/** As `atoi` reads it. */
function portOf(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

/** In lower case, without white space and the dot at its end; addresses in their usual form. */
function cleanHost(text: string): string | undefined {
  const host = text.replace(/[ \t\r\n\v\f]+/g, "").replace(
    /[A-Z]+/g,
    (letters) => letters.toLowerCase(),
  )
    .replace(/\.$/, "");
  if (host === "" || host.startsWith(".") || host.includes("..")) return undefined;
  return parseInetAton(host)?.join(".") ?? host;
}

/** IPv6 has brackets; a name with a colon in it has not. */
function bracketed(host: string): string {
  return /^[0-9a-f]*:[0-9a-f:.]*$/.test(host) && host.split(":").length > 2 ? `[${host}]` : host;
}
