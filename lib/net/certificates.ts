/**
 * The encrypted service's certificate and the private authority behind it, as files.
 *
 * What is missing is made; what is there is left alone, so an operator's own certificate stays. Keys
 * are readable by their owner only. Nothing in a certificate tells what the program is.
 * @module
 */
import { CommandError } from "../errors.ts";
import { parseIp } from "./address.ts";
import { certificateInfo } from "./certificate_info.ts";

export { type CertificateInfo, certificateInfo } from "./certificate_info.ts";

/** Where the files are. */
export interface CertificatePaths {
  /** The server's certificate. */
  readonly cert: string;
  /** The server's private key. */
  readonly key: string;
  /** The authority's certificate, which clients are given; its key stands beside it. */
  readonly ca: string;
}

/** For whom a certificate is. */
export interface CertificateNames {
  /** The host's own name, which becomes the subject; left out if it cannot stand in a certificate. */
  readonly hostname: string;
  /** Other host names. */
  readonly hosts?: readonly string[];
  /** Addresses, IPv4 or IPv6. */
  readonly ips?: readonly string[];
}

/** In every certificate, so that local commands can check it. */
const LOCAL_HOST = "localhost";
const LOCAL_IPS = ["127.0.0.1", "::1"];

/** Longest common name: ub-common-name of RFC 5280, appendix A. */
const MAX_COMMON_NAME = 64;
const CA_SUFFIX = " Root CA";

/**
 * Where the authority's private key is: beside its certificate. Needed only to make a certificate.
 * @param ca the authority's certificate, such as `certs/ca.pem`.
 * @returns such as `certs/ca.key`.
 */
export function authorityKeyPath(ca: string): string {
  return ca.replace(/\.[^./]*$/, "") + ".key";
}

/**
 * Makes what is missing: nothing if certificate and key of the server are there.
 * @param paths where.
 * @param names for whom; what every certificate has comes by itself.
 * @returns the files that were made, in order; empty when nothing was missing.
 * @throws {CommandError} when what is there does not fit together or cannot be written.
 */
export async function ensureCertificates(
  paths: CertificatePaths,
  names: CertificateNames,
): Promise<string[]> {
  const [cert, key] = await Promise.all([readIfThere(paths.cert), readIfThere(paths.key)]);
  if (cert !== undefined && key !== undefined) return [];
  if (cert !== undefined || key !== undefined) {
    const [there, missing] = cert !== undefined ? [paths.cert, paths.key] : [paths.key, paths.cert];
    throw new CommandError(
      `Cannot make certificates: ${quote(there)} is there but ${quote(missing)} is not, ` +
        `both or neither must be: duckblind certs --renew replaces them`,
    );
  }
  return await issueCertificates(paths, names);
}

/**
 * Makes a server certificate and key in place of whatever is there, and an authority if there is
 * none.
 * @param paths where.
 * @param names for whom; what every certificate has comes by itself.
 * @param options `newAuthority`: replaces the authority too; clients then need its new certificate.
 * @returns the files that were made, in order.
 * @throws {CommandError} when the authority's key is missing, or a file cannot be written.
 */
export async function issueCertificates(
  paths: CertificatePaths,
  names: CertificateNames,
  options: { newAuthority?: boolean } = {},
): Promise<string[]> {
  const { createAuthority, createServerCertificate } = await import("./certificate_authority.ts");
  const subjects = subjectsOf(names);
  const nowMs = Date.now();
  const made: string[] = [];
  let authority = options.newAuthority ? undefined : await readAuthority(paths);
  if (authority === undefined) {
    const owner = subjects[0]!.name.slice(0, MAX_COMMON_NAME - CA_SUFFIX.length);
    authority = await createAuthority(owner + CA_SUFFIX, nowMs);
    await replaceFile(authorityKeyPath(paths.ca), authority.key, 0o600);
    await replaceFile(paths.ca, authority.cert, 0o644);
    made.push(paths.ca, authorityKeyPath(paths.ca));
  }
  const server = await createServerCertificate(authority, subjects, nowMs);
  await replaceFile(paths.key, server.key, 0o600);
  await replaceFile(paths.cert, server.cert, 0o644);
  return [...made, paths.cert, paths.key];
}

/**
 * Whether a text can stand as a host name in a certificate: letters, digits, dashes and dots.
 * @param text such as `srv.example.org`, or `*.example.org`.
 */
export function isHostName(text: string): boolean {
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
  return text.length <= 253 &&
    text.replace(/^\*\./, "").split(".").every((part) => label.test(part));
}

/** The names of a certificate in order, each once. */
function subjectsOf(names: CertificateNames): { name: string; isIp: boolean }[] {
  const hosts = [names.hostname, ...names.hosts ?? [], LOCAL_HOST].filter(isHostName);
  const ips = [...names.ips ?? [], ...LOCAL_IPS].filter((ip) => parseIp(ip) !== undefined);
  return [
    ...[...new Set(hosts)].map((name) => ({ name, isIp: false })),
    ...[...new Set(ips)].map((name) => ({ name, isIp: true })),
  ];
}

/** The authority that is there, if it is. */
async function readAuthority(
  paths: CertificatePaths,
): Promise<{ cert: string; key: string } | undefined> {
  const [cert, key] = await Promise.all([
    readIfThere(paths.ca),
    readIfThere(authorityKeyPath(paths.ca)),
  ]);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? paths.ca : authorityKeyPath(paths.ca);
    throw new CommandError(
      `Cannot sign a certificate: ${quote(missing)} is not there, ` +
        `must be brought back, or replaced together with its pair by duckblind certs --renew --ca`,
    );
  }
  if (certificateInfo(cert).expiresAt <= Date.now()) {
    throw new CommandError(
      `Cannot sign a certificate: the authority ${quote(paths.ca)} has expired, ` +
        `duckblind certs --renew --ca replaces it`,
    );
  }
  return { cert, key };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw failure("read", path, error);
  }
}

/** Writes a file beside its place and moves it there, so that nobody sees half of it. */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const fresh = `${path}.new`;
  try {
    if (folder !== "") await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await Deno.remove(fresh);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await Deno.writeTextFile(fresh, text, { createNew: true, mode });
    await Deno.rename(fresh, path);
  } catch (error) {
    throw failure("write", path, error);
  }
}

function failure(action: string, path: string, cause: unknown): CommandError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new CommandError(`Cannot ${action} ${quote(path)}: ${detail}`, { cause });
}

function quote(path: string): string {
  return JSON.stringify(path);
}
