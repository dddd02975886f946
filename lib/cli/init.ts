/**
 * `init`: writes a config to begin with, and never over one that is there.
 * @module
 */
import { defaultConfig } from "../config/default.ts";
import { PERSONA_NAMES, personaConfig } from "../config/personas.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Command } from "./command.ts";

/** Where the config goes, and what the compiled executable may read. */
export const DEFAULT_CONFIG_FILE = "duckblind.yaml";

/** `init [FILE]`. */
export const init: Command = {
  name: "init",
  examples: [
    ["init", `writes ${DEFAULT_CONFIG_FILE}`],
    ["init --persona mail", "a mail server whose parts agree"],
    [`init && duckblind check -c ${DEFAULT_CONFIG_FILE}`, "writes it, and checks it after editing"],
  ],
  usage: ["init [FILE] [--persona NAME]"],
  positionals: [0, 1],
  options: [{
    name: "persona",
    type: "text",
    value: "NAME",
    description: `A host to be: ${PERSONA_NAMES.join(", ")}`,
  }],
  async run(args, terminal) {
    const persona = args.text("persona");
    if (persona !== undefined && !PERSONA_NAMES.includes(persona)) {
      throw new UsageError(
        `Option --persona is ${JSON.stringify(persona)}, must be one of ${
          PERSONA_NAMES.join(", ")
        }`,
      );
    }
    const config = persona === undefined ? defaultConfig("real") : personaConfig(persona);
    const path = args.positionals[0] ?? DEFAULT_CONFIG_FILE;
    const name = JSON.stringify(path);
    try {
      await Deno.writeTextFile(path, config, { createNew: true, mode: 0o644 });
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists) {
        throw new CommandError(
          `Cannot write ${name}: it is there already, and init never overwrites`,
          {
            cause,
          },
        );
      }
      const detail = cause instanceof Deno.errors.NotCapable
        ? `this program was not given the right to write there, ${DEFAULT_CONFIG_FILE} may do`
        : cause instanceof Error
        ? cause.message
        : String(cause);
      throw new CommandError(`Cannot write ${name}: ${detail}`, { cause });
    }
    terminal.out(`${path} is written. Its decoys stand on real ports.`);
    terminal.out(`Next: edit it, then duckblind check -c ${path}`);
    return 0;
  },
};
