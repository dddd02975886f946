/**
 * What is kept out of events when the config asks that tried passwords are: `secrets` other than
 * `plain`.
 *
 * A decoy reports a password as such only when it understood it; the same bytes also stand in what the
 * peer sent first, in headers, bodies and queries, and in attempts that broke off. So raw bytes are
 * left out as a whole, and text is when anything in it sounds like a secret: better a line less than a
 * password more.
 * @module
 */
import type { SensorIdentity } from "./ecs.ts";

/** Stands in the place of what is not told. */
export const WITHHELD = "(withheld)";

/** Names of headers, variables and fields whose values may be secret. */
const SECRET_NAME = /auth|cookie|token|key|secret|pass|pwd|pin\b|otp|cred|session|login/i;
/** Text in which a name and a secret may stand: a form, JSON, XML, a query. */
const SECRET_TEXT = /auth|token|key|secret|pass|pwd|psw|\bpw|pin\b|otp|cred|log[io]n|user|session/i;

/**
 * Whether secrets are to stay out of events.
 * @param sensor says so.
 */
export function withholds(sensor: SensorIdentity): boolean {
  return sensor.secrets !== "plain";
}

/**
 * Whether the value that belongs to a name may be secret.
 * @param name of a header or a variable, as the peer sent it.
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Whether a text may hold a secret.
 * @param text as the peer sent it, escaped or not.
 */
export function mayHoldSecret(text: string): boolean {
  return SECRET_TEXT.test(text);
}

/**
 * A request target or another URL without what may be secret in it: user and password, and a query
 * that sounds like it.
 * @param url as the peer sent it.
 * @param isLogin whether a credential was found in the request, so that no query is told.
 */
export function withholdUrl(url: string, isLogin: boolean): string {
  const open = url.replace(/\/\/[^/?#]*@/g, `//${WITHHELD}@`);
  const at = open.search(/[?#;]/);
  if (at < 0 || !(isLogin || mayHoldSecret(open.slice(at)))) return open;
  return open.slice(0, at + 1) + WITHHELD;
}
