/**
 * `run`: the sensor, in the foreground, until SIGINT or SIGTERM.
 * @module
 */
import type { Config } from "../config/config.ts";
import { formatHostPort } from "../net/address.ts";
import { runSensor } from "../sensor_run.ts";
import type { Command } from "./command.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** `run [-c FILE]`. */
export const run: Command = {
  name: "run",
  examples: [
    ["", "the config that is compiled in: unprivileged ports, nothing to set up"],
    ["run -c duckblind.yaml", "a config of your own"],
    ["run -c duckblind.yaml 2>> duckblind.log", "events on the terminal, diagnostics in a file"],
  ],
  usage: ["[run] [-c FILE]"],
  positionals: [0, 0],
  options: [CONFIG_OPTION],
  async run(args, terminal) {
    const path = args.text("config");
    const config = await loadConfig(path);
    const refused = await findRefusedAddresses(config);
    if (refused.length > 0) terminal.err(describeRefused(refused, path));
    return await runSensor(config, {
      ...(path === undefined ? {} : { configPath: path }),
      loadConfig: () => loadConfig(path),
      out: terminal.out,
      color: terminal.isColor,
    });
  },
};

/** Addresses on which this program was not given the right to listen. */
async function findRefusedAddresses(config: Config): Promise<string[]> {
  const addresses = [
    ...config.decoys.flatMap(({ listen }) => listen),
    ...(config.service.enabled ? config.service.listen : []),
  ].map(formatHostPort);
  const states = await Promise.all(addresses.map(async (host) => {
    const { state } = await Deno.permissions.query({ name: "net", host });
    return state === "granted";
  }));
  return addresses.filter((_, i) => !states[i]);
}

/** Says what is missing and what to do about it; the sensor goes on with what it may. */
function describeRefused(addresses: readonly string[], path: string | undefined): string {
  const config = path === undefined ? "" : ` -c ${path}`;
  return [
    `This program was built without the right to listen on ${addresses.join(", ")}.`,
    `Build one for this config: deno task compile${config}`,
    `Or start it with the rights it needs: duckblind permissions${config} prints the flags.`,
  ].join("\n");
}
