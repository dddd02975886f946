/**
 * What a built-in site is made of.
 * @module
 */
import type { AppReply, AppRequest } from "../site.ts";
import { utf8Octets } from "../octets.ts";

/** A site: what it serves as files, and what a login attempt is answered with. */
export interface SiteDesign {
  /** Contents by path. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Where the form is sent to. */
  readonly loginPath: string;
  /** Other paths of the application: they lead back to the login. */
  readonly appPaths: readonly string[];
  /** Where those lead to. */
  readonly homePath: string;
  /** Fields of every answer of the application, such as its cookie; `isSecure`: TLS is spoken. */
  headers(
    sessionId: string,
    isSecure: boolean,
  ): readonly (readonly [name: string, value: string])[];
  /** The answer to a failed login. */
  failure(request: AppRequest): Omit<AppReply, "pauseMs" | "body"> & { readonly body: string };
  /** How long a failed login takes, in ms. */
  readonly pauseMs: readonly [number, number];
}

/**
 * An organisation's name in a document.
 * @param text as the operator wrote it.
 */
export function html(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * A session id as PHP of Debian makes it: 26 characters of 5 bits.
 * @param hex 32 digits.
 */
export function phpSessionId(hex: string): string {
  return BigInt("0x" + hex).toString(32).padStart(26, "0");
}

/** PHP's session cookie and what goes with it: `session.cache_limiter = nocache`. */
export function phpHeaders(cookie: string): readonly (readonly [string, string])[] {
  return [
    ["Set-Cookie", utf8Octets(cookie)],
    ["Expires", "Thu, 19 Nov 1981 08:52:00 GMT"],
    ["Cache-Control", "no-store, no-cache, must-revalidate"],
    ["Pragma", "no-cache"],
  ];
}
