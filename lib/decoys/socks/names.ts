/**
 * What a look-up of a host name would come to, judged by the name alone: nothing is looked up.
 * @module
 */
import { parseInetAton } from "../../net/inet_aton.ts";

/** What is known of a name. */
export type Lookup =
  | { readonly kind: "address"; readonly bytes: Uint8Array } // the name is one, or is in /etc/hosts
  | { readonly kind: "found" }
  | { readonly kind: "unknown" };

/** Top-level domains that no resolver answers for: RFC 2606, RFC 6761, RFC 6762, and what is usual. */
const UNKNOWN_DOMAINS = new Set(
  "corp example home internal intranet invalid lan local localdomain onion test".split(" "),
);

/**
 * Judges a name.
 * @param name one character a byte, without NUL.
 */
export function lookUp(name: string): Lookup {
  const bytes = parseInetAton(name) ?? (name.toLowerCase() === "localhost" ? LOOPBACK : undefined);
  if (bytes !== undefined) return { kind: "address", bytes };
  const labels = name.replace(/\.$/, "").toLowerCase().split(".");
  const last = labels.at(-1)!;
  const isName = name.length <= 253 && labels.length > 1 && /^(?:[a-z]{2,24}|xn--.+)$/.test(last) &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return { kind: isName && !UNKNOWN_DOMAINS.has(last) ? "found" : "unknown" };
}

const LOOPBACK = new Uint8Array([127, 0, 0, 1]);
