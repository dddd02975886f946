/**
 * Names in a config that must be names of something in it, or of something that the program knows.
 * @module
 */
import type { ConfigProblem } from "../errors.ts";
import type { Config } from "./config.ts";

/**
 * Finds names that mean nothing: an ignored decoy that is not there, an event type that never comes.
 * @param config a valid config.
 * @param actions every `event.action` there is.
 * @returns the problems, in the order of the file.
 */
export function findDanglingNames(config: Config, actions: readonly string[]): ConfigProblem[] {
  const decoys = config.decoys.map(({ name }) => name);
  return [
    ...config.sinks.flatMap(({ wanted }, i) => [
      ...check(`sinks[${i}].types`, wanted.types, actions),
      ...check(`sinks[${i}].exclude_types`, wanted.excludeTypes, actions),
      // What names sensors is a collector's: whose decoys there are, no config says.
      ...(wanted.sensors !== undefined ? [] : [
        ...check(`sinks[${i}].decoys`, wanted.decoys, decoys),
        ...check(`sinks[${i}].exclude_decoys`, wanted.excludeDecoys, decoys),
      ]),
    ]),
    ...config.ignore.flatMap((rule, i) => check(`ignore[${i}].decoys`, rule.decoys, decoys)),
  ];
}

function check(
  path: string,
  names: readonly string[] | undefined,
  known: readonly string[],
): ConfigProblem[] {
  return (names ?? []).flatMap((name, i) =>
    known.includes(name) ? [] : [{
      path: `${path}[${i}]`,
      message: `is ${JSON.stringify(name)}, must be one of ${known.join(", ")}`,
    }]
  );
}
