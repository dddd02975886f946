/**
 * Git decoy: git's own daemon, which exports nothing, or nothing that was asked for.
 *
 * Played is the request of gitprotocol-pack(5), section "Git Transport", as `git daemon` of 2.39.5
 * reads it: the service, the repository, the virtual host and the extra parameters of all protocol
 * versions. Left out: repositories; every one is refused as one that is not there or not exported.
 * Events: `command` (the service asked for, with repository, host and parameters), `protocol.error`.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice("git-2.39.5-debian12", ["git-2.39.5-debian12"], "The server that is played."),
  informative_errors: flag(
    false,
    "Whether it tells what is wrong with a request, as with --informative-errors.",
  ),
  init_timeout_ms: count(
    0,
    0,
    3_600_000,
    "Time for a request, in ms, as --init-timeout; 0 for as long as the sensor allows.",
  ),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type GitOptions = Options;

/** `kind: git`; keys: `product`, `informative_errors`, `init_timeout_ms`. */
export const git: DecoyKind<Options> = {
  kind: "git",
  defaultPort: 9418,
  options: Options,
  create: async (options): Promise<Decoy> => {
    const { createGitDecoy } = await import("./git/create.ts");
    return createGitDecoy(options);
  },
};
