/**
 * The config as every command reads it: the file of `--config`, or the one that is compiled in.
 * @module
 */
import { type Config, type KnownKinds, parseConfig } from "../config/config.ts";
import { defaultConfig } from "../config/default.ts";
import { findDanglingNames } from "../config/references.ts";
import { LURE_NAMES } from "../lures/kinds.ts";
import { DECOY_KINDS } from "../decoys/registry.ts";
import { ConfigError } from "../errors.ts";
import { ACTIONS } from "../events/event.ts";
import { COLLECTOR_KINDS } from "../collect/registry.ts";
import { SINK_KINDS } from "../sinks/registry.ts";
import type { CommandOption } from "./command.ts";

/** `-c FILE`, the same for every command that has it. */
export const CONFIG_OPTION: CommandOption = {
  name: "config",
  short: "c",
  type: "text",
  value: "FILE",
  description: "The config; without it, the one that is compiled in",
};

/** Every kind of decoy and sink that a config may name. */
export const KNOWN_KINDS: KnownKinds = {
  decoys: DECOY_KINDS,
  sinks: SINK_KINDS,
  collectors: COLLECTOR_KINDS,
  lures: LURE_NAMES,
};

/**
 * Reads and checks a config.
 * @param path the file; the config that is compiled in when absent.
 * @returns the config with all defaults filled in.
 * @throws {ConfigError} with every problem of the file, or that it cannot be read.
 */
export async function loadConfig(path: string | undefined): Promise<Config> {
  const config = parseConfig(await readConfigText(path), KNOWN_KINDS);
  const problems = findDanglingNames(config, Object.values(ACTIONS));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * Reads a config's text.
 * @param path the file; the config that is compiled in when absent.
 * @throws {ConfigError} when the file cannot be read.
 */
export async function readConfigText(path: string | undefined): Promise<string> {
  if (path === undefined) return defaultConfig("tryout");
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const message = `file ${JSON.stringify(path)} ${describe(error)}`;
    throw new ConfigError([{ path: "", message }], { cause: error });
  }
}

/** What is wrong with a file, as what follows its name. */
function describe(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "does not exist";
  if (error instanceof Deno.errors.IsADirectory) return "is a folder";
  if (error instanceof Deno.errors.NotCapable) {
    return "is not among the files that this program may read: " +
      "duckblind permissions prints the flags that it needs";
  }
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
