/**
 * Redis decoy: the server of Debian 12, open or with a password, in RESP2, RESP3 and inline commands.
 *
 * Each source has a server to itself: a small store with what a web shop keeps, settings, users and
 * channels, bounded in memory and forgotten when others come. Nothing is ever written to a file, run,
 * or dialled: scripts and replication are forbidden to the user `default`, as ACL LIST says, and a
 * master named by REPLICAOF never answers. Left out: what a script or a module would do.
 * Events: `auth.attempt` for each AUTH and HELLO AUTH, `command`, `payload` for what would have been
 * written (cron tables, keys, web shells, modules) and for what is too long, `protocol.error`.
 * @module
 */
import { choice, count, flag, section, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = section({
  product: choice("redis-7.0.15-debian12", ["redis-7.0.15-debian12"], "The server that is played."),
  password: text("", 256, "Lets in who knows it; empty for a server that asks for none."),
  kernel: v.pipe(
    text("6.1.0-28-amd64", 64, "Release of the kernel, as INFO shows it."),
    v.regex(/^[!-~]+$/, "must be one word"),
  ),
  enable_protected_configs: flag(false, "Whether dir and dbfilename may be set, as in redis.conf."),
  enable_module_command: flag(false, "Whether MODULE LOAD is allowed, as in redis.conf."),
  enable_debug_command: flag(false, "Whether DEBUG is allowed, as in redis.conf."),
  shown_port: count(
    0,
    0,
    65_535,
    "Port in INFO and CONFIG; 0 for the one connected to. Set it behind a port redirect.",
  ),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type RedisOptions = Options;

/**
 * `kind: redis`; keys: `product`, `password`, `kernel`, `enable_protected_configs`, `enable_module_command`,
 * `enable_debug_command`, `shown_port`.
 */
export const redis: DecoyKind<Options> = {
  kind: "redis",
  defaultPort: 6379,
  options: Options,
  create: async (options, context): Promise<Decoy> => {
    // Loaded only by configs that have it: the tables of commands take memory.
    const { createRedisDecoy } = await import("./redis/create.ts");
    return createRedisDecoy(options, context);
  },
};
