/**
 * Whom a Debian Postfix takes mail for: the users of this host, and nobody elsewhere.
 * @module
 */
import { type Address, isDomain } from "./address.ts";

/** Users of every Debian 12 host, and what Postfix and its aliases add. */
export const SYSTEM_USERS: readonly string[] =
  ("root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc _apt nobody " +
    "systemd-network messagebus sshd postfix dovecot dovenull postmaster mailer-daemon").split(" ");

/** Who is here. */
export interface Recipients {
  /** Names of this host, in lower case: `mydestination`. */
  readonly domains: ReadonlySet<string>;
  /** Address of this host. */
  readonly ip: string;
  /** Local users and aliases, in lower case. */
  readonly users: ReadonlySet<string>;
}

/** Whether mail for an address is taken; `bad` for one that leads nowhere. */
export type Verdict = "local" | "unknown" | "relay" | "bad";

/**
 * Judges an address.
 * @param address a recipient.
 * @param recipients who is here.
 */
export function judge(address: Address, recipients: Recipients): Verdict {
  let { local, domain } = address;
  // What routes on from here, `a@b@here`, `b!a@here`, `a%b@here`, is judged by where it goes in the end.
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    if (domain !== undefined && !isOwn(domain, recipients)) return "relay";
    const next = routeOn(local);
    if (next === undefined) break;
    [local, domain] = next;
    if (!isDomain(domain)) return "bad";
  }
  const user = local.toLowerCase();
  const plus = user.indexOf("+", 1); // a delimiter in front is none
  const isUser = recipients.users.has(user) ||
    (plus > 0 && recipients.users.has(user.slice(0, plus)));
  return isUser || user === "" ? "local" : "unknown";
}

/** Most turns that are looked at. */
const MAX_STEPS = 20;

/** Where a local part routes to, if it does. */
function routeOn(local: string): [local: string, domain: string] | undefined {
  const at = local.lastIndexOf("@");
  if (at >= 0) return [local.slice(0, at), local.slice(at + 1) || "localhost"];
  const bang = local.indexOf("!");
  if (bang >= 0) return [local.slice(bang + 1), local.slice(0, bang)];
  const percent = local.lastIndexOf("%");
  if (percent >= 0) return [local.slice(0, percent), local.slice(percent + 1)];
  return undefined;
}

function isOwn(domain: string, { domains, ip }: Recipients): boolean {
  const name = domain.toLowerCase().replace(/\.$/, "");
  return domain === "" || domains.has(name) || name === `[${ip}]` || name === `[ipv6:${ip}]`;
}
