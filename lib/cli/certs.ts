/**
 * `certs`: a private certificate authority and the certificate of the encrypted service.
 * @module
 */
import { CommandError, UsageError } from "../errors.ts";
import { parseIp } from "../net/address.ts";
import {
  authorityKeyPath,
  certificateInfo,
  type CertificateNames,
  type CertificatePaths,
  ensureCertificates,
  isHostName,
  issueCertificates,
} from "../net/certificates.ts";
import type { Arguments, Command, Terminal } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** `certs [--host NAME]... [--ip ADDRESS]... [--renew [--ca]] [-c FILE]`. */
export const certs: Command = {
  name: "certs",
  examples: [
    ["certs", "makes what is missing, shows what is there"],
    ["certs --host edge-1.example.org --ip 192.0.2.1", "for clients that use these names"],
    ["certs --renew && kill -HUP $(pidof duckblind)", "a new certificate, taken up without a stop"],
  ],
  usage: ["certs [--host NAME]... [--ip ADDRESS]... [--renew [--ca]] [-c FILE]"],
  positionals: [0, 0],
  options: [
    {
      name: "host",
      type: "list",
      value: "NAME",
      description: "A name of this host, the first is the subject; default: the host's name",
    },
    { name: "ip", type: "list", value: "ADDRESS", description: "An address of this host" },
    {
      name: "renew",
      type: "flag",
      description: "Replaces the certificate, with the same names and authority",
    },
    {
      name: "ca",
      type: "flag",
      description: "With --renew: replaces the authority too; clients need its new certificate",
    },
    CONFIG_OPTION,
  ],
  async run(args, terminal) {
    const { service, sensor } = await loadConfig(args.text("config"));
    const names = readNames(args, () => sensor.hostname || Deno.hostname());
    if (args.flag("ca") && !args.flag("renew")) {
      throw new UsageError("Option --ca stands alone, must stand with --renew");
    }
    const isNamed = args.list("host").length > 0 || args.list("ip").length > 0;
    const made = args.flag("renew")
      ? await issueCertificates(service, isNamed ? names : await keepNames(service, names), {
        newAuthority: args.flag("ca"),
      })
      : await ensureCertificates(service, names);
    if (made.length === 0 && isNamed) {
      throw new CommandError(
        `Cannot make a certificate for these names: ${JSON.stringify(service.cert)} ` +
          `is there already, --renew replaces it`,
      );
    }
    await describe(service, made, terminal);
    return 0;
  },
};

/** The names asked for, checked. */
function readNames(args: Arguments, ownName: () => string): CertificateNames {
  const [hostname, ...hosts] = args.list("host");
  const ips = args.list("ip");
  for (const name of args.list("host")) {
    if (!isHostName(name)) {
      throw new UsageError(
        `Option --host is ${JSON.stringify(name)}, must be a host name; addresses go with --ip`,
      );
    }
  }
  for (const ip of ips) {
    if (parseIp(ip) === undefined) {
      throw new UsageError(`Option --ip is ${JSON.stringify(ip)}, must be IPv4 or IPv6`);
    }
  }
  return { hostname: hostname ?? ownName(), hosts, ips };
}

/** The names of the certificate that is there, if it is: a renewal without names changes none. */
async function keepNames(
  paths: CertificatePaths,
  names: CertificateNames,
): Promise<CertificateNames> {
  let pem: string;
  try {
    pem = await Deno.readTextFile(paths.cert);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return names;
    throw error;
  }
  const info = certificateInfo(pem);
  const isIp = (name: string) => parseIp(name) !== undefined;
  return {
    hostname: info.commonName,
    hosts: info.names.filter((name) => !isIp(name)),
    ips: info.names.filter(isIp),
  };
}

/** Shows what is there now and what of it is new. */
async function describe(
  paths: CertificatePaths,
  made: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const mark = (path: string) => made.includes(path) ? "made" : "kept";
  const server = certificateInfo(await Deno.readTextFile(paths.cert));
  terminal.out(`${mark(paths.cert)}  ${paths.cert} and ${paths.key}`);
  terminal.out(`      for ${server.names.join(", ")}`);
  terminal.out(`      valid until ${formatDay(server.expiresAt)}`);
  let pem: string;
  try {
    pem = await Deno.readTextFile(paths.ca);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // an operator's own certificate needs none
    throw error;
  }
  const authority = certificateInfo(pem);
  terminal.out(`${mark(paths.ca)}  ${paths.ca}: the authority, for clients (--ca ${paths.ca})`);
  terminal.out(`      valid until ${formatDay(authority.expiresAt)}`);
  terminal.out(`      SHA-256 ${authority.fingerprint}`);
  if (made.includes(paths.ca)) {
    terminal.out(`made  ${authorityKeyPath(paths.ca)}: signs certificates, best kept elsewhere`);
  }
}

/** Year, month and day, in UTC. */
function formatDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
