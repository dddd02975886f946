/**
 * Memcached decoy: a cache that is open to everyone, or one that asks for a password.
 *
 * Played are the text protocol, its meta commands, the binary protocol with SASL PLAIN, and the
 * text protocol's own login by a file of users, with their limits, complaints and ways of closing.
 * Each source has a cache of its own: what one stores, no other sees. Over TCP alone: the genuine
 * server speaks no UDP either unless it is told to, and nothing here can be used for amplification.
 * Left out: the lines that `watch` prints of other clients, and all that only other options of the
 * server can do (external storage, `shutdown`).
 * Events: `command`, `auth.attempt`, `payload` (what is stored), `protocol.error`, `limit.hit`.
 * @module
 */
import { choice, count, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice("memcached-1.6.18", ["memcached-1.6.18"], "The server that is played."),
  auth: choice(
    "none",
    ["none", "sasl", "file"],
    "Who is let in: everyone; nobody, by SASL over the binary protocol (-S), or by a file (-Y).",
  ),
  memory_mb: count(
    64,
    8,
    65_536,
    "Size of the cache that is shown, in MB; what is kept is bounded.",
  ),
  capture_bytes: count(65_536, 0, 1_048_576, "How much of a stored value is reported, in bytes."),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type MemcachedOptions = Options;

/** `kind: memcached`; keys: `product`, `auth`, `memory_mb`, `capture_bytes`. */
export const memcached: DecoyKind<Options> = {
  kind: "memcached",
  defaultPort: 11211,
  options: Options,
  create: async (options, context): Promise<Decoy> => {
    const { createMemcachedDecoy } = await import("./memcached/create.ts");
    return createMemcachedDecoy(options, context);
  },
};
