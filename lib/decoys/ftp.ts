/**
 * FTP decoy: asks for a name and a password, and never lets anyone in.
 *
 * Plays what RFC 959 calls the access control commands, and answers everything else as the product
 * does before login, in its own words, pauses and ways of closing. There is no data connection. TLS
 * (RFC 4217) is off as in the stock configuration of both products, unless `auth_tls` switches it on.
 * Events: `auth.attempt`, `command`, `limit.hit`.
 * @module
 */
import { choice, count, LOGIN_PAUSES, pausesFit, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind, Session } from "./decoy.ts";
import { proftpd } from "./ftp/proftpd.ts";
import { type Product, Reporter, type Settings } from "./ftp/product.ts";
import { vsftpd } from "./ftp/vsftpd.ts";

const PRODUCTS: Record<"vsftpd-3.0.3" | "proftpd-1.3.8", Product> = {
  "vsftpd-3.0.3": vsftpd,
  "proftpd-1.3.8": proftpd,
};

const Options = v.pipe(
  v.strictObject({
    product: choice("vsftpd-3.0.3", ["vsftpd-3.0.3", "proftpd-1.3.8"], "Whose answers are given."),
    banner: v.pipe(
      text("", 200, "Text of the greeting after `220 `; empty for the product's own."),
      v.check((value) => !/[\r\n]/.test(value), "must be one line"),
    ),
    hostname: v.pipe(
      text("", 253, "Name that HELP shows (ProFTPD); empty for the sensor's host name."),
      v.check((value) => !/[\r\n]/.test(value), "must be one line"),
    ),
    auth_tls: choice(
      "none",
      ["none", "offered", "required"],
      "Whether AUTH TLS is known, and whether one must use it before a login.",
    ),
    max_attempts: count(3, 1, 100, "Failed logins after which the connection is closed."),
    ...LOGIN_PAUSES,
  }),
  pausesFit(),
);
type Options = v.InferOutput<typeof Options>;

/**
 * `kind: ftp`; keys: `product`, `banner`, `hostname`, `auth_tls`, `max_attempts`, `pause_min_ms`,
 * `pause_max_ms`.
 */
export const ftp: DecoyKind<Options> = {
  kind: "ftp",
  defaultPort: 21,
  options: Options,
  startsTls: ({ auth_tls }) => auth_tls !== "none",
  create: (options, context): Decoy => {
    const product = PRODUCTS[options.product];
    const [genuineMin, genuineMax] = product.pauseMs;
    const maxMs = options.pause_max_ms ?? Math.max(genuineMax, options.pause_min_ms ?? 0);
    const settings = {
      banner: options.banner,
      hostname: options.hostname || context.hostname,
      authTls: options.auth_tls,
      maxAttempts: options.max_attempts,
      pauseMs: [options.pause_min_ms ?? Math.min(genuineMin, maxMs), maxMs] as const,
    };
    return { serve: (session) => serve(session, product, settings) };
  },
};

/** Holds the dialogue; what was begun and not finished is told however it ends. */
async function serve(session: Session, product: Product, settings: Settings): Promise<void> {
  const reporter = new Reporter(session);
  try {
    await product.serve(session, settings, reporter);
  } finally {
    reporter.end();
  }
}
