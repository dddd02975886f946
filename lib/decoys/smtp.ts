/**
 * SMTP decoy (RFC 5321): takes mail for its users, relays nothing, and lets nobody log in.
 *
 * Plays Postfix's smtpd, with Dovecot behind AUTH: on port 25, or as the submission service on 587 and
 * 465. Mail for local users is taken and goes nowhere but into the journal.
 * Events: `auth.attempt`, `command`, `payload` (each message and what is attached to it), `limit.hit`.
 * @module
 */
import { choice, count, flag, LOGIN_PAUSES, pausesFit, text, v } from "../config/schema.ts";
import { dovecotAuthOf } from "../net/dovecot_auth.ts";
import { MECHANISMS } from "../net/sasl.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";
import { SYSTEM_USERS } from "./smtp/recipients.ts";

/** A list of short words. */
function words(description: string) {
  const word = v.pipe(
    v.string("must be a text"),
    v.regex(/^[!-~]{1,253}$/, "must have 1 to 253 printable characters"),
  );
  return v.optional(
    v.pipe(
      v.array(word),
      v.maxLength(1000, "must have at most 1000 entries"),
      v.description(description),
    ),
    [],
  );
}

const Options = v.pipe(
  v.strictObject({
    product: choice("postfix-3.7.11", ["postfix-3.7.11"], "Whose answers are given."),
    service: choice(
      "smtp",
      ["smtp", "submission", "submissions"],
      "What it is for: mail from other servers (25), or from users with STARTTLS (587) or TLS (465).",
    ),
    hostname: v.pipe(
      text("", 253, "Name in the greeting; empty for the sensor's host name."),
      v.check((value) => /^[!-~]*$/.test(value), "must have printable characters only"),
    ),
    banner: v.pipe(
      text("ESMTP Postfix (Debian/GNU)", 200, "Text behind the name in the greeting."),
      v.check((value) => !/[\r\n]/.test(value), "must be one line"),
    ),
    domains: words("Domains whose mail is taken, besides the host's own names."),
    users: words("Users whose mail is taken, besides those of every Debian host."),
    auth: v.optional(
      v.pipe(
        v.array(v.picklist(MECHANISMS, `must be one of ${MECHANISMS.join(", ")}`)),
        v.description("SASL mechanisms that are offered; empty for no AUTH."),
      ),
      ["plain", "login"],
    ),
    starttls: flag(true, "Whether STARTTLS is offered; never by submissions."),
    require_tls: v.optional(v.pipe(
      v.boolean("must be true or false"),
      v.description("Whether nothing goes without TLS; the default is the service's own."),
    )),
    max_message_bytes: count(
      10_240_000,
      1,
      100_000_000,
      "Largest message that is taken, in bytes.",
    ),
    soft_errors: count(10, 1, 10_000, "Errors from which on each answer waits a second."),
    hard_errors: count(20, 1, 10_000, "Errors that end the session."),
    slow_down: flag(true, "Whether an address that has failed waits longer, up to 15 s more."),
    ...LOGIN_PAUSES,
  }),
  pausesFit(),
);
type Options = v.InferOutput<typeof Options>;

/**
 * `kind: smtp`; keys: `product`, `service`, `hostname`, `banner`, `domains`, `users`, `auth`,
 * `starttls`, `require_tls`, `max_message_bytes`, `soft_errors`, `hard_errors`, `slow_down`,
 * `pause_min_ms`, `pause_max_ms`.
 */
export const smtp: DecoyKind<Options> = {
  kind: "smtp",
  defaultPort: 25,
  options: Options,
  startsTls: (options) => tlsOf(options) !== "none",
  create: async (options, context): Promise<Decoy> => {
    const { serve } = await import("./smtp/dialogue.ts");
    const hostname = options.hostname || context.hostname;
    const auth = dovecotAuthOf(options, { hostname, sensor: context.store });
    const names = [hostname, context.hostname, "localhost.localdomain", "localhost"];
    const seed = context.seed("smtp queue");
    const settings = {
      hostname,
      banner: options.banner,
      isSubmission: options.service !== "smtp",
      tls: tlsOf(options),
      auth: options.auth.length === 0 ? undefined : auth,
      domains: lowerCase([...names, ...options.domains]),
      users: lowerCase([...SYSTEM_USERS, ...options.users]),
      maxMessageBytes: options.max_message_bytes,
      softErrors: options.soft_errors,
      hardErrors: options.hard_errors,
      // A file of a file system that has been in use for a while.
      inode: 0x20000 + ((seed[0]! << 16 | seed[1]! << 8) & 0x1fff00),
    };
    return { serve: (session) => serve(session, settings) };
  },
};

/** Whether STARTTLS is offered, and whether it must be used. */
function tlsOf({ service, starttls, require_tls }: Options): "none" | "may" | "encrypt" {
  if (service === "submissions" || !starttls) return "none";
  return require_tls ?? service === "submission" ? "encrypt" : "may";
}

function lowerCase(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
