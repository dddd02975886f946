/**
 * The key exchange methods by name. Each is loaded when a client first asks for it: most ask for one of
 * two, and the others' tables would take memory for nothing.
 * @module
 */
import type { KexHash, KexMethod } from "./method.ts";

/** Group exchange, whose group is agreed on first (RFC 4419). */
export const GROUP_EXCHANGE = "diffie-hellman-group-exchange-sha256";

/** Its hash. */
export const GROUP_EXCHANGE_HASH: KexHash = "sha256";

/** What a server adds to the methods. */
export interface MethodOptions {
  /** Fewest bits that a client's Diffie-Hellman value must have set. */
  readonly minDhBits: number;
}

const LOADERS: Readonly<Record<string, (options: MethodOptions) => Promise<KexMethod>>> = {
  "curve25519-sha256": curve25519,
  "curve25519-sha256@libssh.org": curve25519,
  "sntrup761x25519-sha512": sntrup761,
  "sntrup761x25519-sha512@openssh.com": sntrup761,
  "ecdh-sha2-nistp256": () => ecdh("nistp256"),
  "ecdh-sha2-nistp384": () => ecdh("nistp384"),
  "ecdh-sha2-nistp521": () => ecdh("nistp521"),
  "diffie-hellman-group14-sha1": (options) => dh(14, "sha1", options),
  "diffie-hellman-group14-sha256": (options) => dh(14, "sha256", options),
  "diffie-hellman-group16-sha512": (options) => dh(16, "sha512", options),
  "diffie-hellman-group18-sha512": (options) => dh(18, "sha512", options),
};

const loaded = new Map<string, Promise<KexMethod>>();

/** Names of all methods but group exchange. */
export const METHOD_NAMES: readonly string[] = Object.keys(LOADERS);

/**
 * Loads a method.
 * @param name one of `METHOD_NAMES`.
 * @param options the server's.
 * @throws {RangeError} for another name.
 */
export function loadMethod(name: string, options: MethodOptions): Promise<KexMethod> {
  const key = `${name} ${options.minDhBits}`;
  let method = loaded.get(key);
  if (method === undefined) {
    const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
    if (load === undefined) throw new RangeError(`Cannot exchange keys by ${JSON.stringify(name)}`);
    loaded.set(key, method = load(options));
  }
  return method;
}

async function curve25519(): Promise<KexMethod> {
  return (await import("./curve25519.ts")).curve25519;
}

async function sntrup761(): Promise<KexMethod> {
  return (await import("./sntrup761x25519.ts")).sntrup761x25519;
}

async function ecdh(curve: "nistp256" | "nistp384" | "nistp521"): Promise<KexMethod> {
  return (await import("./ecdh.ts")).ecdhMethod(curve);
}

async function dh(
  number: 14 | 16 | 18,
  hash: KexHash,
  { minDhBits }: MethodOptions,
): Promise<KexMethod> {
  const [{ dhMethod }, groups] = await Promise.all([import("./dh.ts"), import("./dh_groups.ts")]);
  return dhMethod(groups.fixedGroup(number), hash, { minBitsSet: minDhBits });
}
