/**
 * Options of sinks that connect to one peer: where it is, and whom to trust.
 * @module
 */
import { secret, text, v } from "../config/schema.ts";
import { SinkError } from "../errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../net/address.ts";
import type { DialTls } from "../net/dial.ts";
import { readPem } from "./secrets.ts";
import type { SinkContext } from "./sink.ts";

/**
 * An address to connect to, required.
 * @param example such as `broker.example:1883`.
 */
export function peerAddress(example: string) {
  return v.pipe(
    v.string(`must be host:port, such as ${example}`),
    v.maxLength(300, "must have at most 300 characters"),
    v.check((value) => (parseHostPort(value)?.port ?? 0) > 0, `must be host:port, as ${example}`),
    v.description(`Where to connect to, such as ${example}`),
  );
}

/** Keys for TLS: `ca`, `cert`, `key`. */
export const TLS_ENTRIES = {
  ca: text("", 1024, "PEM file of authorities to trust too; empty for none"),
  cert: text("", 1024, "PEM file of the certificate by which we are known; empty for none"),
  key: secret("PEM key of cert"),
};

/** Values of these keys. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key?: string | undefined;
}

/**
 * An address that the schema has let through.
 * @param address `host:port`.
 */
export function toHostPort(address: string): HostPort {
  const parsed = parseHostPort(address);
  if (parsed === undefined) throw new SyntaxError(`Cannot use ${address}, must be host:port`);
  return parsed;
}

/**
 * The address as `permissions` lists it.
 * @param address `host:port`.
 */
export function toHost(address: string): string {
  return formatHostPort(toHostPort(address));
}

/**
 * What a socket for datagrams to an address is bound to: any address of the same family.
 * @param address an IP address with a port.
 */
export function anyAddressFor(address: string) {
  return toHostPort(address).hostname.includes(":")
    ? { hostname: "::", family: "udp6" } as const
    : { hostname: "0.0.0.0", family: "udp4" } as const;
}

/**
 * The files that are read for TLS, besides the key, which is a secret.
 * @param files options.
 */
export function tlsReads({ ca, cert }: TlsFiles): string[] {
  return [ca, cert].filter((path) => path !== "");
}

/**
 * Reads what TLS needs; anew for each connection, so that files can be renewed.
 * @param files options.
 * @param context resolves the key.
 * @throws {SinkError} when one cannot be read, or `cert` and `key` are not both there.
 */
export async function readTls(files: TlsFiles, context: SinkContext): Promise<DialTls> {
  const { ca, cert, key } = files;
  if ((cert === "") !== (key === undefined)) {
    throw new SinkError("Cannot use a certificate of ours: must have both cert and key", true);
  }
  return {
    ...(ca === "" ? {} : { ca: await readPem(ca) }),
    ...(key === undefined
      ? {}
      : { cert: await readPem(cert, "cert"), key: await context.secret(key) }),
  };
}
