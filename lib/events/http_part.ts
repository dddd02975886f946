/**
 * An HTTP request's part of the wire form.
 * @module
 */
import { createHash } from "node:crypto";
import { escapeBytes } from "../net/escape.ts";
import { boundText } from "./bound.ts";
import type { Scope, SensorIdentity } from "./ecs.ts";
import type { EventMap } from "./event.ts";
import type { Pair } from "./fields.ts";
import { classes, type Part } from "./part.ts";
import { isSecretName, mayHoldSecret, WITHHELD, withholds, withholdUrl } from "./withhold.ts";

/** Longest header value kept, in bytes. */
const MAX_HEADER_BYTES = 2048;
/** Most bytes of all headers kept. */
const MAX_HEADERS_BYTES = 24_576;
const WEB = classes(["web"], ["access"]);

/**
 * Makes the part of an `http.request` event.
 * @param data the request.
 * @param _scope not used.
 * @param sensor says what becomes of secrets.
 */
export function encodeHttp(
  data: EventMap["http.request"],
  _scope: Scope,
  sensor: SensorIdentity,
): Part {
  const withhold = withholds(sensor);
  const isLogin = data.credentials === true;
  const url = boundText(withhold ? withholdUrl(data.target, isLogin) : data.target);
  const agentHeader = data.headers.find(([name]) => name.toLowerCase() === "user-agent")?.[1];
  const agent = agentHeader === undefined ? undefined : boundText(agentHeader);
  const headers = boundHeaders(data.headers, withhold);
  const content = escapeBytes(data.body);
  const hidesBody = withhold && (isLogin || mayHoldSecret(content));
  const body = boundText(hidesBody ? WITHHELD : content);
  const bodySha256 = hidesBody ? undefined : data.bodySha256; // a short one could be guessed by it
  const hasBody = data.bodyBytes > 0;
  return {
    classes: WEB,
    severity: data.credentials ? 50 : data.attack ? 40 : 20,
    technique: data.attack ? "T1190" : undefined,
    message: `{decoy} ${boundText(data.method, 32).text} ${boundText(url.text, 128).text} ` +
      `(${data.status}) from {from}`,
    fields: { hashes: bodySha256 === undefined ? undefined : [bodySha256] },
    http: {
      version: data.version,
      request: {
        method: boundText(data.method, 256).text,
        body: {
          bytes: data.bodyBytes,
          content: hasBody ? body.text : undefined,
        },
      },
      response: { status_code: data.status },
    },
    url: { original: url.text },
    userAgent: agent && { original: agent.text },
    duckblind: {
      http: {
        headers: headers.pairs,
        headers_truncated: headers.isCut ? true : undefined,
        headers_count: headers.isCut ? data.headers.length : undefined,
        header_order_sha256: headerOrderHash(data.headers),
        url_truncated: url.fullBytes === undefined ? undefined : true,
        url_bytes: url.fullBytes,
        user_agent_truncated: agent?.fullBytes === undefined ? undefined : true,
        user_agent_bytes: agent?.fullBytes,
        body_truncated: hasBody &&
            (data.body.length < data.bodyBytes || body.fullBytes !== undefined)
          ? true
          : undefined,
        body_sha256: bodySha256,
      },
    },
  };
}

/** Hashes of header orders seen lately: most requests of a scan share one. */
const orderHashes = new Map<string, string>();
/** Most orders remembered, and the longest, in UTF-16 units. */
const MAX_ORDERS = 256;
const MAX_ORDER_UNITS = 512;

/** Hash of the names in their order and case. */
function headerOrderHash(headers: EventMap["http.request"]["headers"]): string {
  const names = headers.map(([name]) => name).join("\n");
  const known = orderHashes.get(names);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(names).digest("hex");
  if (names.length <= MAX_ORDER_UNITS) {
    if (orderHashes.size >= MAX_ORDERS) orderHashes.clear();
    orderHashes.set(names, hash);
  }
  return hash;
}

/** The headers as far as they fit. */
function boundHeaders(
  headers: EventMap["http.request"]["headers"],
  withhold: boolean,
): { pairs: Pair[]; isCut: boolean } {
  const pairs: Pair[] = [];
  let room = MAX_HEADERS_BYTES;
  let isCut = false;
  for (const [rawName, rawValue] of headers) {
    const name = boundText(rawName, 256);
    const value = boundText(
      withhold ? withholdValue(rawName, rawValue) : rawValue,
      MAX_HEADER_BYTES,
    );
    isCut ||= name.fullBytes !== undefined || value.fullBytes !== undefined;
    room -= 3 * (name.text.length + value.text.length) + 24;
    if (room < 0) return { pairs, isCut: true };
    pairs.push({ name: name.text, value: value.text });
  }
  return { pairs, isCut };
}

/** A header's value as far as it can be told; `Referer` and the like have URLs. */
function withholdValue(name: string, value: string): string {
  return isSecretName(name) ? WITHHELD : withholdUrl(value, false);
}
