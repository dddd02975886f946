/**
 * `permissions`: the smallest set of Deno permission flags, to be read, pasted or compiled in.
 * @module
 */
import { UsageError } from "../errors.ts";
import { parseHostPort } from "../net/address.ts";
import type { Arguments, Command } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";
import { permissionFlags, remotePermissionFlags, shellQuote } from "./permission_flags.ts";

/** What a workstation's copy reads when nothing else is said. */
const REMOTE_FILES = { ca: "ca.pem", "token-file": "operator.token" } as const;

/** `permissions [-c FILE] [--compile]`, `permissions --remote HOST:PORT [--compile]`. */
export const permissions: Command = {
  name: "permissions",
  examples: [
    ["permissions -c duckblind.yaml", "one flag a line"],
    ["permissions -c duckblind.yaml --compile", "the line that builds an executable with them"],
    ["permissions --remote 192.0.2.1:9443 --compile", "for a copy on an operator's workstation"],
  ],
  usage: [
    "permissions [-c FILE] [--compile]",
    "permissions --remote HOST:PORT [--ca FILE] [--token-file FILE] [--compile]",
  ],
  positionals: [0, 0],
  options: [
    CONFIG_OPTION,
    { name: "compile", type: "flag", description: "As a whole deno compile line" },
    {
      name: "remote",
      type: "text",
      value: "HOST:PORT",
      description: "For a copy that only asks that sensor, and runs none",
    },
    {
      name: "ca",
      type: "text",
      value: "FILE",
      description: `With --remote: its authority; default: ${REMOTE_FILES.ca}`,
    },
    {
      name: "token-file",
      type: "text",
      value: "FILE",
      description: `With --remote: the token; default: ${REMOTE_FILES["token-file"]}`,
    },
  ],
  async run(args, terminal) {
    const flags = (await findFlags(args)).map(shellQuote);
    const line = ["deno compile", ...flags, "--output dist/duckblind", "main.ts"].join(" \\\n  ");
    terminal.out(args.flag("compile") ? line : flags.join("\n"));
    return 0;
  },
};

/**
 * The flags that a command line asks for.
 * @param args of `permissions`, or of a command that has its options.
 * @returns flags of `deno run` and `deno compile`, not quoted for a shell.
 */
export async function findFlags(args: Arguments): Promise<string[]> {
  const remote = args.text("remote");
  const path = args.text("config");
  if (remote === undefined) {
    for (const name of Object.keys(REMOTE_FILES)) {
      if (args.text(name) !== undefined) {
        throw new UsageError(`Option --${name} stands alone, must stand with --remote`);
      }
    }
    return permissionFlags(await loadConfig(path), path);
  }
  if (path !== undefined) {
    throw new UsageError("Options --remote and --config stand together, must be one or the other");
  }
  const address = parseHostPort(remote);
  if (address === undefined || address.port === 0) {
    throw new UsageError(
      `Option --remote is ${JSON.stringify(remote)}, must be host:port with port 1 to 65535`,
    );
  }
  const files = (["ca", "token-file"] as const).map((name) =>
    args.text(name) ?? REMOTE_FILES[name]
  );
  return remotePermissionFlags(address, files);
}
