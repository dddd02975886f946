/**
 * Sends mails through a mail server: one connection a call, closed at its deadline.
 * @module
 */
import nodemailer from "nodemailer";
import { SinkError } from "../../errors.ts";
import { escapeBytes } from "../../net/escape.ts";
import { type EmailOptions, portOf } from "../email.ts";
import { readPem } from "../secrets.ts";
import type { Batch, Outcome, Sink, SinkContext } from "../sink.ts";
import { makeMail } from "./mail.ts";

/** Longest answer of a server in a message, in bytes. */
const MAX_ANSWER_BYTES = 512;
const encoder = new TextEncoder();

/** What nodemailer's errors say besides their message. */
interface MailError extends Error {
  readonly code?: string;
  /** The server's answer, and its code. */
  readonly response?: string;
  readonly responseCode?: number;
}

/** Mails to some people. */
export class EmailSink implements Sink {
  readonly #options: EmailOptions;
  readonly #context: SinkContext;
  #close: (() => void) | undefined;

  /**
   * @param options of the config.
   * @param context resolves secrets.
   */
  constructor(options: EmailOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  async write({ notices }: Batch, signal: AbortSignal): Promise<Outcome> {
    const { from, to, subject_prefix } = this.#options;
    const { id, ...mail } = makeMail(notices, subject_prefix);
    const domain = from.slice(from.lastIndexOf("@") + 1);
    const transport = await this.#makeTransport();
    const close = this.#close = () => transport.close();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(new Error("no answer within the deadline"));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const sent = transport.sendMail({
        ...mail,
        from,
        to,
        messageId: `<${id}@${domain}>`,
        headers: { "Auto-Submitted": "auto-generated" },
      });
      sent.catch(() => {}); // after the deadline nobody waits for it
      const { response, rejected } = await Promise.race([sent, aborted]);
      const refused = rejected.length === 0 ? "" : ` (not for ${rejected.join(", ")})`;
      return { reply: clean(response) + refused };
    } catch (error) {
      throw toSinkError(this.#options, error as MailError);
    } finally {
      signal.removeEventListener("abort", onAbort);
      close();
      this.#close = undefined;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close?.();
    return Promise.resolve();
  }

  async #makeTransport() {
    const { host, security, ca, username, password } = this.#options;
    const user = await this.#context.secret(username);
    const pass = password === undefined ? "" : await this.#context.secret(password);
    return nodemailer.createTransport({
      host,
      port: portOf(this.#options),
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      // What we call ourselves is no business of a mail server's log on the way.
      name: "localhost",
      tls: ca === "" ? {} : { ca: await readPem(ca) },
      ...(user === "" ? {} : { auth: { user, pass } }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }
}

/**
 * What a failure means: what the server refuses of the content itself (RFC 5321 §4.2.1: 5yz after DATA)
 * it will refuse again; everything else, a wrong password too, can be mended.
 */
function toSinkError(options: EmailOptions, error: MailError): SinkError {
  const { code = "", responseCode = 0, response } = error;
  const isRefused = code === "EMESSAGE" && responseCode >= 500;
  const detail = response === undefined ? clean(error.message) : `it answered ${clean(response)}`;
  const server = `${options.host}:${portOf(options)}`;
  const what = code === "EAUTH" ? `log in to mail server ${server}` : `mail through ${server}`;
  return new SinkError(`Cannot ${what}: ${detail}`, !isRefused, { cause: error });
}

function clean(text: string): string {
  return escapeBytes(encoder.encode(text).subarray(0, MAX_ANSWER_BYTES));
}
