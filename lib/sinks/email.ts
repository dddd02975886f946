/**
 * Email sink: alerts as mail, grouped, in text and HTML, by way of a mail server.
 *
 * SMTP and MIME are nodemailer's; it is loaded when the first mail is sent. Mails say by which program
 * they were made (RFC 3834 §5), so that nobody's autoresponder answers, and have a `Message-ID` made of
 * the event's id: a mail that is sent again after a lost answer is recognised as the same.
 * @module
 */
import { choice, count, secret, text, v } from "../config/schema.ts";
import { formatHostPort } from "../net/address.ts";
import type { SinkKind } from "./sink.ts";

/** Ports of the ways to connect: RFC 8314 §7.3, RFC 6409 §3.1, RFC 5321 §4.5.4.2. */
const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

const ADDRESS = /^[^\s@<>",;\\]{1,64}@[A-Za-z0-9._:[\]-]{1,255}$/;
const Address = (description: string) =>
  v.pipe(
    v.string("must be an address such as soc@example.org"),
    v.regex(ADDRESS, "must be an address such as soc@example.org"),
    v.description(description),
  );

const Options = v.strictObject({
  host: v.pipe(
    v.string("must be the name or address of a mail server"),
    v.regex(/^[A-Za-z0-9._:-]{1,255}$/, "must be the name or address of a mail server"),
    v.description("Mail server that takes our mails"),
  ),
  port: count(0, 0, 65_535, "Its port; 0 for 587, with tls 465, with none 25"),
  security: choice(
    "starttls",
    ["starttls", "tls", "none"],
    "TLS by STARTTLS, which is then required; from the first byte on; or none",
  ),
  ca: text("", 1024, "PEM file of authorities to trust too; empty for none"),
  username: text("", 1024, "User name, or env:NAME or file:PATH where it is; empty for none"),
  password: secret("Password"),
  from: Address("Who the mails are from"),
  to: v.pipe(
    v.array(Address("Who gets them"), "must be a list of addresses"),
    v.minLength(1, "must have at least one entry"),
    v.maxLength(50, "must have at most 50 entries"),
  ),
  subject_prefix: v.optional(
    v.pipe(
      v.string("must be a text"),
      v.regex(/^[^\p{Cc}]{0,64}$/u, "must have at most 64 printable characters"),
      v.description("What every subject begins with"),
    ),
    "[duckblind]",
  ),
});

/** Options of the sink. */
export type EmailOptions = v.InferOutput<typeof Options>;

/** `kind: email`. */
export const emailSink: SinkKind<EmailOptions> = {
  kind: "email",
  isDurable: true,
  isForPeople: true,
  options: Options,
  // A mail is dear to who reads it, and a burst makes one.
  defaults: {
    min_severity: 50,
    batch_events: 100,
    batch_ms: 5000,
    timeout_ms: 30_000,
    group_by: "source",
    window_s: 900,
    max_per_hour: 30,
  },
  reads: ({ ca }) => ca === "" ? [] : [ca],
  hosts: (options) => [formatHostPort({ hostname: options.host, port: portOf(options) })],
  open: async (options, context) => {
    const { EmailSink } = await import("./email/email_sink.ts");
    return new EmailSink(options, context);
  },
};

/**
 * The server's port.
 * @param options of the sink.
 */
export function portOf({ port, security }: Pick<EmailOptions, "port" | "security">): number {
  return port === 0 ? PORTS[security] : port;
}
