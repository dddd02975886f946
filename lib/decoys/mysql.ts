/**
 * MySQL decoy: the client/server protocol of MySQL and MariaDB up to the login, where everybody is
 * refused.
 *
 * Played are the greeting, the answers of clients since MySQL 3.20, changes of the authentication
 * plugin, and each refusal in the server's words. Left out: all that comes after a login, and
 * compressed packets, which begin there.
 * Events: `command` (`CONNECT`, with what the client says of itself), `auth.attempt`, `protocol.error`.
 * @module
 */
import { choice, count, flag, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.pipe(
  v.strictObject({
    product: choice(
      "mariadb-10.11.19-debian12",
      ["mariadb-10.11.19-debian12", "mysql-8.0"],
      "The server that is played; MySQL from its documentation alone.",
    ),
    version: v.pipe(
      text("", 60, "Version in place of the product's, to follow its security updates."),
      v.check((value) => /^[!-~]*$/.test(value), "must be printable ASCII without spaces"),
    ),
    accounts: v.optional(
      v.pipe(
        v.array(v.pipe(
          v.string("must be a name"),
          v.minLength(1, "must not be empty"),
          v.maxLength(32, "must have at most 32 characters"),
        )),
        v.maxLength(32, "must have at most 32 entries"),
        v.description(
          "Users who may log in from everywhere; without any, only this host may connect.",
        ),
      ),
      ["root"],
    ),
    clear_password: flag(
      false,
      "Whether clients are asked for passwords in clear; those of MariaDB agree.",
    ),
    pause_min_ms: count(
      1500,
      0,
      60_000,
      "Shortest pause before MariaDB refuses a password in clear.",
    ),
    pause_max_ms: count(
      2500,
      0,
      60_000,
      "Longest pause before MariaDB refuses a password in clear.",
    ),
    ssl: v.optional(v.pipe(
      v.boolean("must be true or false"),
      v.description("Whether TLS is offered; by default as the product does: MySQL does."),
    )),
    read_timeout_ms: count(
      10_000,
      1000,
      600_000,
      "Longest wait for the client's next bytes, in ms.",
    ),
  }),
  v.check(
    ({ pause_min_ms, pause_max_ms }) => pause_min_ms <= pause_max_ms,
    "must have pause_min_ms at most pause_max_ms",
  ),
);
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type MysqlOptions = Options;

/**
 * `kind: mysql`; keys: `product`, `version`, `accounts`, `clear_password`, `pause_min_ms`,
 * `pause_max_ms`, `ssl`, `read_timeout_ms`.
 */
export const mysql: DecoyKind<Options> = {
  kind: "mysql",
  defaultPort: 3306,
  options: Options,
  startsTls: ({ product, ssl }) => ssl ?? product === "mysql-8.0",
  create: async (options, context): Promise<Decoy> => {
    const { createMysqlDecoy } = await import("./mysql/create.ts");
    return await createMysqlDecoy(options, context);
  },
};
