/**
 * Signatures of calls, by which a receiver tells ours from those of others, and new ones from old.
 *
 * - `X-Duckblind-Signature: sha256=<hex>` is HMAC-SHA256 (RFC 2104) of the body, as GitHub and many
 *   others sign, so that ready-made receivers can check it. Its name can be chosen.
 * - `X-Duckblind-Timestamp: t=<seconds>,sha256=<hex>` is the time of the call, in s since 1970, and
 *   HMAC-SHA256 of these digits, a full stop, and the body. A receiver that refuses what is older than
 *   some minutes cannot be told anything twice by somebody who has overheard it.
 * @module
 */
import { createHmac } from "node:crypto";

/** Header of the signed time. */
export const TIMESTAMP_HEADER = "X-Duckblind-Timestamp";

/**
 * The headers that sign a call.
 * @param body as it is sent.
 * @param key any text, used as its UTF-8.
 * @param options `header` is the name of the plain signature's header; `nowMs` the time of the call,
 * in ms since 1970.
 */
export function signatureHeaders(
  body: Uint8Array,
  key: string,
  options: { readonly header: string; readonly nowMs: number },
): Record<string, string> {
  const seconds = String(Math.floor(options.nowMs / 1000));
  return {
    [options.header]: `sha256=${createHmac("sha256", key).update(body).digest("hex")}`,
    [TIMESTAMP_HEADER]: `t=${seconds},sha256=` +
      createHmac("sha256", key).update(`${seconds}.`).update(body).digest("hex"),
  };
}
