/**
 * `enroll`: on a collector, the line by which a sensor joins it.
 * @module
 */
import type { Config } from "../config/config.ts";
import { dataPaths } from "../data_folder.ts";
import { CommandError, UsageError } from "../errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../net/address.ts";
import { certificateInfo } from "../net/certificate_info.ts";
import { formatEnrolment } from "../service/enrolment.ts";
import { isTokenName, TokenStore } from "../service/tokens.ts";
import type { Arguments, Command } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** Names in every certificate of ours, by which no other host reaches this one. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];

/** `enroll NAME`. */
export const enroll: Command = {
  name: "enroll",
  examples: [
    ["enroll edge-7 --address collector.example:9443", "the line for duckblind join on edge-7"],
    ["enroll edge-7 -c duckblind.yaml", "with the address that the certificate is for"],
    ["enroll edge-7 > edge-7.line", "kept for duckblind join -; token revoke edge-7 takes it back"],
  ],
  usage: ["enroll NAME [--address HOST:PORT] [-c FILE]"],
  positionals: [1, 1],
  options: [
    {
      name: "address",
      type: "text",
      value: "HOST:PORT",
      description: "Where sensors reach this collector; default: from its certificate and config",
    },
    CONFIG_OPTION,
  ],
  async run(args, terminal) {
    const [name = ""] = args.positionals;
    if (!isTokenName(name)) {
      throw new UsageError(
        `The name is ${JSON.stringify(name.slice(0, 80))}, ` +
          "must be 1 to 64 letters, digits, dots, dashes, underscores",
      );
    }
    const config = await loadConfig(args.text("config"));
    if (!config.service.enabled) {
      throw new CommandError("Cannot enroll: service.enabled is false in the config");
    }
    if (name === (config.sensor.id || Deno.hostname())) {
      throw new CommandError(`Cannot enroll: ${name} is the name of this collector itself`);
    }
    const ca = await readPem(config.service.ca);
    const address = findAddress(args, config, certificateInfo(await readPem(config.service.cert)));
    await Deno.mkdir(config.sensor.data, { recursive: true, mode: 0o700 });
    const token = await new TokenStore(dataPaths(config.sensor.data).tokens).add(name, "sensor");
    const serverName = address.hostname;
    terminal.err(`Sensor ${name} may send its events to ${formatHostPort(address)}`);
    terminal.err(`Authority SHA-256 ${certificateInfo(ca).fingerprint}`);
    terminal.err("On the sensor: duckblind join LINE. It holds the token, and is shown only now.");
    terminal.out(
      formatEnrolment({ address: formatHostPort(address), serverName, name, token, ca }),
    );
    return 0;
  },
};

/** The address that is named, or one that the certificate is for. */
function findAddress(
  args: Arguments,
  { service }: Config,
  certificate: { readonly names: readonly string[] },
): HostPort {
  const named = args.text("address");
  if (named === undefined) {
    const hostname = certificate.names.find((name) => !LOCAL_NAMES.includes(name));
    const [first] = service.listen;
    if (hostname !== undefined) return { hostname, port: first!.port };
    throw new UsageError("Option --address is missing: the certificate is for this host only");
  }
  const address = parseHostPort(named);
  if (address === undefined || address.port === 0) {
    throw new UsageError(
      `Option --address is ${JSON.stringify(named)}, must be host:port with port 1 to 65535`,
    );
  }
  const { hostname } = address;
  if (certificate.names.includes(hostname)) return address;
  const option = /^[\d.]+$|:/.test(hostname) ? "--ip" : "--host";
  throw new CommandError(
    `Cannot enroll: the certificate is not for ${hostname}, but for ` +
      `${certificate.names.join(", ")}; duckblind certs ${option} ${hostname} --renew makes one, ` +
      "SIGHUP uses it",
  );
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const said = error instanceof Deno.errors.NotFound
      ? "there is no such file; duckblind certs makes it, or the first start"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new CommandError(`Cannot read certificate ${JSON.stringify(path)}: ${said}`, {
      cause: error,
    });
  }
}
