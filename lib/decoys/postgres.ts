/**
 * PostgreSQL decoy: the frontend/backend protocol up to the login, where everybody is refused.
 *
 * Played are the requests for TLS and Kerberos, startup packets of all versions, and the login by
 * SCRAM-SHA-256, MD5 or a password in clear, with every complaint of the genuine server in its words
 * and with its place in the source. Left out: all that comes after a login, and the limit of 100
 * connections, which the sensor's own limits stand for.
 * Events: `command` (`STARTUP` with all parameters, `CANCEL`), `auth.attempt`, `payload` (a token of
 * Kerberos), `protocol.error`.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice(
    "postgresql-15-debian12",
    ["postgresql-15-debian12"],
    "The server that is played.",
  ),
  auth: choice(
    "scram-sha-256",
    ["scram-sha-256", "md5", "password"],
    "How clients are asked for a password: by the default of PostgreSQL 15, hashed, or in clear.",
  ),
  ssl: flag(true, "Whether clients that ask for TLS get it, as from Debian's server."),
  refuse_host: flag(false, "Whether every host is refused as one without a line in pg_hba.conf."),
  login_timeout_ms: count(
    60_000,
    1000,
    600_000,
    "Time for what comes before the login, and for the login, in ms each.",
  ),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type PostgresOptions = Options;

/** `kind: postgres`; keys: `product`, `auth`, `ssl`, `refuse_host`, `login_timeout_ms`. */
export const postgres: DecoyKind<Options> = {
  kind: "postgres",
  defaultPort: 5432,
  options: Options,
  startsTls: ({ ssl }) => ssl,
  create: async (options, context): Promise<Decoy> => {
    const { createPostgresDecoy } = await import("./postgres/create.ts");
    return createPostgresDecoy(options, context);
  },
};
