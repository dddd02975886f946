/**
 * How a Postfix is set up.
 * @module
 */
import type { DovecotAuth } from "../../net/dovecot_auth.ts";

/** Options of the decoy, with the product's own values in place of absent ones. */
export interface Settings {
  /** In the greeting and in answers: `myhostname`. */
  readonly hostname: string;
  /** Behind the host name in the greeting. */
  readonly banner: string;
  /** Whether it takes mail for its users, or only of those who have logged in. */
  readonly isSubmission: boolean;
  /** Whether STARTTLS is offered, and whether nothing goes without. */
  readonly tls: "none" | "may" | "encrypt";
  /** `undefined` when nobody can log in. */
  readonly auth: DovecotAuth | undefined;
  /** Names of this host, in lower case. */
  readonly domains: ReadonlySet<string>;
  /** Local users and aliases, in lower case. */
  readonly users: ReadonlySet<string>;
  readonly maxMessageBytes: number;
  /** Errors from which on each answer waits a second, and those that end the session. */
  readonly softErrors: number;
  readonly hardErrors: number;
  /** Upper bits of queue ids: what the file system of this host counts up. */
  readonly inode: number;
}
