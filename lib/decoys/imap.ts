/**
 * IMAP decoy (RFC 3501, 2971, 4959, 7888): asks for a name and a password, and never lets anyone in.
 *
 * Plays the not authenticated state of Dovecot: LOGIN with atoms, quoted strings and literals, SASL,
 * STARTTLS, ID, and what it says to everything else. Left out: all that comes after a login.
 * Events: `auth.attempt`, `command`, `limit.hit`.
 * @module
 */
import { choice, flag, LOGIN_PAUSES, pausesFit, text, v } from "../config/schema.ts";
import { dovecotAuthOf } from "../net/dovecot_auth.ts";
import { MECHANISMS } from "../net/sasl.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.pipe(
  v.strictObject({
    product: choice("dovecot-2.3.19", ["dovecot-2.3.19"], "Whose answers are given."),
    greeting: v.pipe(
      text("Dovecot (Debian) ready.", 200, "Text of the greeting after the capabilities."),
      v.check((value) => !/[\r\n]/.test(value), "must be one line"),
    ),
    hostname: v.pipe(
      text("", 253, "Name in CRAM-MD5's challenges; empty for the sensor's host name."),
      v.check((value) => /^[!-~]*$/.test(value), "must have printable characters only"),
    ),
    auth: v.optional(
      v.pipe(
        v.array(v.picklist(MECHANISMS, `must be one of ${MECHANISMS.join(", ")}`)),
        v.minLength(1, "must have at least 1 entry"),
        v.description("SASL mechanisms that are offered."),
      ),
      ["plain"],
    ),
    starttls: flag(true, "Whether STARTTLS is offered."),
    require_tls: flag(false, "Whether passwords in clear are refused (and told) without TLS."),
    slow_down: flag(true, "Whether an address that has failed waits longer, up to 15 s more."),
    ...LOGIN_PAUSES,
  }),
  pausesFit(),
);
type Options = v.InferOutput<typeof Options>;

/**
 * `kind: imap`; keys: `product`, `greeting`, `hostname`, `auth`, `starttls`, `require_tls`, `slow_down`,
 * `pause_min_ms`, `pause_max_ms`.
 */
export const imap: DecoyKind<Options> = {
  kind: "imap",
  defaultPort: 143,
  options: Options,
  startsTls: ({ starttls }) => starttls,
  create: async (options, context): Promise<Decoy> => {
    const { serve } = await import("./imap/dialogue.ts");
    const hostname = options.hostname || context.hostname;
    const settings = {
      auth: dovecotAuthOf(options, { hostname, sensor: context.store }),
      greeting: options.greeting,
      offersTls: options.starttls,
      requiresTls: options.require_tls,
    };
    return { serve: (session) => serve(session, settings) };
  },
};
