/**
 * `check`: reads a whole config and opens nothing.
 * @module
 */
import type { Config } from "../config/config.ts";
import { findDecoyKind } from "../decoys/registry.ts";
import { ConfigError, type ConfigProblem } from "../errors.ts";
import { findSinkKind } from "../sinks/registry.ts";
import { findSecrets } from "../sinks/secrets.ts";
import type { Command } from "./command.ts";
import { findGiveaways } from "./giveaways.ts";
import { CONFIG_OPTION, loadConfig } from "./load_config.ts";

/** Certificate and key are made at the first start where the config does not say otherwise. */
const MADE_AT_START = { cert: "certs/server.pem", key: "certs/server.key" } as const;

/** `check [-c FILE]`. */
export const check: Command = {
  name: "check",
  examples: [
    ["check -c duckblind.yaml", "every mistake in that file, each with its path"],
    ["check", "the config that is compiled in"],
    ["check -c new.yaml && kill -HUP $(pidof duckblind)", "reloads only what is sound"],
  ],
  usage: ["check [-c FILE]"],
  positionals: [0, 0],
  options: [CONFIG_OPTION],
  async run(args, terminal) {
    const path = args.text("config");
    const config = await loadConfig(path);
    const problems = await findUnreadable(config);
    if (problems.length > 0) throw new ConfigError(problems);
    terminal.out(`${path ?? "The config that is compiled in"} is sound: ${summarize(config)}`);
    for (const giveaway of findGiveaways(config)) terminal.out(`Warning: ${giveaway}`);
    for (const doubt of findDoubtfulSinks(config)) terminal.out(`Warning: ${doubt}`);
    return 0;
  },
};

/**
 * Files and folders that a config names and that cannot be read.
 * @param config a valid config.
 * @returns the problems, in the order of the file.
 */
export async function findUnreadable(config: Config): Promise<ConfigProblem[]> {
  const named: { path: string; file: string }[] = [];
  if (config.service.enabled) {
    for (const key of ["cert", "key"] as const) {
      const file = config.service[key];
      if (file !== MADE_AT_START[key]) named.push({ path: `service.${key}`, file });
    }
  }
  for (const key of ["cert", "key"] as const) {
    if (config.tls[key] !== "") named.push({ path: `tls.${key}`, file: config.tls[key] });
  }
  for (const [i, decoy] of config.decoys.entries()) {
    const files = findDecoyKind(decoy.kind)?.paths?.(decoy.options) ?? [];
    for (const file of files) {
      named.push({ path: keyOf(`decoys[${i}]`, decoy.options, file), file });
    }
  }
  for (const [i, { kind, options }] of config.sinks.entries()) {
    const files = findSinkKind(kind)?.reads?.(options) ?? [];
    for (const file of files) named.push({ path: keyOf(`sinks[${i}]`, options, file), file });
    for (const reference of findSecrets(options)) {
      const file = reference.slice("file:".length);
      if (reference.startsWith("file:")) named.push({ path: `sinks[${i}]`, file });
    }
  }
  const problems = await Promise.all(named.map(async ({ path, file }) => {
    const problem = await tryToRead(file);
    return problem === undefined
      ? []
      : [{ path, message: `is ${JSON.stringify(file)}, must be readable: ${problem}` }];
  }));
  return problems.flat();
}

/**
 * Sinks that will not do what is wanted of them, though nothing is wrong with their entries.
 * @param config a valid config.
 * @returns a sentence each.
 */
export function findDoubtfulSinks(config: Config): string[] {
  return config.sinks.flatMap(({ name, kind, wanted, options, grouping }) => {
    const doubts: string[] = [];
    const isForPeople = grouping !== undefined && (kind !== "webhook" || options.preset !== "none");
    const isWide = wanted.minSeverity < 30 && wanted.types === undefined;
    if (isForPeople && isWide) {
      doubts.push(`sink ${name} tells people of every connection: set min_severity or types`);
    }
    for (const reference of findSecrets(options)) {
      if (reference.startsWith("env:") && !isSet(reference.slice("env:".length))) {
        doubts.push(`sink ${name} needs ${reference}, which is not set here`);
      }
    }
    return doubts;
  });
}

/** Whether a variable is set, as far as this program may know. */
function isSet(name: string): boolean {
  try {
    return Deno.env.get(name) !== undefined;
  } catch {
    return true; // it has no right to tell
  }
}

/** Path of the key that holds a file's name, as far as that can be told. */
function keyOf(entry: string, options: Record<string, unknown>, file: string): string {
  const key = Object.keys(options).find((key) => options[key] === file);
  return key === undefined ? entry : `${entry}.${key}`;
}

/** Why a file or folder cannot be read; `undefined` when it can. */
async function tryToRead(path: string): Promise<string | undefined> {
  try {
    const { isDirectory } = await Deno.stat(path);
    if (isDirectory) { for await (const _ of Deno.readDir(path)) break; }
    else (await Deno.open(path)).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no such file";
    if (error instanceof Deno.errors.NotCapable) return "this program was not given the right to";
    return error instanceof Error ? error.message : String(error);
  }
}

function summarize(config: Config): string {
  const addresses = config.decoys.reduce((sum, { listen }) => sum + listen.length, 0);
  return [
    `${amount(config.decoys.length, "decoy")} on ${amount(addresses, "address", "es")}`,
    amount(config.sinks.length, "sink"),
    config.service.enabled ? "encrypted service on" : "encrypted service off",
  ].join(", ");
}

function amount(count: number, noun: string, plural = "s"): string {
  return `${count} ${noun}${count === 1 ? "" : plural}`;
}
