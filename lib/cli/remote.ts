/**
 * Which encrypted service a command asks: the one that `--remote` names, or the local one.
 * @module
 */
import { dataPaths } from "../data_folder.ts";
import { CommandError, UsageError } from "../errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../net/address.ts";
import { ServiceClient, ServiceError, type ServiceTarget } from "../service/client.ts";
import { readTokenFile } from "../service/tokens.ts";
import type { Arguments, CommandOption } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** Name that every certificate of ours has, and the local service is asked for. */
const LOCAL_NAME = "localhost";
/** What a remote service needs when nothing else is said. */
const REMOTE_FILES = { ca: "ca.pem", "token-file": "operator.token" } as const;

/** Options of every command that asks a service. */
export const REMOTE_OPTIONS: readonly CommandOption[] = [
  {
    name: "remote",
    type: "text",
    value: "HOST:PORT",
    description: "The service to ask; without it, the one that the config of this host names",
  },
  {
    name: "ca",
    type: "text",
    value: "FILE",
    description:
      `CA certificate to trust; default: of the config, with --remote ${REMOTE_FILES.ca}`,
  },
  {
    name: "token-file",
    type: "text",
    value: "FILE",
    description: `One line, name and token; default: of the data folder, with --remote ${
      REMOTE_FILES["token-file"]
    }`,
  },
  {
    name: "server-name",
    type: "text",
    value: "NAME",
    description: "Name that its certificate must have; default: HOST, for the local one localhost",
  },
  CONFIG_OPTION,
  { name: "json", type: "flag", description: "Prints JSON, one object a line" },
];

/** A service as it may be reached: the local one may listen on several addresses. */
export type Targets = readonly [ServiceTarget, ...ServiceTarget[]];

/**
 * Reads what is needed to ask the service that the arguments name.
 * @param args of a command with `REMOTE_OPTIONS`.
 * @param signal ends whatever is being waited for.
 * @returns targets to try in order.
 * @throws {UsageError} when the options contradict each other.
 * @throws {CommandError} when a file cannot be read.
 */
export async function findTargets(args: Arguments, signal?: AbortSignal): Promise<Targets> {
  const { addresses, ca, tokenFile, serverName } = await findService(args);
  const shared = {
    ca: await readCa(ca),
    credentials: await readTokenFile(tokenFile),
    serverName: args.text("server-name") ?? serverName,
    ...(signal === undefined ? {} : { signal }),
  };
  const [first, ...rest] = addresses.map((address) => ({ address, ...shared }));
  return [first!, ...rest];
}

/**
 * Connects to the first target that answers, and logs in.
 * @param targets to try in order.
 * @throws {ServiceError} what was wrong with the first.
 */
export async function connectAny(targets: Targets): Promise<ServiceClient> {
  let first: unknown;
  for (const target of targets) {
    try {
      return await ServiceClient.connect(target);
    } catch (error) {
      first ??= error;
      // Only an address where nobody listens is worth trying the next one.
      if (!(error instanceof ServiceError && error.isTransient)) throw error;
    }
  }
  throw first;
}

/**
 * Connects to the service that the arguments name.
 * @param args of a command with `REMOTE_OPTIONS`.
 */
export async function connectService(args: Arguments): Promise<ServiceClient> {
  return await connectAny(await findTargets(args));
}

/** Where a service is, and the files by which it is trusted and trusts. */
interface ServiceFiles {
  readonly addresses: readonly HostPort[];
  readonly ca: string;
  readonly tokenFile: string;
  readonly serverName: string;
}

async function findService(args: Arguments): Promise<ServiceFiles> {
  const remote = args.text("remote");
  if (remote === undefined) return await findLocal(args);
  if (args.text("config") !== undefined) {
    throw new UsageError("Options --remote and --config stand together, must be one or the other");
  }
  const address = parseHostPort(remote);
  if (address === undefined || address.port === 0) {
    throw new UsageError(
      `Option --remote is ${JSON.stringify(remote)}, must be host:port with port 1 to 65535`,
    );
  }
  return {
    addresses: [address],
    ca: args.text("ca") ?? REMOTE_FILES.ca,
    tokenFile: args.text("token-file") ?? REMOTE_FILES["token-file"],
    serverName: address.hostname,
  };
}

/** The service of the config: dialled where it listens, which needs no right but that. */
async function findLocal(args: Arguments): Promise<ServiceFiles> {
  const { service, sensor } = await loadConfig(args.text("config"));
  if (!service.enabled) {
    throw new CommandError("Cannot ask the local sensor: service.enabled is false in its config");
  }
  const tokenFile = args.text("token-file") ?? dataPaths(sensor.data).operatorToken;
  if (args.text("token-file") === undefined && !await isThere(tokenFile)) {
    throw new CommandError(
      `Cannot ask the sensor on ${service.listen.map(formatHostPort).join(", ")}: ` +
        `there is no token in ${JSON.stringify(tokenFile)}; a sensor writes one at its first ` +
        "start, in the folder that it runs in; or name another one by --token-file",
    );
  }
  return {
    addresses: service.listen,
    ca: args.text("ca") ?? service.ca,
    tokenFile,
    serverName: LOCAL_NAME,
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    return true; // reading it will say what is wrong
  }
}

async function readCa(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot read CA certificate ${JSON.stringify(path)}: ${said}`, {
      cause: error,
    });
  }
}
