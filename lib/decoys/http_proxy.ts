/**
 * HTTP proxy decoy: denies everything, or asks for a login and lets nobody in. Nothing is relayed.
 *
 * Plays Squid 5.7 with Debian's configuration as it answers a stranger: `TCP_DENIED/403`, or 407 where
 * a login is asked for, and its words for what makes no sense. Left out: error pages in languages other
 * than English, the cache manager, icons, and every request that would be granted.
 * Events: `http.request`, `auth.attempt` (Basic, Digest, Bearer, NTLM), `protocol.error`, `limit.hit`.
 * @module
 */
import { choice, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice("squid-5.7-debian12", ["squid-5.7-debian12"], "The server that is played."),
  auth: choice(
    "none",
    ["none", "basic", "digest", "ntlm", "negotiate"],
    "Which logins are asked for; NTLM and Digest go with Basic; with `none` all is denied.",
  ),
  realm: v.pipe(
    text("Squid proxy-caching web server", 100, "Realm of the login."),
    v.check((value) => /^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value), "must be plain ASCII"),
  ),
  hostname: v.pipe(
    text("", 253, "Name that pages and headers show; empty for the sensor's host name."),
    v.check((value) => /^[A-Za-z0-9.-]*$/.test(value), "must be a host name"),
  ),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type HttpProxyOptions = Options;

/** `kind: http-proxy`; keys: `product`, `auth`, `realm`, `hostname`. */
export const httpProxy: DecoyKind<Options> = {
  kind: "http-proxy",
  defaultPort: 3128,
  options: Options,
  create: async (options, context): Promise<Decoy> => {
    const { createHttpProxyDecoy } = await import("./http_proxy/create.ts");
    return createHttpProxyDecoy(options, context);
  },
};
