/**
 * SOCKS decoy: asks for a password, or listens to where a peer wants to go, and relays nothing.
 *
 * Played are SOCKS 4 and 4a, SOCKS 5 (RFC 1928) and its user names and passwords (RFC 1929), as Dante
 * 1.4.2 reads and answers them. No name is resolved and nothing is connected: what its rules block is
 * blocked, or what it would connect to fails. Left out: GSSAPI, relaying, IPv6 towards the outside.
 * Events: `auth.attempt`, `command` (`CONNECT`, `BIND`, `UDP ASSOCIATE` with their targets and the
 * user id of SOCKS 4, `METHODS` that were refused), `protocol.error`.
 * @module
 */
import { choice, count, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.pipe(
  v.strictObject({
    product: choice("dante-1.4.2", ["dante-1.4.2"], "The server that is played."),
    auth: choice(
      "username",
      ["username", "none", "both"],
      "Whether clients must log in, must not, or may: `socksmethod`.",
    ),
    connects: choice(
      "blocked",
      ["blocked", "refused", "unreachable", "failing"],
      "What becomes of a CONNECT: blocked by a rule, or how the connection fails.",
    ),
    lookup_min_ms: count(
      5,
      0,
      60_000,
      "Shortest time that looking up a name seems to take, in ms.",
    ),
    lookup_max_ms: count(
      60,
      0,
      60_000,
      "Longest time that looking up a name seems to take, in ms.",
    ),
    negotiate_timeout_ms: count(
      30_000,
      1000,
      600_000,
      "Time for the whole negotiation, in ms: `timeout.negotiate`.",
    ),
  }),
  v.check(
    ({ lookup_min_ms: min, lookup_max_ms: max }) => min <= max,
    "must have lookup_min_ms at most lookup_max_ms",
  ),
);
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type SocksOptions = Options;

/**
 * `kind: socks`; keys: `product`, `auth`, `connects`, `lookup_min_ms`, `lookup_max_ms`,
 * `negotiate_timeout_ms`.
 */
export const socks: DecoyKind<Options> = {
  kind: "socks",
  defaultPort: 1080,
  options: Options,
  create: async (options): Promise<Decoy> => {
    const { createSocksDecoy } = await import("./socks/create.ts");
    return createSocksDecoy(options);
  },
};
