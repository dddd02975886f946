/**
 * Git decoy: git's own daemon, with repositories that are made up, or none that was asked for.
 *
 * Played is the request of gitprotocol-pack(5), section "Git Transport", as `git daemon` of 2.39.5
 * reads it; behind it `git upload-pack` in versions 0, 1 and 2 of the protocol, so that a client gets a
 * whole repository, and `git receive-pack` with a hook that declines every push. Left out: filters
 * and archives, which Debian's git refuses unless told otherwise, signed pushes, and differences
 * between objects: each is packed whole, as git packs what it has stored so, also for a client that
 * takes thin packs, to which git would send some of them as differences.
 * Events: `command` (the service asked for, with repository, host and parameters; what is fetched, with
 * the client's name for itself; each name that a push would change), `payload` (the pack of a push),
 * `lure.touched`, `protocol.error`.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";
import { isAlias } from "./git/paths.ts";

const RepositoryPath = v.pipe(
  v.string("must be a path such as /infra.git"),
  v.maxLength(128, "must have at most 128 characters"),
  v.regex(
    /^(?:\/[A-Za-z0-9._-]+)+$/,
    "must be a path such as /infra.git, of letters, digits and ._-",
  ),
  v.check((path) => !isAlias(path), "must have no . or .. in it"),
);

const Options = v.strictObject({
  product: choice("git-2.39.5-debian12", ["git-2.39.5-debian12"], "The server that is played."),
  repositories: v.optional(
    v.pipe(
      v.array(RepositoryPath),
      v.maxLength(16, "must have at most 16 entries"),
      v.description(
        "Paths of small repositories that can be cloned, such as /infra.git; without any, none is there.",
      ),
    ),
    [],
  ),
  receive_pack: flag(
    false,
    "Whether pushes are taken, and then declined by a hook, as with --enable=receive-pack.",
  ),
  capture_bytes: count(65_536, 0, 1_048_576, "How much of a push's pack is reported, in bytes."),
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

/**
 * `kind: git`; keys: `product`, `repositories`, `receive_pack`, `capture_bytes`, `informative_errors`,
 * `init_timeout_ms`.
 */
export const git: DecoyKind<Options> = {
  kind: "git",
  defaultPort: 9418,
  options: Options,
  create: async (options, context): Promise<Decoy> => {
    const { createGitDecoy } = await import("./git/create.ts");
    return createGitDecoy(options, context);
  },
};
