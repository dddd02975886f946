/**
 * What a look-up of a host name would come to, judged by the name alone: nothing is looked up.
 * @module
 */

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
  const bytes = parseAddress(name) ?? (name.toLowerCase() === "localhost" ? LOOPBACK : undefined);
  if (bytes !== undefined) return { kind: "address", bytes };
  const labels = name.replace(/\.$/, "").toLowerCase().split(".");
  const last = labels.at(-1)!;
  const isName = name.length <= 253 && labels.length > 1 && /^(?:[a-z]{2,24}|xn--.+)$/.test(last) &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return { kind: isName && !UNKNOWN_DOMAINS.has(last) ? "found" : "unknown" };
}

const LOOPBACK = new Uint8Array([127, 0, 0, 1]);

/** An IPv4 address as inet_aton(3) reads it: one to four parts, decimal, octal or hexadecimal. */
function parseAddress(text: string): Uint8Array | undefined {
  if (!/^(?:0[xX][0-9a-fA-F]+|\d+)(?:\.(?:0[xX][0-9a-fA-F]+|\d+)){0,3}$/.test(text)) {
    return undefined;
  }
  const parts = text.split(".").map(parsePart);
  const last = parts.pop()!;
  const isInRange = parts.every((part) => part <= 255) && last < 256 ** (4 - parts.length);
  if (!isInRange) return undefined; // so is a part that is no number
  let value = last;
  for (const [i, part] of parts.entries()) value += part * 256 ** (3 - i);
  return new Uint8Array([24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256));
}

function parsePart(part: string): number {
  if (/^0x/i.test(part)) return parseInt(part, 16);
  if (!/^0\d/.test(part)) return Number(part);
  return /^[0-7]+$/.test(part) ? parseInt(part, 8) : NaN;
}
